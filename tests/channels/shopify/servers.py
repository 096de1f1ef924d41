"""A server that answers by a script, and a bucket in memory with a clock of its own. The stand-in shop: `conftest`."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from typing_extensions import override

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """One answer. `ending`: whole, cut (half of the body), reset (RST without a byte), silence (until the end)."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"X-Shopify-API-Version": "2026-10"})
    ending: str = "whole"


def answer(data: Any, *, requested: float = 10, actual: float | None = 5, left: float = 1990, **more: Any) -> Reply:
    cost = {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": left, "restoreRate": 100.0},
    }
    extensions = {"cost": cost} | more.pop("extensions", {})
    return Reply(json.dumps({"data": data, "extensions": extensions, **more}).encode())


def error(code: str, *, data: Any = None, path: list[Any] | None = None, **costs: Any) -> Reply:
    entry: Json = {"message": "zoe.quill@example.org went wrong", "extensions": {"code": code}}
    if path is not None:
        entry["path"] = path
    return answer(data, errors=[entry], **costs)


class ScriptedServer:
    """Answers each request with the next reply of its script, or with what `respond` makes of the request."""

    def __init__(self, *replies: Reply, respond: Callable[[Json], Reply] | None = None) -> None:
        self.script: deque[Reply] = deque(replies)
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.done = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((dict(self.headers), body))
                reply = respond(json.loads(body)) if respond else outer.script.popleft()
                outer.send(self, reply)

            @override
            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def variables(self) -> list[Json]:
        return [json.loads(body)["variables"] for _, body in self.requests]

    def send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.ending == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        if reply.ending == "silence":
            handler.close_connection = True
            self.done.wait(30)
            return
        handler.send_response(reply.status)
        handler.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        cut = reply.ending == "cut"
        handler.wfile.write(reply.body[: len(reply.body) // 2] if cut else reply.body)
        handler.close_connection = cut

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class MemoryLimiter:
    """A token bucket whose time only passes by `sleep`."""

    def __init__(self, capacity: float = 2000.0, rate_per_s: float = 100.0) -> None:
        self.capacity, self.rate_per_s, self.level = capacity, rate_per_s, capacity
        self.slept: list[float] = []
        self.taken: list[float] = []
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.level = min(self.capacity, self.level + seconds * self.rate_per_s)

    def acquire(self, account: str, operation: str, cost: float) -> float:
        with self._lock:
            if cost > self.level + 1e-6:
                return (cost - self.level) / self.rate_per_s
            self.level -= cost
            self.taken.append(cost)
            return 0.0

    def adopt(self, account: str, operation: str, *, capacity: float, rate_per_s: float, available: float) -> None:
        with self._lock:
            self.capacity, self.rate_per_s = capacity, rate_per_s
            self.level = min(self.level, available)

"""The HTTP server of one shop, on loopback only. NOT here: what an answer says (`endpoint`, `control`)."""

import hmac
import json
import logging
import socket
import struct
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Self

from typing_extensions import override

from standins.shopify.changes import Listener, NoListener
from standins.shopify.config import ShopConfig
from standins.shopify.control import Control
from standins.shopify.endpoint import Answer, Endpoint
from standins.shopify.faults import FaultQueue
from standins.shopify.graphql_api import GraphqlApi
from standins.shopify.order_book import OrderBook
from standins.shopify.order_store import OrderStore

_CALL_S = 0.12
_MOST_BODY = 20_000_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shop:
    """The parts that answer."""

    endpoint: Endpoint
    control: Control
    control_token: str
    latency_s: float


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # Without both, a keep-alive client waits 40 ms a call for its acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    shop: ClassVar[Shop]

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._answer()

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _MOST_BODY:
            self.close_connection = True
            self._send(Answer(413, b"{}"))
            return
        body = self.rfile.read(int(length))
        path = self.path.partition("?")[0]
        if path == "/health":
            self._send(Answer(200, b'{"status": "ok"}'))
        elif path.startswith("/control/"):
            self._send(self._control(path, body))
        else:
            time.sleep(self.shop.latency_s)
            token = self.headers.get("X-Shopify-Access-Token", "")
            self._end(self.shop.endpoint.answer(self.command, path, token, body))

    def _control(self, path: str, body: bytes) -> Answer:
        given = self.headers.get("X-Control-Token", "")
        if not hmac.compare_digest(given.encode(), self.shop.control_token.encode()):
            return Answer(401, b'{"error": "bad control token"}')
        answer = self.shop.control.answer(self.command, path, body)
        return Answer(answer.status, json.dumps(answer.body).encode())

    def _end(self, answer: Answer) -> None:
        time.sleep(answer.wait_s)
        match answer.ending:
            case "whole":
                self._send(answer)
            case "cut":
                self._head(answer)
                self.wfile.write(answer.body[: len(answer.body) // 2])
                self.close_connection = True
            case "reset":
                self._reset()
            case "silence":
                self.close_connection = True

    def _reset(self) -> None:
        # Closing with a linger of 0 sends RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _send(self, answer: Answer) -> None:
        self._head(answer)
        self.wfile.write(answer.body)

    def _head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("X-Request-ID", str(uuid.uuid4()))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()

    @override
    def log_message(self, format: str, *args: object) -> None:
        _log.debug("call answered")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        # A client that hangs up, or a reset that a drill ordered, is no error of the shop; all else is a bug in it.
        if isinstance(sys.exception(), OSError):
            _log.debug("connection ended", exc_info=True)
        else:
            _log.exception("call failed")


class ShopServer:
    """A running shop; use as a context manager."""

    def __init__(self, config: ShopConfig, *, port: int = 0, listener: Listener | None = None) -> None:
        self._store = OrderStore(config.state)
        faults = FaultQueue()
        book = OrderBook(config, self._store, listener or NoListener())
        shop = Shop(
            endpoint=Endpoint(GraphqlApi(config, self._store), config.token, faults),
            control=Control(config, book, self._store, faults),
            control_token=config.control_token,
            latency_s=_CALL_S * config.latency_factor,
        )
        handler = type("ShopHandler", (_Handler,), {"shop": shop})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})

    @property
    def port(self) -> int:
        """The port that was bound."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Base URL, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._store.close()

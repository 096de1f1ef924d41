"""HTTP around the service: `/jsonrpc`, `/health`, `/control/...`, and how injected faults look on the wire.

A client that hangs up changes nothing: the call is finished and its effect stays.  Not here: what a call does
(see `service`), what a control may do (see `control`).
"""

import hmac
import json
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from typing_extensions import override

from standins.odoo.control import Control
from standins.odoo.errors import CONCURRENT_UPDATE, CrashError, OdooError, SerializationFailureError
from standins.odoo.faults import Fault, FaultQueue
from standins.odoo.service import Service
from standins.odoo.values import Row, Value

_HTML = b'<!DOCTYPE html>\n<html style="height: 100%;">\n<head><title>Odoo</title></head>\n<body></body>\n</html>\n'
_CALL_ARGS = 5


class OdooServer(ThreadingHTTPServer):
    """The listening server; each connection has its thread, calls share the service's workers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, service: Service, control_token: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.service = service
        self.control_token = control_token
        self.faults = FaultQueue()
        self.control = Control(service, self.faults)
        self.stopping = threading.Event()
        self._answering = 0
        self._idle = threading.Condition()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request until its answer is written."""
        with self._idle:
            self._answering += 1
        try:
            yield
        finally:
            with self._idle:
                self._answering -= 1
                self._idle.notify_all()

    def wait_until_idle(self) -> None:
        """Wait until every request in flight has its answer; injected waits are cut short."""
        self.stopping.set()
        with self._idle:
            self._idle.wait_for(lambda: not self._answering)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        if isinstance(sys.exception(), ConnectionError | TimeoutError):
            return
        traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: OdooServer
    protocol_version = "HTTP/1.1"
    server_version = "Werkzeug/3.0"
    disable_nagle_algorithm: ClassVar[bool] = True
    timeout = 600

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: bodies and addresses stay out of logs."""

    def do_GET(self) -> None:
        """Answer GET."""
        if self.path == "/health":
            self._send_json(200, {"status": "pass"})
        elif self.path.startswith("/control/"):
            self._control("GET")
        else:
            self._send(200, "text/html; charset=utf-8", _HTML)

    def do_DELETE(self) -> None:
        """Answer DELETE."""
        self._control("DELETE")

    def do_POST(self) -> None:
        """Answer POST."""
        if self.path.startswith("/control/"):
            self._control("POST")
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path not in {"/jsonrpc", "/web/webclient/version_info"}:
            self._send(200, "text/html; charset=utf-8", _HTML)
            return
        try:
            request = json.loads(body)
            params = request.get("params") or {}
        except (ValueError, AttributeError):
            self._send(400, "text/html; charset=utf-8", b"<title>400 Bad Request</title>\nInvalid JSON data\n")
            return
        if self.path != "/jsonrpc":
            params = {"service": "common", "method": "version", "args": []}
        with self.server.answering():
            self._rpc(request.get("id"), params)

    # JSON-RPC.

    def _rpc(self, request_id: Value, params: Row) -> None:
        args = params.get("args") or []
        is_call = params.get("service") == "object" and len(args) >= _CALL_ARGS
        fault = self.server.faults.take(str(args[3]), str(args[4])) if is_call else None
        if fault is not None and self._fail_before(fault, request_id, str(args[4])):
            return
        envelope = {"jsonrpc": "2.0", "id": request_id, **self._answer(params)}
        if fault is None or not self._fail_after(fault, envelope):
            self._send_json(200, envelope)

    def _answer(self, params: Row) -> Row:
        service = self.server.service
        try:
            args = params.get("args") or []
            return {"result": service.dispatch(str(params.get("service")), str(params.get("method")), args)}
        except OdooError as error:
            return {"error": error.to_payload()}
        except Exception as error:  # noqa: BLE001 - the wire's border: a client gets every failure as a fault
            traceback.print_exc()
            return {"error": CrashError(error).to_payload()}

    def _fail_before(self, fault: Fault, request_id: Value, method: str) -> bool:
        match fault.kind:
            case "reset_before":
                self._reset()
            case "http_500":
                self._send(500, "text/html", b"<title>500 Internal Server Error</title>")
            case "html_503":
                self._send(503, "text/html", b"<html><title>503 Service Unavailable</title></html>")
            case "serialization_message":
                self._send_json(200, {"jsonrpc": "2.0", "id": request_id, **_conflict(method)})
            case "slow":
                self.server.stopping.wait(fault.seconds)
                return False
            case _:
                return False
        return True

    def _fail_after(self, fault: Fault, envelope: Row) -> bool:
        match fault.kind:
            case "time_out_after_effect":
                self.server.stopping.wait(fault.seconds)
                self._reset()
            case "reset_after_effect":
                self._reset()
            case "malformed_json":
                text = json.dumps(envelope)
                self._send(200, "application/json", text[: len(text) // 2].encode())
            case _:
                return False
        return True

    # Control.

    def _control(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("X-Control-Token") or ""
        if not hmac.compare_digest(token.encode(), self.server.control_token.encode()):
            self._send_json(401, {"error": "the control token is missing or wrong"})
            return
        path = self.path.removeprefix("/control")
        self._guard(lambda: self.server.control.handle(method, path, json.loads(body) if body else {}))

    def _guard(self, work: Callable[[], Value]) -> None:
        try:
            answer = work()
        except OdooError as error:
            self._send_json(400, {"error": error.message})
        except (KeyError, TypeError, ValueError) as error:
            self._send_json(400, {"error": f"{type(error).__name__}: {error}"})
        else:
            self._send_json(200, answer)

    # The wire.

    def _send_json(self, status: int, answer: Value) -> None:
        self._send(status, "application/json; charset=utf-8", json.dumps(answer).encode())

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """Close the connection with a reset instead of an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def _conflict(method: str) -> Row:
    if method != "load":
        return {"error": SerializationFailureError().to_payload()}
    place = {"rows": {"from": 0, "to": 0}, "record": 0, "type": "error"}
    return {"result": {"ids": False, "messages": [{**place, "message": CONCURRENT_UPDATE}], "nextrow": 0}}

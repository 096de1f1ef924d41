"""Command line of the stand-in: ``python -m standins.odoo``.

Users: ``admin`` (password: the control token), ``integration`` (password: the API key), ``low``, an internal user
without rights (password: ``low:`` and the control token).  Not here: the server itself (see `http_server`).
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from standins.odoo.http_server import OdooServer
from standins.odoo.models import MODELS
from standins.odoo.registry import Registry
from standins.odoo.service import Service, Settings
from standins.odoo.store import Store


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="standins.odoo", description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file that keeps the database")
    parser.add_argument("--port-file", type=Path, help="file to write the port to once it listens")
    parser.add_argument("--database", default="demo")
    parser.add_argument("--login", default="integration", choices=["integration"])
    parser.add_argument("--api-key-file", type=Path, required=True)
    parser.add_argument("--control-token-file", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--latency", type=float, default=1.0, help="factor on the measured latency, 0 for none")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; calls in flight are finished.

    Args:
        argv: Arguments, None for the command line's.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(argv)
    token = options.control_token_file.read_text(encoding="utf-8").strip()
    key = options.api_key_file.read_text(encoding="utf-8").strip()
    if not token or not key:
        print("The API key and the control token must not be empty.", file=sys.stderr)
        return 2
    passwords = {"admin": token, "low": f"low:{token}", options.login: key}
    settings = Settings(options.database, passwords, options.workers, options.latency)
    registry = Registry(MODELS)
    store = Store(options.state, registry.indexes)
    server = OdooServer(options.port, Service(store, registry, settings), token)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    port = int(server.server_address[1])
    if options.port_file:
        options.port_file.write_text(str(port), encoding="utf-8")
    print(f"standins.odoo listens on http://127.0.0.1:{port}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    server.wait_until_idle()
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

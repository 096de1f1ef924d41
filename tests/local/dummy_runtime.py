"""A runtime of small programs, run as a process of its own: `python dummy_runtime.py VAR [exit-code]`.

`server` listens on its port; `parent` needs it, and starts a child in a session of its own, which no signal to the
parent's group reaches. With an exit code, the work is done at once and the runtime stops.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from retail_ops.local.component import Completed, Component
from retail_ops.local.health import Alive, TcpHealth
from retail_ops.local.layout import Layout
from retail_ops.local.session import Blueprint, hold

SERVER = """
import http.server, sys
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler).serve_forever()
"""
PARENT = """
import subprocess, time
subprocess.Popen(["sleep", "600"], start_new_session=True)
time.sleep(600)
"""


def build(ports: Mapping[str, int]) -> tuple[tuple[Component, ...], Mapping[str, int]]:
    port = ports["server"]
    return (
        Component("once", ("true",), health=Completed()),
        Component(
            "server", (sys.executable, "-c", SERVER, str(port)), health=TcpHealth(port), needs=("once",), port=port
        ),
        Component("parent", (sys.executable, "-c", PARENT), health=Alive(), needs=("server",)),
    ), ports


def main() -> int:
    layout = Layout(Path(sys.argv[1]).resolve())
    code = int(sys.argv[2]) if len(sys.argv) > 2 else None
    # Without work there is nothing that a signal could interrupt: its exit code is 0 whenever it comes.
    work = None if code is None else lambda _ports: code
    return hold(Blueprint(("server",), build), layout, on_ready=work, exit_after=code is not None)


if __name__ == "__main__":
    sys.exit(main())

"""Loopback ports of one local runtime: chosen free at first start, kept while they stay free, chosen again when taken.

Ports come from below the ephemeral range of Linux (32768) and macOS (49152): a port inside it can be taken at any
moment as the source of an outgoing connection. NOT here: which component listens where (`stack`).
"""

from __future__ import annotations

import errno
import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 32_000
MAX_TRIES = 500


class PortTakenError(Exception):
    """Another process listens on a port that was free a moment ago: choose again and start again."""


def port_is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now.

    Raises:
        OSError: For every reason other than the port being in use.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: a connection in TIME_WAIT from the last run does not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def choose_port(excluded: Iterable[int] = ()) -> int:
    """Return a free loopback port.

    Args:
        excluded: Ports already given to somebody else of the same runtime.

    Raises:
        PortTakenError: After 500 tries without a free port.
    """
    taken = set(excluded)
    for _ in range(MAX_TRIES):
        port = random.randrange(LOWEST, HIGHEST)  # noqa: S311 - spreads runtimes over the range, guards nothing
        if port not in taken and port_is_free(port):
            return port
    raise PortTakenError(f"no free port found between {LOWEST} and {HIGHEST}")


def choose_ports(names: Iterable[str], file: Path) -> dict[str, int]:
    """Return one free port a name, preferring those of the last start, and remember them.

    Args:
        names: Who needs a port.
        file: Where the ports are remembered, JSON.

    Idempotent: the same ports are returned as long as they are free.
    """
    before = _remembered(file)
    chosen: dict[str, int] = {}
    for name in names:
        port = before.get(name)
        usable = port is not None and port not in chosen.values() and port_is_free(port)
        chosen[name] = port if port is not None and usable else choose_port([*chosen.values(), *before.values()])
    file.write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    return chosen


def _remembered(file: Path) -> Mapping[str, int]:
    if not file.exists():
        return {}
    try:
        return {str(name): int(port) for name, port in json.loads(file.read_text(encoding="utf-8")).items()}
    except (ValueError, AttributeError):
        return {}  # half written by a killed supervisor: new ports are as good

"""Finds the moments at which a run can die so that the outside can tell: before and after every statement, commit,
rollback and HTTP exchange. They are found by wrapping the libraries, in a forked child only; no flow knows of them.

Not here: what happens at a moment (`faults`), processes (`forks`).
"""

import http.client
import json
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

Act = Callable[["Boundary"], None]


@dataclass(frozen=True, slots=True)
class Boundary:
    """One moment.

    Attributes:
        kind: `statement`, `commit`, `rollback` or `http`.
        moment: `before`; `sent` (the far side has the request, nobody waits for the answer any more); `after`.
        text: The statement's or request's beginning.
        connection: Of the database; None for HTTP.
    """

    kind: str
    moment: str
    text: str
    connection: Any = None

    def __str__(self) -> str:
        return f"{self.moment} {self.kind} {self.text}".strip()


@dataclass
class Watch:
    """Numbers the boundaries of this process, and acts at one of them.

    Attributes:
        act: What to do there.
        at: The number of that boundary, from 1, or its name; 0 for never.
        passed: Their names, in order.
        open_across_http: Where a transaction was open while something outside was called.
    """

    act: Act | None = None
    at: int | str = 0
    passed: list[str] = field(default_factory=list)
    open_across_http: list[str] = field(default_factory=list)
    _connections: Any = field(default_factory=weakref.WeakSet)
    _acting: bool = False

    def install(self) -> None:
        """Wrap the libraries. For a process that never goes back to what it did before."""
        for name in ("execute", "executemany", "copy"):
            self._wrap(psycopg.Cursor, name, "statement")
        for name in ("commit", "rollback"):
            self._wrap(psycopg.Connection, name, name)
        # What both of the product's HTTP libraries stand on: the request goes out, then the answer is waited for.
        self._wrap(http.client.HTTPConnection, "endheaders", "http", after="")
        self._wrap(http.client.HTTPConnection, "getresponse", "http", before="sent")

    def reach(self, boundary: Boundary) -> None:
        """Take note of a moment; act if it is the one."""
        if self._acting:
            return
        self.passed.append(str(boundary))
        if boundary.connection is not None:
            self._connections.add(boundary.connection)
        elif any(_in_transaction(connection) for connection in self._connections):
            self.open_across_http.append(str(boundary))
        if self.act is not None and self.at in {len(self.passed), str(boundary)}:
            self._acting = True
            try:
                self.act(boundary)
            finally:
                self._acting = False

    def _wrap(self, owner: type, name: str, kind: str, *, before: str = "before", after: str = "after") -> None:
        original = getattr(owner, name)

        def wrapped(this: Any, *args: Any, **kwargs: Any) -> Any:
            connection, text = _describe(this, name, kind, args)
            self.reach(Boundary(kind, before, text, connection))
            result = original(this, *args, **kwargs)
            if after:
                self.reach(Boundary(kind, after, text, connection))
            return result

        setattr(owner, name, wrapped)


def _in_transaction(connection: Any) -> bool:
    return not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE


def _describe(this: Any, name: str, kind: str, args: tuple[Any, ...]) -> tuple[Any, str]:
    if kind == "statement":
        return this.connection, f"[{this.connection.info.user}] {_beginning(args[0])}"
    if kind == "http":
        if name == "endheaders":
            this.request_in_words = _request(this, args[0] if args else None)
        return None, this.request_in_words
    return this, f"[{this.info.user}]"


def _beginning(statement: Any) -> str:
    lines = str(statement).splitlines()
    text = " ".join(line.strip() for line in lines if not line.lstrip().startswith("--"))
    return " ".join(text.split())[:70]


def _request(this: Any, body: Any) -> str:
    line = bytes(this._buffer[0]).decode("ascii", "replace").rsplit(" ", 1)[0]
    try:
        model, method = json.loads(body)["params"]["args"][3:5]
    except (TypeError, ValueError, KeyError):
        return line
    return f"{line} {model}.{method}"

"""Orders in SQLite, with a search index that lags behind them.

`search_entry` keeps every version that the index may still show: a query sees the newest one that is old enough.
NOT here: what a query means (`search`), what an order adds up to.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from standins.shopify.order_state import OrderState
from standins.shopify.search import Condition

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stored_order (
    number INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL UNIQUE,
    state TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS search_entry (
    version INTEGER PRIMARY KEY AUTOINCREMENT,
    number INTEGER NOT NULL REFERENCES stored_order (number),
    written_at REAL NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    processed_at TEXT NOT NULL,
    bare_name TEXT NOT NULL,
    status TEXT NOT NULL,
    test INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS search_entry_by_order ON search_entry (number, version);
CREATE INDEX IF NOT EXISTS search_entry_by_update ON search_entry (updated_at, number);
"""

# The newest version of each order that the index has taken up by the cutoff.
_VISIBLE = """
FROM search_entry AS e
WHERE e.written_at <= ?
  AND NOT EXISTS (
    SELECT 1 FROM search_entry AS later
    WHERE later.number = e.number AND later.version > e.version AND later.written_at <= ?
  )
"""
_SORT_COLUMNS = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "PROCESSED_AT": "processed_at", "ID": "number"}


@dataclass(frozen=True, slots=True)
class Found:
    """A hit of the index: the order and the value it was sorted by (as the index knows it, maybe stale)."""

    number: int
    sort_value: str | int


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the hits in one order.

    Attributes:
        sort: Key of `OrderSortKeys`.
        after: Only hits behind this one.
        limit: Most hits wanted.
    """

    sort: str
    reverse: bool
    limit: int
    after: Found | None = None


class OrderStore:
    """The shop's memory; safe for many threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the store and write all or nothing."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def next_sequence(self) -> int:
        """The place of the next order, from 1."""
        row = self._one("SELECT COALESCE(MAX(sequence), 0) + 1 FROM stored_order", ())
        return row[0]

    def save(self, state: OrderState, written_at: datetime) -> None:
        """Store a version of an order and offer it to the index.

        Idempotent: no; each call adds a version to the index.
        """
        moments = (state.created_at, state.updated_at, state.processed_at)
        stamps = [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in moments]
        status = "cancelled" if state.cancelled_at else "open"
        with self.transaction():
            self._db.execute(
                "INSERT INTO stored_order (number, sequence, state) VALUES (?, ?, ?) "
                "ON CONFLICT (number) DO UPDATE SET state = excluded.state",
                (state.number, state.sequence, state.model_dump_json()),
            )
            self._db.execute(
                "INSERT INTO search_entry "
                "(number, written_at, created_at, updated_at, processed_at, bare_name, status, test) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    state.number,
                    written_at.timestamp(),
                    *stamps,
                    state.name.removeprefix("#"),
                    status,
                    int(state.purchase.test),
                ),
            )

    def load(self, number: int) -> OrderState | None:
        """One order as it is now, or None."""
        rows = self._all("SELECT state FROM stored_order WHERE number = ?", (number,))
        return OrderState.model_validate_json(rows[0][0]) if rows else None

    def load_all(self) -> Iterator[OrderState]:
        """Every order in the order they came."""
        for (text,) in self._all("SELECT state FROM stored_order ORDER BY sequence", ()):
            yield OrderState.model_validate_json(text)

    def search(self, conditions: Sequence[Condition], cutoff: datetime, part: Slice) -> list[Found]:
        """Hits among the versions that the index knew at `cutoff`."""
        column = _SORT_COLUMNS[part.sort]
        sql, values = self._visible(conditions, cutoff)
        way, sign = ("DESC", "<") if part.reverse else ("ASC", ">")
        if part.after is not None:
            sql += f" AND (e.{column}, e.number) {sign} (?, ?)"
            values += [part.after.sort_value, part.after.number]
        sql += f" ORDER BY e.{column} {way}, e.number {way} LIMIT ?"
        rows = self._all(f"SELECT e.number, e.{column} {sql}", (*values, part.limit))
        return [Found(number=row[0], sort_value=row[1]) for row in rows]

    def count(self, conditions: Sequence[Condition], cutoff: datetime, limit: int) -> int:
        """How many hits there are, counting no further than `limit`."""
        sql, values = self._visible(conditions, cutoff)
        query = f"SELECT COUNT(*) FROM (SELECT 1 {sql} LIMIT ?)"  # noqa: S608 -- fixed names only
        return self._one(query, (*values, limit))[0]

    @staticmethod
    def _visible(conditions: Sequence[Condition], cutoff: datetime) -> tuple[str, list[object]]:
        moment = cutoff.timestamp()
        values: list[object] = [moment, moment]
        sql = _VISIBLE
        for condition in conditions:
            sql += f" AND e.{condition.column} {condition.operator} ?"
            values.append(condition.value)
        return sql, values

    def _all(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _one(self, sql: str, values: Sequence[object]) -> tuple[int, ...]:
        with self._lock:
            row: tuple[int, ...] = self._db.execute(sql, values).fetchone()
            return row

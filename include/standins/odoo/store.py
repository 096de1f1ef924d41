"""Versioned rows in memory with a SQLite file behind them: repeatable read and honest rollback.

A transaction reads the rows as they were when it began and keeps its own changes apart.  At commit the first
one wins: when a row or a unique key it wrote was committed by another since its snapshot, it fails as
PostgreSQL does under repeatable read.  Ids come from sequences that never roll back.  Not here: what a row means.
"""

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from standins.odoo.errors import SerializationFailureError
from standins.odoo.transaction import Transaction
from standins.odoo.values import Claim, Row, Value

Versions = tuple[tuple[int, Row | None], ...]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (model TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (model, id));
CREATE TABLE IF NOT EXISTS sequence (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Store:
    """The committed rows, their indexes and their file."""

    def __init__(self, path: Path, indexes: Mapping[str, Iterable[str]]) -> None:
        self._indexed = {model: tuple(fields) for model, fields in indexes.items()}
        self._rows: dict[str, dict[int, Versions]] = defaultdict(dict)
        self._index: dict[tuple[str, str, Value], set[int]] = defaultdict(set)
        self._claims: dict[Claim, int] = {}
        self._sequences: dict[str, int] = {}
        self._active: dict[int, int] = {}
        self._stale: list[tuple[str, str, Value, int]] = []
        self._version = 0
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _SCHEMA)
        self._read_file()

    def _read_file(self) -> None:
        for model, record_id, body in self._file.execute("SELECT model, id, body FROM record"):
            row = json.loads(body)
            self._rows[model][record_id] = ((0, row),)
            self._add_to_index(model, record_id, row)
        self._sequences.update(self._file.execute("SELECT name, value FROM sequence").fetchall())

    def _add_to_index(self, model: str, record_id: int, row: Row) -> None:
        for field in self._indexed.get(model, ()):
            self._index[model, field, row.get(field)].add(record_id)

    def indexed(self, model: str) -> tuple[str, ...]:
        """Name the fields of a model that have an index.

        Args:
            model: The model's name.

        Returns:
            Field names.
        """
        return self._indexed.get(model, ())

    def next(self, sequence: str) -> int:
        """Take the next number of a sequence; like PostgreSQL's, it does not roll back.

        Args:
            sequence: The sequence's name.

        Returns:
            The number, from 1.
        """
        with self._lock:
            value = self._sequences.get(sequence, 0) + 1
            self._sequences[sequence] = value
            return value

    def begin(self) -> Transaction:
        """Open a transaction on the present state.

        Returns:
            The transaction; it must be committed or rolled back.
        """
        with self._lock:
            transaction = Transaction(self, self._version)
            self._active[id(transaction)] = self._version
            return transaction

    def at(self, model: str, record_id: int, snapshot: int) -> Row | None:
        """Read a row as of a snapshot.

        Args:
            model: The model's name.
            record_id: The id.
            snapshot: The version up to which commits are visible.

        Returns:
            The row, not to be changed, or None.
        """
        for version, row in reversed(self._rows[model].get(record_id, ())):
            if version <= snapshot:
                return row
        return None

    def ids(self, model: str) -> list[int]:
        """List every id a model ever had and may still have.

        Args:
            model: The model's name.

        Returns:
            Ids, a superset of any snapshot's.
        """
        return list(self._rows[model])

    def candidates(self, model: str, field: str, value: Value) -> list[int]:
        """Look up an index.

        Args:
            model: The model's name.
            field: An indexed field.
            value: The stored value.

        Returns:
            Ids, a superset of any snapshot's.
        """
        return list(self._index.get((model, field, value), ()))

    def release(self, transaction: Transaction) -> None:
        """Forget a transaction that ended without a commit.

        Args:
            transaction: The transaction.
        """
        with self._lock:
            self._active.pop(id(transaction), None)

    def commit(self, transaction: Transaction) -> None:
        """Make a transaction's changes visible and durable, or fail without a trace.

        Args:
            transaction: The transaction.

        Raises:
            SerializationFailureError: When another transaction committed the same row or unique key first.
        """
        with self._lock:
            self._active.pop(id(transaction), None)
            if not transaction.changes:
                return
            self._check_conflicts(transaction)
            self._write_file(transaction)
            version = self._version + 1
            self._apply(transaction, version)
            self._version = version

    def _check_conflicts(self, transaction: Transaction) -> None:
        taken = {claim for claim in transaction.claims if self._claims.get(claim, 0) > transaction.snapshot}
        moved = any(
            versions and versions[-1][0] > transaction.snapshot
            for versions in (self._rows[model].get(record_id) for model, record_id in transaction.changes)
        )
        if taken or moved:
            raise SerializationFailureError(frozenset(taken))

    def _write_file(self, transaction: Transaction) -> None:
        kept = [
            (model, record_id, json.dumps(row))
            for (model, record_id), row in transaction.changes.items()
            if row is not None
        ]
        gone = [key for key, row in transaction.changes.items() if row is None]
        self._file.execute("BEGIN")
        try:
            self._file.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", kept)
            self._file.executemany("DELETE FROM record WHERE model = ? AND id = ?", gone)
            self._file.executemany("INSERT OR REPLACE INTO sequence VALUES (?, ?)", list(self._sequences.items()))
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    def _apply(self, transaction: Transaction, version: int) -> None:
        oldest = min(self._active.values(), default=version)
        for (model, record_id), row in transaction.changes.items():
            before = self._rows[model].get(record_id, ())
            if before and (last := before[-1][1]) is not None:
                for field in self.indexed(model):
                    if row is None or row.get(field) != last.get(field):
                        self._stale.append((model, field, last.get(field), record_id))
            self._rows[model][record_id] = (*_visible(before, oldest), (version, row))
            if row is not None:
                self._add_to_index(model, record_id, row)
        for claim in transaction.claims:
            self._claims[claim] = version
        if not self._active:
            self._purge()

    def _purge(self) -> None:
        for model, field, value, record_id in self._stale:
            row = self._rows[model].get(record_id, ((0, None),))[-1][1]
            if row is None or row.get(field) != value:
                self._index[model, field, value].discard(record_id)
            if row is None:
                self._rows[model].pop(record_id, None)
        self._stale.clear()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()


def _visible(versions: Versions, oldest: int) -> Versions:
    """Drop the versions that no open snapshot can see any more."""
    for position in range(len(versions) - 1, -1, -1):
        if versions[position][0] <= oldest:
            return versions[position:]
    return versions

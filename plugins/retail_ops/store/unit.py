"""The unit of work: one connection, one transaction at a time, and no commit without an audit entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiosql
import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from retail_ops.contracts.errors import AmbiguousError, AuthorisationError, ConfigurationError, TransientError
from retail_ops.ports.clock import Clock

Connect = Callable[[], "psycopg.Connection[Any]"]


def load_queries(folder: Path) -> Any:  # noqa: ANN401 - aiosql builds the methods from the SQL files
    """Return every named statement of `include/sql/queries` as a method."""
    return aiosql.from_path(folder, "psycopg")


@dataclass(slots=True)
class Transaction:
    """One open transaction; what it records is appended to the audit chains right before the commit."""

    conn: psycopg.Connection[DictRow]
    sql: Any
    entries: list[tuple[str, str, str, dict[str, object]]] = field(default_factory=list)
    abandoned: bool = False

    def abandon(self) -> None:
        """Say that there was nothing to change after all: the transaction is rolled back."""
        self.abandoned = True

    def record(self, account: str, action: str, subject: str, body: Mapping[str, object]) -> None:
        """Note one change for the audit trail: no personal data, no secret."""
        self.entries.append((account, action, subject, dict(body)))


class UnitOfWork:
    """Transactions on one lazily opened connection.

    Args:
        connect: Opens a connection of the role that this unit works under.
        queries: From `load_queries`.
        actor: Who acts, for the audit trail, e.g. `run:orders__shopify_uk/manual__1/2` or `person:anna`.
    """

    def __init__(self, connect: Connect, queries: Any, clock: Clock, *, actor: str) -> None:  # noqa: ANN401
        self._connect = connect
        self._conn: psycopg.Connection[DictRow] | None = None
        self.sql = queries
        self.clock = clock
        self.actor = actor

    @property
    def conn(self) -> psycopg.Connection[DictRow]:
        """The connection, opened on first use and again after it broke."""
        if self._conn is None or self._conn.closed:
            with translated():
                conn = self._connect()
            conn.row_factory = dict_row
            self._conn = cast("psycopg.Connection[DictRow]", conn)
        return self._conn

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open a transaction that changes something; it must record what, or abandon itself.

        Raises:
            TransientError: The store is away or busy: nothing was changed.
            AmbiguousError: The connection broke during the commit: look up before repeating anything.
            ConfigurationError: Nothing was recorded: a programming error.
        """
        conn = self.conn
        with translated():
            tx = Transaction(conn, self.sql)
            try:
                yield tx
                if not tx.abandoned:
                    self._append_audit(tx)
            except BaseException:
                _roll_back(conn)
                raise
            if tx.abandoned:
                _roll_back(conn)
                return
        commit(conn)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a transaction that only reads; it is always rolled back."""
        conn = self.conn
        with translated():
            try:
                yield Transaction(conn, self.sql)
            finally:
                _roll_back(conn)

    @contextmanager
    def caching(self) -> Iterator[Transaction]:
        """Open a transaction for caches, cursors' look-ups and limits: state that the audit trail does not cover."""
        conn = self.conn
        with translated():
            try:
                yield Transaction(conn, self.sql)
            except BaseException:
                _roll_back(conn)
                raise
        commit(conn)

    def _append_audit(self, tx: Transaction) -> None:
        if not tx.entries:
            raise ConfigurationError("a transaction that records nothing must not commit")
        # Sorted: two transactions that touch two chains take the heads in the same order.
        for account, action, subject, body in sorted(tx.entries, key=lambda entry: entry[0]):
            self.sql.audit_append(
                tx.conn,
                account=account,
                actor=self.actor,
                action=action,
                subject=subject,
                body=Jsonb(body),
                now=self.clock.now(),
            )

    def close(self) -> None:
        """Close the connection; session locks go with it."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None


def commit(conn: psycopg.Connection[Any]) -> None:
    """Commit, or say that the outcome is unknown: our own COMMIT can be ambiguous."""
    try:
        conn.commit()
    except psycopg.OperationalError as error:
        raise AmbiguousError("the connection broke during COMMIT") from error


@contextmanager
def translated() -> Iterator[None]:
    """Turn psycopg's errors into the consequence they have for us; constraint violations pass unchanged."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise AuthorisationError(f"store: {error.diag.message_primary}") from error
    except psycopg.errors.InvalidPassword as error:
        raise AuthorisationError("store: log-in refused") from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName) as error:
        raise ConfigurationError("store: not migrated to this version; run `retail-ops migrate`") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise TransientError(f"store: {type(error).__name__}") from error


def _roll_back(conn: psycopg.Connection[Any]) -> None:
    if not conn.closed and not conn.broken:
        try:
            conn.rollback()
        except psycopg.OperationalError:
            conn.close()  # the server is gone: closing is the roll-back

"""Migrations: alembic as the runner of plain SQL files, one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from retail_ops.store.unit import Connect

VERSION_TABLE = "retail_ops_version"
_LOCK = "retail_ops/migrate"
_SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(connect: Connect, sql_folder: Path, target: str = "head") -> tuple[str | None, str | None]:
    """Bring the store's schema to `target`; return the versions before and after.

    Waits for any other process that is migrating, on a session lock of a connection of its own: alembic's transaction
    would let go of a lock before the next process could see its work.

    Idempotent: a store that is there already is left alone.
    """
    with _alone(connect), _engine(connect) as connection:
        before = version(connection)
        command.upgrade(_config(connection, sql_folder), target)
        return before, version(connection)


def downgrade(connect: Connect, sql_folder: Path, target: str) -> tuple[str | None, str | None]:
    """Take the store's schema back to `target` (`base` removes it); return the versions before and after."""
    with _alone(connect), _engine(connect) as connection:
        before = version(connection)
        command.downgrade(_config(connection, sql_folder), target)
        return before, version(connection)


def version(connection: Connection) -> str | None:
    """Return the version that the schema is at, None when it is empty."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def _config(connection: Connection, sql_folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["sql_folder"] = sql_folder
    config.attributes["version_table"] = VERSION_TABLE
    return config


@contextmanager
def _engine(connect: Connect) -> Iterator[Connection]:
    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _alone(connect: Connect) -> Iterator[None]:
    conn: psycopg.Connection[Any] = connect()
    try:
        conn.autocommit = True
        conn.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (_LOCK,))
        yield
    finally:
        conn.close()

"""Executes one SQL file of `include/sql/migrations` as it stands: several statements, no parameters."""

from __future__ import annotations

from pathlib import Path

from alembic import context, op


def run_file(name: str) -> None:
    """Execute a file inside alembic's transaction.

    The driver's own cursor is used: SQLAlchemy would read `:name` inside the file as a parameter.
    """
    folder: Path = context.config.attributes["sql_folder"]
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("alembic has no connection")
    with driver.cursor() as cursor:
        cursor.execute((folder / name).read_text(encoding="utf-8"))

"""Databases and log-ins on a PostgreSQL server: what a migration cannot do because it runs inside one database.

Runs as a command of its own (`python -m retail_ops.local.provision databases|logins`), in the local runtime and in
the containers alike; it reads its order from `RETAIL_OPS_PROVISION`, JSON of an `Order`.
NOT here: tables, grants and group roles (the migrations).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import psycopg
from psycopg import sql

VARIABLE = "RETAIL_OPS_PROVISION"


@dataclass(frozen=True)
class Order:
    """What a server has to have.

    Attributes:
        admin_dsn: Log-in of a superuser, to any database.
        databases: Owner role by database name.
        creators: Roles that may create roles, as the migrations do.
        logins: Password by role. Owners are created; every other role has to exist once `logins` runs.
    """

    admin_dsn: str = field(repr=False)
    databases: Mapping[str, str]
    creators: tuple[str, ...]
    logins: Mapping[str, str] = field(repr=False)

    def to_environment(self) -> dict[str, str]:
        """Return the variable that carries the order; never put it on a command line."""
        return {VARIABLE: json.dumps(asdict(self))}


def create_databases(order: Order) -> None:
    """Create the owner roles with their passwords, and their databases.

    Idempotent: existing roles get the ordered password, existing databases stay.
    """
    with psycopg.connect(order.admin_dsn, autocommit=True) as connection:
        for database, owner in order.databases.items():
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(owner)))
            if owner in order.creators:
                connection.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(sql.Identifier(owner)))
            _allow_login(connection, owner, order.logins[owner])
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(statement.format(sql.Identifier(database), sql.Identifier(owner)))
            statement = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC")
            connection.execute(statement.format(sql.Identifier(database)))


def allow_logins(order: Order) -> None:
    """Let every ordered role log in, and connect to the databases of the owners that may create roles.

    Raises:
        psycopg.errors.UndefinedObject: A role does not exist: the migration has not run.

    Idempotent: a role keeps its grants and gets the ordered password.
    """
    with psycopg.connect(order.admin_dsn) as connection:
        for role, password in order.logins.items():
            _allow_login(connection, role, password)
            for database, owner in order.databases.items():
                if owner in order.creators and role not in order.databases.values():
                    statement = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
                    connection.execute(statement.format(sql.Identifier(database), sql.Identifier(role)))


def _allow_login(connection: psycopg.Connection, role: str, password: str) -> None:
    statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def main(step: str) -> None:
    """Carry out one step of the order in the environment.

    Args:
        step: `databases` before the migration, `logins` after it.
    """
    raw = json.loads(os.environ[VARIABLE])  # noqa: TID251 - this command has no other settings
    order = Order(**{**raw, "creators": tuple(raw["creators"])})
    steps = {"databases": create_databases, "logins": allow_logins}
    steps[step](order)


if __name__ == "__main__":
    main(sys.argv[1])

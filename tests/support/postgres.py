"""One PostgreSQL server a test session; each test gets a database of its own, copied from a migrated template."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from retail_ops.local.ports import LOOPBACK, choose_port
from retail_ops.local.postgres import PostgresServer, bundled_binaries, choose_account
from retail_ops.store.migrate import upgrade
from support.processes import running

PASSWORD = "only-for-tests-on-loopback"
ROLES = ("retail_ops_ingest", "retail_ops_worker", "retail_ops_gate", "retail_ops_report", "retail_ops_privacy")
MIGRATIONS = Path(__file__).resolve().parents[2] / "include" / "sql" / "migrations"


@dataclass
class Database:
    """One migrated store."""

    port: int
    name: str

    def connect(self, role: str = "retail_ops_owner", **options: object) -> psycopg.Connection:
        return psycopg.connect(host=LOOPBACK, port=self.port, user=role, password=PASSWORD, dbname=self.name, **options)


@dataclass
class Server:
    """A running server, with a template of the migrated store."""

    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def admin(self, dbname: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK, port=self.port, user="postgres", password=PASSWORD, dbname=dbname, autocommit=True
        )

    def make_template(self) -> None:
        with self.admin() as admin:
            admin.execute(sql.SQL("CREATE ROLE retail_ops_owner LOGIN CREATEROLE PASSWORD {}").format(PASSWORD))
            admin.execute("CREATE DATABASE template_store OWNER retail_ops_owner")
        upgrade(Database(self.port, "template_store").connect, MIGRATIONS)
        with self.admin() as admin:
            for role in ROLES:
                statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
                admin.execute(statement.format(sql.Identifier(role), PASSWORD))

    def empty(self) -> Database:
        """A database without any schema."""
        return self._database("template0")

    def fresh(self) -> Database:
        """A migrated store without content."""
        return self._database("template_store")

    def drop(self, database: Database) -> None:
        with self.admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database.name)))

    def _database(self, template: str) -> Database:
        name = f"store_{os.getpid()}_{next(self._numbers)}"
        with self.admin() as admin:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER retail_ops_owner")
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return Database(self.port, name)


@contextmanager
def postgres_server(home: Path) -> Iterator[Server]:
    """Run a server below `home` until the block ends."""
    home.mkdir(parents=True, exist_ok=True)
    binaries = bundled_binaries()
    server = PostgresServer(home, choose_port(), binaries, choose_account(home, binaries), durable=False)
    server.prepare(PASSWORD)
    found = Server(server.port)

    def ready() -> bool:
        try:
            found.admin().close()
        except psycopg.OperationalError:
            return False
        return True

    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    with running(server.command, log=home.parent / "postgres.log", ready=ready, env=env):
        found.make_template()
        yield found

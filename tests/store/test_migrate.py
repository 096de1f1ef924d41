"""Migrations: one at a time, all or nothing, without a superuser, and back again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest

from retail_ops.contracts.errors import ConfigurationError
from retail_ops.store import migrate
from retail_ops.store.deployment import first_position, install
from retail_ops.store.desk import Desk
from retail_ops.store.migrate import VERSION_TABLE, downgrade, upgrade
from store.making import Clock, Store
from support.postgres import MIGRATIONS, Database
from support.processes import CHECKOUT, wait_for

HEAD = "0001"
CATALOGUE = {
    "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity,"
    " character_maximum_length FROM information_schema.columns WHERE table_schema = 'ops'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'ops'::regnamespace",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'ops'",
    "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger"
    " WHERE NOT tgisinternal",
    "functions": "SELECT proname, pg_get_functiondef(oid), proacl::text FROM pg_proc"
    " WHERE pronamespace = 'ops'::regnamespace",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'ops'",
    "relations": "SELECT relname, relkind::text, relacl::text, relowner::regrole::text FROM pg_class"
    " WHERE relnamespace = 'ops'::regnamespace",
    "column rights": "SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL"
    " AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'ops'::regnamespace)",
    "schema": "SELECT nspacl::text, nspowner::regrole::text FROM pg_namespace WHERE nspname = 'ops'",
    "actions": "SELECT action, gate FROM ops.publish_action",
}


@pytest.fixture
def empty(server) -> Iterator[Database]:
    made = server.empty()
    try:
        yield made
    finally:
        server.drop(made)


def described(database: Database) -> dict[str, list[str]]:
    with database.connect() as conn:
        return {name: sorted(map(str, conn.execute(text).fetchall())) for name, text in CATALOGUE.items()}


def tables(database: Database) -> int:
    with database.connect() as conn:
        return conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'ops'").fetchone()[0]


def test_an_empty_database_is_brought_to_the_newest_version_and_stays_there(empty):
    assert upgrade(empty.connect, MIGRATIONS) == (None, HEAD)
    assert upgrade(empty.connect, MIGRATIONS) == (HEAD, HEAD)
    with empty.connect() as conn:
        assert conn.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall() == [(HEAD,)]


def test_the_owner_needs_no_superuser(empty):
    with empty.connect() as conn:
        assert conn.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
    upgrade(empty.connect, MIGRATIONS)
    with empty.connect() as conn:
        owners = conn.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'ops'").fetchall()
    assert owners == [("retail_ops_owner",)]


def test_down_removes_everything_and_up_makes_the_same_schema_again(empty):
    upgrade(empty.connect, MIGRATIONS)
    fresh = described(empty)
    assert all(fresh.values())
    assert downgrade(empty.connect, MIGRATIONS, "base") == (HEAD, None)
    with empty.connect() as conn:
        assert conn.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'ops'").fetchone() == (0,)
    upgrade(empty.connect, MIGRATIONS)
    assert described(empty) == fresh


@pytest.mark.parametrize(
    "drift",
    [
        "ALTER TABLE ops.outbox DROP CONSTRAINT outbox_gated",
        "ALTER TABLE ops.outbox DISABLE TRIGGER outbox_immutable",
        "GRANT UPDATE (action) ON ops.outbox TO retail_ops_worker",
        "CREATE INDEX another ON ops.outbox (status)",
        "ALTER FUNCTION ops.audit_hash RESET search_path",
    ],
)
def test_the_comparison_sees_drift(database, drift):
    before = described(database)
    with database.connect() as conn:
        conn.execute(
            drift.replace(
                "ops.audit_hash ", "ops.audit_hash(bytea, text, bigint, timestamptz, text, text, text, text, jsonb) "
            )
        )
    assert described(database) != before


def test_four_processes_that_migrate_at_once_do_it_once(empty):
    script = Path(__file__).with_name("migrator.py")
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "tests"), str(CHECKOUT / "plugins")]),
    }
    command = [sys.executable, str(script), str(empty.port), empty.name]
    running = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    try:
        said = [process.communicate(timeout=60) for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0] * 4, said
    assert sorted(out.strip() for out, _ in said) == sorted([f"(None, '{HEAD}')", *[f"('{HEAD}', '{HEAD}')"] * 3])


def test_whoever_migrates_waits_for_whoever_is_at_it(server, empty, monkeypatch):
    def waiting() -> bool:
        with server.admin() as admin:
            text = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            return admin.execute(text).fetchone() is not None

    with ThreadPoolExecutor(1) as pool:
        with migrate._alone(empty.connect):
            later = pool.submit(upgrade, empty.connect, MIGRATIONS)
            wait_for(waiting, what="the second migration's wait", seconds=20)
            assert tables(empty) == 0
        assert later.result(timeout=30) == (None, HEAD)
    with migrate._alone(empty.connect), monkeypatch.context() as without:
        without.setattr(migrate, "_alone", lambda _connect: nullcontext())
        assert upgrade(empty.connect, MIGRATIONS) == (HEAD, HEAD)  # it is the lock that the other one waited for


def test_a_migration_that_fails_half_way_leaves_nothing_behind(empty, tmp_path):
    broken = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, broken)
    path = broken / f"{HEAD}.up.sql"
    path.write_text(path.read_text() + "\nSELECT 1 / 0;\n")
    with pytest.raises(psycopg.errors.DivisionByZero):
        upgrade(empty.connect, broken)
    assert tables(empty) == 0
    assert upgrade(empty.connect, MIGRATIONS) == (None, HEAD)


# ---------------------------------------------------------------- what a deployment writes


def test_installing_twice_changes_nothing_but_the_permissions_to_what_the_file_says(store):
    from retail_ops.governance.permissions import load_permissions

    permissions = load_permissions(CHECKOUT / "include" / "governance")
    store.change("INSERT INTO ops.role_member (principal, role) VALUES ('intruder', 'administrator')")
    install(store.unit("owner"), "demo", {"shopify_uk": "shopify"}, permissions)
    assert store.rows("SELECT count(*) FROM ops.role_member WHERE principal = 'intruder'") == [(0,)]
    assert store.rows("SELECT account FROM ops.account ORDER BY 1") == [("shopify_uk",), ("shopify_us",)]
    members = {(who, role) for who, roles in permissions.members.items() for role in roles}
    assert set(store.rows("SELECT principal, role FROM ops.role_member")) == members


def test_a_store_belongs_to_one_environment_for_ever(store):
    from retail_ops.governance.permissions import load_permissions

    permissions = load_permissions(CHECKOUT / "include" / "governance")
    with pytest.raises(ConfigurationError, match="'demo', this deployment is 'production'"):
        install(store.unit("owner"), "production", {"shopify_de": "shopify"}, permissions)
    assert store.rows("SELECT name FROM ops.environment") == [("demo",)]
    assert store.rows("SELECT 1 FROM ops.account WHERE account = 'shopify_de'") == []


def test_an_account_that_was_never_added_is_named(store):
    with pytest.raises(ConfigurationError, match="account nobody is not in the store"):
        first_position(store.unit(), "nobody")


def test_a_store_that_was_never_migrated_says_what_to_do(empty):
    from retail_ops.bootstrap import queries
    from retail_ops.store.unit import UnitOfWork

    unit = UnitOfWork(empty.connect, queries(CHECKOUT / "include" / "sql" / "queries"), Clock(), actor="test")
    try:
        with pytest.raises(ConfigurationError, match="retail-ops migrate"):
            Desk(unit, "anna").counts()
    finally:
        unit.close()


def test_a_store_that_is_away_is_a_transient_error(server):
    from retail_ops.contracts.errors import TransientError

    database = server.fresh()
    store = Store(database)
    worker = store.worker()
    worker.position("shopify_uk", "orders")
    server.drop(database)
    for _ in range(2):
        with pytest.raises(TransientError):
            worker.position("shopify_uk", "orders")
    store.open.close()

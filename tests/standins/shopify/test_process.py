"""The shop as a process: its command line, its port file, its state over a restart, its end."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from standins.shopify.__main__ import read_config

INCLUDE = Path(__file__).resolve().parents[3] / "include"


@pytest.fixture
def tokens(tmp_path):
    (tmp_path / "token").write_text("tok\n")
    (tmp_path / "control").write_text("ctl\n")
    return tmp_path


def command(tokens, *more):
    options = {
        "--port": "0",
        "--state": tokens / "shop.sqlite",
        "--port-file": tokens / "port",
        "--shop-name": "uk",
        "--token-file": tokens / "token",
        "--control-token-file": tokens / "control",
        "--latency": "0",
        "--search-lag": "0",
    }
    return [str(part) for pair in options.items() for part in pair] + list(more)


@contextmanager
def running(tokens, *more):
    port_file = tokens / "port"
    port_file.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "standins.shopify", *command(tokens, *more)],
        env={**os.environ, "PYTHONPATH": str(INCLUDE)},
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 30
        while not port_file.exists():
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process, f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_state_outlives_the_process_and_sigterm_ends_it_cleanly(tokens, mug):
    headers = {"X-Control-Token": "ctl"}
    with running(tokens) as (process, url):
        assert requests.get(f"{url}/health", timeout=10).status_code == 200
        first = requests.post(f"{url}/control/orders", json={"lines": [mug]}, headers=headers, timeout=10).json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    with running(tokens) as (process, url):
        second = requests.post(f"{url}/control/orders", json={"lines": [mug]}, headers=headers, timeout=10).json()
        process.kill()
        process.wait(timeout=15)
    with running(tokens) as (_, url):
        listing = requests.get(f"{url}/control/orders", headers=headers, timeout=10).json()["orders"]
    assert [row["id"] for row in listing] == [first["orders"][0]["id"], second["orders"][0]["id"]]
    assert [row["name"] for row in listing] == ["#1001", "#1002"]


def test_only_loopback_is_bound(tokens):
    with running(tokens) as (process, url):
        port = int(url.rsplit(":", 1)[1])
        rows = [line.split() for line in Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]]
        listening = [row[1] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
        assert listening == [f"0100007F:{port:04X}"]


def test_the_command_line_becomes_the_settings(tokens):
    config, port, _ = read_config(
        command(
            tokens,
            "--currency",
            "USD",
            "--presentment",
            "EUR,JPY",
            "--taxes-excluded",
            "--plan",
            "plus",
            "--seed",
            "9",
            "--clock-offset",
            "-60",
            "--scopes",
            "read_orders",
            "--deny-protected",
        )
    )
    assert port == 0
    assert (config.token, config.control_token) == ("tok", "ctl")
    assert (config.currency, config.presentment, config.taxes_included) == ("USD", ("USD", "EUR", "JPY"), False)
    assert (config.plan, config.seed, config.clock.offset_s) == ("plus", 9, -60.0)
    assert (config.scopes, config.deny_protected) == (("read_orders",), True)
    assert (config.search_lag_s, config.latency_factor) == (0.0, 0.0)


def test_the_default_latency_and_lag_are_those_of_the_demo(tokens):
    config, _, _ = read_config(command(tokens)[:-4])
    assert (config.search_lag_s, config.latency_factor) == (2.0, 1.0)


def test_ids_depend_on_the_seed(open_shop, tmp_path, mug):
    def first_id(seed, name):
        return open_shop(seed=seed, state=tmp_path / f"{name}.sqlite").place(lines=[mug])

    assert first_id(1, "a") == first_id(1, "b")
    assert first_id(1, "c") != first_id(2, "d")

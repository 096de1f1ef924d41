"""A shop of the stand-in as a process of its own, on a free port of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from channels.shopify.servers import MemoryLimiter
from retail_ops.channels.shopify.adapter import ShopifyOrders
from retail_ops.channels.shopify.config import API_VERSION, ShopifyConfig

TOKEN, CONTROL = "shpat_0123456789abcdef", "control-of-the-tests"
PROJECT = Path(__file__).parents[3]
START_S = 20.0


class MovedClock:
    """The machine's clock; tests may move it."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(tz=UTC) + self.offset


def config_of(at_port: int, /, **changes: Any) -> ShopifyConfig:
    values: dict[str, Any] = {
        "account": "shopify_uk",
        "site": "GB",
        "host": "127.0.0.1",
        "port": at_port,
        "tls": False,
        "token": SecretStr(TOKEN),
        "api_version": API_VERSION,
        "shop_currency": "GBP",
        "environment": "demo",
        "presentment_currencies": ("GBP", "EUR", "JPY"),
    }
    return ShopifyConfig(**(values | changes))


@dataclass(frozen=True)
class Shop:
    """A running shop and the way shoppers reach it."""

    port: int
    clock: MovedClock
    limiter: MemoryLimiter

    def orders(self, **changes: Any) -> ShopifyOrders:
        config = config_of(self.port, **changes)
        # The shop's bucket fills with real time, so waiting is real too.
        return ShopifyOrders(config, limiter=self.limiter, clock=self.clock)

    def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        data = None if method == "GET" else json.dumps(body if body is not None else {}).encode()
        url = f"http://127.0.0.1:{self.port}/control/{path}"
        request = urllib.request.Request(url, data, {"X-Control-Token": CONTROL}, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def place(self, *purchases: dict[str, Any]) -> list[str]:
        return [row["id"] for row in self.control("orders", {"orders": purchases})["orders"]]


@pytest.fixture(scope="session")
def start_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Shop]]:
    running: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> Shop:
        folder = tmp_path_factory.mktemp("shop")
        (folder / "token").write_text(TOKEN)
        (folder / "control").write_text(CONTROL)
        command = [sys.executable, "-m", "standins.shopify", "--port", "0", "--shop-name", "tests", "--latency", "0"]
        command += ["--state", str(folder / "state.db"), "--port-file", str(folder / "port")]
        command += ["--token-file", str(folder / "token"), "--control-token-file", str(folder / "control")]
        command += ["--search-lag", "0", "--presentment", "EUR,JPY", "--plan", "plus", *options]
        environment = os.environ | {"PYTHONPATH": str(PROJECT / "include")}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        running.append(process)
        return Shop(await_port(process, folder), MovedClock(), MemoryLimiter(20_000, 1_000))

    yield start
    for process in running:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_port(process: subprocess.Popen[bytes], folder: Path) -> int:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if (folder / "port").exists():
            return int((folder / "port").read_text())
        if process.poll() is not None:
            break
        time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"the shop did not start: {(folder / 'log').read_text()[-2000:]}")


@pytest.fixture(scope="session")
def shop(start_shop: Callable[..., Shop]) -> Shop:
    return start_shop()

"""One stand-in for all tests of this folder; every test uses order ids of its own."""

from __future__ import annotations

import itertools
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from erp.odoo.running import SEED, StandIn, mapping_of, start_standin
from retail_ops.erp.odoo.orders import OdooOrders


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    process, running = start_standin(tmp_path_factory.mktemp("odoo"))
    try:
        running.control("POST", "seed", SEED)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(autouse=True)
def no_fault_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "standin" in request.fixturenames:
        request.getfixturevalue("standin").control("DELETE", "faults")


_numbers = itertools.count(1)


@pytest.fixture
def fresh() -> Callable[[], str]:
    """Give names of orders that no other test uses."""
    return lambda: f"{next(_numbers):05d}"


@pytest.fixture
def erp(standin: StandIn) -> OdooOrders:
    return OdooOrders(standin.client(), mapping_of(), pause=lambda _: None)

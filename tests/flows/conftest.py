"""The whole order flow in one process: one Odoo a session; a store and a shop of each test's own."""

import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from flows.sights import Scene
from retail_ops.gates.orders import PUBLISH_GATE, PublishGate
from retail_ops.ports.gate import OrderRow, Verdict
from retail_ops.settings import Settings
from retail_ops.store.orders import PostgresOrderStore
from support.processes import CHECKOUT
from support.shops import running_shop
from support.standins import CONTROL, Standin, odoo_standin
from support.world import World, seed_odoo

STOCK = {"TS-001": 100_000, "TS-002": 100_000, "TS-003": 100_000}
_names = itertools.count(1)


class HandClock:
    """The machine's time, moved by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(tz=UTC) + self.ahead

    def move(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def odoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with odoo_standin(tmp_path_factory.mktemp("odoo")) as running:
        seed_odoo(running, STOCK)
        yield running


@pytest.fixture(autouse=True)
def no_fault_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "scenes" in request.fixturenames:
        odoo = request.getfixturevalue("odoo")
        httpx.delete(f"{odoo.url}/control/faults", headers={"X-Control-Token": CONTROL}).raise_for_status()


@pytest.fixture(scope="module")
def scenes(server, odoo: Standin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Scene]]:
    """Makes scenes: a fresh store, a fresh shop and the one Odoo."""
    with ExitStack() as stack:

        def make(account: str = "shopify_uk", *, settings: Settings | None = None, **shop_options: object) -> Scene:
            clock, name = HandClock(), f"Shop {next(_names)}"
            folder = tmp_path_factory.mktemp("shop")
            shop = stack.enter_context(running_shop(folder, name, clock=clock, **shop_options))
            database = server.fresh()
            stack.callback(server.drop, database)
            known = settings or Settings(root=CHECKOUT, environment="demo")
            return Scene(World(database, odoo, shop, account, known, clock), odoo, shop, clock)

        yield make


@pytest.fixture
def scene(scenes: Callable[..., Scene]) -> Scene:
    return scenes()


@pytest.fixture
def governed(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a checkout whose governance files are a copy; texts in one of them may be replaced."""

    def make(file: str = "", **replaced: str) -> Settings:
        root = tmp_path / "checkout"
        if not root.exists():
            shutil.copytree(CHECKOUT / "include" / "governance", root / "include" / "governance")
            (root / "include" / "sql").symlink_to(CHECKOUT / "include" / "sql")
            (root / "expectations").symlink_to(CHECKOUT / "expectations")
        if file:
            path = root / "include" / "governance" / file
            text = path.read_text()
            assert replaced["old"] in text
            path.write_text(text.replace(replaced["old"], replaced["new"]))
        return Settings(root=root, environment="demo")

    return make


@pytest.fixture
def open_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every batch pass, in tests that are not about the gate: the real one takes half a second of CPU a run."""

    def passed(_gate: object, rows: Sequence[OrderRow], _totals: object) -> Verdict:
        return Verdict(PUBLISH_GATE, bytes(32), "passed", len(rows), ())

    monkeypatch.setattr(PublishGate, "judge_orders", passed)


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], None]:
    """Publish until Odoo has done everything, and die before any of it is recorded."""

    def die(scene: Scene) -> None:
        def killed(_self: object, _settlements: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as last_moment:
            last_moment.setattr(PostgresOrderStore, "settle", killed)
            with pytest.raises(KeyboardInterrupt):
                scene.publish()

    return die

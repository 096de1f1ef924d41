"""A stand-in of Odoo in a process of its own, reached with odoorpc and over its control interface."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import odoorpc
import pytest
import requests

INCLUDE = Path(__file__).resolve().parents[3] / "include"
SHARED = Path(__file__).resolve().parents[4] / "shared"
KEY, TOKEN = "integration-key", "control-token"
LOAD = {"module": "shop", "mode": "update", "noupdate": True, "tz": "UTC"}
HEADER = ["id", "partner_id/.id", "client_order_ref"]
LINE = ["order_line/product_id/.id", "order_line/product_uom_qty", "order_line/price_unit", "order_line/tax_id/.id"]

SEED = {
    "company": {"name": "Demo", "country": "US", "currency": "USD", "tax_rounding": "round_per_line"},
    "warehouses": [{"code": "WH", "name": "Main"}, {"code": "EAST", "name": "East"}],
    "currencies": [{"name": "JPY", "rounding": 1}, {"name": "KWD", "rounding": 0.001}],
    "pricelists": [{"name": name, "currency": name} for name in ("USD", "JPY", "KWD")],
    "taxes": [
        {"name": "15%", "amount": 15, "price_include": False},
        {"name": "City 2%", "amount": 2, "price_include": False},
        {"name": "20% incl", "amount": 20, "price_include": True},
        {"name": "7.25%", "amount": 7.25, "price_include": False},
    ],
    "products": [
        {"sku": "SHIRT", "name": "Shirt", "type": "consu", "is_storable": True, "list_price": "10.00"}
        | {"stock": {"WH": 100, "EAST": 5}},
        {"sku": "RARE", "name": "Rare", "type": "consu", "is_storable": True, "list_price": "10.00"}
        | {"stock": {"WH": 3}},
        {"sku": "SHIP", "name": "Shipping", "type": "service", "is_storable": False, "list_price": "4.95"},
    ],
    "partners": [{"name": "Jane Doe", "email": "Jane@Example.com"}],
}


class Erp:
    """A running stand-in and the names of what was seeded."""

    def __init__(self, home: Path, *, workers: int = 4, latency: float = 0.0) -> None:
        self.home = home
        self.options = ["--workers", str(workers), "--latency", str(latency)]
        (home / "key").write_text(KEY)
        (home / "token").write_text(TOKEN)
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self.ids: dict[str, dict[str, int]] = {}
        self._numbers = itertools.count(1)

    def start(self) -> None:
        port_file = self.home / "port"
        port_file.unlink(missing_ok=True)
        files = ["--state", "state", "--port-file", "port", "--api-key-file", "key", "--control-token-file", "token"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "standins.odoo", *files, *self.options],
            cwd=self.home,
            env={**os.environ, "PYTHONPATH": str(INCLUDE)},
            stdout=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 20
        while not (port_file.exists() and port_file.read_text()):
            assert self.process.poll() is None, "the stand-in ended at its start"
            assert time.monotonic() < deadline, "the stand-in did not start"
            time.sleep(0.02)
        self.port = int(port_file.read_text())

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(20)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def control(self, method: str, path: str, body: Any = None, token: str = TOKEN) -> requests.Response:
        headers = {"X-Control-Token": token}
        return requests.request(method, f"{self.url}/control/{path}", json=body, headers=headers, timeout=60)

    def seed(self, **sections: Any) -> dict[str, dict[str, int]]:
        answer = self.control("POST", "seed", sections)
        assert answer.status_code == 200, answer.text
        return answer.json()["ids"]

    def client(self, login: str = "integration", password: str = KEY, *, timeout: float = 60) -> odoorpc.ODOO:
        client = odoorpc.ODOO("127.0.0.1", port=self.port, protocol="jsonrpc", version="18.0", timeout=timeout)
        client.login("demo", login, password)
        return client

    def raw(self, payload: Any) -> Any:
        return requests.post(f"{self.url}/jsonrpc", data=json.dumps(payload), timeout=60).json()

    def fresh(self, stem: str = "o") -> str:
        return f"{stem}-{next(self._numbers)}"

    @property
    def partner(self) -> int:
        return self.ids["partners"]["Jane Doe"]

    def product(self, sku: str = "SHIRT") -> int:
        return self.ids["products"][sku]

    def tax(self, name: str = "15%") -> int:
        return self.ids["taxes"][name]


class Calls:
    """Short ways to the calls of the tests."""

    def __init__(self, erp: Erp, client: odoorpc.ODOO) -> None:
        self.erp = erp
        self.client = client

    def __call__(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        return self.client.execute_kw(model, method, list(args), kwargs)

    def order(self, *lines: dict[str, Any], **values: Any) -> int:
        commands = [[0, 0, {"product_id": self.erp.product(), "tax_id": [[5, 0, 0]], **line}] for line in lines]
        return self("sale.order", "create", {"partner_id": self.erp.partner, "order_line": commands, **values})

    def lines(self, order: int, *fields: str) -> list[dict[str, Any]]:
        return self("sale.order.line", "search_read", [["order_id", "=", order]], list(fields), order="id")

    def line(self, order: int, *fields: str) -> dict[str, Any]:
        return self.lines(order, *fields)[0]

    def get(self, order: int, field: str) -> Any:
        return self("sale.order", "read", [order], [field])[0][field]

    def free(self, sku: str = "SHIRT", **context: Any) -> dict[str, Any]:
        names = ["qty_available", "free_qty", "virtual_available", "outgoing_qty"]
        return self("product.product", "read", [self.erp.product(sku)], names, context=context or {"warehouse_id": 1})[
            0
        ]

    def moves(self, order: int) -> list[dict[str, Any]]:
        names = ["product_uom_qty", "quantity", "state", "picking_id"]
        return self("stock.move", "search_read", [["sale_line_id.order_id", "=", order]], names, order="id")

    def load(self, columns: list[str], *rows: list[Any], model: str = "sale.order", **context: Any) -> dict[str, Any]:
        return self(model, "load", columns, [list(row) for row in rows], context={**LOAD, **context})

    def simple(self, xmlid: str, qty: Any = "1", **context: Any) -> dict[str, Any]:
        row = [xmlid, str(self.erp.partner), xmlid, str(self.erp.product()), qty, "5", ""]
        return self.load([*HEADER, *LINE], row, **context)


@contextmanager
def _refused(name: str, text: str = "") -> Iterator[None]:
    with pytest.raises(odoorpc.error.RPCError) as caught:
        yield
    assert caught.value.info["data"]["name"] == name, caught.value.info["data"]
    assert text in str(caught.value)


@pytest.fixture
def refused() -> Any:
    return _refused


@contextmanager
def running(home: Path, **options: Any) -> Iterator[Erp]:
    erp = Erp(home, **options)
    erp.start()
    try:
        erp.ids = erp.seed(**SEED)
        yield erp
    finally:
        if erp.process is not None and erp.process.poll() is None:
            erp.stop()


@pytest.fixture(scope="module")
def erp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erp]:
    with running(tmp_path_factory.mktemp("odoo")) as started:
        yield started


@pytest.fixture
def call(erp: Erp) -> Calls:
    return Calls(erp, erp.client())


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    """Start stand-ins with options of their own; each is stopped at the end."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running(tmp_path, **options))


@pytest.fixture
def recordings() -> Any:
    """Read a recording of the real system."""
    folder = SHARED / "contracts" / "odoo18"
    if not folder.is_dir():
        pytest.skip("needs the reference material beside the checkout")
    return lambda name: json.loads((folder / name).read_text(encoding="utf-8"))


@pytest.fixture
def caller() -> Any:
    return Calls

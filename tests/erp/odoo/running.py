"""The Odoo stand-in as a process of its own, what it is seeded with, and the mapping that fits it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from retail_ops.erp.odoo.client import CompanyCaller, OdooClient, OdooConnection
from retail_ops.governance.accounts import Mapping

DATABASE, LOGIN, KEY, TOKEN = "demo", "integration", "key-of-the-tests", "token-of-the-tests"
PROJECT = Path(__file__).parents[3]
SERVICES = ("SHIPPING", "DISCOUNT", "ROUNDING", "DUTY", "TIP", "FEE", "GIFTCARD", "CUSTOM")
SEED: dict[str, Any] = {
    "company": {"name": "Retail Demo Ltd", "currency": "GBP", "country": "GB", "tax_rounding": "round_per_line"},
    "warehouses": [{"code": "WH", "name": "Main"}],
    "currencies": [
        {"name": "GBP"},
        {"name": "EUR"},
        {"name": "USD"},
        {"name": "JPY", "rounding": "1"},
        {"name": "KWD", "rounding": "0.001"},
    ],
    "pricelists": [{"name": f"Shopify {name}", "currency": name} for name in ("GBP", "EUR", "JPY", "USD", "KWD")],
    "taxes": [
        {"name": "UK VAT 20% incl", "amount": "20", "price_include": True},
        {"name": "US CA 7.25%", "amount": "7.25"},
        {"name": "US LA County 2.25%", "amount": "2.25"},
    ],
    "products": [
        *(
            # The service products have taxes of their own: an order line must never inherit them.
            {"sku": f"RO-{name}", "type": "service", "taxes": ["US CA 7.25%"]}
            for name in SERVICES
        ),
        *({"sku": f"TS-00{n}", "list_price": "10", "stock": {"WH": "100000"}} for n in range(1, 4)),
        {"sku": "SHORT-1", "list_price": "10", "stock": {"WH": "2"}},
    ],
    "partners": [{"name": "Shop guests"}],
    "custom_fields": [{"model": "sale.order", "name": "x_channel", "type": "char", "label": "Channel"}],
}


def mapping_of(**changes: Any) -> Mapping:
    values: dict[str, Any] = {
        "version": 1,
        "owner": "erp-team",
        "company": "Retail Demo Ltd",
        "warehouse": "WH",
        "pricelists": {name: f"Shopify {name}" for name in ("GBP", "EUR", "JPY", "USD", "KWD")},
        "order_fields": {"x_channel": "shopify_uk"},
        "guest_partner": "Shop guests",
        "products": {
            "shipping": "RO-SHIPPING",
            "discount": "RO-DISCOUNT",
            "rounding": "RO-ROUNDING",
            "duty": "RO-DUTY",
            "tip": "RO-TIP",
            "fee": "RO-FEE",
            "gift_card": "RO-GIFTCARD",
            "custom": "RO-CUSTOM",
        },
        "taxes": {
            "owner": "finance-team",
            "rules": [
                {"title": "vat", "rate": "0.20", "included": True, "odoo": "UK VAT 20% incl"},
                {"title": "California State Tax", "rate": "0.0725", "included": False, "odoo": "US CA 7.25%"},
                {"title": "Los Angeles County Tax", "rate": "0.0225", "included": False, "odoo": "US LA County 2.25%"},
            ],
        },
    }
    return Mapping.model_validate(values | changes)


@dataclass(frozen=True)
class StandIn:
    """A running stand-in."""

    port: int

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/control/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Control-Token": TOKEN, "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def orders(self, account: str, *external_ids: str) -> list[dict[str, Any]]:
        wanted = {f"{account}:{external_id}" for external_id in external_ids}
        return [row for row in self.control("GET", "orders")["orders"] if row["origin"] in wanted]

    def read(self, model: str, ids: list[int], *fields: str) -> list[dict[str, Any]]:
        """Read as the administrator, on a path of its own beside the adapter's."""
        found = {row["id"]: row for row in self.admin().fetch(model, "read", ids, list(fields))}
        return [found[record_id] for record_id in ids]

    def admin(self) -> CompanyCaller:
        return CompanyCaller(OdooClient(self.connection(login="admin", key=SecretStr(TOKEN))))

    def connection(self, **changes: Any) -> OdooConnection:
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "database": DATABASE,
            "login": LOGIN,
            "key": SecretStr(KEY),
            "tls": False,
        }
        return OdooConnection(**(values | changes))

    def client(self, **timeouts: float) -> OdooClient:
        return OdooClient(self.connection(), **timeouts)


def start_standin(folder: Path) -> tuple[subprocess.Popen[bytes], StandIn]:
    for name, text in (("key", KEY), ("token", TOKEN)):
        (folder / name).write_text(text)
    port_file = folder / "port"
    command = [sys.executable, "-m", "standins.odoo", "--port", "0", "--latency", "0", "--database", DATABASE]
    files = {"state": "state.db", "port-file": "port", "api-key-file": "key", "control-token-file": "token"}
    for option, name in files.items():
        command += [f"--{option}", str(folder / name)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "include")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (port_file.exists() and port_file.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"the stand-in did not start: {process.poll()}")
        time.sleep(0.02)
    return process, StandIn(int(port_file.read_text()))

"""A small world: one store, one Odoo, one shop, and the product's own lanes between them."""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from retail_ops.bootstrap import OrderLane, order_lane, queries
from retail_ops.governance.permissions import load_permissions
from retail_ops.ports.clock import SystemClock
from retail_ops.settings import EnvironmentConnections, Settings
from retail_ops.store.deployment import install
from retail_ops.store.desk import Desk
from retail_ops.store.unit import UnitOfWork
from support.postgres import PASSWORD, Database
from support.processes import CHECKOUT
from support.standins import KEY, Standin

VAULT_KEY = Fernet.generate_key().decode()
DIGEST_SECRET = "digest-secret-of-a-test-0123456789abcdef"
SERVICE_SKUS = (
    "RO-SHIPPING", "RO-TIP", "RO-DUTY", "RO-GIFTCARD", "RO-DISCOUNT", "RO-FEE", "RO-ROUNDING", "RO-CUSTOM",
)  # fmt: skip
ODOO_SEED = json.loads((CHECKOUT / "include" / "standins" / "demo_company.json").read_text())


def seed_odoo(odoo: Standin, skus: dict[str, int]) -> None:
    """Give Odoo its master data: `skus` with their stock, and the service products."""
    products = [
        {
            "sku": sku,
            "name": f"Goods {sku}",
            "type": "consu",
            "is_storable": True,
            "list_price": "10.00",
            "stock": {"WH": units},
        }
        for sku, units in skus.items()
    ]
    services = [
        {"sku": sku, "name": sku, "type": "service", "is_storable": False, "list_price": "0.00"} for sku in SERVICE_SKUS
    ]
    odoo.control("seed", {**ODOO_SEED, "products": [*products, *services]})


@dataclass
class World:
    """The pieces, and short ways to do what a test does with them."""

    database: Database
    odoo: Standin
    shop: Standin
    account: str = "shopify_uk"
    settings: Settings = field(default_factory=lambda: Settings(root=CHECKOUT, environment="demo"))
    clock: Any = field(default_factory=SystemClock)
    passwords: dict[str, str] = field(default_factory=dict)  # by connection, where not the usual one

    def __post_init__(self) -> None:
        self.connections = EnvironmentConnections(self._variables())
        unit = UnitOfWork(self.database.connect, queries(self.settings.queries), self.clock, actor="test")
        # Governed since long before the first order of the test.
        past = _Fixed(datetime(2020, 1, 1, tzinfo=UTC))
        unit.clock = past
        accounts = {"shopify_uk": "shopify", "shopify_us": "shopify"}
        install(unit, "demo", accounts, load_permissions(self.settings.governance))
        unit.close()

    def lane(self, run: str = "test") -> AbstractContextManager[OrderLane]:
        return order_lane(self.account, self.connections, run=run, settings=self.settings, clock=self.clock)

    def run(self) -> dict[str, dict[str, int]]:
        """One DAG run: stage, judge, publish."""
        with self.lane() as lane:
            return {"stage": lane.stage(), "judge": lane.judge(), "publish": lane.publish()}

    def desk(self, principal: str = "local") -> Desk:
        unit = UnitOfWork(
            lambda: self.connections.store("worker"),
            queries(self.settings.queries),
            self.clock,
            actor=f"person:{principal}",
        )
        return Desk(unit, principal)

    def rows(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement returns, as the owner."""
        with self.database.connect() as conn:
            return conn.execute(text, values).fetchall()

    def entity(self, external_id: str) -> tuple[Any, ...]:
        """State, reason and ERP reference of one order."""
        found = self.rows("SELECT state, reason, erp_reference FROM ops.entity WHERE external_id = %s", external_id)
        return found[0]

    def _variables(self) -> dict[str, str]:
        store = {"conn_type": "postgres", "host": "127.0.0.1", "port": self.database.port, "schema": self.database.name}
        plain = {"tls": False, "environment": "demo"}
        shop = {"conn_type": "shopify", "host": "127.0.0.1", "port": self.shop.port, "password": KEY}
        values: dict[str, dict[str, object]] = {
            "retail_ops_store": {**store, "login": "retail_ops_worker", "password": PASSWORD},
            "retail_ops_store_gate": {**store, "login": "retail_ops_gate", "password": PASSWORD},
            "retail_ops_vault": {"password": VAULT_KEY, "extra": {"digest_secret": DIGEST_SECRET}},
            "odoo": {
                "conn_type": "odoo", "host": "127.0.0.1", "port": self.odoo.port, "schema": "demo",
                "login": "integration", "password": KEY, "extra": plain,
            },
            "shopify_uk": {**shop, "extra": {**plain, "api_version": "2026-10"}},
            "shopify_us": {**shop, "extra": {**plain, "api_version": "2026-10"}},
        }  # fmt: skip
        for name, password in self.passwords.items():
            values[name]["password"] = password
        return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in values.items()}


class _Fixed:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


def purchase(*lines: tuple[str, int, str], **more: Any) -> dict[str, Any]:
    """A paid order of a customer in the UK, VAT included; `more` overrides any part."""
    tax = [{"title": "VAT", "rate": "0.2"}]
    address = {
        "first_name": "Ann", "last_name": "Example", "address1": "1 High Street", "city": "Leeds",
        "zip_code": "LS1 1AA", "country_code": "GB",
    }  # fmt: skip
    return {
        "presentment_currency": "GBP",
        "lines": [
            {"title": f"Goods {sku}", "sku": sku, "units": units, "unit_price": price, "taxes": tax}
            for sku, units, price in lines
        ],
        "shipping": [{"title": "Standard", "price": "4.95", "taxes": tax}],
        "customer": {"key": "ann", "first_name": "Ann", "last_name": "Example", "email": "ann@example.com"},
        "shipping_address": address,
        "billing_address": address,
        "payments": [{"kind": "SALE"}],
        "risk": {"recommendation": "ACCEPT", "level": "LOW"},
        **more,
    }


def folder_of(tmp_path_factory: Any, name: str) -> Path:
    return Path(tmp_path_factory.mktemp(name))

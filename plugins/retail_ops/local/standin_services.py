"""The stand-ins for Odoo and the shops as components.

They are other programs: only their command lines are known here. NOT here: how they behave (`include/standins`).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from retail_ops.local.component import Component
from retail_ops.local.connections import ODOO_DATABASE, ODOO_LOGIN
from retail_ops.local.endpoints import Endpoints, Service
from retail_ops.local.health import TcpHealth
from retail_ops.local.layout import CHECKOUT, Layout


@dataclass(frozen=True)
class Shop:
    """One shop to stand in for.

    Attributes:
        account: Its account in the store, and the id of its connection.
        name: Name of the shop on its platform.
        currency: ISO code of the shop.
        presentment: ISO codes in which buyers pay.
        taxes_included: True when its prices contain the tax.
        timezone: IANA name of the shop's time zone.
        seed: Makes its ids differ from those of another shop.
        search_lag_s: Seconds until its search shows a change.
    """

    account: str
    name: str
    currency: str
    presentment: tuple[str, ...]
    taxes_included: bool
    timezone: str
    seed: int
    search_lag_s: int = 2


SHOPS = (
    Shop(
        "shopify_uk",
        "Harbour Lane UK",
        "GBP",
        ("GBP", "EUR", "JPY"),
        taxes_included=True,
        timezone="Europe/London",
        seed=1,
    ),
    Shop(
        "shopify_us",
        "Harbour Lane US",
        "USD",
        ("USD",),
        taxes_included=False,
        timezone="America/New_York",
        seed=2,
    ),
)


def standin_components(
    layout: Layout, endpoints: Endpoints, shops: tuple[Shop, ...], *, latency: float
) -> tuple[Component, ...]:
    """Return one component for Odoo and one a shop.

    Args:
        layout: Where their state files live; their data survives a restart.
        endpoints: Their ports and credential files.
        shops: The shops to stand in for.
        latency: Factor on the measured answer times of the real systems, 0 answers at once.
    """
    odoo = _standin("odoo", endpoints.odoo, layout, latency)
    odoo_options = (
        "--database",
        ODOO_DATABASE,
        "--login",
        ODOO_LOGIN,
        "--api-key-file",
        str(endpoints.odoo.token_file),
    )
    return (
        _component(endpoints.odoo, (*odoo, *odoo_options)),
        *(_shop(shop, endpoints.shops[shop.account], layout, latency) for shop in shops),
    )


def _shop(shop: Shop, service: Service, layout: Layout, latency: float) -> Component:
    options = (
        "--shop-name", shop.name, "--currency", shop.currency, "--presentment", ",".join(shop.presentment),
        "--taxes-included" if shop.taxes_included else "--taxes-excluded", "--plan", "standard",
        "--timezone", shop.timezone, "--seed", str(shop.seed),
        "--token-file", str(service.token_file), "--search-lag", str(shop.search_lag_s),
    )  # fmt: skip
    return _component(service, (*_standin("shopify", service, layout, latency), *options))


def _standin(module: str, service: Service, layout: Layout, latency: float) -> tuple[str, ...]:
    return (
        sys.executable, "-m", f"standins.{module}", "--port", str(service.port),
        "--port-file", str(layout.run / f"{service.name}.port"), "--state", str(layout.data / f"{service.name}.sqlite"),
        "--control-token-file", str(service.control_token_file), "--latency", str(latency),
    )  # fmt: skip


def _component(service: Service, command: tuple[str, ...]) -> Component:
    env = {"PYTHONPATH": str(CHECKOUT / "include")}
    return Component(service.name, command, env, TcpHealth(service.port), port=service.port)

"""A day of the stand-in's shoppers, every special case of theirs: what was bought is what is mapped, to the cent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.shopify.conftest import CONTROL, PROJECT, Shop
from channels.shopify.payloads import KeyedDigests, differences
from retail_ops.contracts.errors import MappingError
from retail_ops.contracts.order import Order
from retail_ops.ports.channel import Window

ORDERS = 45
DAY_S = 2


def shoppers(*arguments: str) -> None:
    command = [sys.executable, "-m", "standins.shoppers", *arguments]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(PROJECT / "include")}, check=True, timeout=120)


@pytest.mark.parametrize(
    ("currency", "options"),
    [("GBP", ("--taxes-included",)), ("USD", ("--currency", "USD", "--taxes-excluded"))],
    ids=["tax included", "tax on top"],
)
def test_every_order_of_a_day_ties_or_names_its_field(
    start_shop: Callable[..., Shop], tmp_path: Path, currency: str, options: tuple[str, ...]
) -> None:
    shop = start_shop(*options)
    (tmp_path / "control").write_text(CONTROL)
    shoppers("catalogue", "--out", str(tmp_path / "goods.json"))
    where = ("--shop", f"http://127.0.0.1:{shop.port}", "--control-token-file", str(tmp_path / "control"))
    length = ("--orders", str(ORDERS), "--seconds", str(DAY_S))
    files = ("--catalogue", str(tmp_path / "goods.json"), "--report", str(tmp_path / "report.json"))
    shoppers("day", *where, *length, *files)

    kinds = dict(placed_kinds(json.loads((tmp_path / "report.json").read_text())))
    mapped, refused = read_all(shop, currency)
    assert set(mapped) | set(refused) == set(kinds)
    assert {external_id: lines for external_id, order in mapped.items() if (lines := differences(order))} == {}
    assert {kinds[external_id] for external_id in refused} <= {"malformed"}
    assert len(set(kinds.values())) > 20
    for row in shop.control("orders", method="GET")["orders"]:
        if row["id"] in mapped:
            tied = mapped[row["id"]].totals.total - mapped[row["id"]].sum_pairs(
                tuple(charge.price for charge in mapped[row["id"]].rounding)
            )
            assert f"{tied.presentment.to_decimal():f}" == row["current_total"]["presentment"]
            assert f"{tied.shop.to_decimal():f}" == row["current_total"]["shop"]


def read_all(shop: Shop, currency: str) -> tuple[dict[str, Order], dict[str, MappingError]]:
    channel = shop.orders(shop_currency=currency, presentment_currencies=())
    now = datetime.now(tz=UTC)
    mapped: dict[str, Order] = {}
    refused: dict[str, MappingError] = {}
    for page in channel.fetch_orders(Window(now - timedelta(minutes=10), now + timedelta(minutes=1))):
        for message in page:
            try:
                mapped[str(message.external_id)] = channel.to_order(message.body, KeyedDigests()).order
            except MappingError as error:
                refused[str(message.external_id)] = error
    channel.close()
    return mapped, refused


def placed_kinds(report: Any) -> list[tuple[str, str]]:
    if isinstance(report, dict):
        own = [(report["id"], report["kind"])] if {"id", "kind"} <= set(report) else []
        return own + [found for part in report.values() for found in placed_kinds(part)]
    return [found for part in report for found in placed_kinds(part)] if isinstance(report, list) else []

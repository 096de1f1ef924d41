"""Odoo's floats become exact values, and what counts as processed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from retail_ops.contracts.money import Money
from retail_ops.erp.odoo.rows import LineRow, MoveRow, OrderRow, exact, is_processed, to_moment, to_money, version_of

ZERO = Decimal(0)
LINE = LineRow(1, 1, 11, Decimal(2), Decimal(10), ZERO, frozenset({1}), ZERO, ZERO, "t")
MOVE = MoveRow(1, 11, Decimal(2), Decimal(2), taken=False)
MONEY = Money(minor=2000, currency="GBP")
ORDER = OrderRow(
    order_id=1,
    number="S1",
    state="draft",
    locked=False,
    placed_at=datetime(2026, 1, 1, tzinfo=UTC),
    written_at="t",
    total=MONEY,
    tax=MONEY,
    delivery_id=1,
    invoice_id=1,
    line_ids=(1,),
)


@pytest.mark.parametrize(
    ("line", "move", "processed"),
    [
        (LINE, MOVE, False),
        (replace(LINE, delivered=Decimal(1)), MOVE, True),
        (replace(LINE, invoiced=Decimal(1)), MOVE, True),
        (LINE, replace(MOVE, taken=True), True),
    ],
)
def test_anything_picked_delivered_or_invoiced_is_processed(line: LineRow, move: MoveRow, processed: bool) -> None:
    assert is_processed([LINE, line], [MOVE, move]) is processed
    assert is_processed([], []) is False


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        (39.98, "GBP", 3998),
        (5.400000000000006, "GBP", 540),
        (-3.57, "USD", -357),
        (0.285, "USD", 29),
        (4077.0, "JPY", 4077),
        (4.097, "KWD", 4097),
        (0.0, "EUR", 0),
    ],
)
def test_amounts_of_the_wire_become_minor_units(value: float, currency: str, minor: int) -> None:
    assert to_money(value, currency) == Money(minor=minor, currency=currency)


def test_a_float_is_the_decimal_it_was_written_as() -> None:
    assert (exact(0.1), exact(19.99), exact(3)) == (Decimal("0.1"), Decimal("19.99"), Decimal("3.0"))


def test_a_moment_is_sent_in_utc_without_fraction() -> None:
    moment = datetime(2026, 11, 20, 16, 5, 6, 789_000, tzinfo=timezone(timedelta(hours=2)))
    assert to_moment(moment) == "2026-11-20 14:05:06"


@pytest.mark.parametrize(
    "change", [{"written_at": "u"}, {"state": "sale"}, {"total": Money(minor=1, currency="GBP")}, {"line_ids": (1, 2)}]
)
def test_the_version_follows_the_order(change: dict[str, Any]) -> None:
    assert version_of(replace(ORDER, **change), [LINE]) != version_of(ORDER, [LINE])


@pytest.mark.parametrize(
    "change", [{"written_at": "u"}, {"units": Decimal(3)}, {"tax_ids": frozenset()}, {"delivered": Decimal(1)}]
)
def test_the_version_follows_each_line_in_any_order(change: dict[str, Any]) -> None:
    other = replace(LINE, line_id=2)
    assert version_of(ORDER, [replace(LINE, **change), other]) != version_of(ORDER, [LINE, other])
    assert version_of(ORDER, [other, LINE]) == version_of(ORDER, [LINE, other])

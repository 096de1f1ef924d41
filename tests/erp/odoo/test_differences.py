"""Line commands bring Odoo's lines to the document, and always carry price and discount with a quantity."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from erp.odoo.making import SKUS, VAT, Maker, directory
from erp.odoo.running import mapping_of
from retail_ops.contracts.money import Money
from retail_ops.erp.odoo.differences import describe_difference, line_commands
from retail_ops.erp.odoo.document import Document, build_document
from retail_ops.erp.odoo.rows import LineRow, OrderRow
from retail_ops.ports.erp import Problem

UK = Maker()
GBP = Money(minor=0, currency="GBP")
ORDER = OrderRow(1, "S1", "sale", False, datetime(2026, 1, 1, tzinfo=UTC), "t", GBP, GBP, 1, 1, (51, 52))


def document(*units: int) -> Document:
    names = ("a", "b", "c")
    lines = tuple(UK.line(name, 1000, n, UK.tax(VAT, n * 167)) for name, n in zip(names, units, strict=False))
    found = build_document(UK.order("1", lines), mapping_of(), directory(), SKUS)
    assert isinstance(found, Document)
    return found


def line(line_id: int, units: int, **changes: Any) -> LineRow:
    values: dict[str, Any] = {
        "line_id": line_id,
        "order_id": 1,
        "product_id": 11,
        "units": Decimal(units),
        "price": Decimal("10.0"),
        "discount": Decimal("0.0"),
        "tax_ids": frozenset({1}),
        "delivered": Decimal(0),
        "invoiced": Decimal(0),
        "written_at": "t",
    }
    return LineRow(**(values | changes))


def known(wanted: Document, *line_ids: int) -> dict[str, int]:
    return dict(zip((each.key for each in wanted.lines), line_ids, strict=True))


def commands(wanted: Document, rows: list[LineRow], *line_ids: int, state: str = "sale") -> Any:
    return line_commands(wanted, replace(ORDER, state=state), rows, known(wanted, *line_ids))


def test_lines_that_fit_need_no_command() -> None:
    assert commands(document(2, 1), [line(51, 2), line(52, 1)], 51, 52) == []


@pytest.mark.parametrize(
    "change",
    [{"units": Decimal(5)}, {"price": Decimal("9.99")}, {"discount": Decimal("10.0")}, {"tax_ids": frozenset()}],
)
def test_any_difference_sends_quantity_price_discount_and_taxes_together(change: dict[str, Any]) -> None:
    found = commands(document(2), [replace(line(51, 2), **change)], 51)
    values = {"product_uom_qty": 2, "price_unit": 10.0, "discount": 0.0, "tax_id": [[6, 0, [1]]]}
    assert found == [[1, 51, values]]


@pytest.mark.parametrize("state", ["draft", "sent"])
def test_a_quotation_loses_lines_that_the_document_does_not_know(state: str) -> None:
    assert commands(document(2), [line(51, 2), line(99, 3)], 51, state=state) == [[2, 99, 0]]


def test_a_confirmed_order_keeps_them_with_quantity_zero() -> None:
    found = commands(document(2), [line(51, 2), line(99, 3, discount=Decimal("5.0"))], 51)
    assert found == [[1, 99, {"product_uom_qty": 0, "price_unit": 10.0, "discount": 5.0}]]
    assert commands(document(2), [line(51, 2), line(99, 0)], 51) == []


@pytest.mark.parametrize("rows", [[], [line(51, 2, product_id=12)]])
def test_a_line_that_became_another_product_is_a_problem(rows: list[LineRow]) -> None:
    found = commands(document(2), rows, 51)
    assert isinstance(found, Problem)
    assert found.code == "line_changed"


def test_the_difference_is_described_line_by_line() -> None:
    wanted = document(2, 1, 4)
    ids = {wanted.lines[0].key: 51, wanted.lines[1].key: 52}
    found = describe_difference(wanted, [line(51, 2), line(52, 3), line(99, 1), line(98, 0)], ids)
    assert [(each["line"], each["units"], each.get("erp_units")) for each in found] == [
        (wanted.lines[1].key, 1, 3),
        (wanted.lines[2].key, 4, None),
        (None, 0, 1),
    ]

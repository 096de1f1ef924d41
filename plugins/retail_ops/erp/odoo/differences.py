"""The difference between a document and the order that Odoo has, as line commands. Pure.

Source: measured on Odoo 18: every quantity write resets the discount, and the price unless it was set by hand, so both
go with every change; a confirmed order loses no lines, their quantity becomes 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from retail_ops.erp.odoo.client import Json
from retail_ops.erp.odoo.document import Document, DocumentLine
from retail_ops.erp.odoo.rows import QUOTATIONS, LineRow, OrderRow
from retail_ops.ports.erp import Problem


def line_commands(
    document: Document, order: OrderRow, lines: Sequence[LineRow], known: Mapping[str, int]
) -> list[Json] | Problem:
    """Return the commands on `order_line` that bring the order to the document; none when it already fits.

    Args:
        document: What is wanted.
        order: As read.
        lines: As read.
        known: Line ids of Odoo by document key; every key of the document has one.
    """
    present = {line.line_id: line for line in lines}
    commands: list[Json] = []
    for wanted in document.lines:
        row = present.pop(known[wanted.key], None)
        if row is None or row.product_id != wanted.product_id:
            return Problem("line_changed", "", f"{wanted.key} is another product, or on another order, in Odoo")
        if not _fits(row, wanted):
            commands.append([1, row.line_id, _values(wanted)])
    return [*commands, *(command for row in present.values() if (command := _removal(order, row)))]


def describe_difference(
    document: Document, lines: Sequence[LineRow], known: Mapping[str, int]
) -> list[Mapping[str, object]]:
    """Return what would change, line by line: wanted units against Odoo's; `line` is None for a line unknown here."""
    present = {line.line_id: line for line in lines}
    found: list[Mapping[str, object]] = []
    for wanted in document.lines:
        row = present.pop(known.get(wanted.key, 0), None)
        if row is None or not _fits(row, wanted):
            has = {} if row is None else {"erp_units": int(row.units), "erp_price": str(row.price)}
            found.append({"line": wanted.key, "units": wanted.units, "price": str(wanted.price), **has})
    surplus = [row for row in present.values() if row.units]
    return [
        *found,
        *({"line": None, "erp_line": row.line_id, "units": 0, "erp_units": int(row.units)} for row in surplus),
    ]


def _fits(row: LineRow, wanted: DocumentLine) -> bool:
    taxes = frozenset(tax.tax_id for tax in wanted.taxes)
    return (row.units, row.price, row.discount, row.tax_ids) == (Decimal(wanted.units), wanted.price, Decimal(0), taxes)


def _values(wanted: DocumentLine) -> Json:
    return {
        "product_uom_qty": wanted.units,
        "price_unit": float(wanted.price),
        "discount": 0.0,
        "tax_id": [[6, 0, [tax.tax_id for tax in wanted.taxes]]],
    }


def _removal(order: OrderRow, row: LineRow) -> Json:
    if order.state in QUOTATIONS:
        return [2, row.line_id, 0]
    if not row.units:
        return None
    return [1, row.line_id, {"product_uom_qty": 0, "price_unit": float(row.price), "discount": float(row.discount)}]

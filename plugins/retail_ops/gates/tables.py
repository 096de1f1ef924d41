"""Orders as the flat rows that a suite reads. Pure; every amount is recomputed here as a plain Python integer.

Plain integers and not `Money`: sums of a broken order may mix currencies or leave the range of `Money`, and must
become findings, not exceptions. Cells are `str`, `int`, `bool` or None, never floats. No rule is here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from retail_ops.contracts.ids import content_hash
from retail_ops.contracts.money import MoneyPair
from retail_ops.contracts.order import Charge, Order, OrderLine, TaxLine, canonical_json
from retail_ops.ports.gate import BatchTotals, OrderRow

Cells = dict[str, object]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SIDES: Final[Mapping[str, Callable[[MoneyPair], int]]] = {
    "shop": lambda pair: pair.shop.minor,
    "presentment": lambda pair: pair.presentment.minor,
}


def order_tables(rows: Sequence[OrderRow], batch: BatchTotals, *, judged_at: datetime) -> dict[str, list[Cells]]:
    """Flatten a batch into the tables `orders`, `lines` and `batch`; `expectations/README.md` lists the columns.

    Args:
        rows: The orders as read back from the store.
        batch: What the store counted while staging, by currency of `totals.total.presentment`.
        judged_at: The present moment, aware.
    """
    return {
        "orders": [_order_cells(row, judged_at) for row in rows],
        "lines": [_line_cells(row, position) for row in rows for position in range(len(row.order.lines))],
        "batch": _batch_cells(rows, batch),
    }


def _order_cells(row: OrderRow, judged_at: datetime) -> Cells:
    order = row.order
    cells: Cells = {
        "row": row.row,
        "account": order.account,
        "external_id": order.external_id,
        "content": content_hash(canonical_json(order)).hex(),
        "has_account": bool(order.account.strip()),
        "has_external_id": bool(order.external_id.strip()),
        "has_number": bool(order.number.strip()),
        "shop_currency": order.shop_currency,
        "presentment_currency": order.presentment_currency,
        "foreign_amount": next(_foreign_amounts(order), None),
        "bad_charge": next(_bad_charges(order), None),
        "untouched": _is_untouched(order),
        "ordered_units": sum(line.ordered_units for line in order.lines),
        "current_units": sum(line.current_units for line in order.lines),
        "duty_count": len(order.duties),
        "placed_at": _seconds(order.placed_at - _EPOCH),
        "updated_at": _seconds(order.updated_at - _EPOCH),
        "judged_at": _seconds(judged_at - _EPOCH),
        "placed_ahead_s": _seconds(order.placed_at - judged_at),
        "updated_ahead_s": _seconds(order.updated_at - judged_at),
    }
    for side, minor in _SIDES.items():
        cells |= {f"{side}_{name}": value for name, value in _order_amounts(order, minor).items()}
    return cells


def _order_amounts(order: Order, minor: Callable[[MoneyPair], int]) -> dict[str, int]:
    line_discounts = sum(minor(line.discount) for line in order.lines)
    shipping = _prices(order.shipping, minor)
    line_taxes = [tax for line in order.lines for tax in line.taxes]
    return {
        "total": minor(order.totals.total),
        "lines": sum(_gross(line, minor) for line in order.lines),
        "line_discounts": line_discounts,
        "discounts": line_discounts + sum(minor(charge.discount) for charge in order.charges()),
        "line_tax": _tax(line_taxes, minor),
        "tax": _tax(order.taxes(), minor),
        "tax_added": _tax([tax for tax in order.taxes() if not tax.included], minor),
        "shipping": shipping,
        "shipping_net": shipping - sum(minor(charge.discount) for charge in order.shipping),
        "duties": _prices(order.duties, minor),
        "tips": _prices(order.tips, minor),
        "fees": _prices(order.fees, minor),
        "rounding": _prices(order.rounding, minor),
        "stated_discounts": minor(order.totals.discounts),
        "stated_tax": minor(order.totals.tax),
        "stated_shipping": minor(order.totals.shipping),
        "stated_duties": minor(order.totals.duties),
        "stated_tips": minor(order.totals.tips),
        "stated_fees": minor(order.totals.fees),
    }


def _line_cells(row: OrderRow, position: int) -> Cells:
    line = row.order.lines[position]
    cells: Cells = {
        "row": row.row,
        "position": position,
        "line_id": line.line_id,
        "kind": line.kind,
        "sku": line.sku,
        "sku_known": None if line.sku is None else line.sku in row.known_skus,
        "ordered_units": line.ordered_units,
        "current_units": line.current_units,
    }
    for side, minor in _SIDES.items():
        cells |= {f"{side}_{name}": value for name, value in _line_amounts(line, minor).items()}
    return cells


def _line_amounts(line: OrderLine, minor: Callable[[MoneyPair], int]) -> dict[str, int]:
    return {
        "unit_price": minor(line.unit_price),
        "gross": _gross(line, minor),
        "discount": minor(line.discount),
        "tax": _tax(line.taxes, minor),
        "least_tax": min((minor(tax.amount) for tax in line.taxes), default=0),
    }


def _batch_cells(rows: Sequence[OrderRow], batch: BatchTotals) -> list[Cells]:
    totals = [row.order.totals.total.presentment for row in rows]
    counted = Counter(total.currency for total in totals)
    counted_minor = Counter[str]()
    for total in totals:
        counted_minor[total.currency] += total.minor
    return [
        {
            "currency": currency,
            "staged_count": batch.staged.get(currency, (0, 0))[0],
            "staged_minor": batch.staged.get(currency, (0, 0))[1],
            "counted": counted[currency],
            "counted_minor": counted_minor[currency],
        }
        for currency in sorted(batch.staged.keys() | counted.keys())
    ]


def _gross(line: OrderLine, minor: Callable[[MoneyPair], int]) -> int:
    return minor(line.unit_price) * line.current_units


def _prices(charges: Iterable[Charge], minor: Callable[[MoneyPair], int]) -> int:
    return sum(minor(charge.price) for charge in charges)


def _tax(taxes: Iterable[TaxLine], minor: Callable[[MoneyPair], int]) -> int:
    return sum(minor(tax.amount) for tax in taxes)


def _seconds(stretch: timedelta) -> int:
    return stretch // timedelta(seconds=1)


def _is_untouched(order: Order) -> bool:
    """Whether nothing was edited, cancelled or refunded: only then do the channel's and our sums mean the same."""
    return (
        not order.edited
        and order.cancelled_at is None
        and all(line.current_units == line.ordered_units for line in order.lines)
        and all(payment.kind != "refund" for payment in order.payments)
    )


def _charges(order: Order) -> Iterator[tuple[str, Charge]]:
    for name in ("shipping", "duties", "tips", "fees", "rounding"):
        for index, charge in enumerate(getattr(order, name)):
            yield f"{name}[{index}]", charge


def _bad_charges(order: Order) -> Iterator[str]:
    """Yield the paths of charges below nothing, or with a discount outside 0 and their price; rounding may be."""
    for path, charge in _charges(order):
        for minor in _SIDES.values():
            price, discount = minor(charge.price), minor(charge.discount)
            if not path.startswith("rounding") and not 0 <= discount <= price:
                yield path
            if any(minor(tax.amount) < 0 for tax in charge.taxes):
                yield path


def _foreign_amounts(order: Order) -> Iterator[str]:
    """Yield the paths of amounts that are not in the order's two currencies."""
    for path, pair in _amounts(order):
        if pair.shop.currency != order.shop_currency:
            yield f"{path}.shop"
        if pair.presentment.currency != order.presentment_currency:
            yield f"{path}.presentment"


def _amounts(order: Order) -> Iterator[tuple[str, MoneyPair]]:
    for index, line in enumerate(order.lines):
        yield f"lines[{index}].unit_price", line.unit_price
        yield f"lines[{index}].discount", line.discount
        yield from _tax_amounts(f"lines[{index}]", line.taxes)
    for path, charge in _charges(order):
        yield f"{path}.price", charge.price
        yield f"{path}.discount", charge.discount
        yield from _tax_amounts(path, charge.taxes)
    for name in type(order.totals).model_fields:
        yield f"totals.{name}", getattr(order.totals, name)
    for index, payment in enumerate(order.payments):
        yield f"payments[{index}].amount", payment.amount


def _tax_amounts(path: str, taxes: Iterable[TaxLine]) -> Iterator[tuple[str, MoneyPair]]:
    for index, tax in enumerate(taxes):
        yield f"{path}.taxes[{index}].amount", tax.amount

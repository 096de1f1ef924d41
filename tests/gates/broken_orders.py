"""For every rule of `orders/publish` an order, or a batch, that it must refuse: made from the one order that passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gates.sample_orders import NOW, charge, line, pair, rich_order, tax
from retail_ops.contracts.money import Money, MoneyPair
from retail_ops.contracts.order import Order, OrderLine

Change = Callable[[Order], Order]


@dataclass(frozen=True)
class Broken:
    """How to break an order, and the path that the finding must name."""

    change: Change
    field: str


def with_values(**values: object) -> Change:
    return lambda order: order.model_copy(update=values)


def with_first_line(**values: object) -> Change:
    def change(order: Order) -> Order:
        return with_line(0, order.lines[0].model_copy(update=values))(order)

    return change


def with_line(position: int, changed: OrderLine) -> Change:
    return lambda order: order.model_copy(
        update={"lines": (*order.lines[:position], changed, *order.lines[position + 1 :])}
    )


def with_total(name: str, side: str, off: int) -> Change:
    def change(order: Order) -> Order:
        before: MoneyPair = getattr(order.totals, name)
        return order.model_copy(update={"totals": order.totals.model_copy(update={name: moved(before, side, off)})})

    return change


def moved(before: MoneyPair, side: str, off: int) -> MoneyPair:
    money: Money = getattr(before, side)
    return before.model_copy(update={side: money.model_copy(update={"minor": money.minor + off})})


def only(side: str, amount: int) -> MoneyPair:
    """Return an amount in one currency, nothing in the other."""
    return pair(amount, 0) if side == "shop" else pair(0, amount)


def negative(side: str) -> MoneyPair:
    return moved(pair(0), side, -1)


def on_both_sides(first: int, make: Callable[[str], Broken]) -> dict[str, Broken]:
    """Return the examples of two neighbouring rules: one a currency, the shop's first."""
    return {f"ORD-{first + index:03d}": make(side) for index, side in enumerate(("shop", "presentment"))}


GIFT_CARD = rich_order().lines[2]

BROKEN_ORDERS: dict[str, Broken] = {
    "ORD-001": Broken(with_values(account=""), "account"),
    "ORD-002": Broken(with_values(external_id=" "), "external_id"),
    "ORD-003": Broken(with_values(number=" "), "number"),
    "ORD-004": Broken(with_values(shop_currency="ZZZ"), "shop_currency"),
    "ORD-005": Broken(with_values(presentment_currency="XAU"), "presentment_currency"),
    "ORD-006": Broken(
        with_first_line(
            discount=MoneyPair(shop=Money(minor=250, currency="GBP"), presentment=Money(minor=500, currency="USD"))
        ),
        "lines[0].discount.presentment",
    ),
    "ORD-007": Broken(with_values(placed_at=datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)), "placed_at"),
    "ORD-008": Broken(with_values(placed_at=NOW + timedelta(days=1, seconds=1)), "placed_at"),
    "ORD-009": Broken(with_values(updated_at=NOW + timedelta(days=1, seconds=1)), "updated_at"),
    "ORD-010": Broken(with_values(external_id="gid://shopify/Order/0"), "external_id"),
    **on_both_sides(11, lambda side: Broken(with_total("total", side, -(10**9)), f"totals.total.{side}")),
    "ORD-013": Broken(with_values(tips=(charge("T1", 200, discount=201),)), "tips[0]"),
    **on_both_sides(20, lambda side: Broken(with_total("total", side, 1), f"totals.total.{side}")),
    **on_both_sides(30, lambda side: Broken(with_total("discounts", side, 1), f"totals.discounts.{side}")),
    **on_both_sides(32, lambda side: Broken(with_total("tax", side, -1), f"totals.tax.{side}")),
    **on_both_sides(34, lambda side: Broken(with_total("shipping", side, 1), f"totals.shipping.{side}")),
    **on_both_sides(36, lambda side: Broken(with_total("duties", side, 1), f"totals.duties.{side}")),
    **on_both_sides(38, lambda side: Broken(with_total("tips", side, 1), f"totals.tips.{side}")),
    "ORD-101": Broken(with_first_line(ordered_units=1_000_001), "lines[0].ordered_units"),
    "ORD-102": Broken(with_first_line(current_units=-1), "lines[0].current_units"),
    **on_both_sides(
        103, lambda side: Broken(with_first_line(unit_price=negative(side)), f"lines[0].unit_price.{side}")
    ),
    **on_both_sides(105, lambda side: Broken(with_first_line(discount=negative(side)), f"lines[0].discount.{side}")),
    **on_both_sides(107, lambda side: Broken(with_first_line(discount=only(side, 10**9)), f"lines[0].discount.{side}")),
    **on_both_sides(
        109,
        lambda side: Broken(
            with_first_line(taxes=(tax(9), tax(0).model_copy(update={"amount": negative(side)}))), "lines[0].taxes"
        ),
    ),
    "ORD-111": Broken(with_line(1, line("L1", price=500, units=1)), "lines[1].line_id"),
    "ORD-112": Broken(with_first_line(sku=None), "lines[0].sku"),
    "ORD-113": Broken(with_first_line(sku="SKU-9"), "lines[0].sku"),
    **on_both_sides(
        114,
        lambda side: Broken(
            with_line(
                2, GIFT_CARD.model_copy(update={"taxes": (tax(0).model_copy(update={"amount": only(side, 1)}),)})
            ),
            "lines[2].taxes",
        ),
    ),
}

# What the store says was staged, as changes of count and sum: the orders themselves are good.
BROKEN_BATCHES: dict[str, tuple[int, int]] = {"ORD-901": (1, 0), "ORD-902": (0, -1)}

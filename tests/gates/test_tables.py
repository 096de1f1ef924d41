"""Orders are flattened exactly: plain integers, computed here and not taken from the channel's own sums."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gates.sample_orders import NOW, PLACED, charge, line, order, pair, refund, rich_order, tax
from retail_ops.contracts.money import Money, MoneyPair
from retail_ops.contracts.order import Order
from retail_ops.gates.tables import order_tables
from retail_ops.ports.gate import BatchTotals, OrderRow


def tables(*orders: Order, staged: dict[str, tuple[int, int]] | None = None) -> dict[str, list[dict[str, object]]]:
    rows = [OrderRow(index, made, frozenset({"SKU-1"})) for index, made in enumerate(orders, start=1)]
    return order_tables(rows, BatchTotals(staged or {}), judged_at=NOW)


def cells_of(made: Order) -> dict[str, object]:
    return tables(made)["orders"][0]


def test_the_parts_of_an_order_are_summed_by_currency() -> None:
    cells = cells_of(rich_order())
    amounts = {name.removeprefix("shop_"): cells[name] for name in cells if name.startswith("shop_")}
    assert amounts == {
        "currency": "GBP",
        "total": 11734,
        "lines": 3 * 1999 + 500 + 2500 + 700,
        "line_discounts": 250,
        "discounts": 300,
        "line_tax": 1180,
        "tax": 1260,
        "tax_added": 1260,
        "shipping": 450,
        "shipping_net": 400,
        "duties": 330,
        "tips": 200,
        "fees": 99,
        "rounding": -2,
        "stated_discounts": 300,
        "stated_tax": 1260,
        "stated_shipping": 450,
        "stated_duties": 330,
        "stated_tips": 200,
        "stated_fees": 99,
    }
    assert cells["presentment_lines"] == 2 * (3 * 1999 + 500 + 2500 + 700)


def test_included_tax_is_part_of_the_tax_and_not_added() -> None:
    cells = cells_of(order(lines=(line(taxes=(tax(300, included=True), tax(5))),)))
    assert (cells["shop_tax"], cells["shop_tax_added"]) == (305, 5)


def test_sums_beyond_the_range_of_money_stay_exact() -> None:
    huge = line().model_copy(update={"current_units": 10**6, "unit_price": pair(10**15, 1)})
    cells = cells_of(order().model_copy(update={"lines": (huge, huge)}))
    assert cells["shop_lines"] == 2 * 10**21
    assert type(cells["shop_lines"]) is int


def test_no_cell_is_a_float() -> None:
    for rows in tables(rich_order(), staged={"EUR": (1, 1)}).values():
        assert {type(cell) for row in rows for cell in row.values()} <= {str, int, bool, type(None)}


def test_moments_are_whole_seconds() -> None:
    cells = cells_of(order(placed_at=PLACED + timedelta(milliseconds=999)))
    assert cells["placed_at"] == cells["updated_at"] == int(PLACED.timestamp())
    assert (cells["judged_at"], cells["placed_ahead_s"]) == (int(NOW.timestamp()), -3600)


def test_lines_keep_their_position_and_know_their_sku() -> None:
    made = order(lines=(line("A"), line("B", sku="SKU-9"), line("C", sku=None, kind="custom")))
    rows = tables(made, order("gid://2"))["lines"]
    assert [(row["row"], row["position"], row["line_id"], row["sku_known"]) for row in rows] == [
        (1, 0, "A", True),
        (1, 1, "B", False),
        (1, 2, "C", None),
        (2, 0, "L1", True),
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, None),
        ({"shop_currency": "USD"}, "lines[0].unit_price.shop"),
        ({"tips": (charge("T", 1).model_copy(update={"price": pair(1) + pair(1)}),)}, None),
        (
            {
                "tips": (
                    charge("T", 1).model_copy(
                        update={
                            "price": MoneyPair(
                                shop=Money(minor=1, currency="GBP"), presentment=Money(minor=1, currency="JPY")
                            )
                        }
                    ),
                )
            },
            "tips[0].price.presentment",
        ),
    ],
)
def test_the_first_foreign_amount_is_named(changes: dict[str, object], path: str | None) -> None:
    assert cells_of(order().model_copy(update=changes))["foreign_amount"] == path


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, None),
        ({"rounding": (charge("R", -3),)}, None),
        ({"fees": (charge("F1", 5), charge("F2", -1))}, "fees[1]"),
        ({"shipping": (charge("S", 5, discount=6),)}, "shipping[0]"),
        ({"shipping": (charge("S", 5, discount=-1),)}, "shipping[0]"),
        ({"duties": (charge("D", 5, taxes=(tax(-1),)),)}, "duties[0]"),
    ],
)
def test_the_first_charge_out_of_range_is_named(changes: dict[str, object], path: str | None) -> None:
    assert cells_of(order(**changes))["bad_charge"] == path


@pytest.mark.parametrize(
    ("changes", "untouched"),
    [
        ({}, True),
        ({"edited": True}, False),
        ({"cancelled_at": NOW}, False),
        ({"lines": (line(ordered_units=3),)}, False),
        ({"payments": (refund(),)}, False),
    ],
)
def test_an_order_is_untouched_until_it_is_edited_cancelled_or_refunded(
    changes: dict[str, object], untouched: object
) -> None:
    assert cells_of(order(**changes))["untouched"] is untouched


def test_the_batch_is_counted_by_the_currency_of_the_totals() -> None:
    dollars = MoneyPair(shop=Money(minor=5, currency="GBP"), presentment=Money(minor=7, currency="USD"))
    made = order("gid://3")
    foreign = made.model_copy(update={"totals": made.totals.model_copy(update={"total": dollars})})
    rows = tables(order("gid://1"), order("gid://2"), foreign, staged={"EUR": (2, 8000), "JPY": (1, 9)})["batch"]
    assert rows == [
        {"currency": "EUR", "staged_count": 2, "staged_minor": 8000, "counted": 2, "counted_minor": 8000},
        {"currency": "JPY", "staged_count": 1, "staged_minor": 9, "counted": 0, "counted_minor": 0},
        {"currency": "USD", "staged_count": 0, "staged_minor": 0, "counted": 1, "counted_minor": 7},
    ]

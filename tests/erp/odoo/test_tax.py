"""The prediction of Odoo's tax arithmetic against hand-made cases and the recordings."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from retail_ops.erp.odoo.tax import RoundingMethod, Tax, TaxedAmount, predict

RECORDINGS = Path(__file__).parents[4] / "shared" / "contracts" / "odoo18"
EX_725, EX_19 = Tax(4, Decimal("0.0725"), included=False), Tax(5, Decimal("0.19"), included=False)
IN_20, IN_725 = Tax(6, Decimal("0.2"), included=True), Tax(11, Decimal("0.0725"), included=True)
STATE_5, CITY_225 = Tax(7, Decimal("0.05"), included=False), Tax(8, Decimal("0.0225"), included=False)
TAXES = {tax.tax_id: tax for tax in (EX_725, EX_19, IN_20, IN_725, STATE_5, CITY_225)}
OFF_10 = Decimal("26.973")

CASES: dict[str, list[tuple[str | Decimal, tuple[Tax, ...]]]] = {
    "A": [(OFF_10, (EX_725,))],
    "B": [(OFF_10, (EX_19,)), ("9.90", (EX_19,))],
    "C": [(OFF_10, (IN_20,))],
    "D": [("0.99", (IN_20,))] * 7,
    "E": [("9.99", (STATE_5, CITY_225))] * 3,
    "G": [("0.10", (STATE_5,))] * 10,
    "H": [("1.10", (EX_725,))] * 25,
    "I": [("29.97", (IN_20,)), ("9.99", (EX_19,)), ("4.95", ())],
    "J": [("19.99", (EX_725,)), ("15.54", (EX_725,)), ("-3.33", (EX_725,))],
    "K": [("0.495", (EX_19,))] * 3,
    "L": [("3.33", (IN_725,))] * 3,
}
EXPECTED: list[tuple[str, RoundingMethod, str, str]] = [
    ("A", "round_per_line", "26.97", "1.96"),
    ("B", "round_per_line", "36.87", "7.00"),
    ("C", "round_per_line", "22.47", "4.50"),
    ("D", "round_per_line", "5.74", "1.19"),
    ("E", "round_per_line", "29.97", "2.16"),
    ("G", "round_per_line", "1.00", "0.10"),
    ("H", "round_per_line", "27.50", "2.00"),
    ("I", "round_per_line", "39.91", "6.90"),
    ("J", "round_per_line", "32.20", "2.34"),
    ("K", "round_per_line", "1.50", "0.30"),
    ("L", "round_per_line", "9.30", "0.69"),
    ("A", "round_globally", "26.97", "1.96"),
    ("B", "round_globally", "36.87", "7.01"),
    ("C", "round_globally", "22.48", "4.50"),
    ("D", "round_globally", "5.78", "1.16"),
    ("E", "round_globally", "29.97", "2.17"),
    ("G", "round_globally", "1.00", "0.05"),
    ("H", "round_globally", "27.50", "1.99"),
    ("I", "round_globally", "39.92", "6.90"),
    ("J", "round_globally", "32.20", "2.33"),
    ("K", "round_globally", "1.49", "0.28"),
    ("L", "round_globally", "9.31", "0.68"),
]


def amounts(case: str) -> list[TaxedAmount]:
    return [TaxedAmount(Decimal(amount), taxes) for amount, taxes in CASES[case]]


@pytest.mark.parametrize(("case", "method", "untaxed", "tax"), EXPECTED)
def test_measured_documents_are_predicted(case: str, method: RoundingMethod, untaxed: str, tax: str) -> None:
    found = predict(amounts(case), method=method, digits=2)
    assert (found.untaxed, found.tax, found.total) == (Decimal(untaxed), Decimal(tax), Decimal(untaxed) + Decimal(tax))


def test_the_two_methods_are_not_interchangeable() -> None:
    assert predict(amounts("G"), method="round_per_line", digits=2) != predict(
        amounts("G"), method="round_globally", digits=2
    )


@pytest.mark.parametrize(
    ("digits", "lines", "untaxed", "tax"),
    [
        (0, [("3702", (EX_725,)), ("99.5", (EX_725,))], "3802", "275"),
        (3, [("3.69", (EX_725,)), ("0.13", (EX_725,))], "3.820", "0.277"),
    ],
)
def test_amounts_are_rounded_to_the_currency(
    digits: int, lines: list[tuple[str, tuple[Tax, ...]]], untaxed: str, tax: str
) -> None:
    given = [TaxedAmount(Decimal(amount), taxes) for amount, taxes in lines]
    found = predict(given, method="round_per_line", digits=digits)
    assert (found.untaxed, found.tax) == (Decimal(untaxed), Decimal(tax))


def test_ties_go_away_from_zero_on_both_sides() -> None:
    up = predict([TaxedAmount(Decimal("0.10"), (STATE_5,))], method="round_per_line", digits=2)
    down = predict([TaxedAmount(Decimal("-0.10"), (STATE_5,))], method="round_per_line", digits=2)
    assert (up.tax, down.tax) == (Decimal("0.01"), Decimal("-0.01"))


@pytest.mark.parametrize("method", ["round_per_line", "round_globally"])
def test_a_price_that_contains_its_tax_is_split_without_remainder(method: RoundingMethod) -> None:
    for cents in range(1, 400):
        gross = Decimal(cents).scaleb(-2)
        found = predict([TaxedAmount(gross, (IN_20,))], method=method, digits=2)
        if method == "round_per_line":
            assert found.total == gross


def recorded() -> list[tuple[RoundingMethod, dict[str, Any], dict[str, Any]]]:
    calls = json.loads((RECORDINGS / "transcripts" / "94c_rule.json").read_text(encoding="utf-8"))
    method: RoundingMethod = "round_per_line"
    found: list[tuple[RoundingMethod, dict[str, Any], dict[str, Any]]] = []
    for position, call in enumerate(calls):
        chosen = call["args"][1] if call.get("model") == "res.company" else {}
        method = chosen.get("tax_calculation_rounding_method", method)
        if (call.get("model"), call.get("method")) == ("sale.order", "create"):
            pairs = zip(call["args"][0], calls[position + 1]["result"], strict=True)
            found += [(method, asked, got) for asked, got in pairs]
    return found


@pytest.mark.shared
@pytest.mark.skipif(not RECORDINGS.exists(), reason="the recordings of Odoo 18 are not beside the checkout")
def test_every_recorded_random_order_is_predicted_to_the_cent() -> None:
    wrong, orders = [], recorded()
    for method, asked, got in orders:
        values = [command[2] for command in asked["order_line"]]
        lines = [
            TaxedAmount(
                Decimal(str(line["product_uom_qty"]))
                * Decimal(str(line["price_unit"]))
                * (1 - Decimal(str(line["discount"])) / 100),
                tuple(TAXES[tax_id] for tax_id in line["tax_id"][0][2]),
            )
            for line in values
        ]
        found = predict(lines, method=method, digits=2)
        measured = tuple(Decimal(str(got[name])) for name in ("amount_untaxed", "amount_tax", "amount_total"))
        if (found.untaxed, found.tax, found.total) != measured:
            wrong.append((got["id"], method, found, measured))
    assert len(orders) == 120
    assert not wrong

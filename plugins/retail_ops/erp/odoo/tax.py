"""What Odoo will compute for a document: exact, pure, half away from zero. Not here: which taxes a line has.

    round_per_line   each line rounds its price, then each of its taxes; the order is the sum of its lines
    round_globally   the raw bases, and the raw amounts of each tax, are summed first and rounded once

An included tax is taken out of the price, an excluded one added to the base. Global rounding can therefore change the
total of prices that contain their tax: 3 x 9.99 - 10 % at 20 % included is 26.98, not 26.97.

Source: measured on Odoo 18 (60 random orders a method, 24 hand-made cases).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

RoundingMethod = Literal["round_per_line", "round_globally"]


@dataclass(frozen=True, slots=True)
class Tax:
    """One percentage tax of Odoo.

    Attributes:
        rate: Fraction, 0.2 = 20 %.
        included: The price contains it.
    """

    tax_id: int
    rate: Decimal
    included: bool


@dataclass(frozen=True, slots=True)
class TaxedAmount:
    """Units times price of one line, in major units, unrounded, any sign."""

    amount: Decimal
    taxes: tuple[Tax, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Untaxed amount and tax of a document, in major units, rounded to the currency."""

    untaxed: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        """Untaxed amount and tax together."""
        return self.untaxed + self.tax


def predict(lines: Iterable[TaxedAmount], *, method: RoundingMethod, digits: int) -> Prediction:
    """Return what Odoo computes for a document.

    Args:
        lines: Every priced line, discounts as negative ones.
        method: The company's `tax_calculation_rounding_method`.
        digits: Decimal digits of the document's currency.
    """
    unit = Decimal(1).scaleb(-digits)
    return _per_line(lines, unit) if method == "round_per_line" else _globally(lines, unit)


def _per_line(lines: Iterable[TaxedAmount], unit: Decimal) -> Prediction:
    untaxed = tax = Decimal(0)
    for line in lines:
        rounded = TaxedAmount(_round(line.amount, unit), line.taxes)
        included = sum((_round(_taken_out(rounded, each), unit) for each in line.taxes if each.included), Decimal(0))
        base = rounded.amount - included
        added = sum((_round(base * each.rate, unit) for each in line.taxes if not each.included), Decimal(0))
        untaxed += base
        tax += included + added
    return Prediction(untaxed, tax)


def _globally(lines: Iterable[TaxedAmount], unit: Decimal) -> Prediction:
    untaxed = Decimal(0)
    by_tax: defaultdict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        base = line.amount - sum((_taken_out(line, each) for each in line.taxes if each.included), Decimal(0))
        untaxed += base
        for each in line.taxes:
            by_tax[each.tax_id] += _taken_out(line, each) if each.included else base * each.rate
    return Prediction(_round(untaxed, unit), sum((_round(raw, unit) for raw in by_tax.values()), Decimal(0)))


def _taken_out(line: TaxedAmount, tax: Tax) -> Decimal:
    whole = 1 + sum((each.rate for each in line.taxes if each.included), Decimal(0))
    return line.amount * tax.rate / whole


def _round(value: Decimal, unit: Decimal) -> Decimal:
    return value.quantize(unit, rounding=ROUND_HALF_UP)

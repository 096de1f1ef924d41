"""Exact money of the stand-in: integer minor units, named rounding, remainders given out one at a time.

NOT here: what an order adds up to (`totals`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "KWD": 3, "BHD": 3, "TND": 3, "OMR": 3, "JOD": 3}


class MoneyError(ValueError):
    """An amount that is not exact in its currency."""


def minor_digits(currency: str) -> int:
    """Decimals of a currency's minor unit (2 unless listed)."""
    return _DIGITS.get(currency, 2)


def round_half_up(value: Decimal) -> int:
    """Round to a whole minor unit, halves away from zero, as Shopify does for one tax or discount line."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def exact_decimal(text: str) -> Decimal:
    """Parse a decimal string.

    Raises:
        MoneyError: not a finite decimal.
    """
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        message = f"not a decimal: {text!r}"
        raise MoneyError(message) from error
    if not value.is_finite():
        message = f"not a finite decimal: {text!r}"
        raise MoneyError(message)
    return value


def to_minor(text: str, currency: str) -> int:
    """Read a decimal string as minor units.

    Raises:
        MoneyError: more decimals than the currency has.
    """
    scaled = exact_decimal(text).scaleb(minor_digits(currency))
    if scaled != scaled.to_integral_value():
        message = f"{text} is finer than the minor unit of {currency}"
        raise MoneyError(message)
    return int(scaled)


def to_text(minor: int, currency: str) -> str:
    """Print as the API does: at least one decimal, no further trailing zeros (`12.0`, `12.34`, `1200.0` for yen)."""
    value = Decimal(minor).scaleb(-minor_digits(currency))
    text = f"{value:f}"
    if "." not in text:
        return text + ".0"
    trimmed = text.rstrip("0")
    return trimmed + "0" if trimmed.endswith(".") else trimmed


def to_fixed_text(minor: int, currency: str) -> str:
    """Print with all decimals of the currency, for listings that people and checks read."""
    return f"{Decimal(minor).scaleb(-minor_digits(currency)):f}"


def share(amount: int, part: int, whole: int) -> int:
    """The amount that belongs to `part` of `whole` units, rounded half up; 0 of 0 is 0."""
    return 0 if whole == 0 else round_half_up(Decimal(amount) * part / whole)


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split a total over lines by weight; the remainder goes out one unit at a time from the first line.

    Args:
        total: Minor units, 0 <= total <= sum(weights).
        weights: What each line can bear, in minor units; a line never gets more.

    Returns:
        One amount a line, together exactly `total`.

    Source: Shopify's schema text of `Sale` ("remainder … from the first line").
    """
    whole = sum(weights)
    if whole == 0 or total == 0:
        return tuple(0 for _ in weights)
    if not 0 <= total <= whole:
        message = f"cannot allocate {total} over {whole}"
        raise MoneyError(message)
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    for index, weight in enumerate(weights):
        if left and parts[index] < weight:
            parts[index] += 1
            left -= 1
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Basis:
    """How amounts given in the buyer's currency are read in one of the order's two currencies.

    Attributes:
        currency: ISO code of the currency that comes out.
        given_in: ISO code of the currency the purchase is described in (presentment).
        rate: Units of `currency` for one unit of `given_in`; exactly 1 when they are the same.
    """

    currency: str
    given_in: str
    rate: Decimal

    def minor(self, text: str) -> int:
        """Minor units of `currency` for a decimal string in `given_in`."""
        return self.convert(to_minor(text, self.given_in))

    def convert(self, minor: int) -> int:
        """Convert minor units of `given_in`, rounded half up once."""
        if self.currency == self.given_in:
            return minor
        shift = minor_digits(self.currency) - minor_digits(self.given_in)
        return round_half_up((Decimal(minor) * self.rate).scaleb(shift))

"""Money as exact integer minor units of one ISO 4217 currency. No floats, no implicit conversion.

Rounding is named at the call: parsing refuses digits below the minor unit instead of rounding them away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Annotated

from babel.core import get_global
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 alphabetic code")]
MOST_MINOR = 10**15
_WHOLE_DIGITS = len(str(MOST_MINOR))
_DECIMAL = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")


class MoneyError(ValueError):
    """An amount or currency cannot be used as money."""


@cache
def minor_digits(currency: str) -> int:
    """Return how many decimal digits the minor unit of `currency` has (JPY 0, EUR 2, KWD 3).

    Raises:
        MoneyError: The code is no ISO 4217 currency that CLDR knows.

    Source: Unicode CLDR supplemental currency data, as packaged by Babel 2.
    """
    if currency not in get_global("all_currencies"):
        raise MoneyError(f"{currency!r} is no ISO 4217 currency")
    fractions = get_global("currency_fractions")
    return int(fractions.get(currency, fractions["DEFAULT"])[0])


class Money(BaseModel):
    """An exact amount in one currency.

    Attributes:
        minor: Signed amount in minor units (cents for EUR, yen for JPY).
        currency: ISO 4217 alphabetic code.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    minor: Annotated[int, Field(ge=-MOST_MINOR, le=MOST_MINOR)]
    currency: Currency

    @classmethod
    def parse(cls, amount: str, currency: str) -> Money:
        """Read a decimal string such as `"12.3"`.

        Raises:
            MoneyError: Not a finite decimal, out of range, or digits below the minor unit.
        """
        if not isinstance(amount, str):
            raise MoneyError(f"amount must be a decimal string, not {type(amount).__name__}")
        digits = minor_digits(currency)
        parts = _DECIMAL.fullmatch(amount)
        if parts is None:
            raise MoneyError(f"{amount[:40]!r} is no decimal amount")
        sign, whole, fraction = parts[1], parts[2].lstrip("0"), parts[3] or ""
        if fraction[digits:].strip("0"):
            raise MoneyError(f"{amount[:40]!r} has digits below the minor unit of {currency}")
        if len(whole) > _WHOLE_DIGITS:
            raise MoneyError(f"{amount[:40]!r} is no amount in range")
        minor = int(f"{sign}{whole or 0}{fraction[:digits].ljust(digits, '0')}")
        if abs(minor) > MOST_MINOR:
            raise MoneyError(f"{amount[:40]!r} is no amount in range")
        return cls(minor=minor, currency=currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Return nothing, in `currency`."""
        return cls(minor=0, currency=currency)

    def to_decimal(self) -> Decimal:
        """Return the amount in major units, exact."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    def __add__(self, other: Money) -> Money:
        """Return the sum; both sides must share a currency."""
        return Money(minor=self.minor + self._same(other).minor, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        """Return the difference; both sides must share a currency."""
        return Money(minor=self.minor - self._same(other).minor, currency=self.currency)

    def __neg__(self) -> Money:
        """Return the opposite amount."""
        return Money(minor=-self.minor, currency=self.currency)

    def __mul__(self, units: int) -> Money:
        """Return the amount times a whole number of units."""
        return Money(minor=self.minor * units, currency=self.currency)

    @override
    def __str__(self) -> str:
        """Return e.g. `12.30 EUR`."""
        return f"{self.to_decimal():f} {self.currency}"

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise MoneyError(f"cannot combine {self.currency} with {other.currency}")
        return other


class MoneyPair(BaseModel):
    """One amount as the shop books it and as the buyer sees it. The two never mix.

    Attributes:
        shop: In the account's base currency.
        presentment: In the buyer's currency.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    shop: Money
    presentment: Money

    @classmethod
    def zero(cls, shop: str, presentment: str) -> MoneyPair:
        """Return nothing in both currencies."""
        return cls(shop=Money.zero(shop), presentment=Money.zero(presentment))

    def __add__(self, other: MoneyPair) -> MoneyPair:
        """Return the sums, side by side."""
        return MoneyPair(shop=self.shop + other.shop, presentment=self.presentment + other.presentment)

    def __sub__(self, other: MoneyPair) -> MoneyPair:
        """Return the differences, side by side."""
        return MoneyPair(shop=self.shop - other.shop, presentment=self.presentment - other.presentment)

    def __neg__(self) -> MoneyPair:
        """Return both opposites."""
        return MoneyPair(shop=-self.shop, presentment=-self.presentment)

    def __mul__(self, units: int) -> MoneyPair:
        """Return both sides times a whole number of units."""
        return MoneyPair(shop=self.shop * units, presentment=self.presentment * units)


def total(parts: Iterable[Money], currency: str) -> Money:
    """Return the sum of `parts`, nothing in `currency` when there are none."""
    result = Money.zero(currency)
    for part in parts:
        result += part
    return result


def pair_total(parts: Iterable[MoneyPair], shop: str, presentment: str) -> MoneyPair:
    """Return the side-by-side sum of `parts`, nothing in both currencies when there are none."""
    result = MoneyPair.zero(shop, presentment)
    for part in parts:
        result += part
    return result


def allocate(amount: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Split `amount` by `weights` to the last minor unit; the parts always sum to `amount`.

    Each part is first cut towards zero; the remaining minor units go one at a time from the first non-zero weight,
    as Shopify allocates its own discounts. All-zero weights are treated as equal.

    Args:
        amount: Any sign.
        weights: At least one, each >= 0.

    Raises:
        MoneyError: No weights, or a negative one.

    Source: Shopify Admin API 2026-10, `Sale` (remainder cents, one at a time from the first line).
    """
    if not weights or min(weights) < 0:
        raise MoneyError("weights must be one or more whole numbers >= 0")
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(shares)
    sign = -1 if amount.minor < 0 else 1
    size = abs(amount.minor)
    parts = [size * share // whole for share in shares]
    rest = size - sum(parts)
    takers = [index for index, share in enumerate(shares) if share]
    for step in range(rest):
        parts[takers[step % len(takers)]] += 1
    return tuple(Money(minor=sign * part, currency=amount.currency) for part in parts)


def pro_rate(amount: Money, part: int, whole: int) -> Money:
    """Return `amount * part / whole`, rounded half away from zero to the minor unit.

    Args:
        amount: What belongs to `whole` units.
        part: 0 <= part <= whole.
        whole: > 0.

    Raises:
        MoneyError: `part` and `whole` are no share.
    """
    if not 0 <= part <= whole or whole == 0:
        raise MoneyError(f"{part} of {whole} units is no share")
    sign = -1 if amount.minor < 0 else 1
    # Half away from zero, in whole numbers: a decimal quotient would be rounded twice.
    size = (2 * abs(amount.minor) * part + whole) // (2 * whole)
    return Money(minor=sign * size, currency=amount.currency)

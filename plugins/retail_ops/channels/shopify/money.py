"""Money of a Shopify message, and the shares of the units that are left. Not here: which amounts belong where."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from retail_ops.channels.shopify.reading import Node
from retail_ops.contracts.money import Money, MoneyError, MoneyPair, minor_digits

_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,10})?")


@dataclass(frozen=True, slots=True)
class Currencies:
    """The two currencies of an order; every amount of it is stated in both."""

    shop: str
    presentment: str

    def zero(self) -> MoneyPair:
        """Return nothing in both."""
        return MoneyPair.zero(self.shop, self.presentment)


def read_currencies(order: Node) -> Currencies:
    """Return the order's currencies.

    Raises:
        MappingError: `bad_currency` when one is no ISO 4217 code.
    """
    return Currencies(shop=_currency(order, "currencyCode"), presentment=_currency(order, "presentmentCurrencyCode"))


def read_bag(node: Node, name: str, currencies: Currencies) -> MoneyPair:
    """Return a `MoneyBag` that must be there.

    Raises:
        MappingError: `bad_amount`, or `currency_mismatch` when a side is not in the order's currency.
    """
    return _pair(node.child(name), currencies)


def read_optional_bag(node: Node, name: str, currencies: Currencies) -> MoneyPair:
    """Return a `MoneyBag`, nothing for null or absent."""
    bag = node.optional_child(name)
    return currencies.zero() if bag is None else _pair(bag, currencies)


def read_price(node: Node, name: str, currencies: Currencies) -> MoneyPair:
    """Return a `MoneyBag` that must not be negative."""
    pair = read_bag(node, name, currencies)
    for side, money in (("shopMoney", pair.shop), ("presentmentMoney", pair.presentment)):
        if money.minor < 0:
            node.fail("bad_amount", f"{name}.{side}.amount", "a price or discount is not negative")
    return pair


@dataclass(frozen=True, slots=True)
class Share:
    """An amount that Shopify states for the original units, and the part of them that is left.

    Attributes:
        whole: For the original units.
        left: 0 when nothing is left, 1 when nothing was taken away.
    """

    whole: MoneyPair
    left: Fraction


def settle(shares: Sequence[Share], stated: MoneyPair) -> tuple[MoneyPair, ...]:
    """Return what is left of each share, so that the sum is `stated` where rounding alone can explain it.

    Each changed share is rounded half up. What is then missing or too much goes, one minor unit a share, to the
    shares whose rounding lost or won most, the first of equals first. More than that is no rounding: the shares
    stay as computed and the balance of the order will tell.

    Source: Shopify Admin API 2026-10, `LineItem.taxLines`, `LineItem.discountAllocations` (removed units included).
    """
    sides = [_settle_side(shares, stated, pick) for pick in (_shop, _presentment)]
    return tuple(MoneyPair(shop=shop, presentment=buyer) for shop, buyer in zip(*sides, strict=True))


def _settle_side(shares: Sequence[Share], stated: MoneyPair, pick: Callable[[MoneyPair], Money]) -> list[Money]:
    exact = [pick(share.whole).minor * share.left for share in shares]
    rounded = [_half_up(value) for value in exact]
    rest = pick(stated).minor - sum(rounded)
    step = 1 if rest > 0 else -1
    takers = [
        place
        for place, share in enumerate(shares)
        if share.left not in {0, 1} and 0 <= rounded[place] + step <= pick(share.whole).minor
    ]
    if 0 < abs(rest) <= len(takers):
        takers.sort(key=lambda place: step * (rounded[place] - exact[place]))
        for place in takers[: abs(rest)]:
            rounded[place] += step
    currency = pick(stated).currency
    return [Money(minor=minor, currency=currency) for minor in rounded]


def _half_up(value: Fraction) -> int:
    scaled = Decimal(value.numerator) / Decimal(value.denominator)
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _shop(pair: MoneyPair) -> Money:
    return pair.shop


def _presentment(pair: MoneyPair) -> Money:
    return pair.presentment


def _currency(order: Node, name: str) -> str:
    code = order.text(name)
    try:
        minor_digits(code)
    except MoneyError:
        order.fail("bad_currency", name, "expected an ISO 4217 code")
    return code


def _pair(bag: Node, currencies: Currencies) -> MoneyPair:
    return MoneyPair(
        shop=_money(bag.child("shopMoney"), currencies.shop),
        presentment=_money(bag.child("presentmentMoney"), currencies.presentment),
    )


def _money(node: Node, currency: str) -> Money:
    if node.text("currencyCode") != currency:
        node.fail("currency_mismatch", "currencyCode", f"the order is in {currency}")
    amount = node.text("amount")
    # Stricter than Decimal: no blanks, underscores, exponents or digits of other scripts.
    if _AMOUNT.fullmatch(amount) is None:
        node.fail("bad_amount", "amount", "expected a decimal amount as text")
    try:
        return Money.parse(amount, currency)
    except MoneyError:
        return node.fail("bad_amount", "amount", f"out of range, or digits below the minor unit of {currency}")

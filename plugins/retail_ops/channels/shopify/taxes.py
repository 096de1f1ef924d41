"""Tax lines; discounts and taxes settled over all parts of an order. Not here: rounding (`money.settle`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Literal, Protocol

from retail_ops.channels.shopify.money import Currencies, Share, read_bag, settle
from retail_ops.channels.shopify.reading import Node
from retail_ops.channels.shopify.wording import refuse_card
from retail_ops.contracts.money import MoneyPair
from retail_ops.contracts.order import TaxLine

_SIX_DIGITS = Decimal("0.000001")
_MAX_RATE = 10


@dataclass(frozen=True, slots=True)
class TaxDraft:
    """A tax line before its amount for the current units is known."""

    title: str
    rate: str
    included: bool
    liable: Literal["seller", "channel"]
    share: Share

    def settled(self, amount: MoneyPair) -> TaxLine:
        """Return the tax line with its current amount."""
        return TaxLine(title=self.title, rate=self.rate, amount=amount, included=self.included, liable=self.liable)


def read_taxes(parent: Node, currencies: Currencies, *, included: bool, left: Fraction) -> tuple[TaxDraft, ...]:
    """Return the tax lines of a line or charge.

    Args:
        parent: Has the list `taxLines`.
        currencies: Of the order.
        included: Whether prices contain the tax.
        left: Which part of the original units is left.
    """
    return tuple(_tax(node, currencies, included=included, left=left) for node in parent.children("taxLines"))


@dataclass(frozen=True, slots=True)
class Settled:
    """Discount and taxes of the units of one line or charge that are left."""

    discount: MoneyPair
    taxes: tuple[TaxLine, ...]


class Draft(Protocol):
    """A line or charge before its discount and taxes are settled."""

    @property
    def discount(self) -> Share:
        """All discounts."""
        ...

    @property
    def taxes(self) -> tuple[TaxDraft, ...]:
        """All taxes."""
        ...


def settle_parts(drafts: Sequence[Draft], *, discounts: MoneyPair, taxes: MoneyPair) -> tuple[Settled, ...]:
    """Return discount and taxes of each part for its current units, in the order of `drafts`.

    Args:
        drafts: All lines and charges: Shopify states the sums over all of them.
        discounts: The stated sum of all discounts.
        taxes: The stated sum of all taxes.
    """
    given = settle([draft.discount for draft in drafts], discounts)
    amounts = iter(settle([tax.share for draft in drafts for tax in draft.taxes], taxes))
    return tuple(
        Settled(discount=discount, taxes=tuple(tax.settled(next(amounts)) for tax in draft.taxes))
        for draft, discount in zip(drafts, given, strict=True)
    )


def _tax(node: Node, currencies: Currencies, *, included: bool, left: Fraction) -> TaxDraft:
    amount = read_bag(node, "priceSet", currencies)
    refuse_card(node, "title")
    # Null means that the liability is unknown: it is then the seller's, as if there were no marketplace.
    liable: Literal["seller", "channel"] = "channel" if node.optional_flag("channelLiable") else "seller"
    return TaxDraft(
        title=node.text("title"),
        rate=_rate(node, amount),
        included=included,
        liable=liable,
        share=Share(whole=amount, left=left),
    )


def _rate(node: Node, amount: MoneyPair) -> str:
    rate = node.number("rate")
    if rate is None:
        if amount.shop.minor or amount.presentment.minor:
            node.fail("missing_field", "rate", "a tax with an amount needs its rate")
        return "0"
    if not 0 <= rate <= _MAX_RATE:
        node.fail("bad_amount", "rate", f"expected a fraction from 0 to {_MAX_RATE}")
    # The wire carries a binary float: the sixth digit is far below what any tax law uses.
    text = f"{rate.quantize(_SIX_DIGITS, rounding=ROUND_HALF_EVEN):f}"
    return text.rstrip("0").rstrip(".") or "0"

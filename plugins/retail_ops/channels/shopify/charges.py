"""Amounts beside the lines: shipping, duties, tip, fees, cash rounding.

Not here: the pool of discounts and taxes that lines and charges share (`mapper`).

Source: Shopify Admin API 2026-10, `ShippingLine`, `Duty`, `AdditionalFee`, `CashRoundingAdjustment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from retail_ops.channels.shopify.lines import LineDraft, read_discount
from retail_ops.channels.shopify.money import Currencies, Share, read_bag, read_optional_bag, read_price, settle
from retail_ops.channels.shopify.reading import Node
from retail_ops.channels.shopify.taxes import Settled, TaxDraft, read_taxes
from retail_ops.channels.shopify.wording import read_title
from retail_ops.contracts.money import MoneyPair
from retail_ops.contracts.order import Charge

_WHOLE = Fraction(1)


@dataclass(frozen=True, slots=True)
class ChargeDraft:
    """A charge before its current discount and taxes are known.

    Attributes:
        net: Price after discounts.
    """

    charge_id: str
    title: str
    net: MoneyPair
    discount: Share
    taxes: tuple[TaxDraft, ...]

    def settled(self, part: Settled) -> Charge:
        """Return the charge with its current amounts."""
        price = self.net + part.discount
        return Charge(charge_id=self.charge_id, title=self.title, price=price, discount=part.discount, taxes=part.taxes)


def read_shipping(order: Node, currencies: Currencies, *, included: bool) -> tuple[ChargeDraft, ...]:
    """Return the shipping charges that are left: removed and wholly refunded ones are absent."""
    cancelled = order.optional_moment("cancelledAt") is not None
    drafts = []
    for index, node in enumerate(order.nodes("shippingLines")):
        current = read_price(node, "currentDiscountedPriceSet", currencies)
        charged = read_price(node, "discountedPriceSet", currencies)
        # Free shipping has a price of nothing too, but is gone only together with the order.
        gone = not current.presentment.minor and (charged.presentment.minor or cancelled)
        if not node.flag("isRemoved") and not gone:
            drafts.append(_shipping(node, index, currencies, (charged, current), included=included))
    return tuple(drafts)


def read_duties(
    order: Node, lines: Sequence[LineDraft], currencies: Currencies, *, included: bool
) -> tuple[ChargeDraft, ...]:
    """Return the duties of the units that are left.

    Where prices contain the duties, only their taxes are charged beside the lines.
    """
    inside = order.flag("dutiesIncluded")
    found = [(line, node) for line in lines for node in line.node.children("duties")]
    shares = [Share(whole=read_price(node, "price", currencies), left=line.left) for line, node in found]
    amounts = settle(shares, read_optional_bag(order, "currentTotalDutiesSet", currencies))
    drafts = [
        ChargeDraft(
            charge_id=node.text("id"),
            title="Duty",
            net=currencies.zero() if inside else amount,
            discount=_nothing(currencies),
            taxes=read_taxes(node, currencies, included=included, left=line.left),
        )
        for (line, node), amount in zip(found, amounts, strict=True)
    ]
    return tuple(draft for draft in drafts if not _is_zero(draft.net) or draft.taxes)


def read_fees(order: Node, currencies: Currencies, *, included: bool) -> tuple[ChargeDraft, ...]:
    """Return the additional fees; none when they were given back.

    Shopify states refunds of fees in the order's current total only.
    """
    total = order.optional_child("currentTotalAdditionalFeesSet")
    if total is not None and _is_zero(read_bag(order, "currentTotalAdditionalFeesSet", currencies)):
        return ()
    return tuple(
        ChargeDraft(
            charge_id=node.text("id"),
            title=read_title(node, "name"),
            net=read_price(node, "price", currencies),
            discount=_nothing(currencies),
            taxes=read_taxes(node, currencies, included=included, left=_WHOLE),
        )
        for node in order.children("additionalFees")
    )


def tip_of(line: LineDraft, part: Settled) -> Charge:
    """Return the tip's line as a charge."""
    price = line.unit_price * line.current_units
    return Charge(charge_id=line.line_id, title=line.title, price=price, discount=part.discount, taxes=part.taxes)


def bare_tip(stated: MoneyPair, currencies: Currencies) -> tuple[Charge, ...]:
    """Return the tip of an order that states it without a line, nothing when there is none."""
    if _is_zero(stated):
        return ()
    return (Charge(charge_id="tip", title="Tip", price=stated, discount=currencies.zero(), taxes=()),)


def read_rounding(order: Node, currencies: Currencies) -> tuple[Charge, ...]:
    """Return what cash rounding added to the money kept (negative: took off), nothing when there was none."""
    adjustment = order.child("totalCashRoundingAdjustment")
    paid = read_bag(adjustment, "paymentSet", currencies)
    kept = paid - read_bag(adjustment, "refundSet", currencies)
    if _is_zero(kept):
        return ()
    zero = currencies.zero()
    return (Charge(charge_id="cash-rounding", title="Cash rounding", price=kept, discount=zero, taxes=()),)


def read_total(order: Node, currencies: Currencies) -> MoneyPair:
    """Return what the buyer owes: Shopify applies cash rounding to the money received, not to the price."""
    total = read_bag(order, "currentTotalPriceSet", currencies)
    for charge in read_rounding(order, currencies):
        total += charge.price
    return total


def _shipping(
    node: Node, index: int, currencies: Currencies, prices: tuple[MoneyPair, MoneyPair], *, included: bool
) -> ChargeDraft:
    charged, current = prices
    whole = read_discount(node, currencies)
    if current == charged:
        net, left = read_price(node, "originalPriceSet", currencies) - whole, _WHOLE
    else:
        # A part was refunded; discount and taxes shrink with the price.
        net, left = current, _part(current, charged)
    return ChargeDraft(
        charge_id=node.optional_text("id") or f"shipping-{index}",
        title=read_title(node, "title"),
        net=net,
        discount=Share(whole=whole, left=left),
        taxes=read_taxes(node, currencies, included=included, left=left),
    )


def _part(current: MoneyPair, charged: MoneyPair) -> Fraction:
    if not charged.presentment.minor:
        return _WHOLE
    return min(_WHOLE, Fraction(current.presentment.minor, charged.presentment.minor))


def _nothing(currencies: Currencies) -> Share:
    return Share(whole=currencies.zero(), left=_WHOLE)


def _is_zero(pair: MoneyPair) -> bool:
    return not pair.shop.minor and not pair.presentment.minor

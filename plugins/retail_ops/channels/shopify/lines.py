"""Lines of a Shopify order. Not here: charges beside the lines (`charges`), the pool of discounts and taxes (`mapper`).

Shopify keeps a removed or refunded unit on its line: `quantity` counts it, `currentQuantity` does not, and discounts
and taxes are stated for all of them.

Source: Shopify Admin API 2026-10, `LineItem`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from retail_ops.channels.shopify.money import Currencies, Share, read_price
from retail_ops.channels.shopify.reading import Node
from retail_ops.channels.shopify.taxes import Settled, TaxDraft, read_taxes
from retail_ops.channels.shopify.wording import read_title
from retail_ops.contracts.money import MoneyPair, pair_total
from retail_ops.contracts.order import OrderLine

_TIP_TITLE = "tip"


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line before discount and taxes of its current units are known.

    Attributes:
        left: Which part of the original units is left.
    """

    node: Node
    line_id: str
    kind: Literal["product", "custom", "gift_card"]
    sku: str | None
    title: str
    ordered_units: int
    current_units: int
    unit_price: MoneyPair
    left: Fraction
    discount: Share
    taxes: tuple[TaxDraft, ...]
    requires_shipping: bool

    @property
    def sold(self) -> MoneyPair:
        """Unit price times the original units, before discounts."""
        return self.unit_price * self.ordered_units

    def settled(self, part: Settled) -> OrderLine:
        """Return the line with the amounts of its current units."""
        return OrderLine(
            line_id=self.line_id,
            kind=self.kind,
            sku=self.sku,
            title=self.title,
            ordered_units=self.ordered_units,
            current_units=self.current_units,
            unit_price=self.unit_price,
            discount=part.discount,
            taxes=part.taxes,
            requires_shipping=self.requires_shipping,
        )


def read_lines(order: Node, currencies: Currencies, *, included: bool) -> tuple[LineDraft, ...]:
    """Return all lines of an order, the tip's among them.

    Raises:
        MappingError: A field does not fit, or two lines share an id.
    """
    drafts = tuple(_line(node, currencies, included=included) for node in order.nodes("lineItems"))
    seen: set[str] = set()
    for draft in drafts:
        if draft.line_id in seen:
            draft.node.fail("duplicate_id", "id", "another line has the same id")
        seen.add(draft.line_id)
    return drafts


def find_tips(drafts: Sequence[LineDraft], tips: MoneyPair) -> frozenset[str]:
    """Return the ids of the lines that are no goods but the tip.

    Shopify states the tip twice: as `totalTipReceivedSet` and as lines that look like custom ones. Lines that are
    named after it win over one that has its amount by chance.

    Args:
        drafts: All lines.
        tips: `totalTipReceivedSet`.
    """
    if not tips.presentment.minor:
        return frozenset()
    custom = [draft for draft in drafts if draft.kind == "custom" and not draft.requires_shipping]
    named = [draft for draft in custom if draft.title.strip().lower() == _TIP_TITLE]
    if named and pair_total((draft.sold for draft in named), tips.shop.currency, tips.presentment.currency) == tips:
        return frozenset(draft.line_id for draft in named)
    equal = [draft for draft in custom if draft.sold == tips]
    return frozenset(draft.line_id for draft in equal[-1:])


def read_discount(node: Node, currencies: Currencies) -> MoneyPair:
    """Return the sum of all discounts that were allocated to a line or charge."""
    parts = [
        read_price(allocation, "allocatedAmountSet", currencies) for allocation in node.children("discountAllocations")
    ]
    return pair_total(parts, currencies.shop, currencies.presentment)


def _line(node: Node, currencies: Currencies, *, included: bool) -> LineDraft:
    ordered, current = node.count("quantity"), node.count("currentQuantity")
    if not ordered and current:
        node.fail("bad_quantity", "currentQuantity", "units are left of a line that had none")
    left = Fraction(current, ordered) if ordered else Fraction(1)
    sku = node.optional_text("sku")
    return LineDraft(
        node=node,
        line_id=node.text("id"),
        kind=_kind(node, sku),
        sku=sku,
        title=read_title(node, "name"),
        ordered_units=ordered,
        current_units=current,
        unit_price=read_price(node, "originalUnitPriceSet", currencies),
        left=left,
        discount=Share(whole=read_discount(node, currencies), left=left),
        taxes=read_taxes(node, currencies, included=included, left=left),
        requires_shipping=node.flag("requiresShipping"),
    )


def _kind(node: Node, sku: str | None) -> Literal["product", "custom", "gift_card"]:
    if node.flag("isGiftCard"):
        return "gift_card"
    # A deleted product leaves its SKU behind; a custom line never had variant, product or SKU.
    known = node.optional_child("variant") or node.optional_child("product") or sku
    return "product" if known else "custom"

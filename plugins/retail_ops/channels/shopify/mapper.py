"""Maps one Shopify order message to the contract: pure, total, and silent about nothing.

Every message becomes an `Order` or a `MappingError` that names the field. Amounts are the current ones.
Not here: the parts of an order (`lines`, `charges`, `taxes`, `payments`, `people`), the balance (the gate's).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import ValidationError

from retail_ops.channels.shopify.charges import (
    bare_tip,
    read_duties,
    read_fees,
    read_rounding,
    read_shipping,
    read_total,
    tip_of,
)
from retail_ops.channels.shopify.lines import find_tips, read_lines
from retail_ops.channels.shopify.money import Currencies, read_bag, read_currencies, read_optional_bag
from retail_ops.channels.shopify.payments import read_payments, read_risk
from retail_ops.channels.shopify.people import read_people
from retail_ops.channels.shopify.reading import Node, read_message
from retail_ops.channels.shopify.taxes import settle_parts
from retail_ops.contracts.errors import MappingError
from retail_ops.contracts.money import MoneyError, pair_total
from retail_ops.contracts.order import Charge, Order, OrderLine, Totals
from retail_ops.ports.channel import MappedOrder, Pseudonyms

CHANNEL = "shopify"
_ORDER_ID = re.compile(r"gid://shopify/Order/[0-9]+")


def to_order(body: bytes, *, account: str, site: str, pseudonyms: Pseudonyms) -> MappedOrder:
    """Map one order node as the adapter keeps it.

    Args:
        body: JSON of the node, all lines in it.
        account: e.g. `shopify_uk`.
        site: e.g. `GB`.
        pseudonyms: Keyed digests for persons and addresses.

    Raises:
        MappingError: Code and path of the field that does not fit; nothing personal in its text.
    """
    order = read_message(body)
    try:
        mapped = _map(order, account, site, pseudonyms)
        # Amounts that fit one by one may still be too large together.
        mapped.order.computed_total()
    except ValidationError as error:
        # `from None`: the cause quotes the input.
        raise _outside_contract(error) from None
    except MoneyError:
        raise MappingError("bad_amount", "currentTotalPriceSet", "the amounts cannot be added up") from None
    return mapped


@dataclass(frozen=True, slots=True)
class _Parts:
    lines: tuple[OrderLine, ...]
    tips: tuple[Charge, ...]
    shipping: tuple[Charge, ...]
    duties: tuple[Charge, ...]
    fees: tuple[Charge, ...]


def _map(order: Node, account: str, site: str, pseudonyms: Pseudonyms) -> MappedOrder:
    external_id = order.text("id")
    if _ORDER_ID.fullmatch(external_id) is None:
        order.fail("bad_id", "id", "expected gid://shopify/Order/<number>")
    currencies = read_currencies(order)
    parts = _parts(order, currencies)
    people = read_people(order, pseudonyms)
    mapped = Order(
        account=account,
        channel=CHANNEL,
        site=site,
        external_id=external_id,
        number=order.text("name"),
        source=order.optional_text("sourceName") or "unknown",
        test=order.flag("test"),
        placed_at=order.moment("createdAt"),
        updated_at=order.moment("updatedAt"),
        cancelled_at=order.optional_moment("cancelledAt"),
        edited=order.flag("edited"),
        shop_currency=currencies.shop,
        presentment_currency=currencies.presentment,
        tax_included=order.flag("taxesIncluded"),
        lines=parts.lines,
        shipping=parts.shipping,
        duties=parts.duties,
        tips=parts.tips,
        fees=parts.fees,
        rounding=read_rounding(order, currencies),
        totals=_totals(order, currencies, parts),
        payments=read_payments(order, currencies),
        buyer=people.buyer,
        billing=people.billing,
        delivery=people.delivery,
        risk=read_risk(order),
    )
    return MappedOrder(order=mapped, personal=people.personal)


def _parts(order: Node, currencies: Currencies) -> _Parts:
    included = order.flag("taxesIncluded")
    lines = read_lines(order, currencies, included=included)
    shipping = read_shipping(order, currencies, included=included)
    duties = read_duties(order, lines, currencies, included=included)
    fees = read_fees(order, currencies, included=included)
    settled = iter(
        settle_parts(
            (*lines, *shipping, *duties, *fees),
            discounts=read_bag(order, "currentTotalDiscountsSet", currencies),
            taxes=read_bag(order, "currentTotalTaxSet", currencies),
        )
    )
    stated = read_bag(order, "totalTipReceivedSet", currencies)
    tip_lines = find_tips(lines, stated)
    own = [(line, next(settled)) for line in lines]
    tips = tuple(tip_of(line, part) for line, part in own if line.line_id in tip_lines and line.current_units)
    return _Parts(
        lines=tuple(line.settled(part) for line, part in own if line.line_id not in tip_lines),
        tips=tips if tip_lines else bare_tip(stated, currencies),
        shipping=tuple(draft.settled(next(settled)) for draft in shipping),
        duties=tuple(draft.settled(next(settled)) for draft in duties),
        fees=tuple(draft.settled(next(settled)) for draft in fees),
    )


def _totals(order: Node, currencies: Currencies, parts: _Parts) -> Totals:
    inside = order.flag("dutiesIncluded")
    duties = read_optional_bag(order, "currentTotalDutiesSet", currencies)
    return Totals(
        discounts=read_bag(order, "currentTotalDiscountsSet", currencies),
        tax=read_bag(order, "currentTotalTaxSet", currencies),
        shipping=read_bag(order, "currentShippingPriceSet", currencies),
        duties=currencies.zero() if inside else duties,
        # Shopify states the tip as received; a tip that was given back has left its line only.
        tips=pair_total((tip.price for tip in parts.tips), currencies.shop, currencies.presentment),
        fees=read_optional_bag(order, "currentTotalAdditionalFeesSet", currencies),
        total=read_total(order, currencies),
    )


def _outside_contract(error: ValidationError) -> MappingError:
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"])
    return MappingError(
        "outside_contract", path.lstrip(".") or "order", f"does not fit the contract: {problem['type']}"
    )

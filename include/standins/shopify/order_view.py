"""The JSON tree of one order with every field of the schema filled in: what the GraphQL executor walks.

Lists stand where the schema has connections; `graphql_api` pages them. NOT here: lines (`line_view`), arithmetic.
"""

import hashlib
from collections.abc import Callable

from standins.shopify.identity import Identities
from standins.shopify.line_view import discount_view, fee_views, line_views, merged_tax_views, shipping_views
from standins.shopify.money_view import Tree
from standins.shopify.order_state import OrderState
from standins.shopify.payment_view import payment_fields
from standins.shopify.people_view import people_fields
from standins.shopify.purchase import Purchase
from standins.shopify.reckoning import Reckoned, timestamp
from standins.shopify.totals import OrderTotals

# `Order.number` is a 32-bit integer.
_NUMBER_DIGITS = 9
_CHANNELS = {
    "web": ("gid://shopify/App/580111", "Online Store"),
    "pos": ("gid://shopify/App/129785", "Point of Sale"),
    "shopify_draft_order": ("gid://shopify/App/1354745", "Draft Orders"),
    "mobile_app": ("gid://shopify/App/2775569", "Shop"),
    "subscription_contract": ("gid://shopify/App/2891777", "Subscriptions"),
}


def order_tree(order: Reckoned, ids: Identities) -> Tree:
    """Every field of `Order` for one order."""
    return {
        **_header(order),
        **_times(order.state),
        **_origin(order.state.purchase),
        **people_fields(order.state, ids),
        **_amounts(order),
        **payment_fields(order),
        "lineItems": line_views(order.state, order.shop, order.buyer, ids),
        "shippingLines": shipping_views(order.state, order.shop, order.buyer),
        "additionalFees": fee_views(order.state, order.shop, order.buyer),
        "taxLines": merged_tax_views(order.state, order.shop, order.buyer),
        "discountApplications": [
            discount_view(index, item, order.money) for index, item in enumerate(order.state.purchase.discounts)
        ],
        "__patches": [patch.model_dump() for patch in order.state.patches],
    }


def _header(order: Reckoned) -> Tree:
    state, purchase = order.state, order.state.purchase
    digits = "".join(char for char in state.name if char.isdecimal())
    number = int(digits) if digits and len(digits) <= _NUMBER_DIGITS else 1000 + state.sequence
    return {
        "id": state.gid,
        "legacyResourceId": str(state.number),
        "name": state.name,
        "number": number,
        "confirmationNumber": hashlib.sha256(state.gid.encode()).hexdigest()[:9].upper(),
        "poNumber": purchase.po_number,
        "test": purchase.test,
        "edited": state.edited,
        "taxesIncluded": state.taxes_included,
        "taxExempt": bool(purchase.customer and purchase.customer.tax_exempt),
        "dutiesIncluded": purchase.duties_included,
        "estimatedTaxes": False,
        "tags": list(purchase.tags),
        "note": purchase.note,
        "customAttributes": [{"key": key, "value": value} for key, value in purchase.attributes.items()],
        "discountCodes": [item.title for item in purchase.discounts if item.kind == "code"],
        "returnStatus": "NO_RETURN",
        "displayFulfillmentStatus": _fulfilment(order),
        "risk": _risk(order),
    }


def _times(state: OrderState) -> Tree:
    """Moments and what they say of the order; this shop archives nothing, so no order is closed."""
    cancelled_at = state.cancelled_at
    return {
        "createdAt": timestamp(state.created_at),
        "processedAt": timestamp(state.processed_at),
        "updatedAt": timestamp(state.updated_at),
        "closedAt": None,
        "closed": False,
        "cancelledAt": timestamp(cancelled_at) if cancelled_at else None,
        "cancelReason": state.cancel_reason,
        "cancellation": {"staffNote": state.staff_note} if cancelled_at else None,
        "confirmed": cancelled_at is None,
    }


def _origin(purchase: Purchase) -> Tree:
    app_id, app_name = _CHANNELS[purchase.source]
    return {
        "sourceName": purchase.source,
        "sourceIdentifier": purchase.source_identifier,
        "registeredSourceUrl": None,
        "customerLocale": purchase.locale,
        "app": {"id": app_id, "name": app_name},
        "attribution": {"handle": purchase.source, "displayName": app_name},
        "publication": {"id": app_id.replace("/App/", "/Publication/")},
        "merchantBusinessEntity": {"id": "gid://shopify/BusinessEntity/1"},
    }


def _fulfilment(order: Reckoned) -> str:
    if order.state.purchase.source == "pos":
        return "FULFILLED"
    if any(item.line.requires_shipping and not item.tip for item in order.state.lines):
        return "UNFULFILLED"
    return "FULFILLMENT_NOT_REQUIRED"


def _risk(order: Reckoned) -> Tree:
    risk = order.state.purchase.risk
    if risk is None:
        return {"recommendation": "NONE", "assessments": []}
    facts = [{"description": item.description, "sentiment": item.sentiment} for item in risk.facts]
    assessment = {"riskLevel": risk.level, "provider": None, "facts": facts}
    return {"recommendation": risk.recommendation, "assessments": [assessment]}


def _amounts(order: Reckoned) -> Tree:
    def bag(pick: Callable[[OrderTotals], int]) -> Tree:
        return order.money.bag(pick(order.shop), pick(order.buyer))

    has_duties = any(item.line.duties for item in order.state.lines)
    has_fees = bool(order.state.purchase.fees)
    return {
        "currencyCode": order.shop.currency,
        "presentmentCurrencyCode": order.buyer.currency,
        "subtotalPriceSet": bag(lambda totals: totals.subtotal),
        "totalDiscountsSet": bag(lambda totals: totals.discounts),
        "totalTaxSet": bag(lambda totals: totals.tax),
        "totalShippingPriceSet": bag(lambda totals: sum(charge.price for charge in totals.shipping)),
        "totalPriceSet": bag(lambda totals: totals.total),
        "originalTotalPriceSet": bag(lambda totals: totals.original_total),
        "totalTipReceivedSet": bag(lambda totals: totals.tip),
        "currentSubtotalPriceSet": bag(lambda totals: totals.current_subtotal),
        "currentTotalDiscountsSet": bag(lambda totals: totals.current_discounts),
        "currentTotalTaxSet": bag(lambda totals: totals.current_tax),
        "currentShippingPriceSet": bag(lambda totals: totals.current_shipping),
        "currentTotalPriceSet": bag(lambda totals: totals.current_total),
        "currentTotalDutiesSet": bag(lambda totals: totals.current_duties) if has_duties else None,
        "originalTotalDutiesSet": bag(lambda totals: totals.duties) if has_duties else None,
        "currentTotalAdditionalFeesSet": bag(lambda totals: totals.current_fees) if has_fees else None,
        "originalTotalAdditionalFeesSet": (
            bag(lambda totals: sum(fee.price for fee in totals.fees)) if has_fees else None
        ),
        "subtotalLineItemsQuantity": sum(line.units for line in order.buyer.lines if line.goods),
        "currentSubtotalLineItemsQuantity": sum(line.current for line in order.buyer.lines if line.goods),
    }

"""Transactions and risk of a Shopify order. Not here: payouts, fees and disputes."""

from __future__ import annotations

from typing import Literal

from retail_ops.channels.shopify.money import Currencies, read_optional_bag, read_price
from retail_ops.channels.shopify.reading import Node
from retail_ops.contracts.order import Payment, Risk

MOST_TRANSACTIONS = 250

_KINDS: dict[str, Literal["authorisation", "sale", "capture", "void", "refund", "change"] | None] = {
    "AUTHORIZATION": "authorisation",
    "EMV_AUTHORIZATION": "authorisation",
    "SALE": "sale",
    "CAPTURE": "capture",
    "VOID": "void",
    "REFUND": "refund",
    "CHANGE": "change",
    # A proposal of the API, no movement of money.
    "SUGGESTED_REFUND": None,
}
_STATUSES: dict[str, Literal["succeeded", "pending", "failed", "unknown"]] = {
    "SUCCESS": "succeeded",
    "PENDING": "pending",
    "AWAITING_RESPONSE": "pending",
    "FAILURE": "failed",
    "ERROR": "failed",
    "UNKNOWN": "unknown",
}
_RECOMMENDATIONS: dict[str, Literal["none", "accept", "investigate", "cancel"]] = {
    "NONE": "none",
    "ACCEPT": "accept",
    "INVESTIGATE": "investigate",
    "CANCEL": "cancel",
}
_LEVELS: dict[str, Literal["none", "low", "medium", "high", "pending"]] = {
    "NONE": "none",
    "LOW": "low",
    "PENDING": "pending",
    "MEDIUM": "medium",
    "HIGH": "high",
}
# A pending assessment outranks a low one: it may still become high.
_RANKS = tuple(_LEVELS.values())


def read_payments(order: Node, currencies: Currencies) -> tuple[Payment, ...]:
    """Return all transactions.

    Raises:
        MappingError: A field does not fit, or there may be more transactions than one answer can hold.
    """
    nodes = order.children("transactions")
    if len(nodes) >= MOST_TRANSACTIONS:
        order.fail("truncated", "transactions", f"{MOST_TRANSACTIONS} transactions: there may be more")
    payments = (_payment(node, currencies) for node in nodes)
    return tuple(payment for payment in payments if payment is not None)


def read_risk(order: Node) -> Risk:
    """Return the recommendation and the highest level of all assessments."""
    risk = order.child("risk")
    levels = [assessment.choice("riskLevel", _LEVELS) for assessment in risk.children("assessments")]
    return Risk(
        level=max(levels, key=_RANKS.index, default="none"),
        recommendation=risk.choice("recommendation", _RECOMMENDATIONS),
    )


def _payment(node: Node, currencies: Currencies) -> Payment | None:
    kind = node.choice("kind", _KINDS)
    if kind is None:
        return None
    parent = node.optional_child("parentTransaction")
    gateway = node.optional_text("gateway") or "unknown"
    return Payment(
        payment_id=node.text("id"),
        parent_id=None if parent is None else parent.text("id"),
        kind=kind,
        status=node.choice("status", _STATUSES),
        gateway=gateway,
        gift_card=gateway == "gift_card",
        test=node.flag("test"),
        # What changed hands: cash is rounded to coins that exist, and the order's total contains that rounding.
        amount=read_price(node, "amountSet", currencies) + read_optional_bag(node, "amountRoundingSet", currencies),
        processed_at=node.optional_moment("processedAt"),
    )

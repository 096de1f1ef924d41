"""What routing may know of an order. Pure, but for the free stock that is handed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from retail_ops.contracts.order import Order, Payment
from retail_ops.governance.routing import Facts, PaymentState


def payment_state(order: Order) -> PaymentState:
    """Return where the money stands: only succeeded transactions count, test money never does.

    Voided and refunded amounts are taken off; `paid` means that captured money covers the total.
    """
    if order.totals.total.presentment.minor == 0:
        return "paid"
    live = [payment for payment in order.payments if not payment.test]
    done = [payment for payment in live if payment.status == "succeeded"]
    captured = sum(p.amount.presentment.minor for p in done if p.kind in {"sale", "capture"})
    captured -= sum(p.amount.presentment.minor for p in done if p.kind in {"refund", "change"})
    total = order.totals.total.presentment.minor
    if captured >= total:
        return "paid"
    if captured > 0:
        return "partly_paid"
    return _uncaptured(live, done)


def _uncaptured(live: Sequence[Payment], done: Sequence[Payment]) -> PaymentState:
    voided = {payment.parent_id for payment in done if payment.kind == "void"}
    if any(p.kind == "authorisation" and p.payment_id not in voided for p in done):
        return "authorised"
    if any(payment.status in {"pending", "unknown"} for payment in live):
        return "pending"
    if voided:
        return "voided"
    return "failed" if any(payment.status == "failed" for payment in live) else "none"


def wanted_units(order: Order) -> Mapping[str, int]:
    """Return current units by SKU of product lines."""
    wanted: Counter[str] = Counter()
    for line in order.lines:
        if line.kind == "product" and line.sku is not None and line.current_units:
            wanted[line.sku] += line.current_units
    return wanted


def is_cancelled(order: Order) -> bool:
    """Return whether the channel wants nothing any more: cancelled as a whole, or no unit and no money left."""
    nothing_left = all(line.current_units == 0 for line in order.lines)
    return order.cancelled_at is not None or (nothing_left and order.totals.total.presentment.minor == 0)


def facts(order: Order, free: Mapping[str, int], *, newer_version: bool, velocity: int | None) -> Facts:
    """Return the facts of one order.

    Args:
        order: The revision that is being decided.
        free: Free units by stocked SKU; SKUs that are not stocked are absent and never short.
        newer_version: A newer revision is staged.
        velocity: Orders of the same buyer in the last day, where somebody counts them.
    """
    needs_parcel = any(line.requires_shipping and line.current_units for line in order.lines)
    short = tuple(sorted(sku for sku, units in wanted_units(order).items() if sku in free and free[sku] < units))
    return Facts(
        risk_level=order.risk.level,
        risk_recommendation=order.risk.recommendation,
        payment=payment_state(order),
        total=order.totals.total.presentment,
        address_missing=needs_parcel and order.delivery is not None and bool(order.delivery.missing),
        address_absent=needs_parcel and order.delivery is None,
        short_skus=short,
        velocity=velocity,
        source=order.source,
        newer_version=newer_version,
        cancelled=is_cancelled(order),
    )

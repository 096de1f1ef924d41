"""Transactions of an order and what follows from them: received, refunded, outstanding, the financial status.

Only transactions with status SUCCESS move money. NOT here: what the order is worth (`totals`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from standins.shopify.money import Basis
from standins.shopify.order_state import KeptTransaction, OrderState
from standins.shopify.purchase import Payment
from standins.shopify.totals import OrderTotals

_RECEIPTS = ("SALE", "CAPTURE")


@dataclass(frozen=True, slots=True)
class Paid:
    """Sums over the successful transactions, in minor units of one currency."""

    authorized: int
    received: int
    refunded: int
    voided: int

    @property
    def net(self) -> int:
        """Received less refunded."""
        return self.received - self.refunded

    @property
    def capturable(self) -> int:
        """Authorised and neither captured nor voided."""
        return max(0, self.authorized - self.voided)


def sum_paid(state: OrderState, amount: Callable[[KeptTransaction], int]) -> Paid:
    """Add the successful transactions up; `amount` picks the currency."""

    def total(*kinds: str) -> int:
        return sum(amount(item) for item in state.transactions if item.status == "SUCCESS" and item.kind in kinds)

    authorized = total("AUTHORIZATION")
    captured = total("CAPTURE")
    return Paid(
        authorized=max(0, authorized - captured),
        received=total(*_RECEIPTS) - total("CHANGE"),
        refunded=total("REFUND"),
        voided=total("VOID"),
    )


def financial_status(state: OrderState, totals: OrderTotals) -> str:
    """The order's `displayFinancialStatus`, from the buyer's currency.

    Source: [M] the order of precedence; the schema names the values only.
    """
    paid = sum_paid(state, lambda item: item.presentment)
    if paid.refunded:
        return "REFUNDED" if paid.refunded >= paid.received else "PARTIALLY_REFUNDED"
    if paid.received:
        return "PAID" if paid.received >= totals.current_total else "PARTIALLY_PAID"
    if state.emptied or (paid.voided and not paid.capturable):
        return "VOIDED"
    if totals.current_total <= 0:
        return "PAID"
    return "AUTHORIZED" if paid.authorized else "PENDING"


def keep_payment(
    state: OrderState,
    payment: Payment,
    *,
    at: datetime,
    buyer: OrderTotals,
    shop: OrderTotals,
    basis: Basis,
) -> KeptTransaction:
    """Turn a described payment into a transaction with both amounts.

    The receipt that completes the order gets the shop's remaining cents, so that both currencies are paid exactly.
    """
    paid = sum_paid(state, lambda item: item.presentment)
    if payment.amount is not None:
        presentment = basis_of_buyer(basis).minor(payment.amount)
    else:
        presentment = _default_amount(payment, paid, buyer.current_total)
    rounding = basis_of_buyer(basis).minor(payment.rounding) if payment.rounding else 0
    return KeptTransaction(
        kind=payment.kind,
        status=payment.status,
        gateway=payment.gateway,
        presentment=presentment,
        shop=_shop_amount(state, payment, presentment, buyer, shop, basis),
        at=at,
        rounding_presentment=rounding,
        rounding_shop=basis.convert(rounding),
        error_code=payment.error_code,
        parent=payment.parent,
    )


def _shop_amount(
    state: OrderState, payment: Payment, presentment: int, buyer: OrderTotals, shop: OrderTotals, basis: Basis
) -> int:
    paid = sum_paid(state, lambda item: item.presentment)
    paid_in_shop = sum_paid(state, lambda item: item.shop)
    if payment.kind in _RECEIPTS and paid.net + presentment == buyer.current_total:
        return shop.current_total - paid_in_shop.net
    if payment.kind == "AUTHORIZATION" and presentment == buyer.current_total:
        return shop.current_total
    if payment.kind == "REFUND" and presentment == paid.net:
        return paid_in_shop.net
    return basis.convert(presentment)


def basis_of_buyer(basis: Basis) -> Basis:
    """The same description read in the buyer's own currency."""
    return Basis(currency=basis.given_in, given_in=basis.given_in, rate=basis.rate)


def _default_amount(payment: Payment, paid: Paid, total: int) -> int:
    if payment.kind == "REFUND":
        return paid.net
    if payment.kind in {"VOID", "CAPTURE"} and paid.capturable:
        return paid.capturable
    return max(0, total - paid.net)

"""One order with its totals in both currencies.

NOT here: the arithmetic (`totals`), the answer's shape (`order_view`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from standins.shopify.money import Basis
from standins.shopify.money_view import Money
from standins.shopify.order_state import OrderState
from standins.shopify.totals import OrderTotals, compute_totals


@dataclass(frozen=True, slots=True)
class Reckoned:
    """An order with its totals in the buyer's and in the shop's currency."""

    state: OrderState
    buyer: OrderTotals
    shop: OrderTotals

    @property
    def money(self) -> Money:
        """Prints pairs of amounts as money bags."""
        return Money(shop=self.shop.currency, presentment=self.buyer.currency)


def shop_basis(state: OrderState) -> Basis:
    """How the purchase's amounts are read in the shop's currency."""
    rate = Decimal(state.purchase.shop_rate)
    return Basis(currency=state.currency, given_in=state.presentment_currency, rate=rate)


def reckon(state: OrderState) -> Reckoned:
    """Compute both totals of an order."""
    given = state.presentment_currency
    buyer = compute_totals(state, Basis(currency=given, given_in=given, rate=Decimal(1)))
    return Reckoned(state=state, buyer=buyer, shop=compute_totals(state, shop_basis(state)))


def timestamp(moment: datetime) -> str:
    """A moment as the API prints it: UTC, second precision, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""The payment side of an order as the schema shapes it. NOT here: what moves money (`payments`)."""

from collections.abc import Callable

from standins.shopify.money_view import Money, Tree
from standins.shopify.order_state import KeptTransaction, OrderState
from standins.shopify.payments import Paid, financial_status, sum_paid
from standins.shopify.reckoning import Reckoned, timestamp


def payment_fields(order: Reckoned) -> Tree:
    """What was paid, what is open, and every transaction."""
    state, money = order.state, order.money
    shop = sum_paid(state, lambda item: item.shop)
    buyer = sum_paid(state, lambda item: item.presentment)

    def bag(pick: Callable[[Paid], int]) -> Tree:
        return money.bag(pick(shop), pick(buyer))

    outstanding = order.buyer.current_total - buyer.net
    return {
        "totalReceivedSet": bag(lambda paid: paid.received),
        "totalRefundedSet": bag(lambda paid: paid.refunded),
        "totalRefundedShippingSet": money.bag(0, 0),
        "netPaymentSet": bag(lambda paid: paid.net),
        "totalCapturableSet": bag(lambda paid: paid.capturable),
        "totalOutstandingSet": money.bag(order.shop.current_total - shop.net, outstanding),
        "totalCashRoundingAdjustment": _cash_rounding(state, money),
        "displayFinancialStatus": financial_status(state, order.buyer),
        "fullyPaid": outstanding <= 0,
        "unpaid": buyer.received == 0,
        "capturable": buyer.capturable > 0,
        "paymentGatewayNames": list(dict.fromkeys(item.gateway for item in state.transactions)),
        "transactions": [transaction_view(state, index, item, money) for index, item in enumerate(state.transactions)],
    }


def _cash_rounding(state: OrderState, money: Money) -> Tree:
    def side(*kinds: str) -> Tree:
        chosen = [item for item in state.transactions if item.kind in kinds and item.status == "SUCCESS"]
        return money.bag(sum(item.rounding_shop for item in chosen), sum(item.rounding_presentment for item in chosen))

    return {"paymentSet": side("SALE", "CAPTURE"), "refundSet": side("REFUND")}


def transaction_view(state: OrderState, index: int, item: KeptTransaction, money: Money) -> Tree:
    """One `OrderTransaction`.

    `amountSet` is what the transaction counts towards the order; the coins differ by `amountRoundingSet` [M].
    """
    parent = None
    if item.parent is not None:
        parent = transaction_view(state, item.parent, state.transactions[item.parent], money)
    return {
        "id": f"gid://shopify/OrderTransaction/{state.number * 100 + index}",
        "kind": item.kind,
        "status": item.status,
        "test": state.purchase.test,
        "gateway": item.gateway,
        "formattedGateway": item.gateway.replace("_", " ").title(),
        "manualPaymentGateway": item.gateway in {"cash", "manual", "bank_deposit"},
        "paymentId": f"{state.name}.{index + 1}",
        "errorCode": item.error_code,
        "createdAt": timestamp(item.at),
        "processedAt": timestamp(item.at),
        "authorizationExpiresAt": None,
        "amountSet": money.bag(item.shop, item.presentment),
        "amountRoundingSet": (
            money.bag(item.rounding_shop, item.rounding_presentment) if item.rounding_presentment else None
        ),
        "totalUnsettledSet": _unsettled(state, item, money),
        "settlementCurrency": None,
        "settlementCurrencyRate": None,
        "currencyExchangeAdjustment": None,
        "fees": [],
        "parentTransaction": parent,
        "device": None,
        "location": None,
    }


def _unsettled(state: OrderState, item: KeptTransaction, money: Money) -> Tree | None:
    """What is left of an authorisation; null for any other transaction."""
    if item.kind != "AUTHORIZATION" or item.status != "SUCCESS":
        return None
    used = [other for other in state.transactions if other.kind in {"CAPTURE", "VOID"} and other.status == "SUCCESS"]
    shop = max(0, item.shop - sum(other.shop for other in used))
    return money.bag(shop, max(0, item.presentment - sum(other.presentment for other in used)))

"""What shoppers and staff do to orders: place, edit, pay, cancel, correct an address, touch.

Each change bumps `updatedAt` (never backwards), is stored, and is told to the listener.
NOT here: HTTP (`control`), reading (`graphql_api`).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from standins.shopify.changes import Listener, Topic
from standins.shopify.config import ShopConfig
from standins.shopify.identity import Identities
from standins.shopify.order_state import KeptLine, KeptTransaction, OrderState
from standins.shopify.order_store import OrderStore
from standins.shopify.payments import keep_payment, sum_paid
from standins.shopify.purchase import Address, Line, Payment, Purchase
from standins.shopify.reckoning import reckon, shop_basis
from standins.shopify.schema import allowed_words


class OrderRefusedError(ValueError):
    """The shop does not take this change."""


class OrderBook:
    """Writes orders of one shop."""

    def __init__(self, config: ShopConfig, store: OrderStore, listener: Listener) -> None:
        self._config = config
        self._store = store
        self._listener = listener
        self._ids = Identities(config.seed_text)

    def place(self, purchases: Sequence[Purchase]) -> list[OrderState]:
        """Create orders, all or none.

        Idempotent: no; a purchase sent twice is two orders, as in a shop.

        Raises:
            OrderRefusedError: a currency the shop does not offer, a line that is not there, no line at all.
            MoneyError: an amount finer than its currency.
        """
        with self._store.transaction():
            placed = [self._place_one(purchase) for purchase in purchases]
        for state in placed:
            self._listener.changed("orders/create", state.gid)
        return placed

    def _place_one(self, purchase: Purchase) -> OrderState:
        currency = purchase.presentment_currency or self._config.currency
        self._check(purchase, currency)
        now = self._now()
        sequence = self._store.next_sequence()
        included = self._config.taxes_included if purchase.taxes_included is None else purchase.taxes_included
        state = OrderState(
            number=self._ids.order_number(sequence),
            sequence=sequence,
            name=purchase.name or f"#{1000 + sequence}",
            currency=self._config.currency,
            presentment_currency=currency,
            taxes_included=included,
            purchase=purchase,
            lines=(*(KeptLine(line=line, current=line.units) for line in purchase.lines), *_tip_line(purchase)),
            created_at=now,
            updated_at=now,
            processed_at=purchase.processed_at or now,
            patches=purchase.raw_patch,
        )
        for payment in purchase.payments:
            state = self._with_payment(state, payment, now)
        reckon(state)
        self._store.save(state, self._config.clock.now())
        return state

    def _check(self, purchase: Purchase, currency: str) -> None:
        if currency not in self._config.presentment:
            message = f"{currency} is not a currency of this shop"
            raise OrderRefusedError(message)
        if currency == self._config.currency and purchase.shop_rate != "1":
            raise OrderRefusedError("shop_rate is 1 in the shop's own currency")
        if not purchase.lines:
            raise OrderRefusedError("an order has at least one line")
        for word, enumeration in _words(purchase):
            _check_word(word, enumeration)
        places = {place for discount in purchase.discounts for place in discount.lines}
        if any(not 0 <= place < len(purchase.lines) for place in places):
            raise OrderRefusedError("a discount names a line that is not there")

    def edit(self, number: int, units: dict[int, int], added: Sequence[Line]) -> OrderState:
        """Set the current units of lines (by index) and add lines.

        Raises:
            OrderRefusedError: cancelled order, unknown line, or more units than ordered.
        """

        def change(state: OrderState, _: datetime) -> OrderState:
            lines = list(state.lines)
            for place, current in units.items():
                if not (0 <= place < len(lines) and 0 <= current <= lines[place].line.units):
                    message = f"line {place} cannot have {current} units"
                    raise OrderRefusedError(message)
                lines[place] = lines[place].model_copy(update={"current": current})
            lines += [KeptLine(line=line, current=line.units, added=True) for line in added]
            return state.model_copy(update={"lines": tuple(lines), "edited": True})

        return self._change(number, "orders/edited", change)

    def pay(self, number: int, payment: Payment) -> OrderState:
        """Add a transaction."""
        _check_word(payment.error_code, "OrderTransactionErrorCode")
        return self._change(number, "orders/updated", lambda state, now: self._with_payment(state, payment, now))

    def cancel(self, number: int, reason: str, *, refund: bool, restock: bool, note: str | None) -> OrderState:
        """Cancel an order: void what is authorised, give money back if `refund`, take units back if `restock`."""

        def change(state: OrderState, now: datetime) -> OrderState:
            if state.cancelled_at is not None:
                raise OrderRefusedError("the order is cancelled already")
            paid = sum_paid(state, lambda item: item.presentment)
            if paid.capturable:
                state = self._with_payment(state, Payment(kind="VOID"), now)
            if refund and paid.net > 0:
                state = self._with_payment(state, Payment(kind="REFUND"), now)
            update = {"cancelled_at": now, "cancel_reason": reason, "staff_note": note, "emptied": restock}
            return state.model_copy(update=update)

        return self._change(number, "orders/cancelled", change)

    def correct_address(self, number: int, kind: str, address: Address) -> OrderState:
        """Replace the `billing` or `shipping` address."""
        _check_word(address.country_code, "CountryCode")
        return self._change(number, "orders/updated", lambda state, _: state.with_address(kind, address))

    def touch(self, number: int) -> OrderState:
        """Bump `updatedAt` and change nothing, as tags, risk checks and fulfilment events do."""
        return self._change(number, "orders/updated", lambda state, _: state)

    def _change(self, number: int, topic: Topic, change: Callable[[OrderState, datetime], OrderState]) -> OrderState:
        with self._store.transaction():
            state = self._store.load(number)
            if state is None:
                message = f"no order {number}"
                raise KeyError(message)
            if state.cancelled_at is not None and topic == "orders/edited":
                raise OrderRefusedError("a cancelled order cannot be edited")
            now = max(self._now(), state.updated_at)
            state = change(state, now).model_copy(update={"updated_at": now})
            reckon(state)
            self._store.save(state, self._config.clock.now())
        self._listener.changed(topic, state.gid)
        return state

    @staticmethod
    def _with_payment(state: OrderState, payment: Payment, at: datetime) -> OrderState:
        if payment.parent is not None and not 0 <= payment.parent < len(state.transactions):
            raise OrderRefusedError("a payment names a parent that is not there")
        order = reckon(state)
        kept: KeptTransaction = keep_payment(
            state, payment, at=at, buyer=order.buyer, shop=order.shop, basis=shop_basis(state)
        )
        return state.model_copy(update={"transactions": (*state.transactions, kept)})

    def _now(self) -> datetime:
        now = self._config.clock.now()
        return now - timedelta(microseconds=now.microsecond)


def _words(purchase: Purchase) -> Iterator[tuple[str | None, str]]:
    """Words of a purchase that the schema enumerates; an order with another could never be served."""
    for address in (purchase.billing_address, purchase.shipping_address):
        if address is not None:
            yield address.country_code, "CountryCode"
    for line in purchase.lines:
        for duty in line.duties:
            yield duty.origin, "CountryCode"
    for payment in purchase.payments:
        yield payment.error_code, "OrderTransactionErrorCode"


def _check_word(word: str | None, enumeration: str) -> None:
    if word is not None and word not in allowed_words(enumeration):
        message = f"{word} is no {enumeration}"
        raise OrderRefusedError(message)


def _tip_line(purchase: Purchase) -> tuple[KeptLine, ...]:
    if purchase.tip is None:
        return ()
    line = Line(title="Tip", units=1, unit_price=purchase.tip, custom=True, requires_shipping=False)
    return (KeptLine(line=line, current=1, tip=True),)

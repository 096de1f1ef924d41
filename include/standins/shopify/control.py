"""The control endpoints: how shoppers place orders and how a check reads what the shop holds, past the API.

NOT here: HTTP (`server`), the GraphQL API.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from standins.shopify.config import ShopConfig
from standins.shopify.faults import Fault, FaultQueue
from standins.shopify.money import to_fixed_text
from standins.shopify.order_book import OrderBook
from standins.shopify.order_state import KeptTransaction, OrderState
from standins.shopify.order_store import OrderStore
from standins.shopify.payments import financial_status, sum_paid
from standins.shopify.purchase import Address, Line, Payment, Purchase
from standins.shopify.reckoning import reckon, timestamp

JsonObject = dict[str, Any]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrdersBody(_Body):
    """Many purchases, taken all or none."""

    orders: tuple[Purchase, ...]


class UnitsOfLine(_Body):
    """New current units of the line at an index."""

    line: int
    current_units: int


class EditBody(_Body):
    """An order edit."""

    units: tuple[UnitsOfLine, ...] = ()
    add: tuple[Line, ...] = ()


class CancelBody(_Body):
    """A cancellation."""

    reason: Literal["CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"] = "CUSTOMER"
    refund: bool = False
    restock: bool = True
    staff_note: str | None = None


class AddressBody(_Body):
    """A corrected address."""

    kind: Literal["billing", "shipping"] = "shipping"
    address: Address


class TouchBody(_Body):
    """Nothing."""


@dataclass(frozen=True, slots=True)
class ControlAnswer:
    """Status and JSON body."""

    status: int
    body: JsonObject


class Control:
    """Dispatches the control endpoints."""

    def __init__(self, config: ShopConfig, book: OrderBook, store: OrderStore, faults: FaultQueue) -> None:
        self._config = config
        self._book = book
        self._store = store
        self._faults = faults
        self._routes: dict[tuple[str, str], Callable[[bytes], ControlAnswer]] = {
            ("GET", "shop"): self._shop,
            ("GET", "orders"): self._list,
            ("POST", "orders"): self._place,
            ("POST", "faults"): self._spoil,
            ("DELETE", "faults"): self._forget,
        }
        self._changes: dict[str, Callable[[int, bytes], OrderState]] = {
            "edit": self._edit,
            "cancel": self._cancel,
            "pay": lambda number, body: book.pay(number, Payment.model_validate_json(body)),
            "address": self._address,
            "touch": self._touch,
        }

    def answer(self, method: str, path: str, body: bytes) -> ControlAnswer:
        """Answer one request; a refusal is 422 with the reason, an unknown order or path 404."""
        try:
            return self._route(method, path.strip("/").split("/")[1:], body)
        except ValidationError as error:
            return ControlAnswer(
                422, {"error": error.errors(include_url=False, include_context=False, include_input=False)}
            )
        except ValueError as error:
            # Not JSON, or refused by the shop (OrderRefusedError, MoneyError).
            return ControlAnswer(422, {"error": str(error)})
        except KeyError as error:
            return ControlAnswer(404, {"error": str(error.args[0])})

    def _route(self, method: str, parts: list[str], body: bytes) -> ControlAnswer:
        if method == "POST" and len(parts) == 3 and parts[0] == "orders":  # noqa: PLR2004 -- orders, number, action
            return self._change(parts[1], parts[2], body)
        route = self._routes.get((method, "/".join(parts)))
        if route is None:
            raise KeyError("no such control endpoint")
        return route(body)

    def _change(self, number: str, action: str, body: bytes) -> ControlAnswer:
        if action not in self._changes or not number.isdecimal():
            raise KeyError("no such control endpoint")
        return ControlAnswer(200, _placed(self._changes[action](int(number), body or b"{}")))

    def _list(self, _: bytes) -> ControlAnswer:
        return ControlAnswer(200, {"orders": [order_listing(state) for state in self._store.load_all()]})

    def _spoil(self, body: bytes) -> ControlAnswer:
        self._faults.add(Fault.model_validate_json(body))
        return ControlAnswer(200, {})

    def _forget(self, _: bytes) -> ControlAnswer:
        return ControlAnswer(200, {"forgotten": self._faults.clear()})

    def _shop(self, _: bytes) -> ControlAnswer:
        shop = {
            "name": self._config.name,
            "currency": self._config.currency,
            "presentment": list(self._config.presentment),
            "taxes_included": self._config.taxes_included,
        }
        return ControlAnswer(200, shop)

    def _place(self, body: bytes) -> ControlAnswer:
        raw = json.loads(body) if body else None
        if isinstance(raw, dict) and "orders" in raw:
            purchases = OrdersBody.model_validate_json(body).orders
        else:
            purchases = (Purchase.model_validate_json(body),)
        return ControlAnswer(201, {"orders": [_placed(state) for state in self._book.place(purchases)]})

    def _edit(self, number: int, body: bytes) -> OrderState:
        edit = EditBody.model_validate_json(body)
        return self._book.edit(number, {item.line: item.current_units for item in edit.units}, edit.add)

    def _cancel(self, number: int, body: bytes) -> OrderState:
        wanted = CancelBody.model_validate_json(body)
        return self._book.cancel(
            number, wanted.reason, refund=wanted.refund, restock=wanted.restock, note=wanted.staff_note
        )

    def _address(self, number: int, body: bytes) -> OrderState:
        wanted = AddressBody.model_validate_json(body)
        return self._book.correct_address(number, wanted.kind, wanted.address)

    def _touch(self, number: int, body: bytes) -> OrderState:
        TouchBody.model_validate_json(body)
        return self._book.touch(number)


def _placed(state: OrderState) -> JsonObject:
    return {"id": state.gid, "number": str(state.number), "name": state.name, "updated_at": timestamp(state.updated_at)}


def order_listing(state: OrderState) -> JsonObject:
    """One row of the plain listing; amounts with all decimals of their currency."""
    order = reckon(state)
    paid_shop = sum_paid(state, lambda item: item.shop)
    paid_buyer = sum_paid(state, lambda item: item.presentment)

    def pair(shop: int, buyer: int) -> JsonObject:
        return {
            "shop": to_fixed_text(shop, order.shop.currency),
            "presentment": to_fixed_text(buyer, order.buyer.currency),
        }

    return {
        **_placed(state),
        "test": state.purchase.test,
        "cancelled": state.cancelled_at is not None,
        "edited": state.edited,
        "source": state.purchase.source,
        "created_at": timestamp(state.created_at),
        "shop_currency": order.shop.currency,
        "presentment_currency": order.buyer.currency,
        "taxes_included": state.taxes_included,
        "line_count": len(state.lines),
        "total": pair(order.shop.total, order.buyer.total),
        "current_total": pair(order.shop.current_total, order.buyer.current_total),
        "cash_rounding": pair(
            _cash_rounding(state, lambda item: item.rounding_shop),
            _cash_rounding(state, lambda item: item.rounding_presentment),
        ),
        "current_tax": pair(order.shop.current_tax, order.buyer.current_tax),
        "net_paid": pair(paid_shop.net, paid_buyer.net),
        "financial_status": financial_status(state, order.buyer),
        "corrupted": bool(state.patches),
    }


def _cash_rounding(state: OrderState, amount: Callable[[KeptTransaction], int]) -> int:
    """What the coins handed over were more (or less) than the order's total."""
    return sum(amount(item) for item in state.transactions if item.status == "SUCCESS")

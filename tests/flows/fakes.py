"""Small stand-ins of the flow's own ports: an ERP and a store in memory that do as they are told and remember it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from erp.odoo.making import PLACED_AT, Maker
from retail_ops.contracts.errors import RetailOpsError
from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.order import Order, Payment, Risk
from retail_ops.flows.orders.publish import PublishFlow
from retail_ops.governance.files import load
from retail_ops.governance.routing import Routing
from retail_ops.ports.erp import ErpOrder, OrderDocument, OrderErp, OrderState, Problem, WriteResult
from retail_ops.ports.store import Command, OrderStore, Settlement
from retail_ops.settings import Settings
from support.processes import CHECKOUT

UK = Maker()
ROUTING = load(Settings(root=CHECKOUT, environment="demo").governance / "routing.yaml", Routing)


def payment(kind: str, minor: int, status: str = "succeeded", **changes: Any) -> Payment:
    values = {
        "payment_id": f"{kind}-{minor}",
        "parent_id": None,
        "kind": kind,
        "status": status,
        "gateway": "cards",
        "gift_card": False,
        "test": False,
        "amount": UK.pair(minor),
        "processed_at": PLACED_AT,
    }
    return Payment.model_validate(values | changes)


def paid_order(name: str = "1", units: int = 1, sku: str = "TS-001", **changes: Any) -> Order:
    order = UK.order(name, (UK.line("a", 1000, units, sku=sku),), **changes)
    return (
        order
        if "payments" in changes
        else order.model_copy(update={"payments": (payment("sale", order.totals.total.presentment.minor),)})
    )


def risky(order: Order) -> Order:
    return order.model_copy(update={"risk": Risk(level="high", recommendation="investigate")})


def command(order: Order, number: int = 1, **changes: Any) -> Command:
    values: dict[str, Any] = {
        "outbox_id": number,
        "attempt": 1,
        "crashes": 0,
        "action": "order.publish",
        "key": EntityKey(order.account, "order", order.external_id),
        "revision_id": number,
        "order": order,
        "personal": None,
        "newest": True,
        "stale": False,
        "published": None,
        "state": "staged",
        "reference": None,
    }
    return Command(**(values | changes))


@dataclass
class FakeErp(OrderErp):
    """Has the orders that it is given; `refusals` and `error` say what goes wrong."""

    states: dict[str, OrderState] = field(default_factory=dict)
    free: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, Problem] = field(default_factory=dict)
    error: RetailOpsError | None = None
    calls: list[tuple[str, list[str]]] = field(default_factory=list)

    def check(self) -> None: ...

    def find_skus(self, skus: Sequence[str]) -> Mapping[str, Any]:
        return {}

    def free_units(self, skus: Sequence[str]) -> Mapping[str, int]:
        return {sku: self.free[sku] for sku in skus if sku in self.free}

    def place_orders(self, documents: Sequence[OrderDocument]) -> Sequence[WriteResult]:
        return [self._write("place", document.order, "quotation") for document in self._told("place", documents)]

    def confirm_orders(self, orders: Sequence[Order]) -> Sequence[WriteResult]:
        self.calls.append(("confirm", [order.external_id for order in orders]))
        return [self._write("confirm", order, "confirmed") for order in orders]

    def cancel_orders(self, orders: Sequence[Order]) -> Sequence[WriteResult]:
        self.calls.append(("cancel", [order.external_id for order in orders]))
        return [self._write("cancel", order, "cancelled") for order in orders]

    def amend_order(self, document: OrderDocument) -> WriteResult:
        self._told("amend", [document])
        return self._write("amend", document.order, self.states.get(document.order.external_id, "quotation"))

    def read_orders(self, keys: Sequence[EntityKey]) -> Mapping[EntityKey, ErpOrder]:
        if self.error is not None:
            raise self.error
        total = UK.pair(0).presentment
        return {
            key: ErpOrder(
                key, f"ref-{key.external_id}", "S1", self.states[key.external_id], False, total, PLACED_AT, "v", ()
            )
            for key in keys
            if key.external_id in self.states
        }

    def list_orders(self, account: str) -> Sequence[Any]:
        return ()

    def _told(self, what: str, documents: Sequence[OrderDocument]) -> Sequence[OrderDocument]:
        self.calls.append((what, [document.order.external_id for document in documents]))
        return documents

    def _write(self, what: str, order: Order, state: OrderState) -> WriteResult:
        key = EntityKey(order.account, "order", order.external_id)
        problem = self.refusals.get(what)
        if problem is not None:
            return WriteResult(key, "deferred" if problem.code == "deferred" else "rejected", problem=problem)
        self.states[order.external_id] = state
        return WriteResult(key, "applied", reference=f"ref-{order.external_id}")


@dataclass
class FakeStore(OrderStore):
    """Hands out commands once, in batches, and keeps what became of them."""

    waiting: list[Command]
    settled: list[Settlement] = field(default_factory=list)
    given_back: list[tuple[list[int], str]] = field(default_factory=list)

    def claim(self, account: str, limit: int) -> Sequence[Command]:
        claimed, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return claimed

    def settle(self, settlements: Sequence[Settlement]) -> Mapping[str, int]:
        self.settled += settlements
        return {}

    def give_back(self, commands: Sequence[Command], reason: str) -> None:
        self.given_back.append(([command.outbox_id for command in commands], reason))
        self.waiting = [replace(command, attempt=command.attempt + 1) for command in commands] + self.waiting

    def position(self, account: str, stream: str) -> datetime | None: ...

    def receive(self, account: str, messages: Sequence[Any]) -> int: ...

    def advance(self, account: str, stream: str, position_at: datetime) -> None: ...

    def received(self, account: str, limit: int) -> Sequence[Any]: ...

    def stage(self, account: str, results: Sequence[Any], owner: str) -> Mapping[str, int]: ...

    def known_skus(self, scope: str, skus: Sequence[str]) -> frozenset[str]: ...

    def remember_skus(self, scope: str, facts: Sequence[Any]) -> None: ...

    def due(self, account: str) -> str | None: ...


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, tzinfo=UTC)


def flow(*commands: Command, erp: FakeErp | None = None, **more: Any) -> tuple[PublishFlow, FakeErp, FakeStore]:
    chosen, store = erp or FakeErp(), FakeStore(list(commands))
    return PublishFlow("shopify_uk", chosen, store, more.pop("routing", ROUTING), Noon(), **more), chosen, store


def settle_one(one: Command, erp: FakeErp | None = None, **more: Any) -> Settlement:
    """Run one command; what became of it."""
    publish, _, store = flow(one, erp=erp, **more)
    publish.run()
    (settlement,) = store.settled
    return settlement

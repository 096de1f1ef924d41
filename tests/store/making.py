"""A store with short ways to put something in, and the small things that go in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr

from gates.sample_orders import order as balanced_order
from retail_ops.bootstrap import queries
from retail_ops.contracts.errors import MappingError
from retail_ops.contracts.order import Buyer, Order
from retail_ops.contracts.personal import Address, PersonalData
from retail_ops.governance.permissions import load_permissions
from retail_ops.ports.channel import MappedOrder, RawMessage
from retail_ops.ports.gate import Finding, Verdict
from retail_ops.ports.store import Command, Mapped, StoredMessage, Unmapped
from retail_ops.store.deployment import install
from retail_ops.store.desk import Desk
from retail_ops.store.keyring import Keyring
from retail_ops.store.orders import PostgresOrderStore
from retail_ops.store.unit import UnitOfWork
from retail_ops.store.verdicts import PostgresGateStore
from support.postgres import Database
from support.processes import CHECKOUT

ACCOUNT, OTHER = "shopify_uk", "shopify_us"
GATE = "orders/publish"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SQL = CHECKOUT / "include" / "sql"
DIGEST = SecretStr("digest-secret-of-a-test-0123456789abcdef")
OWNER = "order-desk"


@dataclass
class Clock:
    """A clock that tests move by hand."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **span: float) -> None:
        self.moment += timedelta(**span)


def new_keys(*older: SecretStr) -> tuple[Keyring, SecretStr]:
    newest = SecretStr(Fernet.generate_key().decode())
    return Keyring.of([newest, *older], DIGEST), newest


@dataclass
class Store:
    """One migrated and installed store."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    keys: Keyring = field(default_factory=lambda: new_keys()[0])
    open: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        accounts = {ACCOUNT: "shopify", OTHER: "shopify"}
        install(self.unit("owner"), "demo", accounts, load_permissions(CHECKOUT / "include" / "governance"))

    def unit(self, role: str = "worker", actor: str = "run:test") -> UnitOfWork:
        """Transactions on a connection of their own."""
        unit = UnitOfWork(
            lambda: self.database.connect(f"retail_ops_{role}"), queries(SQL / "queries"), self.clock, actor=actor
        )
        self.open.callback(unit.close)
        return unit

    def worker(self) -> PostgresOrderStore:
        """A worker with a session of its own."""
        return PostgresOrderStore(self.unit(), self.keys)

    def gate(self) -> PostgresGateStore:
        return PostgresGateStore(self.unit("gate"))

    def desk(self, principal: str = "anna") -> Desk:
        return Desk(self.unit(actor=f"person:{principal}"), principal)

    def rows(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """What a statement of the owner returns."""
        with self.database.connect() as conn:
            return conn.execute(text, values).fetchall()

    def change(self, text: str, *values: object) -> int:
        """Carry out a statement of the owner; return how many rows it touched."""
        with self.database.connect() as conn:
            return conn.execute(text, values).rowcount

    def value(self, text: str, *values: object) -> Any:
        return self.rows(text, *values)[0][0]

    def received(self, *orders: Order, account: str = ACCOUNT) -> dict[str, StoredMessage]:
        """Receive orders as messages; return what waits to be mapped, by external id."""
        worker = self.worker()
        worker.receive(account, [message_of(order) for order in orders])
        return {message.external_id: message for message in worker.received(account, 1000)}

    def staged(self, *orders: Order, ignore: str | None = None) -> dict[str, int]:
        """Receive, map and stage orders; return the counters."""
        waiting = self.received(*orders)
        mapped = [Mapped(waiting[order.external_id], mapped_of(order), ignore) for order in orders]
        return dict(self.worker().stage(orders[0].account, mapped, OWNER))

    def failed(self, external_id: str, body: bytes = b"{", *, field_name: str = "id") -> StoredMessage:
        """Receive a message and stage it as one that fits no contract."""
        worker = self.worker()
        worker.receive(ACCOUNT, [RawMessage("order", external_id, NOW, body)])
        (stored,) = [m for m in worker.received(ACCOUNT, 1000) if m.external_id == external_id]
        error = MappingError("not_an_order", field_name, "no object")
        worker.stage(ACCOUNT, [Unmapped(stored, error)], OWNER)
        return stored

    def judged(self, *failing: int, outcome: str | None = None) -> dict[str, int]:
        """Judge every open batch; `failing` are the revisions that fail."""
        gate, counts = self.gate(), {}
        for batch in gate.open_batches(ACCOUNT):
            bad = [row.revision_id for row in batch.rows if row.revision_id in failing]
            said = outcome or ("quarantined" if bad else "passed")
            counts = dict(gate.record(ACCOUNT, batch, verdict(said, len(batch.rows), bad), OWNER))
        return counts

    def claimed(self, *orders: Order, limit: int = 50) -> tuple[PostgresOrderStore, list[Command]]:
        """Stage and pass orders, then claim what is due with a new worker."""
        if orders:
            self.staged(*orders)
            self.judged()
        worker = self.worker()
        return worker, list(worker.claim(ACCOUNT, limit))

    def revision_of(self, external_id: str) -> int:
        return self.value("SELECT newest_revision_id FROM ops.entity WHERE external_id = %s", external_id)

    def commands(self, external_id: str) -> list[tuple[str, str]]:
        """(action, status) of the commands of an entity, oldest first."""
        return self.rows("SELECT action, status FROM ops.outbox WHERE external_id = %s ORDER BY outbox_id", external_id)


def verdict(outcome: str, checked: int, failing: Sequence[int] = ()) -> Verdict:
    findings = [Finding("ORD-001", "bad_row", "lines[0]", row, "not so") for row in failing]
    if outcome == "blocked":
        findings.append(Finding("ORD-BAL", "imbalance", "total", None, "1 is not 2"))
    return Verdict(GATE, b"\x07" * 32, outcome, checked, tuple(findings))


def order(external_id: str = "1", *, at: int = 0, person: str = "ann", **changes: object) -> Order:
    """A balanced order of `person`; `at` is its version, in seconds."""
    buyer = Buyer(subject=pseudonym(person), customer=None, mail=None, company=None)
    return balanced_order(external_id, **{"updated_at": NOW + timedelta(seconds=at), "buyer": buyer, **changes})


def pseudonym(person: str) -> str:
    return person.encode().hex().ljust(32, "0")[:32]


def message_of(order: Order) -> RawMessage:
    body = json.dumps({"id": order.external_id, "body": order.model_dump(mode="json")}).encode()
    return RawMessage("order", order.external_id, order.updated_at, body)


def mapped_of(order: Order, personal: PersonalData | None = None) -> MappedOrder:
    return MappedOrder(order, personal or person_data("Ann Example"))


def person_data(name: str) -> PersonalData:
    address = Address(
        name=name, company=None, street="1 High Street", street2=None, city="Leeds", postcode="LS1 1AA", region=None,
        country="GB", phone=None,
    )  # fmt: skip
    return PersonalData(
        name=name, company=None, email="ann@example.com", phone=None, addresses={"delivery": address}, note=None
    )

"""What the order flow needs of the store. Implemented in `store/` on PostgreSQL.

Every method is one transaction that ends before it returns, its audit entries included: no transaction is ever open
across a call to the outside. All methods are safe to repeat and to run twice at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from retail_ops.contracts.errors import DataError
from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order
from retail_ops.contracts.personal import PersonalData
from retail_ops.ports.channel import MappedOrder, RawMessage
from retail_ops.ports.erp import SkuFact
from retail_ops.ports.gate import BatchTotals, Verdict

EntityState = Literal[
    "staged", "ignored", "quarantined", "quotation", "held", "review", "released", "cancelled", "conflict"
]
Action = Literal["order.publish", "order.confirm", "order.cancel"]
CaseClass = Literal["data", "gate", "mapping", "conflict", "routing", "poison"]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A received message, decrypted for mapping."""

    inbox_id: int
    external_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Mapped:
    """A message that fits the contract; `ignore` names why it goes no further (e.g. a test order)."""

    message: StoredMessage
    result: MappedOrder
    ignore: str | None = None


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A message that does not fit the contract."""

    message: StoredMessage
    error: DataError


@dataclass(frozen=True, slots=True)
class StagedRow:
    """One revision of an open batch."""

    revision_id: int
    order: Order


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that no gate has judged, with the totals counted while staging."""

    batch_id: int
    rows: tuple[StagedRow, ...]
    totals: BatchTotals


@dataclass(frozen=True, slots=True)
class Command:
    """A claimed outbox row, with all that is needed to carry it out.

    Attributes:
        attempt: The fence: a settlement with another attempt is refused.
        newest: No newer revision of the entity is staged.
        unread: A newer message came that is not mapped, or that fits no contract.
        released: The routing rules that a person let this revision past.
        published: What the ERP has of this entity, None when nothing was published.
        stale: A newer revision was already published: this one must not win.
    """

    outbox_id: int
    attempt: int
    crashes: int
    action: Action
    key: EntityKey
    revision_id: int
    order: Order
    personal: PersonalData | None
    newest: bool
    stale: bool
    published: Order | None
    state: EntityState
    reference: str | None
    unread: bool = False
    released: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to open; an open one of the same entity, code and field gets an event instead."""

    kind: CaseClass
    code: str
    field: str
    detail: str
    owner: str
    deadline_s: int
    value: Money | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A further command that this one causes, under the same revision and verdict."""

    action: Action
    delay_s: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a command.

    Attributes:
        status: `done`, `parked` (a case holds it), `deferred` (again after `delay_s`), `superseded`.
        state: New state of the entity, None to leave it.
        published: The revision of the command is now what the ERP has.
    """

    command: Command
    status: Literal["done", "parked", "deferred", "superseded"]
    state: EntityState | None = None
    reason: str = ""
    published: bool = False
    reference: str | None = None
    delay_s: float = 0.0
    follow: tuple[FollowUp, ...] = ()
    case: NewCase | None = None
    receipt: Mapping[str, object] = field(default_factory=dict)


class OrderStore(Protocol):
    """The record of the order flow, through the worker's role."""

    def position(self, account: str, stream: str) -> datetime | None:
        """Return the cursor, None when the stream was never read."""
        ...

    def receive(self, account: str, messages: Sequence[RawMessage]) -> int:
        """Keep messages durably and encrypted; return how many were new."""
        ...

    def advance(self, account: str, stream: str, position_at: datetime) -> None:
        """Move the cursor forward; a position behind it is ignored."""
        ...

    def received(self, account: str, limit: int) -> Sequence[StoredMessage]:
        """Return messages that are not mapped yet, oldest first."""
        ...

    def stage(self, account: str, results: Sequence[Mapped | Unmapped], owner: str) -> Mapping[str, int]:
        """Turn mapping results into revisions, one batch, waiting commands and cases; return counters."""
        ...

    def known_skus(self, scope: str, skus: Sequence[str]) -> frozenset[str]:
        """Return which of `skus` the cached map of the ERP `scope` knows."""
        ...

    def remember_skus(self, scope: str, facts: Sequence[SkuFact]) -> None:
        """Add what the ERP said to the cached map."""
        ...

    def claim(self, account: str, limit: int) -> Sequence[Command]:
        """Claim due commands for this worker, at most one an entity, dead workers' commands included."""
        ...

    def settle(self, settlements: Sequence[Settlement]) -> Mapping[str, int]:
        """Record what became of claimed commands; those of a fenced-off attempt are left alone and counted."""
        ...

    def give_back(self, commands: Sequence[Command], reason: str) -> None:
        """Return claimed commands untouched: the lane stops for a reason that is not theirs."""
        ...

    def due(self, account: str) -> str | None:
        """Return a signature of the work that is due now, None when there is none."""
        ...


class GateStore(Protocol):
    """The record of verdicts, through the gate's own role."""

    def open_batches(self, account: str) -> Sequence[OpenBatch]:
        """Return the batches of `account` that no gate has judged, oldest first."""
        ...

    def record(self, account: str, batch: OpenBatch, verdict: Verdict, owner: str) -> Mapping[str, int]:
        """Store the verdict, open the gate for the rows that passed, quarantine the others into cases.

        Idempotent: a batch that is already judged is left alone.
        """
        ...

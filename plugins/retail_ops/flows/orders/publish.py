"""Publish: claimed commands become documents in the ERP; the routing table decides what becomes of each.

One pass claims a batch, carries it out in the order of its kinds and settles it; follow-ups are claimed by the next
pass. Nothing here remembers anything: killed at any instruction, the next run claims what is not settled and repeats
calls that the ERP makes idempotent.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from retail_ops.contracts.errors import (
    AmbiguousError,
    AuthorisationError,
    ConfigurationError,
    RetailOpsError,
    ThrottledError,
    TransientError,
)
from retail_ops.contracts.order import Order
from retail_ops.contracts.personal import PersonalData
from retail_ops.flows.orders.facts import facts, is_cancelled, same_document, wanted_units
from retail_ops.flows.orders.outcomes import Outcomes
from retail_ops.governance.routing import Decision, Routing, decide
from retail_ops.ports.clock import Clock
from retail_ops.ports.erp import OrderDocument, OrderErp, Problem, WriteResult
from retail_ops.ports.store import Command, OrderStore, Settlement

BATCH = 50
POISON_CRASHES = 5
ERASED = PersonalData(name=None, company=None, email=None, phone=None, addresses={}, note=None)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublishFlow:
    """Drains the outbox of one account.

    Attributes:
        velocity: Orders of the same buyer in the last day; the hook of the velocity rule, None where nobody counts.
    """

    account: str
    erp: OrderErp
    store: OrderStore
    routing: Routing
    clock: Clock
    velocity: Callable[[Order], int | None] = lambda _order: None

    def run(self) -> Mapping[str, int]:
        """Carry out every due command; return counters.

        Raises:
            TransientError: Every command of a batch was deferred: the ERP is away. What was due stays due.
            AuthorisationError, ConfigurationError: The lane must stop; its commands were given back.

        Idempotent: see the module.
        """
        counts: Counter[str] = Counter()
        while commands := self.store.claim(self.account, BATCH):
            settlements = self._carry_out(commands)
            counts.update(self.store.settle(settlements))
            counts.update(Counter(command.action for command in commands))
            if all(settlement.status == "deferred" and settlement.state is None for settlement in settlements):
                raise TransientError(f"{self.account}: the ERP took none of {len(commands)} commands; they stay due")
        log.info("published account=%s %s", self.account, dict(counts))
        return dict(counts)

    def _carry_out(self, commands: Sequence[Command]) -> Sequence[Settlement]:
        try:
            return self._dispatch(commands)
        except (AuthorisationError, ConfigurationError) as error:
            self.store.give_back(commands, type(error).__name__)
            raise
        except (TransientError, ThrottledError, AmbiguousError) as error:
            return [self._outcomes.deferred(command, _deferral(command, error)) for command in commands]

    def _dispatch(self, commands: Sequence[Command]) -> Sequence[Settlement]:
        settlements: list[Settlement] = []
        live: list[Command] = []
        for command in commands:
            early = self._settle_early(command)
            if early is None:
                live.append(command)
            else:
                settlements.append(early)
        publishes = [command for command in live if command.action == "order.publish"]
        settlements += self._place([command for command in publishes if command.reference is None])
        settlements += [self._revise(command) for command in publishes if command.reference is not None]
        settlements += self._confirm([command for command in live if command.action == "order.confirm"])
        settlements += self._cancel([command for command in live if command.action == "order.cancel"])
        return settlements

    def _settle_early(self, command: Command) -> Settlement | None:
        """Return what needs no call to the ERP."""
        if command.crashes >= POISON_CRASHES:
            return self._outcomes.poison(command)
        overtaken = command.action != "order.publish" and not command.newest
        if command.stale or overtaken:
            return Settlement(command, "superseded", reason="a newer revision leads")
        if command.action == "order.publish" and command.reference is None and is_cancelled(command.order):
            return Settlement(command, "done", "cancelled", "cancelled_before_publication", published=True)
        return None

    def _place(self, commands: Sequence[Command]) -> list[Settlement]:
        if not commands:
            return []
        results = self.erp.place_orders([_document(command) for command in commands])
        placed = [command for command, result in zip(commands, results, strict=True) if result.outcome == "applied"]
        decisions = self._decide(placed)
        return [
            self._outcomes.decided(command, decisions[command.outbox_id], result)
            if result.outcome == "applied"
            else self._not_applied(command, result)
            for command, result in zip(commands, results, strict=True)
        ]

    def _not_applied(self, command: Command, result: WriteResult) -> Settlement:
        if result.outcome == "deferred":
            return self._outcomes.deferred(command, result)
        return self._outcomes.refused(command, "place", result)

    def _revise(self, command: Command) -> Settlement:
        """Bring an order that stands in the ERP to a newer revision."""
        wants_nothing = is_cancelled(command.order)
        if command.state == "cancelled" and not wants_nothing:
            return self._outcomes.conflict(command, "changed_after_cancel", "the order was cancelled, and now changes")
        amended = WriteResult(command.key, "applied", command.reference, receipt={"amended": False})
        if not wants_nothing and not self._unchanged(command):
            amended = self.erp.amend_order(_document(command))
            if amended.outcome == "deferred":
                return self._outcomes.deferred(command, amended)
            if amended.outcome == "rejected":
                return self._outcomes.refused(command, "amend", amended)
        if command.state in {"released", "cancelled"} and (wants_nothing == (command.state == "cancelled")):
            return Settlement(
                command, "done", command.state, "follows the channel", published=True, receipt=amended.receipt
            )
        return self._outcomes.decided(command, self._decide([command])[command.outbox_id], amended)

    def _unchanged(self, command: Command) -> bool:
        return command.published is not None and same_document(command.published, command.order)

    def _confirm(self, commands: Sequence[Command]) -> list[Settlement]:
        decisions = self._decide(commands)
        go = [command for command in commands if decisions[command.outbox_id].verb == "release"]
        settlements = [self._outcomes.redecided(c, decisions[c.outbox_id]) for c in commands if c not in go]
        if not go:
            return settlements
        for command, result in zip(go, self.erp.confirm_orders([c.order for c in go]), strict=True):
            if result.outcome == "applied":
                settlements.append(Settlement(command, "done", "released", "released", receipt=result.receipt))
            elif result.outcome == "deferred":
                settlements.append(self._outcomes.deferred(command, result))
            else:
                settlements.append(self._outcomes.refused(command, "confirm", result))
        return settlements

    def _cancel(self, commands: Sequence[Command]) -> list[Settlement]:
        if not commands:
            return []
        settlements = []
        for command, result in zip(commands, self.erp.cancel_orders([c.order for c in commands]), strict=True):
            if result.outcome == "applied":
                settlements.append(Settlement(command, "done", "cancelled", "cancelled", receipt=result.receipt))
            elif result.outcome == "deferred":
                settlements.append(self._outcomes.deferred(command, result))
            else:
                settlements.append(self._outcomes.refused(command, "cancel", result))
        return settlements

    def _decide(self, commands: Sequence[Command]) -> Mapping[int, Decision]:
        """Decide each order on its own facts; the free stock of all of them is read in one call."""
        skus = sorted({sku for command in commands for sku in wanted_units(command.order)})
        free = self.erp.free_units(skus) if skus else {}
        return {
            command.outbox_id: decide(
                self.routing,
                facts(command.order, free, newer_version=not command.newest, velocity=self.velocity(command.order)),
            )
            for command in commands
        }

    @property
    def _outcomes(self) -> Outcomes:
        return Outcomes(self.routing)


def _document(command: Command) -> OrderDocument:
    """Return the order with its personal data; an erased person's order is published without any."""
    return OrderDocument(command.order, command.personal or ERASED)


def _deferral(command: Command, error: RetailOpsError) -> WriteResult:
    wait = error.retry_after_s if isinstance(error, ThrottledError) else 0.0
    return WriteResult(
        command.key, "deferred", problem=Problem(type(error).__name__, "", str(error)), retry_after_s=wait
    )

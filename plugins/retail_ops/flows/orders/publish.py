"""Publish: claimed commands become documents in the ERP; the routing table decides what becomes of each.

One pass claims a batch, carries it out in the order of its kinds and settles it; follow-ups are claimed by the next
pass. Nothing here remembers anything: killed at any instruction, the next run claims what is not settled and repeats
calls that the ERP makes idempotent. What the ERP has is read there and never inferred from the store: a run that died,
or an answer that was lost, may have brought an order further than the store knows, and people work in the ERP too.
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
from retail_ops.flows.orders.facts import facts, is_cancelled, wanted_units
from retail_ops.flows.orders.outcomes import Outcomes
from retail_ops.governance.routing import Decision, Routing, Step, decide
from retail_ops.ports.clock import Clock
from retail_ops.ports.erp import ErpOrder, OrderDocument, OrderErp, Problem, WriteResult
from retail_ops.ports.store import Command, OrderStore, Settlement

BATCH = 50
SUSPECT_CRASHES, POISON_CRASHES = 2, 5
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
        while commands := self._claim():
            settlements = self._carry_out(commands)
            counts.update(self.store.settle(settlements))
            counts.update(Counter(command.action for command in commands))
            if _is_away(settlements):
                raise TransientError(f"{self.account}: the ERP took none of {len(commands)} commands; they stay due")
        log.info("published account=%s %s", self.account, dict(counts))
        return dict(counts)

    def _claim(self) -> Sequence[Command]:
        """Claim a batch. A command that workers died with goes alone: if it killed them, it takes nobody with it."""
        commands = self.store.claim(self.account, BATCH)
        suspect = next((command for command in commands if command.crashes >= SUSPECT_CRASHES), None)
        if suspect is None:
            return commands
        self.store.give_back([command for command in commands if command is not suspect], "a suspect goes alone")
        return [suspect]

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
        settlements += self._publish([command for command in live if command.action == "order.publish"])
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
        return None

    def _publish(self, commands: Sequence[Command]) -> list[Settlement]:
        """Place what the ERP does not have, revise what it has."""
        if not commands:
            return []
        found = self.erp.read_orders([command.key for command in commands])
        settlements, new = [], []
        for command in commands:
            if command.key in found or command.reference is not None:
                settlements.append(self._revise(command, found.get(command.key)))
            elif is_cancelled(command.order):
                settlements.append(_never_placed(command))
            else:
                new.append(command)
        return settlements + self._place(new)

    def _place(self, commands: Sequence[Command]) -> list[Settlement]:
        if not commands:
            return []
        results = self.erp.place_orders([_document(command) for command in commands])
        placed = [command for command, result in zip(commands, results, strict=True) if result.outcome == "applied"]
        decisions = self._decide(placed)
        return [
            self._outcomes.decided(command, decisions[command.outbox_id], result)
            if result.outcome == "applied"
            else self._not_applied(command, "place", result)
            for command, result in zip(commands, results, strict=True)
        ]

    def _not_applied(self, command: Command, step: Step, result: WriteResult) -> Settlement:
        if result.outcome == "deferred":
            return self._outcomes.deferred(command, result)
        return self._outcomes.refused(command, step, result)

    def _revise(self, command: Command, found: ErpOrder | None) -> Settlement:
        """Bring an order that stands in the ERP to a revision; `found` is None when somebody deleted it there."""
        wants_nothing = is_cancelled(command.order)
        state = None if found is None else found.state
        if wants_nothing and found is not None and state == "cancelled":
            return Settlement(command, "done", "cancelled", "cancelled", published=True, reference=found.reference)
        if state == "cancelled":
            detail = "the order is cancelled in the ERP, and the channel still wants it"
            return self._outcomes.conflict(command, "changed_after_cancel", detail)
        result = WriteResult(command.key, "applied", command.reference if found is None else found.reference)
        if not wants_nothing:
            result = self.erp.amend_order(_document(command))
            if result.outcome != "applied":
                return self._not_applied(command, "amend", result)
        if state == "confirmed" and not wants_nothing:
            return self._outcomes.followed(command, result)
        return self._outcomes.decided(command, self._decide([command])[command.outbox_id], result)

    def _confirm(self, commands: Sequence[Command]) -> list[Settlement]:
        if not commands:
            return []
        decisions = self._decide(commands)
        held = [command for command in commands if decisions[command.outbox_id].verb != "release"]
        # Decided against, but already confirmed: by a run that died, whose own reservation now makes the stock short,
        # or by a person in the ERP.
        found = self.erp.read_orders([command.key for command in held]) if held else {}
        confirmed = {key for key, order in found.items() if order.state == "confirmed"}
        stay = {command.outbox_id for command in held if command.key not in confirmed}
        settlements = [self._outcomes.redecided(c, decisions[c.outbox_id]) for c in commands if c.outbox_id in stay]
        go = [command for command in commands if command.outbox_id not in stay]
        if not go:
            return settlements
        for command, result in zip(go, self.erp.confirm_orders([c.order for c in go]), strict=True):
            if result.outcome == "applied":
                settlements.append(Settlement(command, "done", "released", "released", receipt=result.receipt))
            else:
                settlements.append(self._not_applied(command, "confirm", result))
        return settlements

    def _cancel(self, commands: Sequence[Command]) -> list[Settlement]:
        if not commands:
            return []
        settlements = []
        for command, result in zip(commands, self.erp.cancel_orders([c.order for c in commands]), strict=True):
            if result.outcome == "applied":
                settlements.append(Settlement(command, "done", "cancelled", "cancelled", receipt=result.receipt))
            else:
                settlements.append(self._not_applied(command, "cancel", result))
        return settlements

    def _decide(self, commands: Sequence[Command]) -> Mapping[int, Decision]:
        """Decide each order on its own facts, in the order of `commands`.

        The free stock of all is read in one call; what is released is no longer free for those behind it.
        """
        skus = sorted({sku for command in commands for sku in wanted_units(command.order)})
        free = dict(self.erp.free_units(skus)) if skus else {}
        decisions: dict[int, Decision] = {}
        for command in commands:
            newer = command.unread or not command.newest
            known = facts(command.order, free, newer_version=newer, velocity=self.velocity(command.order))
            decision = decisions[command.outbox_id] = decide(self.routing, known, command.released)
            if decision.verb == "release":
                taken = wanted_units(command.order)
                free = {sku: units - taken.get(sku, 0) for sku, units in free.items()}
        return decisions

    @property
    def _outcomes(self) -> Outcomes:
        return Outcomes(self.routing)


def _document(command: Command) -> OrderDocument:
    """Return the order with its personal data; an erased person's order is published without any."""
    return OrderDocument(command.order, command.personal or ERASED)


def _never_placed(command: Command) -> Settlement:
    return Settlement(command, "done", "cancelled", "cancelled_before_publication", published=True)


def _is_away(settlements: Sequence[Settlement]) -> bool:
    """Return whether the ERP took nothing: all that needed it is to be tried again, and not because of its data."""
    tried = [settlement for settlement in settlements if settlement.status != "superseded"]
    untaken = [s for s in tried if s.status == "deferred" and s.state is None and s.case is None]
    return bool(tried) and len(untaken) == len(tried)


def _deferral(command: Command, error: RetailOpsError) -> WriteResult:
    wait = error.retry_after_s if isinstance(error, ThrottledError) else 0.0
    return WriteResult(
        command.key, "deferred", problem=Problem(type(error).__name__, "", str(error)), retry_after_s=wait
    )

"""From what happened to what is recorded: decisions and refusals become settlements. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from retail_ops.governance.routing import Decision, Routing, Step
from retail_ops.ports.erp import Problem, WriteResult
from retail_ops.ports.store import CaseClass, Command, EntityState, FollowUp, NewCase, Settlement

BACKOFF_S = (5, 15, 45, 120, 300, 600)
# Both sides are right by themselves and do not fit together.
_CONFLICTS = frozenset({"already_processed", "cancelled", "changed_after_cancel", "locked"})
# The ERP or its mapping lacks something; mended there, the same command goes through.
_MAPPING = frozenset({"unknown_country", "unknown_sku", "unmapped_currency", "unmapped_product", "unmapped_tax"})


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Turns decisions and write results into settlements, by the routing file."""

    routing: Routing

    def decided(self, command: Command, decision: Decision, result: WriteResult) -> Settlement:
        """Settle a publish whose document stands in the ERP: what happens next is a follow-up or a case."""
        follow, state, case = self._next(command, decision)
        return Settlement(
            command=command,
            status="done",
            state=state,
            reason=decision.rule,
            published=True,
            reference=result.reference,
            follow=follow,
            case=case,
            receipt={**result.receipt, "decision": decision.verb, "rule": decision.rule},
        )

    def followed(self, command: Command, result: WriteResult) -> Settlement:
        """Settle a publish of an order that is released: the commit point lies behind it, it follows the channel."""
        return Settlement(
            command,
            "done",
            "released",
            "follows the channel",
            published=True,
            reference=result.reference,
            receipt=result.receipt,
        )

    def redecided(self, command: Command, decision: Decision) -> Settlement:
        """Settle a confirmation that is not to be: the order was decided again right before it."""
        if decision.verb == "hold" and decision.recheck_s is not None:
            return Settlement(command, "deferred", "held", decision.rule, delay_s=decision.recheck_s)
        follow, state, case = self._next(command, decision)
        receipt = {"decision": decision.verb, "rule": decision.rule}
        return Settlement(command, "done", state, decision.rule, follow=follow, case=case, receipt=receipt)

    def refused(self, command: Command, step: Step, result: WriteResult) -> Settlement:
        """Settle a write that the ERP refused: hold, cancel, review or retry, as the routing file says."""
        problem = result.problem or Problem("refused", "", "the ERP refused without a reason")
        verb = self.routing.on_failure(step, problem.code)
        conflict = problem.code in _CONFLICTS
        kind: CaseClass = "conflict" if conflict else "mapping" if problem.code in _MAPPING else "data"
        case = self._case(command, kind, problem, self.routing.case_hours[verb])
        if verb == "retry":
            retry_s = self.routing.steps[step].retry_s
            return Settlement(
                command, "deferred", None, problem.code, delay_s=retry_s, case=case, receipt=result.receipt
            )
        state: EntityState = "conflict" if conflict else "held" if verb == "hold" else "review"
        follow = (FollowUp("order.cancel"),) if verb == "cancel" and command.reference is not None else ()
        if verb == "cancel" and not follow:
            return Settlement(command, "done", "cancelled", problem.code, case=case, receipt=result.receipt)
        return Settlement(command, "parked", state, problem.code, follow=follow, case=case, receipt=result.receipt)

    def deferred(self, command: Command, result: WriteResult) -> Settlement:
        """Settle a write whose outcome is unknown or that could not be made: the same idempotent call, later."""
        delay = max(result.retry_after_s, BACKOFF_S[min(command.attempt, len(BACKOFF_S)) - 1])
        reason = result.problem.code if result.problem else "deferred"
        return Settlement(command, "deferred", None, reason, delay_s=delay)

    def conflict(self, command: Command, code: str, detail: str) -> Settlement:
        """Settle a revision that contradicts what is already done: a person has to look."""
        problem = Problem(code, "", detail)
        case = self._case(command, "conflict", problem, self.routing.case_hours["review"])
        return Settlement(command, "parked", "conflict", code, case=case)

    def poison(self, command: Command) -> Settlement:
        """Settle a command that has killed its worker too often."""
        problem = Problem("poison", "", f"the worker died {command.crashes} times while carrying this command out")
        case = self._case(command, "poison", problem, self.routing.case_hours["review"])
        return Settlement(command, "parked", "review", "poison", case=case)

    def _next(
        self, command: Command, decision: Decision
    ) -> tuple[tuple[FollowUp, ...], EntityState | None, NewCase | None]:
        if decision.verb == "release":
            return (FollowUp("order.confirm"),), "quotation", None
        if decision.verb == "cancel":
            # It may be confirmed: its state changes when it is cancelled, not when that is decided.
            return (FollowUp("order.cancel"),), None, None
        if decision.verb == "review":
            problem = Problem(decision.rule, "", f"routing rule {decision.rule} asks for a decision")
            return (), "review", self._case(command, "routing", problem, self.routing.case_hours["review"])
        again = () if decision.recheck_s is None else (FollowUp("order.confirm", decision.recheck_s),)
        return again, "held", None

    def _case(self, command: Command, kind: CaseClass, problem: Problem, hours: int) -> NewCase:
        value = problem.difference or command.order.totals.total.presentment
        owner = self.routing.owner_of(problem.code)
        return NewCase(kind, problem.code, problem.field, problem.detail, owner, hours * 3600, value)

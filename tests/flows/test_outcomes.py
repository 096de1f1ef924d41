"""From decisions and refusals to what is recorded."""

import pytest

from flows.fakes import ROUTING, UK, command, paid_order
from retail_ops.flows.orders.outcomes import BACKOFF_S, Outcomes
from retail_ops.governance.routing import Decision, Failure
from retail_ops.ports.erp import Problem, WriteResult
from retail_ops.ports.store import FollowUp

OUTCOMES = Outcomes(ROUTING)
ORDER = paid_order()
COMMAND = command(ORDER)
PLACED = WriteResult(COMMAND.key, "applied", reference="7", receipt={"total": 1000})


def refusal(code: str, **more: object) -> WriteResult:
    return WriteResult(COMMAND.key, "rejected", problem=Problem(code, "lines[0]", "why", **more), receipt={"seen": 1})


@pytest.mark.parametrize(
    ("decision", "state", "follow"),
    [
        (Decision("release", "r"), "quotation", (FollowUp("order.confirm"),)),
        (Decision("cancel", "r"), None, (FollowUp("order.cancel"),)),
        (Decision("hold", "r"), "held", ()),
        (Decision("hold", "r", 300), "held", (FollowUp("order.confirm", 300),)),
        (Decision("review", "r"), "review", ()),
    ],
)
def test_every_decision_of_a_published_order(decision, state, follow):
    settlement = OUTCOMES.decided(COMMAND, decision, PLACED)
    assert (settlement.status, settlement.published, settlement.reference) == ("done", True, "7")
    assert (settlement.state, settlement.reason, settlement.follow) == (state, "r", follow)
    assert settlement.receipt == {"total": 1000, "decision": decision.verb, "rule": "r"}
    assert (settlement.case is not None) == (decision.verb == "review")


@pytest.mark.parametrize(
    ("decision", "status", "state", "delay_s"),
    [
        (Decision("hold", "r", 300), "deferred", "held", 300),
        (Decision("hold", "r"), "done", "held", 0),
        (Decision("review", "r"), "done", "review", 0),
        (Decision("cancel", "r"), "done", None, 0),
    ],
)
def test_a_confirmation_that_is_not_to_be(decision, status, state, delay_s):
    settlement = OUTCOMES.redecided(COMMAND, decision)
    assert (settlement.status, settlement.state, settlement.delay_s) == (status, state, delay_s)
    assert settlement.published is False


def test_a_review_has_an_owner_a_deadline_and_the_money_at_stake():
    case = OUTCOMES.decided(COMMAND, Decision("review", "high_risk"), PLACED).case
    assert case is not None
    assert (case.kind, case.code, case.owner, case.deadline_s) == ("routing", "high_risk", "order-desk", 4 * 3600)
    assert case.value == ORDER.totals.total.presentment


@pytest.mark.parametrize(
    ("step", "code", "kind", "state", "owner"),
    [
        ("place", "unmapped_tax", "mapping", "held", "order-desk"),
        ("place", "tax_difference", "data", "held", "order-desk"),
        ("place", "unmapped_product", "mapping", "held", "erp-team"),
        ("place", "unmapped_currency", "mapping", "held", "erp-team"),
        ("place", "unknown_country", "mapping", "held", "erp-team"),
        ("place", "unknown_sku", "mapping", "held", "order-desk"),
        ("place", "odoo_refused", "data", "review", "order-desk"),
        ("place", "total_differs", "data", "review", "finance-team"),
        ("amend", "unmapped_tax", "mapping", "held", "order-desk"),
        ("amend", "already_processed", "conflict", "conflict", "order-desk"),
        ("amend", "locked", "conflict", "conflict", "order-desk"),
        ("confirm", "cancelled", "conflict", "conflict", "order-desk"),
        ("confirm", "odoo_refused", "data", "review", "order-desk"),
        ("cancel", "already_processed", "conflict", "conflict", "order-desk"),
        ("cancel", "never_heard_of", "data", "review", "order-desk"),
    ],
)
def test_a_refusal_goes_to_its_owner(step, code, kind, state, owner):
    settlement = OUTCOMES.refused(COMMAND, step, refusal(code))
    assert (settlement.status, settlement.state, settlement.reason) == ("parked", state, code)
    assert (settlement.published, settlement.receipt) == (False, {"seen": 1})
    case = settlement.case
    assert case is not None
    assert (case.kind, case.code, case.field, case.owner) == (kind, code, "lines[0]", owner)


def test_the_difference_is_what_is_at_stake():
    difference = UK.pair(3).presentment
    case = OUTCOMES.refused(COMMAND, "place", refusal("tax_difference", difference=difference)).case
    assert case is not None
    assert case.value == difference


def test_a_refusal_without_a_reason_is_reviewed():
    settlement = OUTCOMES.refused(COMMAND, "place", WriteResult(COMMAND.key, "rejected"))
    assert (settlement.state, settlement.reason) == ("review", "refused")


@pytest.mark.parametrize(
    ("reference", "status", "state", "follow"),
    [(None, "done", "cancelled", ()), ("7", "parked", "review", (FollowUp("order.cancel"),))],
)
def test_a_step_that_cancels_on_failure_cancels_what_is_there(reference, status, state, follow):
    routing = ROUTING.model_copy(update={"steps": {**ROUTING.steps, "confirm": Failure(otherwise="cancel")}})
    settlement = Outcomes(routing).refused(command(ORDER, reference=reference), "confirm", refusal("odd"))
    assert (settlement.status, settlement.state, settlement.follow) == (status, state, follow)
    assert settlement.case is not None


@pytest.mark.parametrize(("attempt", "wait"), [*enumerate(BACKOFF_S, start=1), (7, 600), (99, 600)])
def test_each_attempt_waits_longer_up_to_a_limit(attempt, wait):
    result = WriteResult(COMMAND.key, "deferred", problem=Problem("deferred", "", "away"))
    settlement = OUTCOMES.deferred(command(ORDER, attempt=attempt), result)
    assert (settlement.status, settlement.state, settlement.delay_s) == ("deferred", None, wait)


def test_a_far_side_that_says_how_long_is_believed_when_it_is_longer():
    result = WriteResult(COMMAND.key, "deferred", retry_after_s=99.5)
    assert OUTCOMES.deferred(COMMAND, result).delay_s == 99.5
    assert OUTCOMES.deferred(command(ORDER, attempt=5), result).delay_s == 300

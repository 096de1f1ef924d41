"""A run of a flow may die at any moment: the next run ends where a clean run ends."""

import pytest

from crash.harness import Tally, pairs, sample
from crash.registered import FOLLOWED, ROUNDS

SEED = 20_261_001
SAMPLE, TWICE, MEANWHILE = 20, 6, 10
each_round = pytest.mark.parametrize(("flow", "number"), ROUNDS)


@each_round
def test_a_clean_run_leaves_nothing_wrong_and_no_transaction_open_across_a_call(prove, flow, number):
    assert prove(flow).clean(number).violations == ()


@each_round
def test_a_sample_of_all_crashes_leaves_nothing_wrong(prove, flow, number, tell):
    proof = prove(flow)
    points = sample(SAMPLE, len(proof.clean(number).boundaries), seed=SEED)
    tally = proof.crash_each(number, points, title=f"{flow} round {number + 1}, sample", seed=SEED)
    tell(tally)
    assert not tally.bad, str(tally)
    assert len([point for point in tally.points if point.died]) >= SAMPLE - 2


@each_round
def test_a_restart_that_dies_too_leaves_nothing_wrong(prove, flow, number, tell):
    proof = prove(flow)
    tally = Tally(f"{flow} round {number + 1}, two crashes", len(proof.clean(number).boundaries), SEED)
    tally.points += [proof.crash(number, *pair) for pair in pairs(TWICE, tally.boundaries, seed=SEED)]
    tell(tally)
    assert not tally.bad, str(tally)


@pytest.mark.parametrize(("flow", "number"), FOLLOWED)
def test_a_crash_while_the_outside_goes_on_leaves_nothing_wrong(prove, flow, number, tell):
    proof = prove(flow)
    points = sample(MEANWHILE, len(proof.clean(number).boundaries), seed=SEED)
    tally = Tally(f"{flow} round {number + 1}, outside goes on, sample", len(proof.clean(number).boundaries), SEED)
    tally.points += [proof.crash_while_the_outside_goes_on(number, at) for at in points]
    tell(tally)
    assert not tally.bad, str(tally)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize(("flow", "number"), FOLLOWED)
def test_no_crash_while_the_outside_goes_on_leaves_anything_wrong(prove, flow, number, tell):
    proof = prove(flow)
    tally = Tally(f"{flow} round {number + 1}, outside goes on, every point", len(proof.clean(number).boundaries))
    tally.points += [proof.crash_while_the_outside_goes_on(number, at) for at in range(1, tally.boundaries + 1)]
    tell(tally)
    assert not tally.bad, str(tally)


@pytest.mark.soak
@pytest.mark.timeout(0)
@each_round
def test_no_crash_at_all_leaves_anything_wrong(prove, flow, number, tell):
    tally = prove(flow).crash_everywhere(number, title=f"{flow} round {number + 1}, every point")
    tell(tally)
    assert not tally.bad, str(tally)
    assert len(tally.points) >= tally.boundaries - 2


def test_the_orders_of_a_clean_run_meet_the_fates_they_should(orders):
    """The proof compares with a clean run, so a clean run has to be what it should be."""
    fates = [sorted(state for state, _ in orders.clean(number).outcome["entities"].values()) for number in (0, 1)]
    assert fates[0] == ["cancelled", "held", "quarantined", "released", "released", "released"]
    assert fates[1] == ["cancelled", "cancelled", "quarantined", "released", "released", "released"]


def test_the_watch_sees_every_library_role_and_kind_of_moment(orders):
    """A proof that has gone blind must not pass."""
    seen = " | ".join(orders.clean(0).boundaries)
    for moment in (
        "before http POST /jsonrpc sale.order.load",
        "sent http POST /jsonrpc sale.order.load",
        "after http POST /jsonrpc sale.order.action_confirm",
        "sent http POST /admin/api/2026-10/graphql.json",
        "before statement [retail_ops_worker] INSERT INTO ops.inbox_message",
        "after statement [retail_ops_worker] SELECT ops.audit_append",
        "after statement [retail_ops_gate] INSERT INTO ops.verdict",
        "before commit [retail_ops_worker]",
        "after commit [retail_ops_gate]",
        "after rollback [retail_ops_worker]",
    ):
        assert moment in seen

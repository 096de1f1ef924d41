"""The proof itself under proof: each broken variant looks right in a clean run, and a crash brings it to light."""

import random

import pytest

from crash import broken
from crash.harness import Proof, Tally, where

SEED = 20_261_002
DOUBLED, LOST = {("doubled", "stand-ins"), ("doubled", "verify")}, {("lost", "stand-ins"), ("lost", "verify")}
AUDIT, STUCK = {("audit", "trail")}, {("stuck", "store")}
CONTROLS = [
    pytest.param(broken.create_without_looking, "sale.order.create", DOUBLED, id="no look-up"),
    pytest.param(broken.acknowledge_before_sending, "sale.order.load", LOST, id="done before sent"),
    pytest.param(broken.advance_before_keeping, " commit ", LOST, id="cursor first"),
    pytest.param(broken.write_the_entry_first, " commit ", AUDIT, id="entry without its change"),
    pytest.param(broken.write_the_entry_later, " commit ", AUDIT, id="change without its entry"),
    pytest.param(broken.believe_everybody_alive, "sale.order.", STUCK, id="dead workers keep their commands"),
]


@pytest.mark.parametrize(("breaks", "among", "expected"), CONTROLS)
def test_a_broken_variant_passes_a_clean_run_and_is_caught_by_a_crash(
    orders: Proof, breaks, among, expected, monkeypatch, tell, request
):
    breaks(monkeypatch)
    clean = orders.run_clean(0)
    assert clean.violations == ()
    points = list(where(clean, lambda name: among in name))
    random.Random(SEED).shuffle(points)
    tally, seen = Tally(f"control {request.node.callspec.id!r}", len(clean.boundaries), SEED), set()
    for at in points:
        tally.points.append(orders.crash(0, at, clean=clean))
        seen |= {(violation.kind, violation.view) for violation in tally.points[-1].violations}
        if expected <= seen:
            break
    tell(f"{str(tally).splitlines()[0]}: caught as {sorted(expected)}")
    assert expected <= seen, str(tally)


def test_a_cancellation_that_does_not_look_into_the_erp_is_caught_when_a_run_died_before_it(orders, monkeypatch, tell):
    broken.cancel_without_looking(monkeypatch)
    clean = orders.run_clean(0)
    assert clean.violations == ()
    at = next(where(clean, lambda name: name == "after http POST /jsonrpc sale.order.load"))
    point = orders.crash_while_the_outside_goes_on(0, at)
    tell(f"control 'cancelled without a look': {point}")
    assert ("wrong", "stand-ins") in {(violation.kind, violation.view) for violation in point.violations}

"""The proof itself under proof: each broken variant looks right in a clean run, and a crash brings it to light."""

import random

import pytest
from crash import broken
from crash.harness import Proof, Tally, where

SEED = 20_261_002
CONTROLS = [
    pytest.param(broken.create_without_looking, "http", {("doubled", "stand-ins"), ("doubled", "verify")}, id="no look-up"),
    pytest.param(broken.acknowledge_before_sending, "http", {("lost", "stand-ins"), ("lost", "verify")}, id="done before sent"),
    pytest.param(broken.advance_before_keeping, "commit", {("lost", "stand-ins"), ("lost", "verify")}, id="cursor first"),
    pytest.param(broken.write_the_entry_first, "commit", {("audit", "trail")}, id="entry without its change"),
    pytest.param(broken.write_the_entry_later, "commit", {("audit", "trail")}, id="change without its entry"),
    pytest.param(broken.believe_everybody_alive, "http", {("stuck", "store")}, id="dead workers keep their commands"),
]  # fmt: skip


@pytest.mark.parametrize(("breaks", "kind", "expected"), CONTROLS)
def test_a_broken_variant_passes_a_clean_run_and_is_caught_by_a_crash(
    orders: Proof, breaks, kind, expected, monkeypatch, tell, request
):
    breaks(monkeypatch)
    clean = orders.run_clean(0)
    assert clean.violations == ()
    points = list(where(clean, lambda name: f" {kind} " in name))
    random.Random(SEED).shuffle(points)
    tally, seen = Tally(f"control {request.node.callspec.id!r}", len(clean.boundaries), SEED), set()
    for at in points:
        tally.points.append(orders.crash(0, at, clean=clean))
        seen |= {(violation.kind, violation.view) for violation in tally.points[-1].violations}
        if expected <= seen:
            break
    tell(f"{str(tally).splitlines()[0]}: caught as {sorted(expected)}")
    assert expected <= seen, str(tally)

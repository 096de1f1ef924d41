"""Our own COMMIT may have an unknown outcome: the connection breaks around it, and the run cannot know which it was."""

import random

import pytest

from crash.faults import cut_connection
from crash.harness import Proof, Tally, where
from crash.registered import ROUNDS

SEED = 20_261_003
SAMPLE = 8


def cut_each(proof: Proof, number: int, points: list[int], title: str) -> Tally:
    server = proof.snapshots[number].server
    tally = Tally(title, len(proof.clean(number).boundaries), SEED)
    tally.points += [proof.crash(number, at, act=lambda note: cut_connection(server, note)) for at in points]
    return tally


def commits(proof: Proof, number: int) -> list[int]:
    found = list(where(proof.clean(number), lambda name: " commit " in name))
    assert len(found) > SAMPLE
    return found


@pytest.mark.parametrize(("flow", "number"), ROUNDS)
def test_a_commit_of_unknown_outcome_loses_and_doubles_nothing(prove, flow, number, tell):
    proof = prove(flow)
    points = sorted(random.Random(SEED).sample(commits(proof, number), SAMPLE))
    tally = cut_each(proof, number, points, f"{flow} round {number + 1}, connection cut around COMMIT, sample")
    tell(tally)
    assert not tally.bad, str(tally)
    assert all(point.died for point in tally.points)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize(("flow", "number"), ROUNDS)
def test_no_commit_of_unknown_outcome_loses_or_doubles_anything(prove, flow, number, tell):
    proof = prove(flow)
    title = f"{flow} round {number + 1}, connection cut around every COMMIT"
    tally = cut_each(proof, number, commits(proof, number), title)
    tell(tally)
    assert not tally.bad, str(tally)

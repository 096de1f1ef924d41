"""Our own COMMIT may have an unknown outcome: the connection breaks around it, and the run cannot know which it was."""

import random

import pytest
from crash.faults import cut_connection
from crash.harness import Proof, Tally, where

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


@pytest.mark.parametrize("number", [0, 1])
def test_a_commit_of_unknown_outcome_loses_and_doubles_nothing(orders, number, tell):
    points = sorted(random.Random(SEED).sample(commits(orders, number), SAMPLE))
    tally = cut_each(orders, number, points, f"round {number + 1}, connection cut around COMMIT, sample")
    tell(tally)
    assert not tally.bad, str(tally)
    assert all(point.died for point in tally.points)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("number", [0, 1])
def test_no_commit_of_unknown_outcome_loses_or_doubles_anything(orders, number, tell):
    title = f"round {number + 1}, connection cut around every COMMIT"
    tally = cut_each(orders, number, commits(orders, number), title)
    tell(tally)
    assert not tally.bad, str(tally)

from __future__ import annotations

import pytest

from retail_ops.contracts.errors import ThrottledError
from retail_ops.transport.limits import wait_for


class Bucket:
    """Tokens that come back one a second, while someone sleeps."""

    def __init__(self, level: float) -> None:
        self.level = level
        self.slept: list[float] = []

    def acquire(self, account: str, operation: str, cost: float) -> float:
        if cost > self.level:
            return cost - self.level
        self.level -= cost
        return 0.0

    def adopt(self, account: str, operation: str, *, capacity: float, rate_per_s: float, available: float) -> None:
        self.level = min(self.level, available)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.level += seconds


class GreedyNeighbour(Bucket):
    """Another worker takes what came back, three times."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) <= 3:
            self.level = 0


def test_tokens_that_are_there_cost_no_time() -> None:
    bucket = Bucket(5)
    assert wait_for(bucket, "shop", "read", 5, sleep=bucket.sleep, deadline_s=0) == 0
    assert (bucket.level, bucket.slept) == (0, [])


def test_the_wait_is_as_long_as_the_lack() -> None:
    bucket = Bucket(2)
    assert wait_for(bucket, "shop", "read", 5, sleep=bucket.sleep, deadline_s=10) == 3
    assert bucket.slept == [3]


def test_tokens_taken_by_another_are_waited_for_again() -> None:
    bucket = GreedyNeighbour(0)
    assert wait_for(bucket, "shop", "read", 2, sleep=bucket.sleep, deadline_s=10) == 8


def test_past_the_deadline_nothing_is_taken_and_the_rest_is_told() -> None:
    bucket = GreedyNeighbour(0)
    with pytest.raises(ThrottledError) as caught:
        wait_for(bucket, "shop", "read", 2, sleep=bucket.sleep, deadline_s=5)
    assert caught.value.retry_after_s == 2
    assert sum(bucket.slept) <= 5

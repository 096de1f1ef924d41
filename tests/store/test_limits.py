"""Token buckets: exact under any number of workers, and the server knows better."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from retail_ops.bootstrap import queries
from retail_ops.store.limits import PostgresRateLimiter
from store.making import ACCOUNT, OTHER, SQL, Store

SLOW = 1e-6  # tokens a second: nothing comes back while a test runs


@pytest.fixture
def limiter(store: Store) -> Iterator[Callable[..., PostgresRateLimiter]]:
    made: list[PostgresRateLimiter] = []

    def make(capacity: float = 10.0, rate_per_s: float = SLOW) -> PostgresRateLimiter:
        def connect():
            return store.database.connect("retail_ops_worker")

        made.append(PostgresRateLimiter(connect, queries(SQL / "queries"), capacity=capacity, rate_per_s=rate_per_s))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_full_bucket_gives_what_it_holds_and_then_says_how_long_to_wait(limiter):
    bucket = limiter(10.0, 0.5)
    assert [bucket.acquire(ACCOUNT, "query", 5.0) for _ in range(2)] == [0.0, 0.0]
    assert 9.0 < bucket.acquire(ACCOUNT, "query", 5.0) <= 10.0


def test_six_workers_take_exactly_what_is_there(limiter):
    buckets = [limiter(100.0) for _ in range(6)]

    def take(bucket) -> int:
        return sum(bucket.acquire(ACCOUNT, "query", 1.0) == 0.0 for _ in range(40))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, buckets)) == 100


def test_accounts_and_operations_have_buckets_of_their_own(limiter):
    bucket = limiter(1.0)
    assert bucket.acquire(ACCOUNT, "query", 1.0) == 0.0
    assert bucket.acquire(ACCOUNT, "query", 1.0) > 0.0
    assert bucket.acquire(OTHER, "query", 1.0) == bucket.acquire(ACCOUNT, "mutation", 1.0) == 0.0


def test_the_servers_level_is_an_upper_bound_and_never_refills_ours(limiter):
    bucket = limiter(100.0)
    bucket.acquire(ACCOUNT, "query", 1.0)
    bucket.adopt(ACCOUNT, "query", capacity=100.0, rate_per_s=SLOW, available=5.0)
    assert bucket.acquire(ACCOUNT, "query", 6.0) > 0.0
    assert bucket.acquire(ACCOUNT, "query", 5.0) == 0.0
    bucket.adopt(ACCOUNT, "query", capacity=100.0, rate_per_s=SLOW, available=80.0)
    assert bucket.acquire(ACCOUNT, "query", 1.0) > 0.0

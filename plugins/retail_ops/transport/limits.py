"""Waiting for tokens of a shared rate limit. The buckets themselves are in `store/limits.py`."""

from __future__ import annotations

from collections.abc import Callable

from retail_ops.contracts.errors import ThrottledError
from retail_ops.ports.limits import RateLimiter


def wait_for(
    limiter: RateLimiter,
    account: str,
    operation: str,
    cost: float,
    *,
    sleep: Callable[[float], object],
    deadline_s: float,
) -> float:
    """Take `cost` tokens, sleeping until they are there.

    Args:
        limiter: The shared buckets.
        account: e.g. `shopify_uk`.
        operation: Name of the bucket within the account.
        cost: Tokens, >= 0.
        sleep: Waits that many seconds.
        deadline_s: Longest time to wait in all.

    Returns:
        Seconds that were waited, >= 0.

    Raises:
        ThrottledError: The tokens would come after the deadline; none were taken.
    """
    waited = 0.0
    while (lack_s := limiter.acquire(account, operation, cost)) > 0:
        if waited + lack_s > deadline_s:
            raise ThrottledError(f"{account} {operation}: {cost:g} tokens are {lack_s:.1f} s away", lack_s)
        sleep(lack_s)
        waited += lack_s
    return waited

"""Rate limits shared by all workers of an account. Implemented in `store/limits.py`."""

from __future__ import annotations

from typing import Protocol


class RateLimiter(Protocol):
    """Token buckets by account and operation."""

    def acquire(self, account: str, operation: str, cost: float) -> float:
        """Take `cost` tokens if they are there.

        Returns:
            0.0 when taken; otherwise the seconds until they will be there (nothing was taken).
        """
        ...

    def adopt(self, account: str, operation: str, *, capacity: float, rate_per_s: float, available: float) -> None:
        """Take over what the server reports; its level is an upper bound of ours."""
        ...

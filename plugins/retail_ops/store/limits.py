"""Token buckets in the store: one row per account and operation, shared by all workers, adopting the server's level."""

from __future__ import annotations

from typing import Any

import psycopg

from retail_ops.store.unit import Connect, translated


class PostgresRateLimiter:
    """Implements `ports.limits.RateLimiter`; each call is one statement on an autocommit connection of its own.

    Args:
        connect: Opens a connection of the worker's role.
        capacity: Size of a bucket before the server has reported one.
        rate_per_s: Its refill before the server has reported one.
    """

    def __init__(self, connect: Connect, queries: Any, *, capacity: float, rate_per_s: float) -> None:  # noqa: ANN401
        self._connect = connect
        self._sql = queries
        self._capacity = capacity
        self._rate_per_s = rate_per_s
        self._conn: psycopg.Connection[Any] | None = None

    def acquire(self, account: str, operation: str, cost: float) -> float:
        """Take `cost` tokens if they are there; return 0.0, or the seconds until they will be."""
        conn = self._open()
        with translated():
            taken = self._sql.bucket_take(
                conn,
                account=account,
                operation=operation,
                capacity=self._capacity,
                cost=cost,
                rate_per_s=self._rate_per_s,
            )
            if taken is not None:
                return 0.0
            wait: float | None = self._sql.bucket_wait(conn, cost=cost, account=account, operation=operation)
        return max(0.01, float(wait or 0.0))

    def adopt(self, account: str, operation: str, *, capacity: float, rate_per_s: float, available: float) -> None:
        """Take over what the server reports; its level is an upper bound of ours."""
        conn = self._open()
        with translated():
            self._sql.bucket_adopt(
                conn,
                account=account,
                operation=operation,
                available=available,
                capacity=capacity,
                rate_per_s=rate_per_s,
            )

    def close(self) -> None:
        """Close the connection."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def _open(self) -> psycopg.Connection[Any]:
        if self._conn is None or self._conn.closed:
            with translated():
                self._conn = self._connect()
            self._conn.autocommit = True
        return self._conn

"""Sends GraphQL documents to one shop within its shared rate limit. Not here: what an answer means (`answers`).

ShopifyAPI's own `GraphQL` keeps endpoint and token in thread-local globals, opens a connection a call without
time-out, follows redirects with the token attached and prints refused bodies. This subclass replaces all of that.

Source: ShopifyAPI 12.7.0, `shopify/resources/graphql.py`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

import shopify
from typing_extensions import override

from retail_ops.channels.shopify.answers import Answer, Cost, read_answer, take_data
from retail_ops.channels.shopify.config import ShopifyConfig
from retail_ops.channels.shopify.documents import Document
from retail_ops.contracts.errors import ConfigurationError, ThrottledError
from retail_ops.ports.limits import RateLimiter
from retail_ops.transport.limits import wait_for
from retail_ops.transport.session import HttpSession

OPERATION = "graphql"
_SHORTEST_WAIT_S = 0.1


class ShopifyClient(shopify.GraphQL):  # type: ignore[misc]  # ShopifyAPI has no types
    """One shop's GraphQL endpoint. Safe to share between threads; nothing global is read or set."""

    def __init__(
        self,
        config: ShopifyConfig,
        limiter: RateLimiter,
        *,
        session: HttpSession | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        # Not `super().__init__()`: it reads the global site and headers of whoever activated a session last.
        self.endpoint = config.endpoint
        self.headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"retail-ops ShopifyAPI/{shopify.VERSION}",
            "X-Shopify-Access-Token": config.token.get_secret_value(),
        }
        self._config = config
        self._limiter = limiter
        self._session = session or HttpSession()
        self._sleep = sleep
        self._costs: dict[tuple[str, object], float] = {}

    @override
    def __repr__(self) -> str:
        """Return account and endpoint, never the token."""
        return f"ShopifyClient({self._config.account}, {self.endpoint})"

    @override
    def execute(self, query: str, variables: object = None, operation_name: str | None = None) -> str:
        """Refuse the vendor's untyped call: it has no cost and no kind; `run` is the only way to send.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError("ShopifyClient sends documents through run(), not text through execute()")

    def run(self, document: Document, variables: Mapping[str, object]) -> Mapping[str, object]:
        """Send `document` and return its complete `data`.

        A throttled call was not carried out: it is repeated until the deadline. Nothing else is repeated.

        Args:
            document: What to send.
            variables: JSON values; no floats.

        Returns:
            The `data` object, fractional numbers as text. Never partial.

        Raises:
            ThrottledError: The bucket stays empty past the deadline.
            RetailOpsError: As `read_answer` and `take_data` say.
        """
        body = _encode(document, variables)
        # The page size decides the price, so it is part of what a price is remembered by.
        price = (document.name, variables.get("first"))
        waited_s = 0.0
        while True:
            reserved = self._costs.get(price, document.cost)
            waited_s += self._reserve(reserved, waited_s)
            try:
                answer = self._send(body, write=document.write)
            except ThrottledError as error:
                waited_s += self._wait(error.retry_after_s, waited_s)
                continue
            if answer.cost is not None:
                self._settle(price, reserved, answer.cost)
            if not answer.throttled:
                return take_data(answer, account=self._config.account, write=document.write)
            waited_s += self._wait(_lack_s(answer.cost), waited_s)

    def close(self) -> None:
        """Close the pooled connections. Idempotent."""
        self._session.close()

    def _send(self, body: bytes, *, write: bool) -> Answer:
        response = self._session.post(self.endpoint, body, headers=self.headers, write=write)
        config = self._config
        return read_answer(response, account=config.account, version=config.api_version, write=write)

    def _reserve(self, cost: float, waited_s: float) -> float:
        left_s = max(0.0, self._config.deadline_s - waited_s)
        account = self._config.account
        return wait_for(self._limiter, account, OPERATION, cost, sleep=self._sleep, deadline_s=left_s)

    def _settle(self, price: tuple[str, object], reserved: float, cost: Cost) -> None:
        """Give back what was reserved and not spent, then take over the server's level, which is never higher."""
        self._costs[price] = cost.requested
        account, throttle = self._config.account, cost.throttle
        spent = cost.actual or 0.0
        if reserved > spent:
            self._limiter.acquire(account, OPERATION, spent - reserved)
        self._limiter.adopt(
            account,
            OPERATION,
            capacity=throttle.capacity,
            rate_per_s=throttle.rate_per_s,
            available=throttle.available,
        )

    def _wait(self, lack_s: float, waited_s: float) -> float:
        pause_s = max(_SHORTEST_WAIT_S, lack_s)
        if waited_s + pause_s > self._config.deadline_s:
            raise ThrottledError(f"{self._config.account}: throttled, {lack_s:.1f} s short", pause_s)
        self._sleep(pause_s)
        return pause_s


def _lack_s(cost: Cost | None) -> float:
    """Return the seconds until what was asked for is there."""
    if cost is None or cost.throttle.rate_per_s <= 0:
        return 1.0
    return max(0.0, (cost.requested - cost.throttle.available) / cost.throttle.rate_per_s)


def _encode(document: Document, variables: Mapping[str, object]) -> bytes:
    payload = {"query": document.text, "variables": dict(variables), "operationName": document.name}
    return json.dumps(payload, allow_nan=False, separators=(",", ":")).encode("utf-8")

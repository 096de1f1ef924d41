"""Asks a blocking doorbell from an event loop, over and over, and decides when an answer starts a run.

Knows nothing of Airflow: time is injected, and what there is to ask comes from `triggers.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, Protocol

from retail_ops.contracts.errors import RetailOpsError, ThrottledError

LONGEST_WAIT_S: Final = 30.0

log = logging.getLogger(__name__)

Reason = Literal["change", "sweep"]


class Doorbell(Protocol):
    """Says whether there is work; blocking, used from one thread."""

    def ring(self) -> str | None:
        """Return a signature of the work there is, None when there is none."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class Bell:
    """One doorbell on a thread of its own: opened there, asked there, closed there.

    A doorbell that raised is dropped and the next question opens another one: that renews credentials and connections.
    """

    def __init__(self, open_doorbell: Callable[[], Doorbell]) -> None:
        self._open = open_doorbell
        self._doorbell: Doorbell | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="doorbell")

    async def ring(self) -> str | None:
        """Return the doorbell's answer.

        Raises:
            Exception: Whatever opening or asking raised.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._ask)

    def close(self) -> None:
        """Close behind a question that is still under way, without waiting for it; the bell is over then."""
        self._thread.submit(self._drop)
        self._thread.shutdown(wait=False)

    def _ask(self) -> str | None:
        if self._doorbell is None:
            self._doorbell = self._open()
        try:
            return self._doorbell.ring()
        except Exception:
            self._drop()
            raise

    def _drop(self) -> None:
        doorbell, self._doorbell = self._doorbell, None
        if doorbell is None:
            return
        try:
            doorbell.close()
        except Exception as error:  # noqa: BLE001 - the doorbell is thrown away; its connection dies with it
            log.warning("a doorbell did not close: %s", type(error).__name__)


class Link:
    """Whether the doorbell answers; logs once when that changes, and says how long to wait."""

    def __init__(self, account: str, poll_s: float) -> None:
        self._account = account
        self._poll_s = poll_s
        self._failures = 0
        self._seen: set[str] = set()

    def answered(self) -> float:
        """Return the seconds to the next question after an answer."""
        if self._failures:
            log.info("orders bell of %s answers again after %d failures", self._account, self._failures)
        self._failures = 0
        self._seen.clear()
        return self._poll_s

    def failed(self, error: Exception) -> float:
        """Return the seconds to the next question after a failure: doubling to half a minute, longer when told so."""
        kind = type(error).__name__
        if kind not in self._seen:
            # Texts of our own errors name what is missing; a stranger's may carry anything.
            detail = f"{kind}: {error}" if isinstance(error, RetailOpsError) else kind
            log.warning("orders bell of %s does not answer (%s); asking less often", self._account, detail)
        self._seen.add(kind)
        self._failures += 1
        wait_s: float = max(self._poll_s, min(LONGEST_WAIT_S, self._poll_s * 2 ** min(self._failures, 10)))
        return max(wait_s, error.retry_after_s) if isinstance(error, ThrottledError) else wait_s


class Chime:
    """Decides whether an answer starts a run: new work at once, the same work again only as a sweep."""

    def __init__(self, sweep_s: float, now_s: Callable[[], float]) -> None:
        self._sweep_s = sweep_s
        self._now_s = now_s
        self._signature: str | None = None
        self._fired_s = 0.0

    def hear(self, signature: str | None) -> Reason | None:
        """Return why `signature` starts a run, None when it does not. Work that went away is new when it is back."""
        now_s = self._now_s()
        previous, self._signature = self._signature, signature
        if signature is None:
            return None
        if signature == previous and now_s - self._fired_s < self._sweep_s:
            return None
        self._fired_s = now_s
        return "sweep" if signature == previous else "change"


async def answers(
    bell: Bell, *, account: str, poll_s: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncGenerator[str | None, None]:
    """Yield the doorbell's answers for ever; a failure yields nothing, waits longer and goes on."""
    link = Link(account, poll_s)
    try:
        while True:
            try:
                signature = await bell.ring()
            except Exception as error:  # noqa: BLE001 - the border of the trigger: it outlives whatever is away
                wait_s = link.failed(error)
            else:
                wait_s = link.answered()
                yield signature
            await sleep(wait_s)
    finally:
        bell.close()

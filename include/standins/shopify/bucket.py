"""The leaky bucket of one app on one shop. NOT here: what a query costs (`cost`)."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Throttle:
    """What `throttleStatus` reports, in points and points a second."""

    maximum: int
    available: int
    restore_rate: int


class Bucket:
    """Points that come back with time; safe for many threads."""

    def __init__(self, restore_rate: int, maximum: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = restore_rate
        self._maximum = maximum
        self._level = float(maximum)
        self._clock = clock
        self._at = clock()
        self._lock = threading.Lock()

    def take(self, points: int) -> bool:
        """Take points if they are there; False is THROTTLED and takes nothing."""
        with self._lock:
            self._refill()
            if points > self._level:
                return False
            self._level -= points
            return True

    def give_back(self, points: int) -> None:
        """Return what was asked for and not spent."""
        with self._lock:
            self._refill()
            self._level = min(float(self._maximum), self._level + points)

    def status(self) -> Throttle:
        """The level now."""
        with self._lock:
            self._refill()
            return Throttle(maximum=self._maximum, available=int(self._level), restore_rate=self._rate)

    def _refill(self) -> None:
        now = self._clock()
        self._level = min(float(self._maximum), self._level + (now - self._at) * self._rate)
        self._at = now

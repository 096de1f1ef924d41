"""Faults that a drill orders: each spoils a number of GraphQL calls, oldest order first. NOT here: how (`server`)."""

import threading
from collections import deque
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultName = Literal[
    "http_429",
    "throttled",
    "http_500",
    "html_503",
    "time_out_after_effect",
    "reset_before",
    "reset_after_effect",
    "cut_answer",
    "malformed_json",
    "partial_data",
    "slow",
    "wrong_version",
    "expired_token",
]


class Fault(BaseModel):
    """A drill: spoils `times` calls.

    `seconds` is the wait of slow and time_out_after_effect, and the Retry-After of http_429.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: FaultName
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=1.0, ge=0)


class FaultQueue:
    """Faults to come; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: deque[Fault] = deque()

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        with self._lock:
            self._left.extend(fault.model_copy(update={"times": 1}) for _ in range(fault.times))

    def take(self) -> Fault | None:
        """The fault of this call, if any."""
        with self._lock:
            return self._left.popleft() if self._left else None

    def clear(self) -> int:
        """Forget the faults to come; how many there were."""
        with self._lock:
            count = len(self._left)
            self._left.clear()
            return count

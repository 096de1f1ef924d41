"""Faults that a control queues for the next matching calls.

Not here: how each one looks on the wire (see `http_server`).
"""

import threading
from dataclasses import dataclass, replace
from typing import Literal, get_args

from standins.odoo.errors import RefusedError
from standins.odoo.values import Row

Kind = Literal[
    "reset_before",
    "time_out_after_effect",
    "reset_after_effect",
    "http_500",
    "html_503",
    "malformed_json",
    "serialization_message",
    "slow",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Fault:
    """One queued fault; an empty model or method matches every one, `seconds` is how long it lasts."""

    kind: Kind
    model: str | None
    method: str | None
    times: int
    seconds: float

    def fits(self, model: str, method: str) -> bool:
        """Tell whether the fault is meant for a call.

        Args:
            model: The call's model.
            method: The call's method.

        Returns:
            True when both fit.
        """
        return self.model in {None, model} and self.method in {None, method}


class FaultQueue:
    """The queued faults, each used up once for each of its times, in the order they came."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, wanted: Row) -> None:
        """Queue a fault.

        Args:
            wanted: The body of `/control/faults`.

        Raises:
            RefusedError: When the kind is not known.
        """
        kind = next((known for known in KINDS if known == wanted.get("fault")), None)
        if kind is None:
            raise RefusedError(f"the fault {wanted.get('fault')!r}")
        fault = Fault(
            kind,
            wanted.get("model"),
            wanted.get("method"),
            int(wanted.get("times", 1)),
            float(wanted.get("seconds") or 0),
        )
        with self._lock:
            self._faults.append(fault)

    def take(self, model: str, method: str) -> Fault | None:
        """Use up the first fault that fits a call.

        Args:
            model: The call's model.
            method: The call's method.

        Returns:
            The fault, or None.
        """
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.fits(model, method):
                    if fault.times > 1:
                        self._faults[position] = replace(fault, times=fault.times - 1)
                    else:
                        del self._faults[position]
                    return fault
        return None

    def waiting(self) -> int:
        """Count the calls that still will fail.

        Returns:
            The sum of the times left.
        """
        with self._lock:
            return sum(fault.times for fault in self._faults)

    def clear(self) -> None:
        """Drop what is queued."""
        with self._lock:
            self._faults.clear()

"""What a flow hands over to be proven, and what the proof says of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crash.scene import Scene

LONGEST_TEXT = 500
Kind = Literal["lost", "doubled", "stuck", "wrong", "audit", "open"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be.

    Attributes:
        kind: `lost`, `doubled`, `stuck` (work is left), `wrong` (two sides disagree), `audit` (a change without its
            entry or the reverse), `open` (a transaction was open across a call to the outside).
        view: Who saw it: `store`, `trail`, `stand-ins`, `verify`, `clean run`, `process`.
    """

    kind: Kind
    view: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind} [{self.view}] {self.subject}: {self.detail}"[:LONGEST_TEXT]


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow under proof.

    Attributes:
        setup: Gives the far sides their master data; runs once.
        rounds: Each changes the outside. Before each but the first, the flow has run without a crash.
        run: One run of the flow, in a process of its own.
        check: Everything that is wrong after a run has ended; asks the far sides themselves.
        outcome: What the run made of the outside and of the store, without ids and times that differ from run to run.
            A crashed and restarted run must end where a clean run ends.
        fate: The part of the outcome that does not depend on when a change of the outside was noticed: must be the
            same when the outside went on while the flow was down.
    """

    name: str
    setup: Callable[[Scene], None]
    rounds: Sequence[Callable[[Scene], None]]
    run: Callable[[Scene], object]
    check: Callable[[Scene], Sequence[Violation]]
    outcome: Callable[[Scene], Mapping[str, object]]
    fate: Callable[[Scene], Mapping[str, object]]


def compare(clean: Mapping[str, object], found: Mapping[str, object]) -> list[Violation]:
    """Name the parts of an outcome that differ from the clean run's, and what differs in them."""
    return [
        Violation("wrong", "clean run", part, _difference(clean.get(part), found.get(part)))
        for part in sorted({*clean, *found})
        if clean.get(part) != found.get(part)
    ]


def _difference(clean: object, found: object) -> str:
    wanted, has = _items(clean), _items(found)
    return f"{[item for item in has if item not in wanted]} instead of {[item for item in wanted if item not in has]}"


def _items(value: object) -> list[object]:
    return list(value.items()) if isinstance(value, Mapping) else list(value) if isinstance(value, list) else [value]

"""The proof: counts the boundaries of a clean run, dies at each, restarts, and asks what is wrong.

    clean run  ->  its boundaries 1..n and its outcome
    point k    ->  copy of the world, run that dies at k, restart without a crash, check, compare with the clean outcome

Not here: what a boundary is (`boundaries`), what may be wrong (`rules` and each flow's check).
"""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crash import forks
from crash.boundaries import Act, Watch
from crash.faults import CRASHED, die
from crash.flow import Flow, Violation, compare
from crash.rules import broken_rules
from crash.scene import Scene, Snapshot, blank, develop
from support.postgres import Server

DAYS_A_ROUND = 2
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Clean:
    """What a run without a crash passes and leaves."""

    boundaries: tuple[str, ...]
    outcome: Mapping[str, object]
    fate: Mapping[str, object]
    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One crash and what was wrong after the restart.

    Attributes:
        at: The boundaries, one a run.
        died: Where each crashed run met its end; empty when the run had ended before the point.
    """

    at: tuple[int | str, ...]
    died: tuple[str, ...]
    violations: tuple[Violation, ...]

    def __str__(self) -> str:
        lines = [f"point {'+'.join(map(str, self.at))}: died {' and '.join(self.died) or 'nowhere'}"]
        return "\n    ".join([*lines, *map(str, self.violations)])


@dataclass
class Tally:
    """What a series of points has found."""

    title: str
    boundaries: int
    seed: int | None = None
    points: list[Point] = field(default_factory=list)

    @property
    def bad(self) -> list[Point]:
        """The points after which something was wrong."""
        return [point for point in self.points if point.violations]

    def __str__(self) -> str:
        kinds = Counter(violation.kind for point in self.bad for violation in point.violations)
        reached = sum(1 for point in self.points if point.died)
        seed = "" if self.seed is None else f", seed {self.seed}"
        found = f"{self.boundaries} boundaries, {reached} points tried, {len(self.bad)} with violations"
        head = f"{self.title}: {found} {dict(kinds) or ''}".rstrip() + seed
        return "\n".join([head, *map(str, self.bad[:5])])


class Proof:
    """One flow's snapshots, one a round, and the ways to hurt a run that starts from them."""

    def __init__(self, flow: Flow, server: Server, folder: Path) -> None:
        self.flow = flow
        self.snapshots = self._develop(server, folder)
        # Taken here, before a test can break anything: what is right is what the real flow does.
        self._clean = [self.run_clean(number) for number in range(len(flow.rounds))]

    def _develop(self, server: Server, folder: Path) -> list[Snapshot]:
        """Take the snapshot before each round's run: the outside has changed, the flow has not noticed yet.

        The runs after each happen in this process, which has all that is heavy imported and warm afterwards.
        """
        snapshot = develop(blank(server, folder), self.flow.setup, day=0)
        snapshots: list[Snapshot] = []
        for number, change in enumerate(self.flow.rounds):
            if snapshots:
                snapshot = develop(snapshots[-1], self.flow.run, day=snapshots[-1].day)
            snapshot = develop(snapshot, change, day=DAYS_A_ROUND * number)
            snapshots.append(snapshot)
        develop(snapshot, self.flow.run, day=snapshot.day)
        return snapshots

    def clean(self, number: int) -> Clean:
        """What a round without a crash passes and leaves."""
        return self._clean[number]

    def run_clean(self, number: int) -> Clean:
        """Run a round without a crash."""
        with self.snapshots[number].open() as scene:
            ending = self.start(scene).wait()
            assert ending.code == 0, ending.trouble
            scene.wait_until_left()
            found = [*broken_rules(scene), *self.flow.check(scene)]
            found += [Violation("open", "process", self.flow.name, where) for where in ending.report["open"]]
            left = (self.flow.outcome(scene), self.flow.fate(scene))
            return Clean(tuple(ending.report["passed"]), *left, tuple(found))

    def crash(self, number: int, *at: int | str, act: Callable[[Path], Act] = die, clean: Clean | None = None) -> Point:
        """Let one run after the other die at its boundary, then run to the end; return what is wrong."""
        with self.snapshots[number].open() as scene:
            died = []
            for boundary in at:
                child = self.start(scene, act=act, at=boundary)
                ending = child.wait()
                died += [child.note] if child.note else []
                if not _foreseen(ending, met=bool(child.note)):
                    return Point(at, tuple(died), (self._ill(ending),))
                scene.wait_until_left()
            return Point(at, tuple(died), tuple(self.judge(scene, clean or self.clean(number))))

    def crash_while_the_outside_goes_on(self, number: int, at: int) -> Point:
        """Let a run die, let the next round change the outside, then run to the end; return what is wrong."""
        following = self.snapshots[number + 1]
        with self.snapshots[number].open(day=following.day) as scene:
            child = self.start(scene.later(days=-DAYS_A_ROUND), act=die, at=at)
            ending = child.wait()
            scene.wait_until_left()
            self.flow.rounds[number + 1](scene)
            found = [] if _foreseen(ending, met=bool(child.note)) else [self._ill(ending)]
            found += self._end(scene) or compare(self.clean(number + 1).fate, self.flow.fate(scene))
            return Point((at,), (child.note,) if child.note else (), tuple(found))

    def judge(self, scene: Scene, clean: Clean) -> list[Violation]:
        """Run to the end without a crash and return everything that is wrong then."""
        return [*self._end(scene), *compare(clean.outcome, self.flow.outcome(scene))]

    def _end(self, scene: Scene) -> list[Violation]:
        ending = self.start(scene).wait()
        if ending.code != 0:
            return [self._ill(ending)]
        scene.wait_until_left()
        return [*broken_rules(scene), *self.flow.check(scene)]

    def _ill(self, ending: forks.Ending) -> Violation:
        return Violation("stuck", "process", self.flow.name, ending.trouble)

    def start(self, scene: Scene, *, act: Callable[[Path], Act] | None = None, at: int | str = 0) -> forks.Child:
        """Start one run in a process of its own."""
        folder = scene.folder / f"run-{next(_numbers)}"
        watch = Watch(act(forks.note_of(folder)) if act else None, at)
        return forks.start(lambda: self.flow.run(scene), folder, watch)

    def crash_each(self, number: int, points: Iterable[int], *, title: str, seed: int | None = None) -> Tally:
        """Crash at each point, once."""
        tally = Tally(title, len(self.clean(number).boundaries), seed)
        tally.points += [self.crash(number, at) for at in points]
        return tally

    def crash_everywhere(self, number: int, *, title: str) -> Tally:
        """Crash at the first boundary, the second, and so on, until a run ends before its point."""
        tally = Tally(title, len(self.clean(number).boundaries))
        for at in itertools.count(1):
            point = self.crash(number, at)
            if not point.died:
                tally.points += [point] if point.violations else []
                return tally
            tally.points.append(point)
        raise AssertionError("unreachable")


def _foreseen(ending: forks.Ending, *, met: bool) -> bool:
    """A run ends well; or, having met its fault, dies, or says in the product's own words what it met."""
    if ending.code == 0:
        return True
    return met and (ending.code == CRASHED or "RetailOpsError" in ending.report.get("kinds", ()))


def sample(count: int, boundaries: int, *, seed: int) -> list[int]:
    """Choose points: one half evenly spread, the other half by chance."""
    half = min(count, boundaries) // 2
    even = {1 + (place * boundaries) // half for place in range(half)} if half else set()
    rest = sorted(set(range(1, boundaries + 1)) - even)
    chance = random.Random(seed)
    return sorted([*even, *chance.sample(rest, min(count - len(even), len(rest)))])


def where(clean: Clean, condition: Callable[[str], bool]) -> Iterator[int]:
    """The numbers of the boundaries that fit."""
    return (number for number, name in enumerate(clean.boundaries, start=1) if condition(name))


def pairs(count: int, boundaries: int, *, seed: int) -> Sequence[tuple[int, int]]:
    """Choose pairs of points: the second is where the restart dies, too."""
    chance = random.Random(seed)
    return [(chance.randint(1, boundaries), chance.randint(1, boundaries)) for _ in range(count)]

"""Samples, their medians, and contests in turns. Not here: what is measured."""

from __future__ import annotations

import cProfile
import gc
import io
import pstats
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Seconds, wall or CPU, that one turn took.
Turn = Callable[[int], float]


class BenchmarkError(Exception):
    """A turn did not do the work that it is timed for."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Values of one quantity, in the order in which they were taken."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def noise(self) -> float:
        """Distance of the extremes, as a share of the median."""
        return (max(self.values) - min(self.values)) / self.median if self.median else 0.0

    def over(self, other: Samples) -> Samples:
        """Return the ratios turn by turn: what disturbs one turn disturbs its neighbour too."""
        return Samples(tuple(mine / its for mine, its in zip(self.values, other.values, strict=True)))

    def per(self, units: float) -> Samples:
        """Return the same per unit."""
        return Samples(tuple(value / units for value in self.values))

    def to_json(self) -> dict[str, Any]:
        """Return every value with its extremes."""
        return {
            "values": [round(value, 6) for value in self.values],
            "min": round(min(self.values), 6),
            "median": round(self.median, 6),
            "max": round(max(self.values), 6),
            "noise": round(self.noise, 4),
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        figure: The absolute value with its unit, for this machine only.
        ratio: Turn by turn, against `against`.
        better: `higher` or `lower`: which way the ratio is good.
        samples: Everything that was measured for it, by name with unit, e.g. `product s/order`.
    """

    name: str
    figure: str
    ratio: Samples
    against: str
    better: str
    samples: Mapping[str, Samples] = field(default_factory=dict)
    note: str = ""


def take_turns(turns: Mapping[str, Turn], rounds: int) -> dict[str, Samples]:
    """Run every turn once a round, in one order: A B A B.

    Args:
        turns: By name; each gets the number of the round and returns its own seconds.
        rounds: >= 1.
    """
    found: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds):
        for name, turn in turns.items():
            # A turn does not pay for the rubbish of the one before.
            gc.collect()
            found[name].append(turn(number))
    return {name: Samples(tuple(values)) for name, values in found.items()}


def wall(act: Callable[[], object]) -> float:
    """Return how many seconds of wall time `act` took."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def own_cpu(act: Callable[[], object]) -> float:
    """Return how many seconds of this process's CPU `act` took; servers are processes of their own."""
    started = time.process_time()
    act()
    return time.process_time() - started


def chunks(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Return `items` in pieces of `size`, the last one as it comes."""
    return [items[start : start + size] for start in range(0, len(items), size)]


@dataclass(slots=True)
class Profiler:
    """Profiles what is wrapped in `watch`, and writes it; without a folder it does nothing.

    A profiled run is not to be compared with another one: the profiler costs more than much of what it watches.
    """

    folder: Path | None = None
    _profiles: dict[str, cProfile.Profile] = field(default_factory=dict)

    @contextmanager
    def watch(self, name: str) -> Iterator[None]:
        """Add what happens inside to the profile `name`."""
        if self.folder is None:
            yield
            return
        profile = self._profiles.setdefault(name, cProfile.Profile())
        profile.enable()
        try:
            yield
        finally:
            profile.disable()

    def write(self) -> list[Path]:
        """Write `profile_<name>.txt`: by time inside, then by own time; return the files."""
        return [self._write(self.folder, name, found) for name, found in self._profiles.items() if self.folder]

    @staticmethod
    def _write(folder: Path, name: str, profile: cProfile.Profile) -> Path:
        text = io.StringIO()
        stats = pstats.Stats(profile, stream=text).strip_dirs()
        stats.sort_stats("cumulative").print_stats(90)
        stats.sort_stats("tottime").print_stats(45)
        path = folder / f"profile_{name}.txt"
        path.write_text(text.getvalue(), encoding="utf-8")
        return path

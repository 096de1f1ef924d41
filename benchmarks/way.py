"""The whole way of an order in one process: placed in the shop, staged, judged, released in Odoo."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from benchmarks.bare_odoo import BareOdoo
from benchmarks.ground import Ground, map_messages, place, read_messages
from benchmarks.measuring import BenchmarkError, Figure, Samples, take_turns, wall
from support.world import World

# Size of the batch: turns.
SIZES = {50: 2, 10: 3, 1: 3}


@dataclass(slots=True)
class _Way:
    """Runs batches through one world, each by a lane of its own as a DAG run does."""

    ground: Ground
    world: World
    steps: dict[str, list[float]] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=count)

    def run(self, size: int) -> float:
        """Return the seconds from placed to released."""
        place(self.ground.shop, size, lines=3, first=next(self._numbers) * 100)
        before = self._released()
        with self.ground.profiler.watch(f"way_{size}"):
            seconds = wall(lambda: self._run(size))
        if self._released() - before != size:
            raise BenchmarkError(f"of {size} orders {self._released() - before} were released")
        return seconds

    def _run(self, size: int) -> None:
        with self.world.lane() as lane:
            for name, step in (("stage", lane.stage), ("judge", lane.judge), ("publish", lane.publish)):
                self.steps.setdefault(f"{name} of {size} s", []).append(wall(step))

    def _released(self) -> int:
        return int(self.world.rows("SELECT count(*) FROM ops.entity WHERE state = 'released'")[0][0])


def measure(ground: Ground) -> list[Figure]:
    """Let batches of 1, 10 and 50 orders go the whole way, beside a bare client that only writes them to Odoo."""
    with ground.world() as world:
        way, bare = _Way(ground, world), BareOdoo(ground.odoo)
        way.run(1)  # imports Great Expectations, which a worker has from its parent
        way.steps.clear()
        return [_figure(way, size, bare) for size in SIZES]


def _figure(way: _Way, size: int, bare: BareOdoo) -> Figure:
    def write_again(_: int) -> float:
        orders = map_messages(way.world, read_messages(way.world))[-size:]
        return wall(lambda: bare.place_together(orders))

    samples = take_turns({"product": lambda _: way.run(size), "bare": write_again}, SIZES[size])
    steps = {name: Samples(tuple(values)) for name, values in way.steps.items() if f"of {size} " in name}
    return Figure(
        f"placed to released, batch of {size}",
        f"{samples['product'].median:.2f} s",
        samples["product"].over(samples["bare"]),
        "bare odoorpc, the same batch into Odoo only",
        "lower",
        {"product s": samples["product"], "bare s": samples["bare"], **steps},
    )

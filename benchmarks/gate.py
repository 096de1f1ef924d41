"""The gate beside plain pandas over the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks.ground import Ground, map_messages, read_messages
from benchmarks.measuring import BenchmarkError, Figure, Samples, own_cpu, take_turns, wall
from retail_ops.gates.orders import PUBLISH_GATE, PublishGate
from retail_ops.gates.suite import Rule, load_suite
from retail_ops.gates.tables import order_tables
from retail_ops.ports.channel import MappedOrder
from retail_ops.ports.gate import BatchTotals, OrderRow

# Orders of the batch: turns.
SIZES = {10: 7, 1_000: 3}


def measure(ground: Ground, ways: Mapping[str, Samples]) -> list[Figure]:
    """Judge batches of 10 and of 1,000 orders.

    Args:
        ground: With orders in its shop.
        ways: `product s` of the whole way by size of its batch, e.g. `10`; may be empty.
    """
    with ground.world() as world:
        mapped = map_messages(world, read_messages(world))
        gate = PublishGate(root=world.settings.expectations, clock=world.clock)
    suite = load_suite(world.settings.expectations, PUBLISH_GATE)
    rules = [rule for table in suite.tables() for rule in suite.rules_of(table)]
    return [_figure(ground, gate, rules, rows=_rows(mapped, size), ways=ways) for size in SIZES]


def _figure(
    ground: Ground, gate: PublishGate, rules: Sequence[Rule], *, rows: Sequence[OrderRow], ways: Mapping[str, Samples]
) -> Figure:
    totals = _totals(rows)

    walls: list[float] = []

    def judge(_: int) -> float:
        def timed() -> None:
            walls.append(wall(lambda: _judge(gate, rows, totals)))

        with ground.profiler.watch(f"gate_{len(rows)}"):
            return own_cpu(timed)

    def flatten() -> dict[str, list[dict[str, object]]]:
        return order_tables(rows, totals, judged_at=gate.clock.now())

    _judge(gate, rows[:1], _totals(rows[:1]))
    samples = take_turns(
        {
            "gate": judge,
            "pandas": lambda _: own_cpu(lambda: plain(flatten(), rules)),
            "flatten": lambda _: own_cpu(flatten),
        },
        SIZES[len(rows)],
    )
    waited = Samples(tuple(walls))
    return Figure(
        f"gate, {len(rows):,} orders of 3 lines",
        f"{waited.median:.3f} s",
        samples["gate"].over(samples["pandas"]),
        "plain pandas, one vectorised pass a rule, CPU",
        "lower",
        {"gate s": waited, **{f"{name} CPU s": found for name, found in samples.items()}},
        note=_share(waited.median, len(rows), ways),
    )


def plain(tables: Mapping[str, Sequence[Mapping[str, object]]], rules: Sequence[Rule]) -> int:
    """Return how many cells break a rule, by one vectorised comparison a rule: no row conditions, no names of rows."""
    frames = {name: pd.DataFrame(list(rows)) for name, rows in tables.items()}
    return sum(int((~_holds(frames[rule.meta.table], rule.kwargs)).sum()) for rule in rules)


def _holds(frame: pd.DataFrame, given: Mapping[str, Any]) -> pd.Series[bool]:
    if "column" in given:
        return _cell_holds(frame[given["column"]], given)
    if "total_column" in given:
        held: pd.Series[bool] = frame[given["total_column"]] == _sum(frame, given.get("plus_columns", ())) - _sum(
            frame, given.get("minus_columns", ())
        )
    elif "stated_column" in given:
        matches = [frame[given["stated_column"]] == frame[name] for name in given["candidate_columns"]]
        held = pd.concat(matches, axis=1).any(axis=1)
    elif "column_list" in given:
        held = ~frame.duplicated(given["column_list"])
    else:
        held = frame[given["column_A"]] >= frame[given["column_B"]]
    return held


def _cell_holds(column: pd.Series[Any], given: Mapping[str, Any]) -> pd.Series[bool]:
    if "value_set" in given:
        return column.isin(given["value_set"])
    if "min_value" in given or "max_value" in given:
        return column.between(given.get("min_value", -(2**60)), given.get("max_value", 2**60))
    return column.isna()


def _sum(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series[int]:
    return frame[list(names)].sum(axis=1)


def _judge(gate: PublishGate, rows: Sequence[OrderRow], totals: BatchTotals) -> None:
    verdict = gate.judge_orders(rows, totals)
    if verdict.outcome != "passed" or verdict.checked != len(rows):
        raise BenchmarkError(f"the gate says {verdict.outcome}: {verdict.findings[:3]}")


def _rows(mapped: Sequence[MappedOrder], size: int) -> list[OrderRow]:
    """Return `size` orders of different ids, from as many as there are."""
    orders = [each.order for each in mapped if each.order.lines]
    skus = frozenset(line.sku for order in orders for line in order.lines if line.sku)
    return [
        OrderRow(number, orders[number % len(orders)].model_copy(update={"external_id": f"copy/{number}"}), skus)
        for number in range(size)
    ]


def _totals(rows: Sequence[OrderRow]) -> BatchTotals:
    staged: dict[str, tuple[int, int]] = {}
    for row in rows:
        total = row.order.totals.total.presentment
        count, minor = staged.get(total.currency, (0, 0))
        staged[total.currency] = (count + 1, minor + total.minor)
    return BatchTotals(staged)


def _share(gate_s: float, size: int, ways: Mapping[str, Samples]) -> str:
    if str(size) in ways:
        return f"{gate_s / ways[str(size)].median:.0%} of the way of such a batch"
    if not ways:
        return ""
    largest = max(ways, key=int)
    way_s = ways[largest].median / int(largest) * size
    return f"{gate_s / way_s:.1%} of the way of as many orders, computed from the batch of {largest}"

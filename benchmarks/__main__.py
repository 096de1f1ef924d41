"""Runs the benchmarks and reports them: `python -m benchmarks [--only NAME ...] [--profile]`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import CHECKOUT, erp, gate, inbox, machine, outbox, report, staging, way
from benchmarks.ground import Ground, place, prepared
from benchmarks.measuring import Figure, Profiler, Samples

NAMES = ("way", "erp", "gate", "staging", "outbox", "inbox")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is asked for, print the table, write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="leave the others out")
    parser.add_argument("--profile", action="store_true", help="profile the product; figures are then worth nothing")
    parser.add_argument("--results", type=Path, default=CHECKOUT / "var" / "bench" / "results.json")
    given = parser.parse_args(arguments)
    folder: Path = given.results.parent
    folder.mkdir(parents=True, exist_ok=True)
    facts, started = machine.describe(), time.monotonic()
    profiler = Profiler(folder if given.profile else None)
    with prepared(profiler) as ground:
        figures = _run(ground, given.only)
    seconds = time.monotonic() - started
    report.show(figures, facts, seconds)
    if given.profile:
        profiler.write()
    else:
        report.write(given.results, figures, facts, seconds)


def _run(ground: Ground, only: Sequence[str]) -> list[Figure]:
    found: dict[str, list[Figure]] = {}
    if "way" in only:
        found["way"] = way.measure(ground)
    if "erp" in only:
        found["erp"] = erp.measure(ground)
    if {"gate", "outbox", "inbox"} & set(only):
        place(ground.shop, outbox.ORDERS, lines=3, first=50_000)
    if "gate" in only:
        found["gate"] = gate.measure(ground, _ways(found.get("way", [])))
    if "staging" in only:
        found["staging"] = staging.measure(ground)
    if "outbox" in only:
        found["outbox"] = outbox.measure(ground)
    if "inbox" in only:
        found["inbox"] = inbox.measure(ground)
    order = ("erp", "gate", "staging", "outbox", "inbox", "way")
    return [figure for name in order for figure in found.get(name, [])]


def _ways(figures: Sequence[Figure]) -> dict[str, Samples]:
    return dict(zip(map(str, way.SIZES), (figure.samples["product s"] for figure in figures), strict=False))


if __name__ == "__main__":
    main()

"""Sends shoppers: `python -m standins.shoppers catalogue | day | dataset`. NOT here: what they do."""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from standins.shoppers import catalogue, replay
from standins.shoppers.counter import Counter
from standins.shoppers.day import Day, DayPlan
from standins.shoppers.invoices import read_invoices


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m standins.shoppers", description="Shoppers for the stand-ins.")
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("catalogue", help="write an invented range")
    made.add_argument("--seed", type=int, default=7)
    made.add_argument("--products", type=int, default=60)
    made.add_argument("--out", type=Path, required=True)
    day = commands.add_parser("day", help="a trading day in real time")
    _add_shops(day, required=True)
    day.add_argument("--seed", type=int, default=7)
    day.add_argument("--orders", type=int, default=120)
    day.add_argument("--seconds", type=float, default=45.0)
    day.add_argument("--catalogue", type=Path, required=True)
    day.add_argument("--report", type=Path, required=True)
    dataset = commands.add_parser("dataset", help="replay the invoices of a real file")
    _add_shops(dataset, required=False)
    dataset.add_argument("--csv", type=Path, required=True)
    dataset.add_argument("--days", type=int, help="calendar days; all without it")
    dataset.add_argument("--from", dest="first_on", type=date.fromisoformat, help="first day; the file's first")
    dataset.add_argument("--seconds", type=float, default=0.0)
    dataset.add_argument("--catalogue-out", type=Path, required=True)
    dataset.add_argument("--report", type=Path, required=True)
    dataset.add_argument("--dry-run", action="store_true", help="account for the rows and place nothing")
    return parser


def _add_shops(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--shop", action="append", default=[], required=required, help="base URL; may be repeated")
    parser.add_argument("--control-token-file", type=Path, action="append", default=[], required=required)


@contextmanager
def _counters(given: argparse.Namespace) -> Iterator[list[Counter]]:
    with ExitStack() as stack:
        pairs = zip(given.shop, given.control_token_file, strict=True)
        yield [stack.enter_context(Counter(url, path.read_text(encoding="utf-8").strip())) for url, path in pairs]


def _run_day(given: argparse.Namespace) -> dict[str, Any]:
    plan = DayPlan(seed=given.seed, orders=given.orders, seconds=given.seconds)
    with _counters(given) as counters:
        return Day(plan, counters, catalogue.read_goods(given.catalogue)).run()


def _run_dataset(given: argparse.Namespace) -> dict[str, Any]:
    invoices, accounts = replay.account(read_invoices(given.csv, given.first_on, given.days))
    catalogue.write_catalogue(given.catalogue_out, replay.build_catalogue(invoices))
    report = accounts.report()
    if given.dry_run:
        return report
    with _counters(given) as counters:
        report["placed"] = replay.place_all(invoices, counters, given.seconds)
    return report


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command."""
    parser = build_parser()
    given = parser.parse_args(arguments)
    if given.command == "catalogue":
        catalogue.write_catalogue(given.out, catalogue.build_catalogue(given.seed, given.products))
        return
    if len(given.shop) != len(given.control_token_file):
        parser.error("each --shop needs its --control-token-file")
    if given.command == "dataset" and not (given.dry_run or given.shop):
        parser.error("dataset needs a --shop, or --dry-run")
    report = _run_day(given) if given.command == "day" else _run_dataset(given)
    given.report.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

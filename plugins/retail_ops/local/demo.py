"""The demo: a trading day (or a real retailer's days) through a running local runtime, and what came of it.

The shoppers are another program (`standins.shoppers`); here they are sent, the work is watched until nothing is left,
and the result is compared by the product's own `verify`. NOT here: starting the runtime (`runtime`), printing (`cli`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from retail_ops.bootstrap import order_lane, queries
from retail_ops.contracts.errors import ConfigurationError, TransientError
from retail_ops.flows.orders.stage import STREAM
from retail_ops.flows.orders.verify import Report
from retail_ops.governance.accounts import load_accounts
from retail_ops.local.endpoints import Endpoints
from retail_ops.local.layout import CHECKOUT, Layout, inherited_environment
from retail_ops.local.process import start_process
from retail_ops.local.secret_files import write_private
from retail_ops.local.stack import application_environment
from retail_ops.ports.clock import SystemClock
from retail_ops.settings import EnvironmentConnections, Settings, load_settings
from retail_ops.store.desk import Desk
from retail_ops.store.unit import UnitOfWork
from retail_ops.verification import verify_account

COMPANY = CHECKOUT / "include" / "standins" / "demo_company.json"
SETTLE_WITHIN_S = 600.0
QUIET_S = 8.0


@dataclass(frozen=True, slots=True)
class DayOptions:
    """What happens in the demo.

    Attributes:
        dataset: A real retailer's file; None for a seeded day.
        days: How many days of it.
        orders, seconds, seed: The seeded day.
    """

    dataset: Path | None = None
    days: int = 1
    orders: int = 120
    seconds: int = 45
    seed: int = 7


@dataclass(slots=True)
class Summary:
    """What came of the day; `clean` when nothing was lost, doubled or unequal."""

    placed: Mapping[str, Any]
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)
    open_cases: list[Mapping[str, Any]] = field(default_factory=list)
    audit_entries: int = 0
    audit_broken: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def explained(self) -> int:
        """How many differences an open case speaks of."""
        return sum(len(report.explained) for report in self.reports)

    @property
    def clean(self) -> bool:
        """Whether everything ties."""
        return self.audit_broken == 0 and all(report.clean for report in self.reports)

    def to_json(self) -> dict[str, Any]:
        """Return the summary as it is written to `summary.json`."""
        return {
            "clean": self.clean,
            "placed": {key: value for key, value in self.placed.items() if key != "orders"},
            "states": self.states,
            "accounts": [{**asdict(report), "accounted": dict(report.accounted)} for report in self.reports],
            "open_cases": self.open_cases,
            "audit": {"entries": self.audit_entries, "broken": self.audit_broken},
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
        }


class Demo:
    """Runs one day through a running runtime.

    Args:
        say: Called with one line of progress.
    """

    def __init__(
        self, endpoints: Endpoints, layout: Layout, options: DayOptions, *, say: Callable[[str], None]
    ) -> None:
        self._said = ""
        self._endpoints = endpoints
        self._options = options
        self._print = say
        self._folder = layout.var / "demo"
        self._log = layout.log / "shoppers.log"
        variables = application_environment(endpoints)
        self._settings: Settings = load_settings(variables)
        self._connections = EnvironmentConnections(variables)

    def run(self) -> Summary:
        """Let the day happen, wait until nothing is left to do, verify, write `summary.json`.

        Raises:
            TransientError: Work was still left after ten minutes of quiet shops.
            ConfigurationError: The data set is missing, or the shoppers could not do their part; see their log.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        self._prepare()
        placed = self._trade()
        traded = time.monotonic()
        self._settle()
        settled = time.monotonic()
        summary = self._look(placed)
        summary.seconds = {
            "trading": traded - started,
            "settling": settled - traded,
            "verifying": time.monotonic() - settled,
        }
        text = json.dumps(summary.to_json(), indent=1, ensure_ascii=False, default=str) + "\n"
        write_private(self._folder / "summary.json", text)
        return summary

    @property
    def _accounts(self) -> Sequence[str]:
        return sorted(load_accounts(self._settings.governance))

    @property
    def _catalogue(self) -> Path:
        return self._folder / "catalogue.json"

    def _prepare(self) -> None:
        """Give Odoo its master data: the company, and the range that will be sold."""
        if self._options.dataset is None:
            seed = ("--seed", str(self._options.seed), "--out", str(self._catalogue))
            self._shoppers("catalogue", *seed)
        else:
            self._say(f"reading {self._options.dataset.name}")
            self._shoppers("dataset", *self._dataset_arguments(), "--dry-run")
        company = json.loads(COMPANY.read_text(encoding="utf-8"))
        products = json.loads(self._catalogue.read_text(encoding="utf-8"))["products"]
        answer = httpx.post(
            f"{self._endpoints.odoo.url}/control/seed",
            json={**company, "products": products},
            headers={"X-Control-Token": self._endpoints.odoo.control_token},
            timeout=120,
        )
        if answer.is_error:
            raise ConfigurationError(f"the Odoo stand-in refuses its master data: {answer.text[:300]}")
        self._say(f"Odoo has {len(products)} products")
        for account in self._accounts:
            with order_lane(account, self._connections, run="demo", settings=self._settings) as lane:
                lane.check()
        self._say("every connection, mapping and right is there")

    def _trade(self) -> Mapping[str, Any]:
        report = self._folder / "placed.json"
        if self._options.dataset is None:
            plan = ("--seed", str(self._options.seed), "--orders", str(self._options.orders))
            seconds = ("--seconds", str(self._options.seconds))
            shops = self._shop_arguments(self._traders)
            files = ("--catalogue", str(self._catalogue), "--report", str(report))
            arguments: tuple[str, ...] = ("day", *shops, *plan, *seconds, *files)
            self._say(f"a trading day of {self._options.orders} orders in {self._options.seconds} s")
        else:
            shops = self._shop_arguments(self._traders)
            arguments = ("dataset", *self._dataset_arguments(), *shops)
            self._say(f"{self._options.days} days of {self._options.dataset.name}")
        self._shoppers(*arguments)
        found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        if isinstance(found.get("placed"), list):
            found["placed"] = len(found["placed"])
        if not found.get("placed"):
            raise ConfigurationError("no order was placed: the data set holds no sale on these days")
        return found

    @property
    def _traders(self) -> Sequence[str]:
        """The accounts whose shops take part; a data set goes to the first one."""
        names = tuple(self._endpoints.shops)
        return names if self._options.dataset is None else names[:1]

    def _dataset_arguments(self) -> tuple[str, ...]:
        return (
            "--csv", str(self._options.dataset), "--days", str(self._options.days),
            "--catalogue-out", str(self._catalogue), "--report", str(self._folder / "placed.json"),
        )  # fmt: skip

    def _shop_arguments(self, names: Sequence[str]) -> tuple[str, ...]:
        shops = [self._endpoints.shops[name] for name in names]
        return tuple(
            part
            for shop in shops
            for part in ("--shop", shop.url, "--control-token-file", str(shop.control_token_file))
        )

    def _shoppers(self, *arguments: str) -> None:
        """Run the shoppers' program, showing progress while it runs."""
        env = {**inherited_environment(), "PYTHONPATH": str(CHECKOUT / "include")}
        command = (sys.executable, "-m", "standins.shoppers", *arguments)
        process = start_process(command, env=env, log=self._log, cwd=self._folder)
        try:
            while process.poll() is None:
                try:
                    process.wait(3)
                except subprocess.TimeoutExpired:
                    self._say(self._progress())
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode != 0:
            last = (self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no word"])[-1]
            raise ConfigurationError(f"the shoppers could not go on: {last} (all of it: {self._log})")

    def _settle(self) -> None:
        """Wait until the store has had nothing to do for a while after every cursor passed the last order."""
        deadline = time.monotonic() + SETTLE_WITHIN_S
        quiet_since: float | None = None
        said = time.monotonic()
        target = SystemClock().now()
        with _desk(self._settings, self._connections) as desk:
            while time.monotonic() < deadline:
                busy = self._busy(desk, target)
                quiet_since = None if busy else quiet_since or time.monotonic()
                if quiet_since is not None and time.monotonic() - quiet_since > QUIET_S / 4:
                    return
                if time.monotonic() - said > 3:  # noqa: PLR2004 - seconds between two lines of progress
                    self._say(self._progress())
                    said = time.monotonic()
                time.sleep(0.25)
        raise TransientError(
            f"work was still left after {SETTLE_WITHIN_S:.0f} s; look at `retail-ops status` and the logs"
        )

    def _busy(self, desk: Desk, target: datetime) -> bool:
        try:
            return any(desk.work_left().values()) or not self._all_past(desk.cursors(), target)
        except TransientError:
            return True  # the supervisor is starting the store again

    def _all_past(self, cursors: Mapping[str, datetime], moment: datetime) -> bool:
        """Whether every account that sold something was read up to `moment`."""
        names = {f"{account}/{STREAM}" for account in self._traders}
        return all(name in cursors and cursors[name] >= moment for name in names)

    def _say(self, line: str) -> None:
        """Say a line of progress, unless it is the last one again."""
        if line != self._said:
            self._said = line
            self._print(line)

    def _progress(self) -> str:
        try:
            return self._standing()
        except TransientError:
            return "the store does not answer; the supervisor starts it again"

    def _standing(self) -> str:
        with _desk(self._settings, self._connections) as desk:
            states: dict[str, int] = {}
            for row in desk.counts():
                states[row["state"]] = states.get(row["state"], 0) + row["entities"]
            left = desk.work_left()
        shown = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "no order yet"
        return f"{shown}; to do: {left['messages']} messages, {left['batches']} batches, {left['commands']} commands"

    def _look(self, placed: Mapping[str, Any]) -> Summary:
        summary = Summary(placed)
        with _desk(self._settings, self._connections) as desk:
            for row in desk.counts():
                summary.states.setdefault(row["account"], {})[row["state"]] = row["entities"]
            summary.audit_broken = len(desk.broken_chains())
            summary.audit_entries = sum(head["seq"] for head in desk.chain_heads())
            summary.open_cases = [_case(row) for row in desk.cases(None, "open", 1000)]
            for account in self._accounts:
                summary.reports.append(verify_account(account, self._settings, self._connections, desk))
        return summary


def _case(row: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = (
        "case_id", "account", "number", "external_id", "class", "code", "field", "detail", "owner", "value_minor",
        "currency", "deadline_at",
    )  # fmt: skip
    return {name: row[name] for name in kept}


@contextmanager
def _desk(settings: Settings, connections: EnvironmentConnections) -> Iterator[Desk]:
    unit = UnitOfWork(
        lambda: connections.store("worker"), queries(settings.queries), SystemClock(), actor="person:local"
    )
    try:
        yield Desk(unit, "local")
    finally:
        unit.close()

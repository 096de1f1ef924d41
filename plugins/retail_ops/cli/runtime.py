"""`demo`, `up`, `down`, `status`: everything of retail_ops on this machine, without anything installed beforehand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from retail_ops.cli.desk import case_text
from retail_ops.cli.wiring import errors, out
from retail_ops.contracts.errors import RetailOpsError
from retail_ops.flows.orders.verify import money_lines
from retail_ops.local import runtime
from retail_ops.local.child import StartError
from retail_ops.local.demo import DayOptions, Demo, Summary
from retail_ops.local.endpoints import Endpoints
from retail_ops.local.layout import locate_layout
from retail_ops.local.state import AlreadyRunningError, ComponentState, Phase
from retail_ops.local.status import Status
from retail_ops.local.status import status as read_status


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(demo)
    app.command()(up)
    app.command()(down)
    app.command()(status)


def demo(
    exit_after: Annotated[bool, typer.Option("--exit", help="Stop after the summary.")] = False,  # noqa: FBT002
    dataset: Annotated[
        Path | None, typer.Option(help="CSV or CSV.GZ of a real retailer's invoices instead of the seeded day.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="How many days of the data set.")] = 1,
    orders: Annotated[int, typer.Option(min=1, help="Orders of the seeded day.")] = 120,
    seconds: Annotated[int, typer.Option(min=1, help="Length of the seeded day.")] = 45,
    seed: Annotated[int, typer.Option(help="Another seed is another day.")] = 7,
) -> None:
    """Start everything on this machine and let a trading day happen.

    Embedded PostgreSQL, stand-ins of Odoo and two Shopify shops, and a real Airflow. Shows progress, ends with a
    summary, the address and log-in of the Airflow UI, and `var/demo/summary.json`. Keeps running until Ctrl-C.
    Exit code 1 when an order was lost, doubled or has another total.
    """
    if dataset is not None and not dataset.is_file():
        errors.print(f"retail-ops: no such file: {dataset}", markup=False, soft_wrap=True)
        raise typer.Exit(2)
    options = DayOptions(
        dataset=None if dataset is None else dataset.resolve(), days=days, orders=orders, seconds=seconds, seed=seed
    )
    layout = locate_layout()

    def trade(endpoints: Endpoints) -> int:
        summary = Demo(endpoints, layout, options, say=lambda line: out.print(f"  {line}")).run()
        _print_summary(summary)
        _print_logins(endpoints)
        out.print(f"\nsummary: {layout.var / 'demo' / 'summary.json'}")
        if not exit_after:
            out.print("running until Ctrl-C")
        return 0 if summary.clean else 1

    out.print("starting (logs in var/log)")
    code = _guarded(lambda: runtime.run_foreground(trade, layout=layout, exit_after=exit_after, on_change=_progress))
    raise typer.Exit(code)


def up() -> None:
    """Start everything in the background; start a component again that died.

    Safe to repeat: what runs is left as it is.
    """
    _guarded(lambda: _print_status(runtime.up()))


def down() -> None:
    """Stop everything, also what a killed supervisor left behind. Data stays; `make clean` removes it."""
    _guarded(_down)
    out.print("stopped")


def status() -> None:
    """Show components, restarts, addresses, log-ins and where the logs are. Exit code 1 unless all is well."""
    found = read_status()
    _print_status(found)
    if not found.ready:
        raise typer.Exit(1)


def _down() -> None:
    runtime.down()


def _guarded(work: Callable[[], int | None]) -> int:
    try:
        return work() or 0
    except (StartError, AlreadyRunningError, RetailOpsError) as error:
        errors.print(f"retail-ops: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _progress(component: ComponentState) -> None:
    if component.phase in {Phase.READY, Phase.DONE, Phase.BACKOFF}:
        out.print(f"  {component.name}: {component.phase}")


def _print_status(found: Status) -> None:
    table = Table("component", "phase", "pid", "up", "restarts", "port")
    for item in found.components:
        uptime = "" if item.uptime is None else f"{item.uptime.total_seconds():.0f} s"
        table.add_row(item.name, str(item.phase), str(item.pid or ""), uptime, str(item.restarts), str(item.port or ""))
    out.print(table)
    if not found.running:
        out.print("not running" + (f"; {found.leftovers} processes were left behind" if found.leftovers else ""))
    if found.endpoints is not None:
        _print_logins(found.endpoints)
    out.print(f"logs: {found.log_dir}")


def _print_logins(endpoints: Endpoints) -> None:
    out.print(f"\nAirflow: {endpoints.airflow_url}")
    for login in endpoints.logins:
        out.print(f"  {login.user} / {login.password}  ({login.role})")


def _print_summary(summary: Summary) -> None:
    out.rule("the day")
    placed = summary.placed
    out.print(f"orders placed at the shops: {placed.get('placed', '?')}; the states count all days of this runtime")
    table = Table("account", "state", "orders")
    for account, states in summary.states.items():
        for state, count in sorted(states.items()):
            table.add_row(account, state, str(count))
    out.print(table)
    for report in summary.reports:
        for code in sorted(set(report.channel) | set(report.erp)):
            (ours,) = money_lines({code: report.channel.get(code, (0, 0))})
            (theirs,) = money_lines({code: report.erp.get(code, (0, 0))})
            sign = "=" if ours == theirs else "[red]is not[/red]"
            out.print(f"  {report.account}: shop {ours}  {sign}  Odoo {theirs}")
        for difference in report.explained:
            out.print(f"  explained by an open case: {difference.detail}", markup=False)
        for difference in report.differences:
            out.print(f"  [red]{difference.kind}: {difference.detail}[/red]")
    out.print(f"waiting for a person: {len(summary.open_cases)} cases")
    for case in summary.open_cases:
        out.print(f"  {case_text(case)}", markup=False, soft_wrap=True)
    out.print(f"audit trail: {summary.audit_entries} entries, {summary.audit_broken} broken")
    totals = "every difference explained by an open case" if summary.explained else "every total equal"
    tied = f"nothing lost, nothing doubled, {totals}"
    verdict = tied if summary.clean else "[red]something does not tie[/red]"
    out.print(f"result: {verdict}")

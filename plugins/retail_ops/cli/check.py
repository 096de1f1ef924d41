"""`verify`, `check`, `migrate`: is everything true, is everything there, is the schema this version's."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from retail_ops.bootstrap import order_lane, queries
from retail_ops.cli.wiring import open_desk, out, reported, wired
from retail_ops.contracts.errors import RetailOpsError
from retail_ops.flows.orders.verify import Report, money_lines
from retail_ops.governance.accounts import load_accounts, read_accounts
from retail_ops.governance.permissions import load_permissions
from retail_ops.ports.clock import SystemClock
from retail_ops.settings import EnvironmentConnections, Settings
from retail_ops.store.deployment import install
from retail_ops.store.migrate import upgrade
from retail_ops.store.unit import UnitOfWork
from retail_ops.verification import verify_account


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(verify)
    app.command()(check)
    app.command()(migrate)


def verify(account: Annotated[str | None, typer.Option(help="Only this account.")] = None) -> None:
    """Prove that nothing was lost or doubled: recompute the audit chains, compare channel, store and Odoo.

    Every order of the channel must stand in Odoo with the same total, to the minor unit, or the store must say why
    not (a test order, cancelled before publication, an open case). Exit code 1 when something does not tie.
    """
    with reported():
        settings, connections = wired()
        with open_desk(settings, connections) as desk:
            broken = desk.broken_chains()
            heads = desk.chain_heads()
            accounts = [account] if account else sorted(load_accounts(settings.governance))
            reports = [verify_account(name, settings, connections, desk) for name in accounts]
    for row in broken:
        out.print(f"[red]audit chain {row['account']}: broken at {row['broken']} {row['seq']}[/red]")
    out.print(f"audit: {len(heads)} chains, {sum(head['seq'] for head in heads)} entries, {len(broken)} broken")
    for report in reports:
        _print_report(report)
    if broken or not all(report.clean for report in reports):
        raise typer.Exit(1)


def check() -> None:
    """Prove that every connection, mapping and right of the configured accounts is there, before anything runs.

    Names everything that is missing; exit code 1 when something is.
    """
    with reported():
        settings, connections = wired()
        found = read_accounts(settings.governance)
        names = sorted({*found.usable, *found.broken})
        failed = [name for name in names if not _check(name, settings, connections)]
    if failed:
        raise typer.Exit(1)


def migrate() -> None:
    """Bring the store's schema to this version and write environment, accounts and permissions into it.

    Needs the connection `retail_ops_store_owner`. Safe to repeat and to run from several machines at once.
    """
    with reported():
        settings, connections = wired()
        before, after = upgrade(lambda: connections.store("owner"), settings.migrations)
        unit = UnitOfWork(
            lambda: connections.store("owner"), queries(settings.queries), SystemClock(), actor="deployment"
        )
        channels = {name: setup.channel.channel for name, setup in load_accounts(settings.governance).items()}
        try:
            install(unit, settings.environment, channels, load_permissions(settings.governance))
        finally:
            unit.close()
    out.print(
        f"store: version {before or 'none'} -> {after}, environment {settings.environment}, {len(channels)} accounts"
    )


def _check(name: str, settings: Settings, connections: EnvironmentConnections) -> bool:
    try:
        with order_lane(name, connections, run="check", settings=settings) as lane:
            lane.check()
    except RetailOpsError as error:
        out.print(f"[red]{name}: {error}[/red]")
        return False
    out.print(f"{name}: connections, mapping and rights are there")
    return True


def _print_report(report: Report) -> None:
    table = Table("", "channel", "Odoo", title=report.account, title_justify="left")
    currencies = sorted(set(report.channel) | set(report.erp))
    for code in currencies:
        ours = money_lines({code: report.channel.get(code, (0, 0))})
        theirs = money_lines({code: report.erp.get(code, (0, 0))})
        table.add_row(code, *ours, *theirs)
    out.print(table)
    for reason, count in sorted(report.accounted.items()):
        out.print(f"  {count:6d}  {reason}")
    for difference in report.explained:
        out.print(f"  explained by an open case: {difference.detail} ({difference.external_id})", markup=False)
    for difference in report.differences:
        out.print(f"[red]  {difference.kind}: {difference.detail} ({difference.external_id})[/red]")
    out.print(f"  {len(report.differences)} differences")

"""The gate: one suite over the tables of one batch, and the verdict.

Fails closed: a check that could not run, a table that is missing and a batch without totals raise; they never pass.
Great Expectations itself is in `validation.py`, storing the verdict in `store/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from retail_ops.contracts.errors import GateCrashedError
from retail_ops.gates.suite import Rule, Suite, Table, load_suite
from retail_ops.ports.gate import Finding, Verdict

if TYPE_CHECKING:
    from retail_ops.gates.validation import BadRow, Outcome

Row = Mapping[str, object]

_IDENTITY: Final[Mapping[Table, tuple[str, ...]]] = {
    "orders": ("row",),
    "lines": ("row", "position"),
    "batch": ("currency",),
}


@dataclass(frozen=True, slots=True)
class GreatExpectationsGate:
    """Judges batches with the suites below `root`.

    Attributes:
        root: The folder `expectations/`.
    """

    root: Path

    def judge(self, gate: str, tables: Mapping[str, Sequence[Row]]) -> Verdict:
        """Judge the rows of one batch. Without any row it passes with 0 checked.

        Args:
            gate: Name of the suite below `root`, e.g. `orders/publish`.
            tables: Rows by table: `orders`, `lines`, `batch`. Each row of `orders` and `lines` carries `row` (the
                revision id), of `lines` also `position`, of `batch` its `currency`.

        Raises:
            ConfigurationError: The suite is missing or wrong; names the file and the rule.
            GateCrashedError: A check could not run; names the rule.
        """
        suite = load_suite(self.root, gate)
        _require_tables(suite, tables)
        judged = [_judge_table(suite, table, tables[table]) for table in suite.tables() if tables[table]]
        outcomes = [outcome for of_table in judged for outcome in of_table]
        findings = sorted(
            (finding for outcome in outcomes for finding in _findings(outcome)),
            key=lambda found: (found.row is not None, found.row or 0, found.rule, found.field),
        )
        return Verdict(
            gate=gate,
            suite_hash=suite.digest,
            outcome=_overall(outcomes),
            checked=len(tables.get("orders", ())),
            findings=tuple(findings),
        )


def _require_tables(suite: Suite, tables: Mapping[str, Sequence[Row]]) -> None:
    """A rule over no table or over no totals would hold for want of rows."""
    for table in suite.tables():
        if table not in tables:
            raise GateCrashedError(f"{suite.rules_of(table)[0].meta.rule}: the table {table} is missing")
    if any(tables.values()) and (rules := suite.rules_of("batch")) and not tables["batch"]:
        raise GateCrashedError(f"{rules[0].meta.rule}: the batch has rows but no totals")


def _judge_table(suite: Suite, table: Table, rows: Sequence[Row]) -> list[Outcome]:
    from retail_ops.gates.validation import validate  # noqa: PLC0415 - 2.6 s of CPU, only when there is work

    return validate(suite.path, suite.rules_of(table), rows=rows, identity=_IDENTITY[table])


def _overall(outcomes: Sequence[Outcome]) -> Literal["passed", "quarantined", "blocked"]:
    actions = {outcome.rule.meta.action for outcome in outcomes if not outcome.held}
    if "block" in actions:
        return "blocked"
    return "quarantined" if actions else "passed"


def _findings(outcome: Outcome) -> Iterator[Finding]:
    rule = outcome.rule
    for bad in outcome.bad_rows:
        yield Finding(
            rule=rule.meta.rule,
            code=rule.meta.code,
            field=_field(rule, bad),
            row=_revision(bad),
            detail=_detail(rule, bad.observed, bad.difference),
        )
    if not outcome.held and not outcome.bad_rows:
        detail = _detail(rule, {"observed": outcome.observed}, None)
        yield Finding(rule=rule.meta.rule, code=rule.meta.code, field=rule.meta.field, row=None, detail=detail)


def _field(rule: Rule, bad: BadRow) -> str:
    field = rule.meta.field
    for name, value in bad.observed.items():
        field = field.replace(f"{{{name}}}", str(value))
    index = bad.identity.get("position", bad.identity.get("currency"))
    return field if index is None else field.replace("[]", f"[{index}]", 1)


def _revision(bad: BadRow) -> int | None:
    row = bad.identity.get("row")
    if row is not None and type(row) is not int:
        raise GateCrashedError(f"row {row!r} is no revision id")
    return row


def _detail(rule: Rule, observed: Row, difference: int | None) -> str:
    parts = [f"{name}={str(value)[:80]}" for name, value in observed.items()]
    if difference is not None:
        parts.append(f"difference={difference}")
    return f"{', '.join(parts)}; expected: {rule.meta.expected}"

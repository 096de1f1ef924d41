"""One run of Great Expectations over the rows of one table.

Imports Great Expectations and pandas (2.6 s of CPU): `engine.py` imports this module when there is something to judge.
Verdicts are not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.exceptions.exceptions import GreatExpectationsError
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    Expectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity

# Imported for its effect too: it registers our expectations by name.
from retail_ops.contracts.errors import ConfigurationError, GateCrashedError
from retail_ops.gates.expectations import ExpectMinorUnitsToBalance
from retail_ops.gates.suite import Rule

Row = Mapping[str, object]

_ROW_LEVEL = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
_CELL = (str, int, bool, type(None))


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that an expectation refused.

    Attributes:
        identity: The row's values of the identity columns.
        observed: Its values of the columns that the expectation read.
        difference: What a balance is off by, in minor units; None for any other expectation.
    """

    identity: Row
    observed: Row
    difference: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule says of one table.

    Attributes:
        held: Nothing is wrong.
        bad_rows: Empty when the rule held, and when it speaks of the table as a whole.
        observed: For a rule on the whole table: the value that it met.
    """

    rule: Rule
    held: bool
    bad_rows: tuple[BadRow, ...]
    observed: object


@dataclass(frozen=True, slots=True)
class _Check:
    rule: Rule
    expectation: Expectation


def validate(path: Path, rules: Sequence[Rule], *, rows: Sequence[Row], identity: Sequence[str]) -> list[Outcome]:
    """Run `rules` over `rows`.

    Args:
        path: The suite's file, for messages.
        rules: At least one, all of one table.
        rows: At least one; the same columns in each.
        identity: Columns that tell the rows apart.

    Raises:
        ConfigurationError: A rule's type or arguments are unknown to Great Expectations.
        GateCrashedError: A check could not run.
    """
    checks = {rule.meta.rule: _Check(rule, _build_expectation(path, rule)) for rule in rules}
    frame = _build_frame(rows, identity)
    return [_read_result(checks[name], result, identity) for name, result in _run(checks, frame, identity).items()]


def _build_expectation(path: Path, rule: Rule) -> Expectation:
    """Build each by itself: a suite drops what it cannot build with a line in the log, and would pass."""
    where = f"suite {path}: rule {rule.meta.rule}"
    # The name only: Great Expectations copies the meta some hundred times a rule (a tenth of the time of a run).
    configuration = ExpectationConfiguration(
        type=rule.type,
        kwargs=dict(rule.kwargs),
        meta={"rule": rule.meta.rule},
        severity=FailureSeverity(rule.severity),
    )
    try:
        expectation = configuration.to_domain_obj()
    except (GreatExpectationsError, ValueError, TypeError) as error:
        raise ConfigurationError(f"{where}: {_short(error)}") from error
    if rule.meta.action == "quarantine" and not isinstance(expectation, _ROW_LEVEL):
        raise ConfigurationError(f"{where}: {rule.type} names no rows, so its action is block")
    return expectation


def _build_frame(rows: Sequence[Row], identity: Sequence[str]) -> pd.DataFrame:
    """Keep every cell the Python object that it is: pandas would turn integers beside a null into floats."""
    columns = list(rows[0])
    if missing := [name for name in identity if name not in columns]:
        raise GateCrashedError(f"rows without {', '.join(missing)} cannot be told apart")
    for row in rows:
        if row.keys() != rows[0].keys():
            raise GateCrashedError("the rows of one table have different columns")
        if odd := [name for name, value in row.items() if not isinstance(value, _CELL)]:
            raise GateCrashedError(f"column {odd[0]} holds a {type(row[odd[0]]).__name__}: not an exact value")
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in columns})


def _run(
    checks: Mapping[str, _Check], frame: pd.DataFrame, identity: Sequence[str]
) -> dict[str, ExpectationValidationResult]:
    try:
        suite = gx.ExpectationSuite(name="gate", expectations=[check.expectation for check in checks.values()])
        report = _build_batch(frame).validate(
            suite,
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": list(identity),
                "return_unexpected_index_query": False,
            },
        )
    except Exception as error:
        raise GateCrashedError(f"{', '.join(checks)}: the checks could not run: {_short(error)}") from error
    results = {_rule_name(result): result for result in report.results}
    if missing := checks.keys() - results.keys():
        raise GateCrashedError(f"no result for {', '.join(sorted(missing))}")
    return {name: results[name] for name in checks}


def _rule_name(result: ExpectationValidationResult) -> str:
    configuration = result.expectation_config
    return str((configuration.meta or {}).get("rule")) if configuration else ""


def _build_batch(frame: pd.DataFrame) -> Batch:
    configuration = DataContextConfig(
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
    )
    context = gx.get_context(project_config=configuration, mode="ephemeral")
    asset = context.data_sources.add_pandas("gate").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})


def _read_result(check: _Check, result: ExpectationValidationResult, identity: Sequence[str]) -> Outcome:
    """Tell a check that crashed from data that is bad: Great Expectations calls both `success: false`."""
    name = check.rule.meta.rule
    if message := _crash_message(result.exception_info):
        raise GateCrashedError(f"{name}: the check could not run: {message}")
    bad = result.result.get("unexpected_index_list")
    if not isinstance(check.expectation, _ROW_LEVEL):
        return Outcome(check.rule, bool(result.success), (), result.result.get("observed_value"))
    if bad is None or len(bad) != result.result.get("unexpected_count") or bool(bad) == bool(result.success):
        raise GateCrashedError(f"{name}: the result does not name its bad rows")
    return Outcome(check.rule, not bad, tuple(_build_bad_row(check, row, identity) for row in bad), None)


def _build_bad_row(check: _Check, row: Row, identity: Sequence[str]) -> BadRow:
    balance = check.expectation if isinstance(check.expectation, ExpectMinorUnitsToBalance) else None
    return BadRow(
        identity={name: row[name] for name in identity},
        observed={name: value for name, value in row.items() if name not in identity},
        difference=balance.difference(row) if balance else None,
    )


def _crash_message(info: Mapping[str, Any] | None) -> str | None:
    """Return why a check crashed; None when it ran.

    Measured on Great Expectations 1.24: flat when an expectation failed, by metric id when a metric did.
    """
    if not info:
        return None
    reports = [info] if "raised_exception" in info else list(info.values())
    messages = [str(report.get("exception_message")) for report in reports if report.get("raised_exception")]
    return _short(messages[0]) if messages else None


def _short(problem: object) -> str:
    return " ".join(str(problem).split())[:300]

"""The engine tells bad data from crashed checks, names every bad row, and never passes for want of rows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gates.suite_files import rule, suite, write_suite
from retail_ops.contracts.errors import ConfigurationError, GateCrashedError
from retail_ops.gates.engine import GreatExpectationsGate
from retail_ops.ports.gate import Verdict

Rows = Sequence[Mapping[str, object]]

BATCH_RULE = rule(
    "TST-901",
    type="expect_minor_units_to_balance",
    kwargs={"total_column": "staged", "plus_columns": ["counted"]},
    table="batch",
    action="block",
    code="differs",
    field="batch[].total",
)
AMOUNT_AT_MOST_TEN = [rule()]


def judge(root: Path, rules: Sequence[Mapping[str, object]], **tables: Rows) -> Verdict:
    gate = GreatExpectationsGate(write_suite(root, suite(rules)))
    return gate.judge("orders/test", {"orders": [], "lines": [], "batch": [], **tables})


def test_a_batch_that_holds_passes(tmp_path: Path) -> None:
    verdict = judge(tmp_path, AMOUNT_AT_MOST_TEN, orders=[{"row": 1, "amount": 10}])
    assert (verdict.outcome, verdict.checked, verdict.findings) == ("passed", 1, ())
    assert (verdict.gate, len(verdict.suite_hash)) == ("orders/test", 32)


def test_a_bad_row_is_quarantined_by_its_revision_and_the_rest_may_go(tmp_path: Path) -> None:
    verdict = judge(tmp_path, AMOUNT_AT_MOST_TEN, orders=[{"row": 41, "amount": 10}, {"row": 42, "amount": 11}])
    (finding,) = verdict.findings
    assert verdict.outcome == "quarantined"
    assert verdict.failed_rows() == {42}
    assert (finding.rule, finding.code, finding.field, finding.row) == ("TST-001", "too_much", "amount", 42)
    assert finding.detail == "amount=11; expected: at most ten"
    assert type(finding.row) is int


def test_a_bad_line_is_named_by_its_position(tmp_path: Path) -> None:
    lines = [{"row": 5, "position": position, "amount": 9 + position} for position in range(4)]
    verdict = judge(tmp_path, [rule(table="lines", field="lines[].amount")], lines=lines)
    assert [(found.row, found.field) for found in verdict.findings] == [(5, "lines[2].amount"), (5, "lines[3].amount")]


def test_every_bad_row_is_named_however_many_there_are(tmp_path: Path) -> None:
    verdict = judge(tmp_path, AMOUNT_AT_MOST_TEN, orders=[{"row": row, "amount": 11} for row in range(1, 1001)])
    assert verdict.failed_rows() == set(range(1, 1001))


def test_a_blocking_rule_blocks_and_still_names_the_row(tmp_path: Path) -> None:
    verdict = judge(tmp_path, [rule(action="block")], orders=[{"row": 1, "amount": 11}, {"row": 2, "amount": 1}])
    assert verdict.outcome == "blocked"
    assert verdict.failed_rows() == {1}


def test_an_imbalance_of_the_batch_blocks_without_a_row(tmp_path: Path) -> None:
    totals = [{"currency": "EUR", "staged": 5, "counted": 5}, {"currency": "JPY", "staged": 7, "counted": 8}]
    verdict = judge(tmp_path, [BATCH_RULE], batch=totals, orders=[{"row": 1}])
    (finding,) = verdict.findings
    assert (verdict.outcome, finding.row, finding.field) == ("blocked", None, "batch[JPY].total")
    assert "difference=-1" in finding.detail


def test_a_rule_on_the_whole_table_blocks(tmp_path: Path) -> None:
    whole = rule(
        type="expect_table_row_count_to_be_between", kwargs={"max_value": 1}, action="block", field="", code="too_many"
    )
    verdict = judge(tmp_path, [whole], orders=[{"row": 1}, {"row": 2}])
    (finding,) = verdict.findings
    assert (verdict.outcome, finding.row) == ("blocked", None)
    assert finding.detail == "observed=2; expected: at most ten"


def test_a_rule_on_the_whole_table_cannot_quarantine(tmp_path: Path) -> None:
    whole = rule(type="expect_table_row_count_to_be_between", kwargs={"max_value": 1})
    with pytest.raises(ConfigurationError, match=r"orders/test\.json: rule TST-001: .* names no rows"):
        judge(tmp_path, [whole], orders=[{"row": 1}])


@pytest.mark.parametrize(
    "wrong",
    [
        rule(type="expect_the_unexpected"),
        rule(kwargs={"column": "amount", "max_valu": 10}),
        rule(kwargs={"column": "amount"}),
        rule(type="expect_minor_units_to_balance", kwargs={"plus_columns": ["amount"]}),
        rule(type="expect_minor_units_to_balance", kwargs={"total_column": "amount", "plus_columns": 3}),
    ],
)
def test_a_rule_that_great_expectations_does_not_know_is_never_dropped(tmp_path: Path, wrong: object) -> None:
    rules = [rule("TST-002"), wrong]
    with pytest.raises(ConfigurationError, match=r"orders/test\.json: rule TST-001"):
        judge(tmp_path, rules, orders=[{"row": 1, "amount": 1}])  # type: ignore[arg-type]


# ---------------------------------------------------------------- crashed is not failed


def explode_expectation() -> str:
    """Register an expectation whose check raises; return its type."""
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.expectations.expectation import ColumnMapExpectation
    from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial

    class Explodes(ColumnMapMetricProvider):
        condition_metric_name = "column_values.explodes"

        @column_condition_partial(engine=PandasExecutionEngine)
        def _pandas(cls, column, **kwargs):  # noqa: N805
            raise RuntimeError("the disk is on fire")

    class ExpectColumnValuesToExplode(ColumnMapExpectation):
        map_metric = Explodes.condition_metric_name

    return ExpectColumnValuesToExplode.expectation_type


def missing_column() -> dict[str, object]:
    return rule("TST-066", kwargs={"column": "nowhere", "max_value": 10})


def raising_check() -> dict[str, object]:
    return rule("TST-077", type=explode_expectation(), kwargs={"column": "amount"})


def raising_balance() -> dict[str, object]:
    kwargs = {"total_column": "amount", "plus_columns": ["words"]}
    return rule("TST-088", type="expect_minor_units_to_balance", kwargs=kwargs)


CRASHES = [(missing_column, "TST-066"), (raising_check, "TST-077"), (raising_balance, "TST-088")]


def assert_a_crash_is_no_verdict(root: Path, crashing: Mapping[str, object], name: str) -> None:
    with pytest.raises(GateCrashedError, match=name):
        judge(root, [rule(), crashing], orders=[{"row": 1, "amount": 11, "words": "eleven"}])


@pytest.mark.parametrize(("crashing", "name"), CRASHES)
def test_a_check_that_crashed_is_no_verdict(tmp_path: Path, crashing, name: str) -> None:
    assert_a_crash_is_no_verdict(tmp_path, crashing(), name)


@pytest.mark.parametrize(("crashing", "name"), CRASHES)
def test_an_engine_that_takes_a_crash_for_bad_data_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crashing, name: str
) -> None:
    from retail_ops.gates import validation

    def believe_success(check, result, identity):
        return validation.Outcome(check.rule, bool(result.success), (), None)

    monkeypatch.setattr(validation, "_read_result", believe_success)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        assert_a_crash_is_no_verdict(tmp_path, crashing(), name)


def test_a_result_that_does_not_name_its_bad_rows_is_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from great_expectations.expectations.metrics.map_metric_provider import map_condition_auxilliary_methods as methods

    real = methods.compute_unexpected_pandas_indices
    monkeypatch.setattr(methods, "compute_unexpected_pandas_indices", lambda **kwargs: real(**kwargs)[:1])
    with pytest.raises(GateCrashedError, match="TST-001: the result does not name its bad rows"):
        judge(tmp_path, AMOUNT_AT_MOST_TEN, orders=[{"row": 1, "amount": 11}, {"row": 2, "amount": 11}])


def test_a_rule_without_result_is_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import great_expectations as gx

    real = gx.ExpectationSuite
    monkeypatch.setattr(gx, "ExpectationSuite", lambda name, expectations: real(name, expectations[:1]))
    with pytest.raises(GateCrashedError, match="no result for TST-002"):
        judge(tmp_path, [rule(), rule("TST-002")], orders=[{"row": 1, "amount": 1}])


# ---------------------------------------------------------------- what is judged at all


def test_an_empty_batch_passes_with_nothing_checked(tmp_path: Path) -> None:
    verdict = judge(tmp_path, [*AMOUNT_AT_MOST_TEN, BATCH_RULE])
    assert (verdict.outcome, verdict.checked) == ("passed", 0)


def test_staged_orders_that_are_all_missing_block(tmp_path: Path) -> None:
    totals = [{"currency": "EUR", "staged": 5, "counted": 0}]
    assert judge(tmp_path, [*AMOUNT_AT_MOST_TEN, BATCH_RULE], batch=totals).outcome == "blocked"


def test_orders_without_totals_of_the_batch_are_not_judged(tmp_path: Path) -> None:
    with pytest.raises(GateCrashedError, match="TST-901: the batch has rows but no totals"):
        judge(tmp_path, [*AMOUNT_AT_MOST_TEN, BATCH_RULE], orders=[{"row": 1, "amount": 1}])


def test_a_missing_table_is_not_judged(tmp_path: Path) -> None:
    gate = GreatExpectationsGate(write_suite(tmp_path, suite([rule(), rule("TST-005", table="lines")])))
    with pytest.raises(GateCrashedError, match="TST-005: the table lines is missing"):
        gate.judge("orders/test", {"orders": [{"row": 1, "amount": 1}]})


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"amount": 1}], "rows without row"),
        ([{"row": 1, "amount": 1.0}], "column amount holds a float"),
        ([{"row": 1, "amount": 1}, {"row": 2}], "different columns"),
        ([{"row": "1", "amount": 11}], "is no revision id"),
    ],
)
def test_rows_of_the_wrong_shape_are_not_judged(tmp_path: Path, rows: Rows, says: str) -> None:
    with pytest.raises(GateCrashedError, match=says):
        judge(tmp_path, AMOUNT_AT_MOST_TEN, orders=rows)


def test_analytics_are_off() -> None:
    import pandas as pd

    from retail_ops.gates import validation

    variables = validation._build_batch(pd.DataFrame({"row": [1]})).datasource.data_context.variables
    assert variables.analytics_enabled is False


# ---------------------------------------------------------------- cost and traces, in a process of its own

CHEAP = """
import sys
from pathlib import Path
import retail_ops.gates, retail_ops.gates.engine, retail_ops.gates.orders, retail_ops.gates.tables
gate = retail_ops.gates.engine.GreatExpectationsGate(Path(sys.argv[1]))
gate.judge("orders/test", {"orders": [], "lines": [], "batch": []})
def heavy():
    return sorted({"great_expectations", "pandas"} & sys.modules.keys())
print("before", heavy())
gate.judge("orders/test", {"orders": [{"row": 1, "amount": 1}], "lines": [], "batch": []})
print("after", heavy())
"""


def test_great_expectations_is_imported_only_to_judge_rows_and_says_and_leaves_nothing(tmp_path: Path) -> None:
    root = write_suite(tmp_path / "suites", suite(AMOUNT_AT_MOST_TEN))
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", CHEAP, str(root)],
        cwd=home,
        env={"HOME": str(home), "TMPDIR": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines() == ["before []", "after ['great_expectations', 'pandas']"], done.stderr
    assert not done.stderr, "progress bars or warnings"
    assert list(home.iterdir()) == []

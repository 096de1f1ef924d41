"""Balances are exact integers: one minor unit too much or too little is seen at any size."""

from __future__ import annotations

from pathlib import Path

import pytest

from gates.suite_files import rule, suite, write_suite
from retail_ops.gates.engine import GreatExpectationsGate
from retail_ops.ports.gate import Verdict

BALANCE = rule(
    type="expect_minor_units_to_balance",
    kwargs={"total_column": "total", "plus_columns": ["lines", "tax"], "minus_columns": ["discounts"]},
)
ONE_OF = rule(
    type="expect_minor_units_to_equal_one_of",
    kwargs={"stated_column": "total", "candidate_columns": ["lines", "tax"]},
)
SIZES = [1, 10**15, 2**53, 10**18, 10**30]


def judge(root: Path, made: dict[str, object], **row: object) -> Verdict:
    gate = GreatExpectationsGate(write_suite(root, suite([made])))
    return gate.judge("orders/test", {"orders": [{"row": 1, "discounts": 0, "note": None, **row}]})


@pytest.mark.parametrize("size", SIZES)
def test_a_balanced_total_of_any_size_passes(tmp_path: Path, size: int) -> None:
    assert judge(tmp_path, BALANCE, total=size + 1, lines=size, tax=2, discounts=1).outcome == "passed"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("off", [-1, 1])
def test_one_minor_unit_is_seen_at_any_size(tmp_path: Path, size: int, off: int) -> None:
    verdict = judge(tmp_path, BALANCE, total=size + off, lines=size, tax=0)
    assert verdict.outcome == "quarantined"
    assert f"difference={off}" in verdict.findings[0].detail
    assert f"total={size + off}" in verdict.findings[0].detail


def test_a_balance_in_floats_would_not_see_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from retail_ops.gates import expectations

    monkeypatch.setattr(expectations, "exact", float)
    assert judge(tmp_path, BALANCE, total=10**18 + 1, lines=10**18, tax=0).outcome == "passed"


def test_every_cell_stays_the_integer_that_it_was_beside_nulls_too() -> None:
    from retail_ops.gates import validation

    rows = [{"row": 1, "amount": 10**15 + 1}, {"row": 2, "amount": None}, {"row": 3, "amount": 2**70}]
    cells = validation._build_frame(rows, ["row"])["amount"].tolist()
    assert cells == [10**15 + 1, None, 2**70]
    assert [type(cell) for cell in cells] == [int, type(None), int]


@pytest.mark.parametrize(("total", "outcome"), [(10**15, "passed"), (7, "passed"), (10**15 - 1, "quarantined")])
def test_a_stated_amount_equals_one_of_its_candidates(tmp_path: Path, total: int, outcome: str) -> None:
    assert judge(tmp_path, ONE_OF, total=total, lines=10**15, tax=7).outcome == outcome


def test_rows_outside_the_condition_are_left_alone(tmp_path: Path) -> None:
    kwargs = {
        "stated_column": "total",
        "candidate_columns": ["lines"],
        "row_condition": {"type": "comparison", "column": {"name": "untouched"}, "operator": "==", "parameter": True},
    }
    made = rule(type="expect_minor_units_to_equal_one_of", kwargs=kwargs)
    gate = GreatExpectationsGate(write_suite(tmp_path, suite([made])))
    rows = [{"row": row, "total": row, "lines": 1, "untouched": row % 2 == 0} for row in range(1, 7)]
    assert gate.judge("orders/test", {"orders": rows}).failed_rows() == {2, 4, 6}

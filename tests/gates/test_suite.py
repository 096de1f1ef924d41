"""The loader accepts only suites whose rules all count, and says what is wrong where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gates.suite_files import rule, suite, write_suite
from retail_ops.contracts.errors import ConfigurationError
from retail_ops.gates.suite import load_suite


def load_error(root: Path, content: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_suite(write_suite(root, content), "orders/test")
    message = str(caught.value)
    assert "orders/test.json" in message
    return message


def test_rules_are_grouped_by_table_in_the_order_of_the_file(tmp_path: Path) -> None:
    rules = [rule("TST-003"), rule("TST-001", table="lines"), rule("TST-002")]
    loaded = load_suite(write_suite(tmp_path, suite(rules)), "orders/test")
    assert loaded.tables() == ("orders", "lines")
    assert [found.meta.rule for found in loaded.rules_of("orders")] == ["TST-003", "TST-002"]
    assert loaded.rules_of("batch") == ()


def test_the_hash_ignores_layout_and_order_of_keys(tmp_path: Path) -> None:
    content = suite([rule()])
    compact = load_suite(write_suite(tmp_path / "a", json.dumps(content)), "orders/test")
    spread = json.dumps(dict(reversed(content.items())), indent=4)
    assert load_suite(write_suite(tmp_path / "b", spread), "orders/test").digest == compact.digest
    assert len(compact.digest) == 32


@pytest.mark.parametrize(
    "changed",
    [
        suite([rule(kwargs={"column": "amount", "max_value": 11})]),
        suite([rule(action="block")]),
        suite([rule(expected="at most eleven")]),
        suite([rule(), rule("TST-002")]),
    ],
)
def test_the_hash_changes_with_every_change_of_meaning(tmp_path: Path, changed: object) -> None:
    before = load_suite(write_suite(tmp_path / "a", suite([rule()])), "orders/test")
    assert load_suite(write_suite(tmp_path / "b", changed), "orders/test").digest != before.digest


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (rule("TST-007", action="ignore"), "rule TST-007: expectations.1.meta.action"),
        (rule("TST-007", table="payments"), "rule TST-007: expectations.1.meta.table"),
        (rule("TST-007", code="Too Much"), "rule TST-007: expectations.1.meta.code"),
        (rule("TST-007", severity="urgent"), "rule TST-007: expectations.1.severity"),
        (rule("TST-007", type="between"), "rule TST-007: expectations.1.type"),
        (rule("TST-007") | {"oops": 1}, "rule TST-007: expectations.1.oops"),
        (rule("TST-007", table="batch"), "its action is block"),
        (rule("TST-007", kwargs={"column": "amount", "max_value": 10, "mostly": 0.9}), "must not set mostly"),
        (rule("seven"), "rule seven: expectations.1.meta.rule"),
        ("no rule at all", "rule number 2: expectations.1"),
        (rule("TST-001"), "more than one rule is called TST-001"),
    ],
)
def test_a_wrong_rule_is_named(tmp_path: Path, wrong: object, says: str) -> None:
    assert says in load_error(tmp_path, suite([rule(), wrong]))  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "cannot be read as JSON"),
        ([], "the file"),
        (suite([]), "expectations"),
        (suite([rule()], name="orders/other"), "its name is 'orders/other'"),
        (suite([rule()], meta={"contract": "order/v1", "owner": "data", "runbook": "x"}), "meta.balance"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: object, says: str) -> None:
    assert says in load_error(tmp_path, content)


def test_a_missing_suite_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load_suite(tmp_path, "orders/test")


@pytest.mark.parametrize("gate", ["orders", "../orders/test", "orders/test.json", "/orders/test", "orders//test", ""])
def test_a_gate_is_a_name_and_never_a_path(tmp_path: Path, gate: str) -> None:
    write_suite(tmp_path / "inner", suite([rule()]))
    with pytest.raises(ConfigurationError, match="is no gate"):
        load_suite(tmp_path / "inner", gate)

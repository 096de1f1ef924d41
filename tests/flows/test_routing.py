"""The routing table: the first rule that holds, what cannot be configured away, and a file that says what it lacks."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from flows.fakes import ROUTING, UK
from retail_ops.flows.orders import outcomes
from retail_ops.governance.routing import (
    NEWER_VERSION_RECHECK_S,
    Condition,
    Decision,
    Facts,
    Routing,
    Rule,
    decide,
)
from support.processes import CHECKOUT

FILE = CHECKOUT / "include" / "governance" / "routing.yaml"


def known(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "risk_level": "low",
        "risk_recommendation": "accept",
        "payment": "paid",
        "total": UK.pair(1000).presentment,
        "address_missing": False,
        "address_absent": False,
        "short_skus": (),
        "velocity": None,
        "source": "web",
        "newer_version": False,
        "cancelled": False,
    }
    return Facts(**(values | changes))


BAD: dict[str, Any] = {"risk_level": "high", "payment": "failed", "short_skus": ("TS-001",)}


def test_an_order_that_no_rule_holds_is_released():
    assert decide(ROUTING, known()) == Decision("release", "no_rule_holds_it")


def test_the_first_rule_that_holds_decides():
    assert decide(ROUTING, known(**BAD)) == Decision("review", "high_risk")
    turned = ROUTING.model_copy(update={"rules": ROUTING.rules[::-1]})
    assert decide(turned, known(**BAD)) == Decision("hold", "short_stock", 600)


def test_a_cancellation_outranks_every_rule_and_a_newer_version_outranks_it():
    assert decide(ROUTING, known(**BAD, cancelled=True)) == Decision("cancel", "cancelled_on_channel")
    assert decide(ROUTING, known(cancelled=True, newer_version=True)) == Decision(
        "hold", "newer_version_on_its_way", NEWER_VERSION_RECHECK_S
    )


def test_without_any_rule_a_newer_version_still_holds():
    empty = ROUTING.model_copy(update={"rules": ()})
    assert decide(empty, known(newer_version=True)).verb == "hold"


@pytest.mark.parametrize(
    ("when", "facts", "expected"),
    [
        ({"total_from": {"GBP": 1000}}, {}, True),
        ({"total_from": {"GBP": 1001}}, {}, False),
        ({"total_from": {"EUR": 1}}, {}, False),
        ({"velocity_from": 1}, {}, False),
        ({"velocity_from": 3}, {"velocity": 3}, True),
        ({"velocity_from": 3}, {"velocity": 2}, False),
        ({"address": ["missing"]}, {"address_absent": True}, False),
        ({"address": ["absent"]}, {"address_absent": True}, True),
        ({"address": ["missing", "absent"]}, {"address_missing": True}, True),
        ({"stock": ["short"]}, {"short_skus": ("A",)}, True),
        ({"source": ["pos"]}, {"source": "pos"}, True),
        ({"source": ["pos"], "payment": ["failed"]}, {"source": "pos"}, False),
        ({}, {}, True),
    ],
)
def test_a_rule_holds_when_all_its_parts_do(when, facts, expected):
    rule = Rule(name="r", when=Condition.model_validate(when), then="review")
    verb = decide(ROUTING.model_copy(update={"rules": (rule,)}), known(**facts)).verb
    assert (verb == "review") is expected


def changed(**changes: Any) -> dict[str, Any]:
    return {**yaml.safe_load(FILE.read_text()), **changes}


STEPS = yaml.safe_load(FILE.read_text())["steps"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"steps": {name: step for name, step in STEPS.items() if name != "amend"}}, "no entry for amend"),
        ({"case_hours": {"hold": 24, "review": 4}}, "no entry for cancel, retry"),
        ({"rules": [{"name": "a", "when": {}, "then": "hold"}] * 2}, "two rules share a name"),
        ({"rules": [{"name": "a", "when": {}, "then": "release", "recheck_s": 5}]}, "nothing is decided again"),
        ({"rules": [{"name": "a", "when": {"moon": "full"}, "then": "hold"}]}, "moon"),
        ({"rules": [{"name": "a", "when": {"payment": ["stolen"]}, "then": "hold"}]}, "payment"),
        ({"commit_point": "delivery"}, "commit_point"),
    ],
)
def test_a_file_that_does_not_fit_says_where(changes, named):
    with pytest.raises(ValidationError, match=named):
        Routing.model_validate(changed(**changes))


def codes_of(folder: Path) -> set[str]:
    """Every problem code that the code below `folder` can give: the first text of `Problem(...)` and `_unfit(...)`."""
    calls = [
        node
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]
    named = [call for call in calls if getattr(call.func, "id", "") in {"Problem", "_unfit"} and call.args]
    return {str(call.args[0].value) for call in named if isinstance(call.args[0], ast.Constant)}


def test_the_file_and_the_flow_name_only_problems_that_exist():
    """A code that nothing gives would be a rule that silently never holds."""
    exist = codes_of(CHECKOUT / "plugins" / "retail_ops" / "erp") | {"changed_after_cancel", "poison"}
    assert "unmapped_tax" in exist
    named = {code for step in ROUTING.steps.values() for code in step.codes} | set(ROUTING.owners)
    assert named - exist == set()
    assert (outcomes._CONFLICTS | outcomes._MAPPING) - exist == set()

"""Routing: the first rule that holds decides, and two things come before every rule."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.folders import GOVERNANCE
from retail_ops.contracts.money import Money
from retail_ops.governance.files import load
from retail_ops.governance.routing import (
    NEWER_VERSION_RECHECK_S,
    Condition,
    Decision,
    Facts,
    PaymentState,
    Routing,
    Rule,
    Step,
    decide,
)

ROUTING = load(GOVERNANCE / "routing.yaml", Routing)
RULES = {rule.name: rule for rule in ROUTING.rules}


def money(minor: int, currency: str = "GBP") -> Money:
    return Money(minor=minor, currency=currency)


GOOD = Facts(
    risk_level="low", risk_recommendation="accept", payment="paid", total=money(1000), address_missing=False,
    address_absent=False, short_skus=(), velocity=None, source="web", newer_version=False, cancelled=False,
)  # fmt: skip

# For each rule of routing.yaml: what makes it hold, and what just does not. A rule without an entry fails.
EDGES: dict[str, tuple[list[dict[str, object]], list[dict[str, object]]]] = {
    "channel_says_cancel": ([{"risk_recommendation": "cancel"}], [{"risk_recommendation": "investigate"}]),
    "high_risk": ([{"risk_level": "high"}], [{"risk_level": "medium"}]),
    "risk_not_assessed_yet": ([{"risk_level": "pending"}], [{"risk_level": "none"}]),
    "large_value": (
        [{"total": money(*at)} for at in ((500_000,), (600_000, "EUR"), (700_000, "USD"), (1_000_000, "JPY"))],
        [{"total": money(*at)} for at in ((499_999,), (599_999, "EUR"), (999_999, "JPY"), (10**9, "KWD"))],
    ),
    "many_orders_of_one_buyer": ([{"velocity": 10}, {"velocity": 11}], [{"velocity": 9}, {"velocity": None}]),
    "payment_failed": ([{"payment": "failed"}, {"payment": "voided"}], [{"payment": "paid"}]),
    "not_paid": ([{"payment": p} for p in ("pending", "authorised", "partly_paid", "none")], [{"payment": "paid"}]),
    "address_incomplete": ([{"address_missing": True}], [{"address_absent": True}]),
    "short_stock": ([{"short_skus": ("SKU-1",)}], [{"short_skus": ()}]),
}  # fmt: skip


def cases(which: int) -> list[tuple[str, dict[str, object]]]:
    return [(name, facts) for name, edges in EDGES.items() for facts in edges[which]]


def test_every_rule_of_the_file_has_an_order_that_it_holds_and_one_that_it_lets_go():
    assert set(EDGES) == set(RULES)


@pytest.mark.parametrize(("name", "facts"), cases(0))
def test_an_order_that_a_rule_is_for_is_decided_by_it(name, facts):
    rule = RULES[name]
    assert decide(ROUTING, replace(GOOD, **facts)) == Decision(rule.then, name, rule.recheck_s)
    without = ROUTING.model_copy(update={"rules": tuple(r for r in ROUTING.rules if r.name != name)})
    assert decide(without, replace(GOOD, **facts)) == Decision("release", "no_rule_holds_it")


@pytest.mark.parametrize(("name", "facts"), cases(1))
def test_an_order_that_just_misses_a_rule_is_released(name, facts):
    assert decide(ROUTING, replace(GOOD, **facts)) == Decision("release", "no_rule_holds_it")


def test_every_payment_state_but_paid_is_held():
    held = {payment: decide(ROUTING, replace(GOOD, payment=payment)).verb for payment in get_args(PaymentState)}
    assert held == dict.fromkeys(set(held) - {"paid"}, "hold") | {"paid": "release"}


every_fact = st.builds(
    Facts,
    risk_level=st.sampled_from(["none", "low", "medium", "high", "pending"]),
    risk_recommendation=st.sampled_from(["none", "accept", "investigate", "cancel"]),
    payment=st.sampled_from(get_args(PaymentState)),
    total=st.builds(money, st.integers(0, 10**7), st.sampled_from(["GBP", "EUR", "JPY", "KWD"])),
    address_missing=st.booleans(), address_absent=st.booleans(),
    short_skus=st.sampled_from([(), ("SKU-1",)]),
    velocity=st.none() | st.integers(0, 20),
    source=st.sampled_from(["web", "pos"]),
    newer_version=st.booleans(), cancelled=st.booleans(),
)  # fmt: skip


@given(every_fact)
def test_nothing_is_released_while_a_newer_version_is_on_its_way_and_what_was_cancelled_is_cancelled(facts):
    decision = decide(ROUTING, facts)
    if facts.newer_version:
        assert decision == Decision("hold", "newer_version_on_its_way", NEWER_VERSION_RECHECK_S)
    elif facts.cancelled:
        assert decision == Decision("cancel", "cancelled_on_channel")
    elif decision.verb == "release":
        assert (facts.payment, facts.short_skus, facts.address_missing) == ("paid", (), False)


@given(every_fact)
def test_no_rules_file_can_configure_the_two_away(facts):
    anything = Rule(name="release_all", when=Condition(), then="release")
    careless = ROUTING.model_copy(update={"rules": (anything,)})
    assert (decide(careless, facts).verb == "release") == (not facts.newer_version and not facts.cancelled)


def test_the_first_rule_that_holds_decides():
    both = replace(GOOD, risk_level="high", payment="failed")
    assert decide(ROUTING, both).rule == "high_risk"
    turned = ROUTING.model_copy(update={"rules": ROUTING.rules[::-1]})
    assert decide(turned, both).rule == "payment_failed"


def test_all_parts_of_a_condition_have_to_hold():
    rule = Rule.model_validate({"name": "two", "when": {"risk_level": ["high"], "source": ["pos"]}, "then": "review"})
    routing = ROUTING.model_copy(update={"rules": (rule,)})
    verbs = {(level, source): decide(routing, replace(GOOD, risk_level=level, source=source)).verb
             for level in ("high", "low") for source in ("pos", "web")}  # fmt: skip
    assert verbs == {
        ("high", "pos"): "review",
        ("high", "web"): "release",
        ("low", "pos"): "release",
        ("low", "web"): "release",
    }


@pytest.mark.parametrize(
    ("wanted", "holds"), [(["missing"], {"m"}), (["absent"], {"a"}), (["missing", "absent"], {"m", "a"})]
)
def test_a_missing_field_and_a_missing_address_are_told_apart(wanted, holds):
    rule = Rule.model_validate({"name": "address", "when": {"address": wanted}, "then": "review"})
    routing = ROUTING.model_copy(update={"rules": (rule,)})
    facts = {"m": replace(GOOD, address_missing=True), "a": replace(GOOD, address_absent=True), "-": GOOD}
    assert {name for name, fact in facts.items() if decide(routing, fact).verb == "review"} == holds


def test_a_velocity_that_nobody_counts_matches_nothing():
    rule = Rule.model_validate({"name": "velocity", "when": {"velocity_from": 1}, "then": "review"})
    routing = ROUTING.model_copy(update={"rules": (rule,)})
    verbs = [decide(routing, replace(GOOD, velocity=velocity)).verb for velocity in (None, 0, 1)]
    assert verbs == ["release", "release", "review"]


def test_a_refused_write_goes_by_its_code_or_by_the_rest():
    for step in get_args(Step):
        failure = ROUTING.steps[step]
        assert ROUTING.on_failure(step, "something_new") == failure.otherwise
        for code, verb in failure.codes.items():
            assert ROUTING.on_failure(step, code) == verb
    assert ROUTING.on_failure("place", "unmapped_tax") == "hold"

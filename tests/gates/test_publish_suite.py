"""Every rule of `orders/publish` lets a good batch pass and refuses the example that it exists for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from gates.broken_orders import BROKEN_BATCHES, BROKEN_ORDERS
from gates.sample_orders import NOW, PLACED, charge, line, order, rich_order, tax
from retail_ops.contracts.money import minor_digits
from retail_ops.contracts.order import Order
from retail_ops.gates.orders import PublishGate
from retail_ops.gates.suite import load_suite
from retail_ops.ports.gate import BatchTotals, Finding, OrderRow, Verdict

ROOT = Path(__file__).parents[2] / "expectations"
SUITE = load_suite(ROOT, "orders/publish")
RULES = {rule.meta.rule: rule for rule in SUITE.content.expectations}
KNOWN_SKUS = frozenset({"SKU-1", "SKU-2"})
GOOD_ROW = 1000


class FixedClock:
    def now(self):
        return NOW


def judge(orders: Sequence[Order], staged: BatchTotals | None = None) -> Verdict:
    rows = [OrderRow(GOOD_ROW + index, made, KNOWN_SKUS) for index, made in enumerate(orders)]
    return PublishGate(ROOT, FixedClock()).judge_orders(rows, staged or staged_totals(orders))


def staged_totals(orders: Iterable[Order]) -> BatchTotals:
    staged: dict[str, tuple[int, int]] = {}
    for made in orders:
        total = made.totals.total.presentment
        count, minor = staged.get(total.currency, (0, 0))
        staged[total.currency] = (count + 1, minor + total.minor)
    return BatchTotals(staged)


def rules_without_example(rules: Iterable[str], examples: Iterable[str]) -> set[str]:
    return set(rules) - set(examples)


def test_every_rule_has_an_example_that_it_refuses() -> None:
    examples = {*BROKEN_ORDERS, *BROKEN_BATCHES}
    assert rules_without_example(RULES, examples) == set()
    assert examples == RULES.keys(), "an example for a rule that is gone"


def test_a_rule_without_example_would_be_noticed() -> None:
    assert rules_without_example([*RULES, "ORD-999"], {*BROKEN_ORDERS, *BROKEN_BATCHES}) == {"ORD-999"}


# ---------------------------------------------------------------- one batch: a good order, and a broken one a rule


@pytest.fixture(scope="module")
def broken_batch() -> tuple[dict[str, int], Verdict]:
    orders = [rich_order("gid://shopify/Order/0")]
    rows: dict[str, int] = {}
    for index, (name, broken) in enumerate(BROKEN_ORDERS.items(), start=1):
        orders.append(broken.change(rich_order(f"gid://shopify/Order/{index}")))
        rows[name] = GOOD_ROW + index
    return rows, judge(orders)


@pytest.mark.parametrize("name", BROKEN_ORDERS)
def test_a_rule_refuses_its_example_and_names_row_code_and_field(
    broken_batch: tuple[dict[str, int], Verdict], name: str
) -> None:
    rows, verdict = broken_batch
    found = [finding for finding in verdict.findings if (finding.rule, finding.row) == (name, rows[name])]
    assert [(finding.code, finding.field) for finding in found if finding.field == BROKEN_ORDERS[name].field] == [
        (RULES[name].meta.code, BROKEN_ORDERS[name].field)
    ]
    assert found[0].detail.endswith(f"expected: {RULES[name].meta.expected}")


def test_broken_orders_are_quarantined_and_never_block_the_rest(
    broken_batch: tuple[dict[str, int], Verdict],
) -> None:
    rows, verdict = broken_batch
    assert verdict.outcome == "quarantined"
    assert verdict.failed_rows() == {GOOD_ROW, *rows.values()}
    of_good = [finding.rule for finding in verdict.findings if finding.row == GOOD_ROW]
    assert of_good == ["ORD-010"], "the good order is refused for its duplicate only"


@pytest.mark.parametrize(("name", "off"), BROKEN_BATCHES.items())
def test_a_batch_that_is_not_what_was_staged_is_blocked(name: str, off: tuple[int, int]) -> None:
    orders = [rich_order("gid://1"), order("gid://2")]
    ((currency, (count, minor)),) = staged_totals(orders).staged.items()
    verdict = judge(orders, BatchTotals({currency: (count + off[0], minor + off[1])}))
    (finding,) = verdict.findings
    assert (verdict.outcome, finding.rule, finding.row) == ("blocked", name, None)
    assert finding.field.startswith(f"batch[{currency}].")


def test_an_order_that_never_arrived_blocks_the_batch() -> None:
    orders = [order("gid://1"), order("gid://2")]
    verdict = judge(orders[:1], staged_totals(orders))
    assert verdict.outcome == "blocked"
    assert {finding.rule for finding in verdict.findings} == {"ORD-901", "ORD-902"}


def test_an_order_in_a_currency_that_was_never_staged_blocks_the_batch() -> None:
    verdict = judge([order()], BatchTotals({}))
    assert [finding.field for finding in verdict.findings] == ["batch[EUR].count", "batch[EUR].total"]


# ---------------------------------------------------------------- what must pass


def passes(made: Order) -> bool:
    return judge([made]).outcome == "passed"


def findings_of(made: Order) -> list[tuple[str, str]]:
    return [(finding.rule, finding.field) for finding in judge([made]).findings]


@pytest.mark.parametrize(
    "made",
    [
        rich_order(),
        order(),
        order(lines=()),
        order(tax_included=True, lines=(line(taxes=(tax(333, included=True),)),)),
        order(lines=(line(price=5 * 10**11, units=1000),)),
        order(lines=(line(discount=2000),)),
        order(lines=(line(sku="SKU-9", current_units=0), line("L2")), edited=True),
        order(lines=(line(sku="SKU-9", kind="custom"),)),
        order(shipping=(charge("S1", 500, discount=500),)),
    ],
    ids=["rich", "plain", "no lines", "tax included", "10^15", "free", "removed line", "custom line", "free shipping"],
)
def test_a_good_order_passes(made: Order) -> None:
    assert passes(made)


def test_an_empty_batch_passes() -> None:
    verdict = judge([])
    assert (verdict.outcome, verdict.checked, verdict.findings) == ("passed", 0, ())


def test_shipping_discounts_may_or_may_not_be_part_of_what_the_channel_states() -> None:
    made = rich_order()
    without = made.totals.model_copy(
        update={
            "discounts": made.totals.discounts - made.shipping[0].discount,
            "tax": made.totals.tax - made.shipping[0].taxes[0].amount,
            "shipping": made.totals.shipping - made.shipping[0].discount,
        }
    )
    assert passes(made)
    assert passes(made.model_copy(update={"totals": without}))


def test_what_the_channel_states_of_a_touched_order_is_not_compared_but_its_total_is() -> None:
    made = rich_order()
    odd = made.totals.model_copy(update={"discounts": made.totals.tax, "tips": made.totals.tax})
    wrong = odd.model_copy(update={"total": odd.total + made.tips[0].price})
    assert findings_of(made.model_copy(update={"totals": odd})) != []
    assert findings_of(made.model_copy(update={"totals": odd, "edited": True})) == []
    assert [rule for rule, _ in findings_of(made.model_copy(update={"totals": wrong, "edited": True}))] == [
        "ORD-020",
        "ORD-021",
    ]


def test_two_versions_of_one_order_may_wait_in_one_batch() -> None:
    newer = order(updated_at=PLACED + timedelta(seconds=1), lines=(line(units=1),))
    same_second = order(lines=(line(units=3),))
    assert judge([order(), newer, same_second]).outcome == "passed"
    assert judge([order(), newer, order()]).failed_rows() == {GOOD_ROW, GOOD_ROW + 2}


def test_one_order_in_mixed_currencies_does_not_block_the_rest() -> None:
    made = order("gid://2").model_copy(update={"presentment_currency": "USD"})
    verdict = judge([order("gid://1"), made])
    assert verdict.outcome == "quarantined"
    assert verdict.failed_rows() == {GOOD_ROW + 1}


# ---------------------------------------------------------------- the file itself


def test_every_accepted_currency_has_a_minor_unit() -> None:
    accepted = RULES["ORD-004"].kwargs["value_set"]
    assert isinstance(accepted, list)
    assert accepted == RULES["ORD-005"].kwargs["value_set"]
    assert accepted == sorted(set(accepted))
    assert [minor_digits(code) for code in ("JPY", "EUR", "KWD") if code in accepted] == [0, 2, 3]
    assert all(minor_digits(code) >= 0 for code in accepted)


def test_findings_carry_no_float_and_no_object_of_great_expectations() -> None:
    made = rich_order().model_copy(update={"number": " "})
    for finding in judge([made]).findings:
        assert isinstance(finding, Finding)
        assert {type(value) for value in (finding.rule, finding.code, finding.field, finding.detail)} == {str}
        assert type(finding.row) is int

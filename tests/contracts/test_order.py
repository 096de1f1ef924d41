"""`Order`: its balance, its one text, and which version wins."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gates.sample_orders import charge, line, order, pair, rich_order, tax
from retail_ops.contracts.errors import DataError, MappingError, ThrottledError
from retail_ops.contracts.ids import EntityKey, command_key, content_hash
from retail_ops.contracts.order import Order, business_json, canonical_json, is_newer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
minors = st.integers(0, 10**6)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)
taxes = st.builds(tax, minors, included=st.booleans(), liable=st.sampled_from(["seller", "channel"]))
lines = st.builds(
    lambda number, price, units, discount, tax_lines, title: line(
        f"L{number}", price=price, units=units, discount=discount, taxes=tuple(tax_lines), title=title
    ),
    st.integers(), minors, st.integers(0, 99), minors, st.lists(taxes, max_size=3), texts,
)  # fmt: skip
charges = st.builds(lambda price, tax_lines: charge("C", price, taxes=tax_lines), minors, st.lists(taxes, max_size=2))
orders = st.builds(
    lambda some, shipping, tips, number: order(
        lines=tuple(some), shipping=tuple(shipping), tips=tuple(tips), number=number
    ),
    st.lists(lines, max_size=4), st.lists(charges, max_size=2), st.lists(charges, max_size=2), texts,
)  # fmt: skip


@given(orders)
def test_the_total_is_lines_and_charges_and_added_tax_minus_discounts_on_both_sides(made):
    for side in ("shop", "presentment"):
        wanted = 0
        for one in made.lines:
            wanted += getattr(one.unit_price, side).minor * one.current_units
        for one in made.charges():
            wanted += getattr(one.price, side).minor
        for one in made.parts():
            wanted -= getattr(one.discount, side).minor
            wanted += sum(getattr(t.amount, side).minor for t in one.taxes if not t.included)
        assert getattr(made.computed_total(), side).minor == wanted


@given(orders)
def test_the_tax_that_the_channel_pays_is_the_added_one_it_is_liable_for(made):
    wanted = sum(
        t.amount.shop.minor for part in made.parts() for t in part.taxes if t.liable == "channel" and not t.included
    )
    assert made.channel_liable_tax().shop.minor == wanted


def test_included_tax_changes_no_total():
    with_tax, without = order(lines=(line(taxes=(tax(333, included=True),)),)), order(lines=(line(),))
    assert with_tax.computed_total() == without.computed_total()


@given(orders)
def test_an_order_comes_back_from_its_text_and_gives_the_same_text(made):
    text = canonical_json(made)
    back = Order.model_validate_json(text)
    assert back == made
    assert canonical_json(back) == text
    assert json.loads(text) == made.model_dump(mode="json")


def test_the_text_has_sorted_keys_no_blanks_and_no_escapes():
    text = canonical_json(order(lines=(line(title="Zürich 東京"),)))
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert "Zürich 東京" in text


def test_only_the_version_is_left_out_of_the_business_text():
    one, later = rich_order(), rich_order().model_copy(update={"updated_at": NOW + timedelta(days=1)})
    assert business_json(one) == business_json(later)
    assert canonical_json(one) != canonical_json(later)
    for name, value in (("number", "#2"), ("edited", True), ("cancelled_at", NOW), ("tips", ())):
        assert business_json(rich_order().model_copy(update={name: value})) != business_json(one)


def test_the_hash_is_that_of_the_stored_text():
    assert content_hash("é").hex() == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"


@pytest.mark.parametrize(("seconds", "newer"), [(-1, False), (0, True), (1, True)])
def test_an_equal_time_stamp_may_replace_and_an_older_one_may_not(seconds, newer):
    assert is_newer(NOW + timedelta(seconds=seconds), NOW) is newer


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schema_version": "order/v2"}, "schema_version"),
        ({"account": "Shopify UK"}, "account"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "1\0"}, "external_id"),
        ({"number": "#1\0"}, "number"),
        ({"placed_at": datetime(2026, 3, 1)}, "placed_at"),  # noqa: DTZ001 - the naive one is the point
        ({"shop_currency": "gbp"}, "shop_currency"),
        ({"surprise": 1}, "surprise"),
        ({"edited": 1}, "edited"),
        ({"lines": ("x",)}, "lines"),
    ],
)
def test_what_does_not_fit_is_named(change, field):
    with pytest.raises(ValidationError) as refused:
        order(**change)
    assert [str(error["loc"][0]) for error in refused.value.errors()] == [field]


def test_negative_units_and_rates_that_are_no_fraction_are_refused():
    with pytest.raises(ValidationError):
        line(units=-1)
    for rate in ("20%", "-0.2", "0.1234567", ""):
        with pytest.raises(ValidationError):
            tax(1).model_validate({**tax(1).model_dump(), "rate": rate})


def test_values_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        order().lines[0].unit_price = pair(1)


def test_a_moment_keeps_its_instant_through_the_text():
    there = datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    assert Order.model_validate_json(canonical_json(order(placed_at=there))).placed_at == there


def test_a_command_key_is_business_identity_and_tells_everything_apart():
    key = EntityKey("shopify_uk", "order", "gid://shopify/Order/1")
    assert command_key("odoo", "order.publish", key, "r1") == "odoo:order.publish:shopify_uk:gid://shopify/Order/1:r1"


def test_errors_say_code_field_and_how_long_to_wait():
    assert str(MappingError("missing", "lines[0].sku", "no SKU")) == "missing at lines[0].sku: no SKU"
    assert str(DataError("missing", "", "x")) == "missing at (message): x"
    assert ThrottledError("slow down", -5.0).retry_after_s == 0.0

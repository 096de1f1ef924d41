"""External ids keep the channel's ids readable and never break Odoo's rules for them."""

from __future__ import annotations

import pytest

from retail_ops.contracts.ids import EntityKey
from retail_ops.erp.odoo.names import external_name, line_name, order_name
from retail_ops.erp.odoo.viewing import line_id_of


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("gid://shopify/Order/1", "gid://shopify/Order/1"),
        ("a.b c", "a%2Eb%20c"),
        ("100%", "100%25"),
        ("tab\there\n", "tab%09here%0A"),
        ("narrow\u202fspace", "narrow%E2%80%AFspace"),
    ],
)
def test_dots_spaces_and_per_cent_signs_are_encoded(given: str, expected: str) -> None:
    assert external_name("order", "shop", given) == f"order/shop/{expected}"


def test_ids_that_differ_only_in_an_encoded_character_stay_different() -> None:
    assert len({order_name("shop", text) for text in ("a.b", "a%2Eb", "a b", "a%20b", "ab")}) == 5


def test_the_same_line_id_on_two_orders_has_two_names() -> None:
    assert line_name("shop", "1", "line/7") != line_name("shop", "2", "line/7")


@pytest.mark.parametrize("line_id", ["gid://shopify/LineItem/7", "7.5 %", "a/b"])
def test_a_line_id_comes_back_from_its_external_id(line_id: str) -> None:
    key = EntityKey("shop", "order", "gid://shopify/Order/1.0")
    name = f"retail_ops.{line_name(key.account, key.external_id, f'line/{line_id}')}"
    assert line_id_of(key, name) == line_id


@pytest.mark.parametrize(
    "name", ["", "base.us", "retail_ops.order-line/shop/1/tax-rounding", "retail_ops.order/shop/1"]
)
def test_other_external_ids_are_no_line_ids(name: str) -> None:
    assert line_id_of(EntityKey("shop", "order", "1"), name) is None

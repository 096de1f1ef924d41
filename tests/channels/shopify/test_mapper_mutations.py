"""Whatever the bytes: a message becomes a valid order or a `MappingError` that names a field. Nothing else."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.shopify.payloads import Json, KeyedDigests, bag, customer, line, order, rich_order, shipping, tax
from retail_ops.channels.shopify.mapper import to_order
from retail_ops.contracts.errors import MappingError
from retail_ops.contracts.order import Order, canonical_json

CANARY = "zoe.quill@example.org"
MUTATIONS = 10_000
SHAPES = (
    rich_order(),
    order([line(1, 1200, taxLines=[tax(200)])], [shipping(500, 500)], total=1200, taxes=200, taxesIncluded=True),
    order([line(1, 900)], total=900, customer=None, billingAddress=None, shippingAddress=None, sourceName="pos"),
    order([line(1, 900)], total=900, note=f"Ask for {CANARY}", customer=customer() | {"displayName": CANARY}),
)
STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**30,
    "",
    " ",
    "\x00",
    "\ud800",
    "x" * 10_000,
    "4111 1111 1111 1111",
    "NaN",
    "Infinity",
    "-0.00",
    "1e400",
    "９.９",
    "999999999999.99",
    "2026-13-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    CANARY,
    [],
    {},
    [None],
    [[]],
    {"nodes": None},
    [{}],
    "USD",
    bag(10**14),
    bag(-5),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path else []
    for key, part in inner:
        found += places(part, (*path, key))
    return found


def parent_of(message: Json, path: tuple[Any, ...]) -> Any:
    target: Any = message
    for step in path[:-1]:
        target = target[step]
    return target


def mutate(message: Json, chance: random.Random) -> bytes:
    """One to three changes: replace, remove, double, swap; sometimes the bytes themselves."""
    message = copy.deepcopy(message)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(places(message))
        target, last = parent_of(message, path), path[-1]
        match chance.randrange(5):
            case 0 | 1:
                target[last] = copy.deepcopy(chance.choice(STRANGE))
            case 2:
                del target[last]
            case 3:
                target[last] = copy.deepcopy(parent_of(message, other := chance.choice(places(message)))[other[-1]])
            case _ if isinstance(target, list):
                target.append(copy.deepcopy(target[last]))
            case _:
                target[f"{last}_"] = target.pop(last)
    body = json.dumps(message).encode()
    if chance.random() < 0.02:
        place = chance.randrange(len(body))
        body = body[:place] + bytes([chance.randrange(256)]) + body[place + chance.randint(0, 3) :]
    return body


def judge(body: bytes, map_it: Callable[..., Any]) -> str:
    """Return `order` or the error's code; anything else fails the test that asked."""
    result, error = None, None
    try:
        result = map_it(body, account="shopify_uk", site="GB", pseudonyms=KeyedDigests())
    except MappingError as caught:
        error = caught
    if error is not None:
        assert error.field or error.code in {"not_json", "wrong_type"}, "an error without a field"
        assert CANARY not in str(error)
        assert error.__cause__ is None
        return error.code
    assert result is not None
    assert Order.model_validate_json(canonical_json(result.order)) == result.order
    result.order.computed_total()
    return "order"


def test_ten_thousand_mutations_become_an_order_or_a_named_field() -> None:
    chance = random.Random(20_260_301)
    outcomes = [judge(mutate(chance.choice(SHAPES), chance), to_order) for _ in range(MUTATIONS)]
    # The test would be worthless if the mutations were all harmless, or all fatal in one way.
    assert 500 < outcomes.count("order") < MUTATIONS - 500
    assert len(set(outcomes)) >= 10


def test_the_unmutated_shapes_map() -> None:
    assert [judge(json.dumps(shape).encode(), to_order) for shape in SHAPES] == ["order"] * len(SHAPES)


def test_a_mapper_that_trusts_its_input_is_caught() -> None:
    def trusting(body: bytes, **given: Any) -> Any:
        message = json.loads(body)
        message["name"] = message["name"].strip()
        return to_order(json.dumps(message).encode(), **given)

    def judge_many() -> None:
        chance = random.Random(1)
        for _ in range(2_000):
            judge(mutate(chance.choice(SHAPES), chance), trusting)

    with pytest.raises((KeyError, TypeError, AttributeError, ValueError)):
        judge_many()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(rich_order())), inner),
        max_leaves=20,
    )
)
def test_any_json_is_refused_by_field(value: Any) -> None:
    assert judge(json.dumps(value).encode(), to_order) != "order"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(body: bytes) -> None:
    assert judge(body, to_order) != "order"

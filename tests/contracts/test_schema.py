"""The published schema: current, as strict as the model, and changed only in ways that break nobody."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import jsonschema_rs
import pytest

from contracts.compatibility import accepts_all_of
from gates.sample_orders import order, rich_order
from retail_ops.contracts.order import canonical_json
from retail_ops.contracts.schema import ORDER_V1, order_schema, to_text

PUBLISHED = json.loads(ORDER_V1.read_text(encoding="utf-8"))


def changed(change) -> dict:
    schema = copy.deepcopy(PUBLISHED)
    change(schema)
    return schema


def test_the_published_text_is_what_the_model_says():
    assert ORDER_V1.read_text(encoding="utf-8") == to_text(order_schema())


def test_the_module_prints_the_text_to_publish():
    printed = subprocess.run(
        [sys.executable, "-m", "retail_ops.contracts.schema"], capture_output=True, text=True, timeout=60, check=True
    )
    assert printed.stdout == ORDER_V1.read_text(encoding="utf-8")


@pytest.mark.parametrize("made", [order(), rich_order()], ids=["plain", "rich"])
def test_every_order_as_it_is_stored_fits_the_published_schema(made):
    jsonschema_rs.Draft202012Validator(PUBLISHED).validate(json.loads(canonical_json(made)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.pop("lines"),
        lambda text: text.update(surprise=1),
        lambda text: text.update(schema_version="order/v2"),
        lambda text: text["lines"][0].update(kind="bundle"),
        lambda text: text["totals"]["total"]["shop"].update(minor=1.5),
        lambda text: text["buyer"].update(subject="Ann Example"),
    ],
)
def test_what_the_model_refuses_the_schema_refuses(spoil):
    text = json.loads(canonical_json(rich_order()))
    spoil(text)
    assert not jsonschema_rs.Draft202012Validator(PUBLISHED).is_valid(text)


def test_the_model_accepts_everything_that_the_published_schema_accepts():
    assert accepts_all_of(order_schema(), PUBLISHED)


def line_of(schema: dict) -> dict:
    return schema["$defs"]["OrderLine"]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: line_of(s)["properties"]["kind"]["enum"].append("bundle"),
        lambda s: s["properties"].update(note={"type": "string"}),
        lambda s: s["required"].remove("risk"),
        lambda s: line_of(s)["properties"]["title"].update(maxLength=600),
    ],
    ids=["a wider enum", "a new optional field", "a field made optional", "a longer text"],
)
def test_a_change_that_breaks_nobody_passes_forwards_and_is_caught_backwards(change):
    newer = changed(change)
    assert accepts_all_of(newer, PUBLISHED)
    assert not accepts_all_of(PUBLISHED, newer)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: line_of(s)["properties"]["kind"]["enum"].remove("gift_card"),
        lambda s: (s["properties"].update(note={"type": "string"}), s["required"].append("note")),
        lambda s: s["properties"].pop("tips"),
        lambda s: line_of(s)["properties"]["title"].update(maxLength=100),
        lambda s: s["$defs"]["Money"]["properties"]["minor"].update(maximum=10),
        lambda s: s["properties"]["test"].update(type="string"),
        lambda s: s["properties"]["number"].update(pattern="^#[0-9]+$"),
    ],
    ids=["narrower enum", "new required field", "lost field", "shorter text", "smaller range", "other type", "pattern"],
)
def test_a_change_that_breaks_somebody_is_caught(change):
    assert not accepts_all_of(changed(change), PUBLISHED)

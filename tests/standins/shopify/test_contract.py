"""The schema is a true subset of Shopify's, and the documents that orders need validate against it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLSchema,
    GraphQLUnionType,
    SelectionSetNode,
    Visitor,
    build_client_schema,
    build_schema,
    get_named_type,
    introspection_from_schema,
    parse,
    print_ast,
    validate,
    visit,
)

from standins.shopify.schema import load_schema

LEFT_OUT = {"disputes", "paymentCollectionDetails", "refunds", "agreements", "metafields"}


def introspect(schema: GraphQLSchema) -> dict[str, Any]:
    return {item["name"]: item for item in introspection_from_schema(schema)["__schema"]["types"]}


def reference(kind: dict[str, Any]) -> str:
    if kind["kind"] == "NON_NULL":
        return reference(kind["ofType"]) + "!"
    return f"[{reference(kind['ofType'])}]" if kind["kind"] == "LIST" else kind["name"]


def names(items: list[dict[str, Any]] | None) -> set[str]:
    return {item["name"] for item in items or ()}


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Everything of ours that the official schema does not have just so."""
    found = []
    for name, kind in ours.items():
        if name.startswith("__"):
            continue
        official = theirs.get(name)
        if official is None or official["kind"] != kind["kind"]:
            found.append(name)
            continue
        for part in ("enumValues", "possibleTypes", "interfaces"):
            if part == "possibleTypes" and kind["kind"] == "INTERFACE":
                continue
            found += [f"{name}.{part}.{extra}" for extra in names(kind[part]) - names(official[part])]
        fields = {item["name"]: item for item in official["fields"] or ()}
        for field in kind["fields"] or ():
            found += field_differences(f"{name}.{field['name']}", field, fields.get(field["name"]))
    return found


def field_differences(path: str, field: dict[str, Any], official: dict[str, Any] | None) -> list[str]:
    if official is None or reference(field["type"]) != reference(official["type"]):
        return [path]
    arguments = {item["name"]: item for item in official["args"]}
    found = []
    for argument in field["args"]:
        other = arguments.pop(argument["name"], None)
        same = other is not None and reference(other["type"]) == reference(argument["type"])
        if not same or other["defaultValue"] != argument["defaultValue"]:
            found.append(f"{path}({argument['name']})")
    found += [
        f"{path}({item['name']}) required" for item in arguments.values() if reference(item["type"]).endswith("!")
    ]
    return found


@pytest.fixture(scope="module")
def official() -> dict[str, Any]:
    shared = Path(__file__).resolve().parents[4] / "shared"
    if not shared.is_dir():
        pytest.skip("the reference material is not beside the checkout")
    raw = json.loads(gzip.decompress((shared / "contracts/shopify/admin_2026-10.json.gz").read_bytes()))
    raw = raw.get("data", raw)
    build_client_schema(raw, assume_valid=True)
    return {item["name"]: item for item in raw["__schema"]["types"]}


@pytest.mark.shared
def test_the_schema_is_a_true_subset_of_the_official_one(official: dict[str, Any]):
    assert differences(introspect(load_schema()), official) == []


@pytest.mark.shared
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("cancelReason: OrderCancelReason", "cancelReason: String"),
        ("closed: Boolean!", "closed: Boolean"),
        ("limit: Int = 10000", "limit: Int = 100"),
        ("  PARTIALLY_PAID", "  HALF_PAID"),
        ("order(id: ID!)", "order(id: ID)"),
        ("  unpaid: Boolean!", "  unpayed: Boolean!"),
        ("ordersCount(limit: Int = 10000, query: String)", "ordersCount(most: Int, query: String)"),
    ],
)
def test_the_subset_check_finds_a_deviation(official: dict[str, Any], before: str, after: str):
    text = Path(load_schema.__wrapped__.__globals__["_FILE"]).read_text()
    assert before in text
    assert differences(introspect(build_schema(text.replace(before, after))), official) != []


class _LeaveOut(Visitor):
    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        kept = [item for item in node.selections if not (isinstance(item, FieldNode) and item.name.value in LEFT_OUT)]
        return SelectionSetNode(selections=tuple(kept))


@pytest.mark.shared
@pytest.mark.parametrize("number", ["00", "01", "04", "06"])
def test_the_documents_of_the_order_flow_validate(shared: Path, number: str):
    (path,) = (shared / "contracts/shopify/documents").glob(f"{number}_*.graphql")
    assert validate(load_schema(), parse(path.read_text())) == []


@pytest.mark.shared
def test_the_money_document_validates_without_the_parts_that_are_left_out(shared: Path):
    (path,) = (shared / "contracts/shopify/documents").glob("02_*.graphql")
    whole = parse(path.read_text())
    refused = {error.message.split("'")[1] for error in validate(load_schema(), whole)}
    assert refused == LEFT_OUT
    assert validate(load_schema(), parse(print_ast(visit(whole, _LeaveOut())))) == []


def reached(schema: GraphQLSchema) -> set[str]:
    """Names of the types that a query can come to."""
    found: set[str] = set()
    waiting = [schema.query_type]
    while waiting:
        kind = waiting.pop()
        if kind is None or kind.name in found:
            continue
        found.add(kind.name)
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            waiting += schema.get_possible_types(kind)
        for field in getattr(kind, "fields", {}).values():
            waiting += [get_named_type(field.type), *(get_named_type(item.type) for item in field.args.values())]
    return found


def test_the_schema_holds_nothing_that_no_query_reaches():
    schema = load_schema()
    ours = {name for name in schema.type_map if not name.startswith("__")}
    assert ours - reached(schema) == set()
    orphan = build_schema("type Query { a: Int } type Orphan { b: Int }")
    assert "Orphan" not in reached(orphan)

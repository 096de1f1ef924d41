from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    build_client_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    parse,
    print_ast,
    validate,
)

from retail_ops.channels.shopify.config import MAX_PAGE_SIZE
from retail_ops.channels.shopify.documents import load_document
from retail_ops.contracts.errors import ConfigurationError

PROJECT = Path(__file__).parents[3]
FOLDER = PROJECT / "plugins" / "retail_ops" / "channels" / "shopify" / "documents"
STEMS = sorted(path.stem for path in FOLDER.glob("*.graphql"))
OFFICIAL = PROJECT.parent / "shared" / "contracts" / "shopify" / "admin_2026-10.json.gz"
FREE = {"MoneyBag", "MoneyV2", "PageInfo"}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    if not OFFICIAL.exists():
        pytest.skip("the official introspection is not beside this checkout")
    raw = json.loads(gzip.decompress(OFFICIAL.read_bytes()))
    return build_client_schema(raw.get("data", raw), assume_valid=True)


@pytest.mark.shared
@pytest.mark.parametrize("stem", STEMS)
def test_each_document_is_valid_against_the_official_schema(stem: str, schema: GraphQLSchema) -> None:
    assert validate(schema, parse(load_document(stem).text)) == []


@pytest.mark.shared
def test_the_validation_sees_a_field_that_does_not_exist(schema: GraphQLSchema) -> None:
    assert validate(schema, parse("{ shop { currencyKode } }")) != []


@pytest.mark.shared
@pytest.mark.parametrize("stem", STEMS)
def test_the_stated_cost_is_the_dearest_reckoning_and_below_the_limit(stem: str, schema: GraphQLSchema) -> None:
    document = load_document(stem)
    assert Reckoning(document.text, schema).cost() == document.cost
    assert document.cost <= 1_000


@pytest.mark.parametrize("stem", STEMS)
def test_documents_are_queries_with_a_name_of_their_own(stem: str) -> None:
    document = load_document(stem)
    assert not document.write
    assert document.name not in {load_document(other).name for other in STEMS if other != stem}


def test_a_fragment_is_the_same_in_every_document() -> None:
    """A page and a single order must give the same message, or every order would look changed."""
    known: dict[str, str] = {}
    for stem in STEMS:
        for part in parse(load_document(stem).text).definitions:
            if isinstance(part, FragmentDefinitionNode):
                assert known.setdefault(part.name.value, print_ast(part)) == print_ast(part)
    assert {"OrderFields", "LineFields", "Bag"} <= set(known)


def test_a_missing_document_is_a_fault_of_the_installation() -> None:
    with pytest.raises(ConfigurationError, match="nothing_here"):
        load_document("nothing_here")


class Reckoning:
    """Points at the largest page: objects and lists 1, money free, anything with `first` 2 + rows x floor(2 ln n)."""

    def __init__(self, text: str, schema: GraphQLSchema) -> None:
        parts = parse(text).definitions
        self.schema = schema
        self.fragments = {part.name.value: part for part in parts if isinstance(part, FragmentDefinitionNode)}
        self.operation = next(part for part in parts if isinstance(part, OperationDefinitionNode))

    def cost(self) -> int:
        return self._selection(self.operation.selection_set, self.schema.query_type)

    def _selection(self, selection: Any, parent: Any) -> int:
        plain, either = 0, [0]
        for item in selection.selections:
            if isinstance(item, FieldNode):
                plain += self._field(item, parent)
            elif isinstance(item, FragmentSpreadNode):
                fragment = self.fragments[item.name.value]
                plain += self._selection(fragment.selection_set, self._type(fragment))
            elif isinstance(item, InlineFragmentNode):
                either.append(self._selection(item.selection_set, self._type(item)))
        return plain + max(either)

    def _type(self, node: Any) -> Any:
        return self.schema.type_map[node.type_condition.name.value]

    def _field(self, field: FieldNode, parent: Any) -> int:
        if field.selection_set is None:
            return 0
        kind = parent.fields[field.name.value].type
        target = get_named_type(kind)
        first = next((given.value for given in field.arguments or () if given.name.value == "first"), None)
        if target.name in FREE:
            return 0
        if first is None:
            return 1 + self._selection(field.selection_set, target)
        size = int(first.value) if isinstance(first, IntValueNode) else MAX_PAGE_SIZE
        factor = math.floor(2 * math.log(max(2, size)))
        if is_list_type(get_nullable_type(kind)):
            return 2 + (1 + self._selection(field.selection_set, target)) * factor
        rows = [item for item in field.selection_set.selections if item.name.value == "nodes"]
        return 2 + sum(1 + self._selection(row.selection_set, self._row_type(target)) for row in rows) * factor

    def _row_type(self, connection: Any) -> Any:
        return get_named_type(connection.fields["nodes"].type)

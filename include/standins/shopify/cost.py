"""Points of a query. Objects cost 1, leaves and money nothing, a connection 2 + children x floor(2 ln(max(2, n))).

What is asked for is reckoned from `first`, what it really cost from the rows that came back.
NOT here: the bucket that the points are taken from (`bucket`).

Source: shopify.dev "API rate limits" for the scale; the factors are fitted to public responses (a product with 250
variants and their stock items is 25 points).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
)

_FREE = frozenset({"MoneyBag", "MoneyV2", "PageInfo"})
_ROW_FIELDS = ("nodes", "edges")


@dataclass(frozen=True, slots=True)
class CostModel:
    """Reckons one operation.

    Attributes:
        variables: Coerced variable values.
    """

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def requested(self, operation: OperationDefinitionNode) -> int:
        """Points asked for."""
        root = cast("GraphQLObjectType", self.schema.query_type)
        return self._asked(operation.selection_set, root)

    def actual(self, operation: OperationDefinitionNode, data: Mapping[str, Any] | None) -> int:
        """Points of what came back; nothing for null."""
        if data is None:
            return 0
        root = cast("GraphQLObjectType", self.schema.query_type)
        return math.ceil(self._spent(operation.selection_set, root, data))

    def _fields(
        self, selection: SelectionSetNode, parent: GraphQLCompositeType
    ) -> Iterator[tuple[FieldNode, GraphQLCompositeType]]:
        """Fields of a selection with the type they stand on, fragments opened."""
        for item in selection.selections:
            if isinstance(item, FieldNode):
                yield item, parent
            elif isinstance(item, FragmentSpreadNode):
                fragment = self.fragments[item.name.value]
                yield from self._fields(fragment.selection_set, self._type(fragment.type_condition.name.value))
            elif isinstance(item, InlineFragmentNode):
                inner = self._type(item.type_condition.name.value) if item.type_condition else parent
                yield from self._fields(item.selection_set, inner)

    def _type(self, name: str) -> GraphQLCompositeType:
        return cast("GraphQLCompositeType", self.schema.type_map[name])

    def _target(self, field: FieldNode, parent: GraphQLCompositeType) -> GraphQLCompositeType | None:
        """The composite type a field leads to, or None for a leaf."""
        if (
            field.selection_set is None
            or field.name.value.startswith("__")
            or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        ):
            return None
        named = get_named_type(parent.fields[field.name.value].type)
        return None if is_leaf_type(named) else cast("GraphQLCompositeType", named)

    def _asked(self, selection: SelectionSetNode, parent: GraphQLCompositeType) -> int:
        """Alternatives of a union are not summed: the dearest counts."""
        by_type: dict[str, int] = {parent.name: 0}
        for field, stands_on in self._fields(selection, parent):
            target = self._target(field, stands_on)
            if target is not None and field.selection_set is not None:
                by_type[stands_on.name] = by_type.get(stands_on.name, 0) + self._asked_field(field, target)
        return by_type.pop(parent.name) + max(by_type.values(), default=0)

    def _asked_field(self, field: FieldNode, target: GraphQLCompositeType) -> int:
        selection = cast("SelectionSetNode", field.selection_set)
        if not target.name.endswith("Connection"):
            return (target.name not in _FREE) + self._asked(selection, target)
        children = max((self._asked_rows(item, target) for item, _ in self._fields(selection, target)), default=0)
        return 2 + children * _factor(self._first(field))

    def _asked_rows(self, field: FieldNode, connection: GraphQLCompositeType) -> int:
        target = self._target(field, connection)
        if target is None or field.name.value not in _ROW_FIELDS or field.selection_set is None:
            return 0
        inner = self._asked(field.selection_set, target)
        return inner if field.name.value == "edges" else 1 + inner

    def _first(self, field: FieldNode) -> int:
        for argument in field.arguments or ():
            if argument.name.value == "first":
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                if isinstance(value, VariableNode):
                    return int(self.variables.get(value.name.value) or 0)
        return 0

    def _spent(self, selection: SelectionSetNode, parent: GraphQLCompositeType, value: Mapping[str, Any]) -> float:
        total = 0.0
        seen: set[str] = set()
        for field, stands_on in self._fields(selection, parent):
            key = field.alias.value if field.alias else field.name.value
            target = self._target(field, stands_on)
            if target is None or target.name in _FREE or key in seen:
                # Nothing below money or page information costs anything.
                continue
            if value.get(key) is None or field.selection_set is None:
                continue
            seen.add(key)
            total += self._spent_field(field.selection_set, target, value[key])
        return total

    def _spent_field(self, selection: SelectionSetNode, target: GraphQLCompositeType, value: Any) -> float:  # noqa: ANN401
        if isinstance(value, list):
            rows = [self._spent(selection, target, row) for row in value if row is not None]
            own = target.name not in _FREE
            return own + max(rows, default=0.0)
        if not target.name.endswith("Connection"):
            return (target.name not in _FREE) + self._spent(selection, target, value)
        return 2 + max(
            (self._spent_rows(field, target, value) for field, _ in self._fields(selection, target)), default=0.0
        )

    def _spent_rows(self, field: FieldNode, connection: GraphQLCompositeType, value: Mapping[str, Any]) -> float:
        target = self._target(field, connection)
        key = field.alias.value if field.alias else field.name.value
        rows = value.get(key)
        if target is None or field.name.value not in _ROW_FIELDS or not rows or field.selection_set is None:
            return 0.0
        own = field.name.value == "nodes"
        mean = sum(own + self._spent(field.selection_set, target, row) for row in rows) / len(rows)
        return mean * _factor(len(rows))


def _factor(rows: int) -> int:
    return math.floor(2 * math.log(max(2, rows)))

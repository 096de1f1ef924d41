"""One GraphQL request: parse, validate against the schema, take points, execute, report the cost.

NOT here: HTTP, tokens and versions (`endpoint`), resolvers (`resolving`).
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_operation_ast,
    get_variable_values,
    parse,
    validate,
)

from standins.shopify.bucket import Bucket
from standins.shopify.config import ShopConfig
from standins.shopify.corruption import corrupt
from standins.shopify.cost import CostModel
from standins.shopify.order_store import OrderStore
from standins.shopify.refusals import (
    JsonObject,
    execution_error,
    shopify_error,
    throttled,
    too_dear,
    validation_error,
)
from standins.shopify.resolving import Call, plan_limits, resolve_field
from standins.shopify.schema import load_schema

MOST_POINTS = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request's operation, ready to run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: dict[str, Any]
    model: CostModel


class RefusedError(Exception):
    """The request is answered with errors and nothing runs."""

    def __init__(self, errors: list[JsonObject]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


class GraphqlApi:
    """Answers requests for one app on one shop."""

    def __init__(self, config: ShopConfig, store: OrderStore) -> None:
        self._config = config
        self._store = store
        self._bucket = Bucket(*plan_limits(config))

    def answer(self, body: bytes, *, throttle: bool = False, break_field: bool = False) -> JsonObject:
        """Answer one request.

        Args:
            body: JSON with `query`, and maybe `variables` and `operationName`.
            throttle: Answer THROTTLED whatever the bucket holds (a drill).
            break_field: Make one nullable field fail (a drill).
        """
        try:
            asked = self._ask(body)
        except RefusedError as refused:
            return self._with_cost({"errors": refused.errors}, 0, None)
        requested = asked.model.requested(asked.operation)
        if requested > MOST_POINTS:
            return self._with_cost({"errors": [too_dear(requested, MOST_POINTS)]}, requested, None)
        if throttle or not self._bucket.take(requested):
            return self._with_cost({"errors": [throttled()]}, requested, None)
        call = Call(config=self._config, store=self._store, break_field=break_field)
        result = self._run(asked, call)
        actual = min(requested, asked.model.actual(asked.operation, result.data))
        self._bucket.give_back(requested - actual)
        return self._shape(result, call, requested, actual)

    def _ask(self, body: bytes) -> Asked:
        query, variables, name = _read_body(body)
        schema = load_schema()
        document = _checked(query)
        operation = get_operation_ast(document, name)
        if operation is None:
            raise RefusedError([{"message": f"No operation named {json.dumps(name)}"}])
        if operation.operation is not OperationType.QUERY:
            raise RefusedError([shopify_error("Schema is not configured for mutations", "undefinedField")])
        coerced = get_variable_values(schema, operation.variable_definitions or (), variables)
        if isinstance(coerced, list):
            raise RefusedError([_variable_error(error) for error in coerced])
        fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
        values = cast("dict[str, Any]", getattr(coerced, "coerced", coerced))
        return Asked(document, operation, variables, CostModel(schema, fragments, values))

    @staticmethod
    def _run(asked: Asked, call: Call) -> ExecutionResult:
        name = asked.operation.name.value if asked.operation.name else None
        return execute_sync(
            load_schema(),
            asked.document,
            root_value={},
            context_value=call,
            variable_values=asked.variables,
            operation_name=name,
            field_resolver=resolve_field,
        )

    def _shape(self, result: ExecutionResult, call: Call, requested: int, actual: int) -> JsonObject:
        data = result.data
        answer: JsonObject = {"data": corrupt(data, call.patches) if call.patches else data}
        if result.errors:
            answer["errors"] = [execution_error(error) for error in result.errors]
        answer = self._with_cost(answer, requested, actual)
        if call.search:
            answer["extensions"]["search"] = call.search
        return answer

    def _with_cost(self, answer: JsonObject, requested: int, actual: int | None) -> JsonObject:
        status = self._bucket.status()
        answer["extensions"] = {
            "cost": {
                "requestedQueryCost": requested,
                "actualQueryCost": actual,
                "throttleStatus": {
                    "maximumAvailable": float(status.maximum),
                    "currentlyAvailable": status.available,
                    "restoreRate": float(status.restore_rate),
                },
            }
        }
        return answer


@lru_cache(maxsize=64)
def _checked(query: str) -> DocumentNode:
    """Parse and validate; apps send the same few texts again and again.

    Raises:
        RefusedError: the text is no query of this schema.
    """
    try:
        document = parse(query)
    except GraphQLError as error:
        raise RefusedError([validation_error(error)]) from error
    errors = validate(load_schema(), document)
    if errors:
        raise RefusedError([validation_error(error) for error in errors])
    return document


def _read_body(body: bytes) -> tuple[str, dict[str, Any], str | None]:
    try:
        request = json.loads(body, parse_constant=_no_constant)
    except ValueError as error:
        raise RefusedError([shopify_error("Invalid JSON", "BAD_REQUEST")]) from error
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        raise RefusedError([shopify_error("No query string was present", "BAD_REQUEST")])
    variables = request.get("variables") or {}
    name = request.get("operationName")
    if not isinstance(variables, dict) or not isinstance(name, str | None):
        raise RefusedError([shopify_error("variables is an object, operationName a string", "BAD_REQUEST")])
    return request["query"], variables, name


def _no_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _variable_error(error: GraphQLError) -> JsonObject:
    shaped = validation_error(error)
    shaped["extensions"] = {"code": "INVALID_VARIABLE"}
    return shaped

"""Errors in Shopify's shape. NOT here: when they happen."""

import re
from typing import Any

from graphql import GraphQLError

JsonObject = dict[str, Any]

_DOCS = "https://shopify.dev/api/usage/rate-limits"
# graphql-core's wording -> the code that Shopify puts beside its own.
_CODES = (
    (re.compile(r"^Cannot query field"), "undefinedField"),
    (re.compile(r"^Unknown argument"), "argumentNotAccepted"),
    (re.compile(r"^Unknown type"), "undefinedType"),
    (re.compile(r"^Unknown fragment"), "useAndDefineFragment"),
    (re.compile(r"^Fragment .* is never used"), "useAndDefineFragment"),
    (re.compile(r"^Variable .* is not defined"), "variableNotDefined"),
    (re.compile(r"^Variable .* is never used"), "variableNotUsed"),
    (re.compile(r"^Variable .* used in position"), "variableMismatch"),
    (re.compile(r"^Argument .* is required"), "missingRequiredArguments"),
    (re.compile(r"must (have|not have) a selection"), "selectionMismatch"),
    (re.compile(r"(cannot represent|does not exist in|Expected value of type)"), "argumentLiteralsIncompatible"),
)


def shopify_error(message: str, code: str, **more: Any) -> JsonObject:  # noqa: ANN401 -- JSON values
    """One entry of `errors`."""
    return {"message": message, "extensions": {"code": code, **more}}


def throttled() -> JsonObject:
    """The bucket is empty."""
    return shopify_error("Throttled", "THROTTLED", documentation=_DOCS)


def too_dear(cost: int, most: int) -> JsonObject:
    """One query asks for more than any query may."""
    message = f"Query cost is {cost}, which exceeds the single query max cost limit ({most})."
    return shopify_error(message, "MAX_COST_EXCEEDED", cost=cost, maxCost=most, documentation=_DOCS)


def access_denied(field: str, required: str) -> GraphQLError:
    """A field that the app may not read; the field answers null beside it."""
    return GraphQLError(
        f"Access denied for {field} field. Required access: {required}",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": required,
        },
    )


def bad_request(message: str) -> GraphQLError:
    """An argument that validation cannot refuse."""
    return GraphQLError(message, extensions={"code": "BAD_REQUEST"})


def internal_error(reference: str) -> GraphQLError:
    """Shopify's apology."""
    message = f"Internal error. Looks like something went wrong on our end.\nRequest ID: {reference}"
    return GraphQLError(message, extensions={"code": "INTERNAL_SERVER_ERROR", "requestId": reference})


def validation_error(error: GraphQLError) -> JsonObject:
    """A parse, validation or variable error."""
    shaped: JsonObject = {"message": error.message}
    if error.locations:
        shaped["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    code = next((code for pattern, code in _CODES if pattern.search(error.message)), None)
    if code is not None:
        shaped["extensions"] = {"code": code}
    return shaped


def execution_error(error: GraphQLError) -> JsonObject:
    """An error of one field."""
    return dict(error.formatted)

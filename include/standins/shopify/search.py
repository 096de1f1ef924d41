"""The search syntax of `orders(query:)`: terms joined by AND, dates and numbers with comparators, values quoted or not.

A field that Shopify does not know is ignored with a warning, as Shopify does; a field or form that it knows and this
shop does not serve is refused. NOT here: running a search (`order_store`).

Source: shopify.dev, "Shopify API search syntax".
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

_TERM = re.compile(
    r"\s*(?P<field>-?[A-Za-z_]+):(?P<op>>=|<=|>|<)?(?:'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<bare>[^\s'\"()]+))"
)
_JOIN = re.compile(r"\s+AND\s+|\s+")
_DATES = frozenset({"created_at", "updated_at", "processed_at"})
# Search fields of orders that exist at Shopify and that this shop leaves out.
_NOT_SERVED = frozenset(
    {
        "billing_address",
        "cart_token",
        "channel",
        "channel_id",
        "chargeback_status",
        "checkout_token",
        "confirmation_number",
        "credit_card_last4",
        "current_total_price",
        "customer_id",
        "delivery_method",
        "discount_code",
        "earliest_fulfill_by",
        "email",
        "error_code",
        "financial_status",
        "fraud_protection_level",
        "fulfillment_location_id",
        "fulfillment_status",
        "gateway",
        "gift_card_id",
        "location_id",
        "metafields",
        "payment_id",
        "payment_provider_id",
        "po_number",
        "processing_method",
        "reference_location_id",
        "return_status",
        "risk_level",
        "sales_channel",
        "sku",
        "source_identifier",
        "source_name",
        "staff_member",
        "subtotal_line_items_quantity",
        "tag",
        "tag_not",
        "tags",
        "total_weight",
        "user_id",
        "default",
    }
)


class SearchRefusedError(ValueError):
    """The query uses a form that this shop does not serve."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison with a column of the index; column and operator come from fixed lists only."""

    column: str
    operator: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Search:
    """A parsed query: what must hold, and Shopify's warnings for what was ignored."""

    conditions: tuple[Condition, ...]
    warnings: tuple[dict[str, Any], ...]


def parse_search(query: str | None) -> Search:
    """Parse a query.

    Raises:
        SearchRefusedError: OR, NOT, parentheses, free text, a known field that is not served, or a bad value.
    """
    conditions: list[Condition] = []
    warnings: list[dict[str, Any]] = []
    text = (query or "").strip()
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            message = f"search form not served near {text[position : position + 20]!r}"
            raise SearchRefusedError(message)
        field, value = match["field"], match["single"] or match["double"] or match["bare"] or ""
        found = _condition(field, match["op"] or "=", value)
        conditions += found
        if not found and field != "status":
            warnings.append(
                {"field": field, "message": "Invalid search field for this query.", "code": "invalid_field"}
            )
        position = match.end()
        join = _JOIN.match(text, position)
        if join is None and position < len(text):
            message = f"search form not served near {text[position : position + 20]!r}"
            raise SearchRefusedError(message)
        position = join.end() if join else position
    return Search(tuple(conditions), tuple(warnings))


def _condition(field: str, operator: str, value: str) -> list[Condition]:
    """The comparisons of one term; none for a field that Shopify does not know."""
    if field in _DATES:
        return [Condition(field, operator, _moment(value))]
    if field == "id":
        return [Condition("number", operator, _integer(value))]
    if operator == "=" and field in {"status", "test", "name"}:
        return _exact(field, value)
    if field in _NOT_SERVED or field.startswith("-") or field in {"status", "test", "name"}:
        message = f"search term {field}:{operator} is not served"
        raise SearchRefusedError(message)
    return []


def _exact(field: str, value: str) -> list[Condition]:
    if field == "name":
        return [Condition("bare_name", "=", value.removeprefix("#"))]
    served = {
        "test": {"true": [Condition("test", "=", 1)], "false": [Condition("test", "=", 0)]},
        # This shop archives nothing: an order is open until it is cancelled, and never closed.
        "status": {
            "any": [],
            "not_closed": [],
            "open": [Condition("status", "=", "open")],
            "cancelled": [Condition("status", "=", "cancelled")],
            "closed": [Condition("status", "=", "closed")],
        },
    }
    if value not in served[field]:
        message = f"{field}:{value} is not served"
        raise SearchRefusedError(message)
    return served[field][value]


def _integer(value: str) -> int:
    digits = value.rsplit("/", 1)[-1]
    if not digits.isdecimal():
        message = f"id is a number, not {value!r}"
        raise SearchRefusedError(message)
    return int(digits)


def _moment(value: str) -> str:
    try:
        if len(value) == len("2026-01-01"):
            parsed = datetime.combine(date.fromisoformat(value), datetime.min.time(), tzinfo=UTC)
        else:
            parsed = datetime.fromisoformat(value)
    except ValueError as error:
        message = f"not a date: {value!r}"
        raise SearchRefusedError(message) from error
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

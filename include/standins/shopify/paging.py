"""Opaque cursors and pages. NOT here: where the rows come from."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from standins.shopify.money_view import Tree
from standins.shopify.refusals import bad_request

MOST_ROWS = 250
MOST_OBJECTS = 25_000
_FORM = "https://shopify.dev/api/usage/pagination-graphql"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place behind a row.

    Attributes:
        passed: How many rows lie before and at the place.
        keys: What the place is found again by; empty for plain lists.
    """

    passed: int
    keys: tuple[Any, ...] = ()

    def text(self) -> str:
        """The opaque form."""
        return base64.urlsafe_b64encode(json.dumps([self.passed, *self.keys]).encode()).decode()


def read_cursor(text: str | None) -> Cursor | None:
    """Parse a cursor that this shop gave out.

    Raises:
        GraphQLError: it is none of ours.
    """
    if text is None:
        return None
    try:
        passed, *keys = json.loads(base64.urlsafe_b64decode(text.encode()))
        if not isinstance(passed, int):
            raise bad_request(f"Invalid cursor for current pagination sort: {text!r}")
    except (binascii.Error, ValueError, TypeError) as error:
        raise bad_request(f"Invalid cursor for current pagination sort: {text!r}") from error
    return Cursor(passed, tuple(keys))


def read_first(first: int | None) -> int:
    """Check the page size.

    Raises:
        GraphQLError: missing, negative or above 250.
    """
    if first is None:
        raise bad_request("you must provide one of first or last")
    if not 0 <= first <= MOST_ROWS:
        raise bad_request(f"first must be between 0 and {MOST_ROWS}. See {_FORM}")
    return first


def check_depth(passed: int, first: int) -> None:
    """Refuse to page past the 25,000th object.

    Raises:
        GraphQLError: the page would end behind it.
    """
    if passed + first > MOST_OBJECTS:
        raise bad_request(f"Pagination is limited to {MOST_OBJECTS} objects. See {_FORM}")


def page(rows: Sequence[Tree], cursors: Sequence[Cursor], *, more: bool, started: bool) -> Tree:
    """A connection of one page."""
    texts = [cursor.text() for cursor in cursors]
    return {
        "nodes": list(rows),
        "edges": [{"node": row, "cursor": text} for row, text in zip(rows, texts, strict=True)],
        "pageInfo": {
            "hasNextPage": more,
            "hasPreviousPage": started,
            "startCursor": texts[0] if texts else None,
            "endCursor": texts[-1] if texts else None,
        },
    }


def page_list(rows: Sequence[Tree], first: int | None, after: str | None) -> Tree:
    """A page of a list that is held whole."""
    size = read_first(first)
    cursor = read_cursor(after)
    start = cursor.passed if cursor else 0
    check_depth(start, size)
    part = rows[start : start + size]
    cursors = [Cursor(start + index + 1) for index in range(len(part))]
    return page(part, cursors, more=start + size < len(rows), started=start > 0)

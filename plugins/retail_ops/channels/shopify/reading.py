"""Reads a JSON message field by field; whatever does not fit becomes a `MappingError` with the field's path.

No value of the message ever enters an error's text: it may be personal. Not here: what the fields mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn, TypeVar

from retail_ops.contracts.errors import MappingError

T = TypeVar("T")

_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_COUNT = 1_000_000


def read_message(body: bytes) -> Node:
    """Return the root of a JSON message; fractional numbers stay text, exact.

    Raises:
        MappingError: `not_json`, or `wrong_type` when it is no object.
    """
    try:
        value = json.loads(body, parse_float=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise MappingError("not_json", "", "the message is no JSON") from None
    if not isinstance(value, dict):
        raise MappingError("wrong_type", "", f"expected an object, not {_kind(value)}")
    return Node(value, "")


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON object and where it stands.

    Attributes:
        path: e.g. `lineItems.nodes[2]`; empty for the root.
    """

    fields: Mapping[str, object]
    path: str

    def at(self, name: str) -> str:
        """Return the path of one of its fields."""
        return f"{self.path}.{name}" if self.path else name

    def fail(self, code: str, name: str, detail: str) -> NoReturn:
        """Raise the error of one field.

        Raises:
            MappingError: Always.
        """
        raise MappingError(code, self.at(name), detail)

    def child(self, name: str) -> Node:
        """Return an object that must be there."""
        found = self.optional_child(name)
        return self.fail("missing_field", name, "expected an object") if found is None else found

    def optional_child(self, name: str) -> Node | None:
        """Return an object, None for null or absent."""
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fail("wrong_type", name, f"expected an object, not {_kind(value)}")
        return Node(value, self.at(name))

    def children(self, name: str) -> tuple[Node, ...]:
        """Return the objects of a list that must be there."""
        value = self.fields.get(name)
        if value is None:
            self.fail("missing_field", name, "expected a list")
        if not isinstance(value, list):
            self.fail("wrong_type", name, f"expected a list, not {_kind(value)}")
        return tuple(self._entry(name, index, entry) for index, entry in enumerate(value))

    def nodes(self, name: str) -> tuple[Node, ...]:
        """Return the rows of a connection that must be complete."""
        connection = self.child(name)
        if connection.child("pageInfo").flag("hasNextPage"):
            connection.fail("truncated", "pageInfo.hasNextPage", "the message lacks further rows")
        return connection.children("nodes")

    def text(self, name: str, *, longest: int = 255) -> str:
        """Return a text with at least one visible character."""
        found = self.optional_text(name, longest=longest)
        return self.fail("missing_field", name, "expected a text") if found is None else found

    def optional_text(self, name: str, *, longest: int = 255) -> str | None:
        """Return a text as it came; None for null, absent or blank."""
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fail("wrong_type", name, f"expected a text, not {_kind(value)}")
        if _UNSTORABLE.search(value):
            self.fail("bad_text", name, "the text holds characters that cannot be stored")
        if len(value) > longest:
            self.fail("too_long", name, f"the text has more than {longest} characters")
        return value if value.strip() else None

    def flag(self, name: str) -> bool:
        """Return a boolean that must be there."""
        found = self.optional_flag(name)
        return self.fail("missing_field", name, "expected true or false") if found is None else found

    def optional_flag(self, name: str) -> bool | None:
        """Return a boolean, None for null or absent."""
        value = self.fields.get(name)
        if value is None or isinstance(value, bool):
            return value
        return self.fail("wrong_type", name, f"expected true or false, not {_kind(value)}")

    def count(self, name: str) -> int:
        """Return a whole number of units, 0 to 1,000,000."""
        value = self.fields.get(name)
        if value is None:
            self.fail("missing_field", name, "expected a whole number")
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail("wrong_type", name, f"expected a whole number, not {_kind(value)}")
        if not 0 <= value <= _MAX_COUNT:
            self.fail("bad_quantity", name, f"expected 0 to {_MAX_COUNT}")
        return value

    def number(self, name: str) -> Decimal | None:
        """Return a finite decimal number given as number or text; None for null or absent."""
        value = self.fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | str):
            self.fail("wrong_type", name, f"expected a number, not {_kind(value)}")
        text = str(value)
        if _NUMBER.fullmatch(text) is None:
            self.fail("bad_amount", name, "expected a decimal number in range")
        return Decimal(text)

    def choice(self, name: str, choices: Mapping[str, T]) -> T:
        """Return what an enumeration value stands for."""
        value = self.text(name)
        if value not in choices:
            self.fail("unknown_enum", name, f"expected one of {', '.join(sorted(choices))}")
        return choices[value]

    def moment(self, name: str) -> datetime:
        """Return a moment in UTC that must be there."""
        found = self.optional_moment(name)
        return self.fail("missing_field", name, "expected a moment") if found is None else found

    def optional_moment(self, name: str) -> datetime | None:
        """Return a moment in UTC, None for null or absent."""
        value = self.optional_text(name, longest=40)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        return self.fail("bad_time", name, "expected ISO 8601 with a time zone")

    def _entry(self, name: str, index: int, entry: object) -> Node:
        path = f"{self.at(name)}[{index}]"
        if not isinstance(entry, dict):
            raise MappingError("wrong_type", path, f"expected an object, not {_kind(entry)}")
        return Node(entry, path)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", int: "a number"}
    return names.get(type(value), "null")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")

"""Loads the query documents of `documents/*.graphql`. Not here: sending them (`client`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from retail_ops.contracts.errors import ConfigurationError

_COST = re.compile(r"^# Cost: (\d+) points", re.MULTILINE)
_OPERATION = re.compile(r"^(query|mutation) (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One GraphQL operation.

    Attributes:
        name: The operation's name.
        cost: Points asked for at the largest page; the server's own figure replaces it after the first call.
        write: Whether it is a mutation.
    """

    name: str
    text: str
    cost: int
    write: bool


@cache
def load_document(stem: str) -> Document:
    """Return `documents/<stem>.graphql`.

    Raises:
        ConfigurationError: The file is missing, or states no cost or operation.
    """
    path = files("retail_ops.channels.shopify") / "documents" / f"{stem}.graphql"
    if not path.is_file():
        raise ConfigurationError(f"query document {stem}.graphql is missing from the installation")
    text = path.read_text(encoding="utf-8")
    cost, operation = _COST.search(text), _OPERATION.search(text)
    if cost is None or operation is None:
        raise ConfigurationError(f"query document {stem}.graphql states no cost or no operation")
    return Document(name=operation[2], text=text, cost=int(cost[1]), write=operation[1] == "mutation")

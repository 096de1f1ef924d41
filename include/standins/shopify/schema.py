"""The schema that is served, and the words its enumerations allow. NOT here: resolvers."""

from functools import cache
from pathlib import Path

from graphql import GraphQLEnumType, GraphQLSchema, build_schema

_FILE = Path(__file__).with_name("schema_2026_10.graphql")


@cache
def load_schema() -> GraphQLSchema:
    """The subset of Shopify's schema that this shop serves."""
    return build_schema(_FILE.read_text(encoding="utf-8"))


@cache
def allowed_words(enumeration: str) -> frozenset[str]:
    """The values of an enumeration.

    Raises:
        TypeError: the schema has no such enumeration.
    """
    found = load_schema().type_map.get(enumeration)
    if not isinstance(found, GraphQLEnumType):
        message = f"no enumeration {enumeration}"
        raise TypeError(message)
    return frozenset(found.values)

"""Search domains: prefix notation, the operators of the order flow, dotted paths, indexes.

Not here: the order of the result (see `reading`).
"""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from standins.odoo import reading
from standins.odoo.errors import OdooValueError
from standins.odoo.fields import Field
from standins.odoo.values import Row, Value

if TYPE_CHECKING:
    from standins.odoo.model import Model

Test = Callable[[Row], bool]

_COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PATTERNS = {"like", "not like", "ilike", "not ilike", "=like", "=ilike"}
_EQUALITIES = {"=", "!=", "in", "not in"}
_LEAF_LENGTH = 3


def search(model: "Model", domain: Sequence[Value], *, active_test: bool = True) -> list[int]:
    """Find the records that fit a domain, in no particular order.

    Args:
        model: The model.
        domain: A domain in prefix notation.
        active_test: Whether archived records are left out, unless the domain or the context speaks of them.

    Returns:
        Ids.

    Raises:
        OdooValueError: When a field or an operator does not exist.
    """
    terms = list(domain)
    tests: list[Test] = []
    sets: list[list[int] | None] = []
    position = 0
    while position < len(terms):
        test, candidates, position = _parse(model, terms, position)
        tests.append(test)
        sets.append(candidates)
    if active_test and _hides_archived(model, terms):
        tests.append(_active)
    known = [found for found in sets if found is not None]
    smallest: list[int] | None = min(known, key=len, default=None)
    ids: Iterable[int] = model.env.tx.all_ids(model.name) if smallest is None else smallest
    rows = ((record_id, model.env.tx.get(model.name, record_id)) for record_id in ids)
    return [record_id for record_id, row in rows if row is not None and all(test(row) for test in tests)]


def _hides_archived(model: "Model", terms: list[Value]) -> bool:
    named = any(_is_leaf(term) and term[0] == "active" for term in terms)
    return "active" in model.fields and not named and bool(model.env.context.get("active_test", True))


def _active(row: Row) -> bool:
    return bool(row.get("active"))


def _is_leaf(term: Value) -> bool:
    return isinstance(term, list | tuple) and len(term) == _LEAF_LENGTH


def _parse(model: "Model", terms: list[Value], position: int) -> tuple[Test, list[int] | None, int]:
    """Parse one expression: its test, the ids an index gives for it if one does, where it ends."""
    if position >= len(terms):
        raise OdooValueError(f"Domain {terms!r} is syntactically not correct")
    term = terms[position]
    if term == "!":
        inner, _, end = _parse(model, terms, position + 1)
        return lambda row: not inner(row), None, end
    if isinstance(term, str) and term in {"&", "|"}:
        left, left_ids, middle = _parse(model, terms, position + 1)
        right, right_ids, end = _parse(model, terms, middle)
        if term == "&":
            known = [ids for ids in (left_ids, right_ids) if ids is not None]
            return lambda row: left(row) and right(row), min(known, key=len, default=None), end
        both = None if left_ids is None or right_ids is None else sorted({*left_ids, *right_ids})
        return lambda row: left(row) or right(row), both, end
    if not _is_leaf(term):
        raise OdooValueError(f"Invalid leaf {term!r}")
    test, ids = _leaf(model, tuple(term))
    return test, ids, position + 1


def _leaf(model: "Model", leaf: tuple[Value, str, Value]) -> tuple[Test, list[int] | None]:
    path, comparison, value = leaf
    if isinstance(path, int):
        fits = path == value if comparison == "=" else path != value
        return lambda _: fits, None
    head, _, rest = str(path).partition(".")
    field = model.fields.get(head)
    if field is None or (rest and field.relation is None):
        raise OdooValueError(f"Invalid field {model.name}.{head} in leaf {leaf}")
    if rest:
        target = model.env.model(str(field.relation))
        comparison, value = "in", search(target, [[rest, comparison, value]], active_test=False)
    elif field.relation and (isinstance(value, str) or comparison in _PATTERNS):
        target = model.env.model(str(field.relation))
        value = search(target, [[target.rec_name, comparison.removeprefix("not "), value]], active_test=False)
        comparison = "not in" if comparison.startswith("not ") else "in"
    return _test(model, field, leaf, comparison, value), _indexed(model, field, comparison, value)


def _indexed(model: "Model", field: Field, comparison: str, value: Value) -> list[int] | None:
    values = [value] if comparison == "=" else list(value) if comparison == "in" else None
    if values is None or not all(values):
        return None
    if field.name == "id":
        return [record_id for record_id in dict.fromkeys(values) if isinstance(record_id, int)]
    if field.name in model.indexed:
        return model.env.tx.find(model.name, field.name, values)
    if field.kind == "one2many":
        rows = (model.env.tx.get(str(field.relation), record_id) for record_id in values)
        return sorted({row[str(field.inverse)] for row in rows if row is not None and row.get(str(field.inverse))})
    return None


def _test(model: "Model", field: Field, leaf: tuple[Value, str, Value], comparison: str, value: Value) -> Test:
    if comparison in _EQUALITIES:
        wanted = _wanted(field, comparison, value, leaf)
        negative = comparison in {"!=", "not in"}
        return lambda row: _matches(reading.stored(model, row, field), field, wanted) != negative
    if comparison in _COMPARISONS:
        compare = _COMPARISONS[comparison]
        return lambda row: _compares(reading.stored(model, row, field), field, value, compare)
    if comparison in _PATTERNS:
        pattern = _pattern(comparison, value)
        negative = comparison.startswith("not ")
        return lambda row: bool(pattern.search(str(reading.stored(model, row, field) or ""))) != negative
    raise OdooValueError(f"Invalid operator {comparison!r} in domain term {leaf}")


def _wanted(field: Field, comparison: str, value: Value, leaf: tuple[Value, str, Value]) -> set[Value]:
    if comparison in {"=", "!="} and not isinstance(value, list | tuple):
        values = [value]
    elif isinstance(value, list | tuple):
        values = list(value)
    else:
        raise OdooValueError(f"Invalid value in domain term {leaf}")
    if field.kind == "boolean":
        return {bool(item) for item in values}
    return {None if item is False or item is None else item for item in values}


def _matches(value: Value, field: Field, wanted: set[Value]) -> bool:
    if field.to_many:
        return bool(wanted.intersection(value)) if value else None in wanted
    if field.kind == "boolean":
        return bool(value) in wanted
    if field.kind in {"integer", "float", "monetary"} and None in wanted and not value:
        return True
    return value in wanted


def _compares(value: Value, field: Field, other: Value, compare: Callable[[Value, Value], bool]) -> bool:
    if value is None and field.kind in {"integer", "float", "monetary"}:
        value = 0
    if value is None or other is None or other is False:
        return False
    try:
        return compare(value, other)
    except TypeError as error:
        raise OdooValueError(str(error)) from error


def _pattern(comparison: str, value: Value) -> re.Pattern[str]:
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in str(value))
    body = "".join(parts)
    flags = re.DOTALL | (re.IGNORECASE if "ilike" in comparison else 0)
    return re.compile(f"^{body}$" if comparison.startswith("=") else body, flags)

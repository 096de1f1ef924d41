"""Reading records: order, the shapes of values on the wire, nested specifications.

Not here: which records (see `domain`), rights (see `model`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from standins.odoo.errors import OdooValueError
from standins.odoo.fields import Field
from standins.odoo.values import SECONDS_LENGTH, Row, Value

if TYPE_CHECKING:
    from standins.odoo.model import Model

CLASSIC = "_classic_read"
_EMPTY: Mapping[str, Value] = {"integer": 0, "float": 0.0, "monetary": 0.0}


def stored(model: "Model", row: Row, field: Field) -> Value:
    """Take a field's value out of a row, computed when it is not stored.

    Args:
        model: The row's model.
        row: The row.
        field: The field.

    Returns:
        A scalar, an id, or a list of ids for a to-many field; None for nothing.
    """
    if field.kind == "one2many":
        children = model.env.model(str(field.relation))
        found = model.env.tx.find(children.name, str(field.inverse), (row["id"],))
        return sort(children, found, None)
    if field.compute is not None:
        return field.compute(model.env, row)
    return row.get(field.name)


def read(model: "Model", ids: Iterable[int], names: Sequence[str] | None, *, load: str = CLASSIC) -> list[Row]:
    """Read records; those that do not exist are left out.

    Args:
        model: The model.
        ids: The ids, in the wanted order.
        names: The wanted fields, None or empty for all.
        load: `_classic_read` for ``[id, name]`` references, anything else for bare ids.

    Returns:
        One mapping a record, `id` always in it.

    Raises:
        OdooValueError: When a field does not exist.
    """
    fields = [_field(model, name) for name in dict.fromkeys(["id", *(names or model.fields)])]
    records = [row for row in (model.env.tx.get(model.name, record_id) for record_id in ids) if row is not None]
    model.env.charge(model.read_cost_ms * len(records))
    return [{field.name: _to_wire(model, row, field, load=load) for field in fields} for row in records]


def _field(model: "Model", name: str) -> Field:
    field = model.fields.get(name)
    if field is None:
        raise OdooValueError(f"Invalid field {name!r} on model {model.name!r}")
    return field


def _to_wire(model: "Model", row: Row, field: Field, *, load: str) -> Value:
    value = stored(model, row, field)
    if field.to_many:
        return list(value or ())
    if field.kind == "many2one":
        if not value:
            return False
        return [value, named(model, field, value)] if load == CLASSIC else value
    if value is None:
        return _EMPTY.get(field.kind, False)
    return value[:SECONDS_LENGTH] if field.kind == "datetime" else value


def named(model: "Model", field: Field, record_id: int) -> str:
    """Name the record that a reference points to.

    Args:
        model: The model that has the field.
        field: A many2one field.
        record_id: The id it holds.

    Returns:
        The display name.
    """
    target = model.env.model(str(field.relation))
    return target.display_name(model.env.row(target.name, record_id))


def web_read(model: "Model", ids: Iterable[int], specification: Mapping[str, Value]) -> list[Row]:
    """Read records by a nested specification.

    Args:
        model: The model.
        ids: The ids.
        specification: Field to ``{}`` or ``{"fields": {...}}``.

    Returns:
        One mapping a record, `id` always in it.
    """
    records = read(model, ids, list(specification), load="")
    if not specification:
        return [{"id": record["id"]} for record in records]
    for name, wanted in specification.items():
        if isinstance(wanted, Mapping) and "fields" in wanted:
            _nest(model, model.fields[name], records, wanted["fields"])
    return records


def _nest(model: "Model", field: Field, records: list[Row], specification: Mapping[str, Value]) -> None:
    if field.relation is None:
        return
    target = model.env.model(field.relation)
    target.check("read")
    for record in records:
        value = record[field.name]
        if field.to_many:
            record[field.name] = web_read(target, value, specification)
        elif value and specification:
            record[field.name] = web_read(target, [value], specification)[0]


def sort(model: "Model", ids: Iterable[int], order: str | None) -> list[int]:
    """Order records as the database does: nulls last ascending, first descending, references by their own order.

    Args:
        model: The model.
        ids: The ids.
        order: Such as ``"write_date desc, id"``; None for the model's own.

    Returns:
        The ids in order.
    """
    terms = _terms(model, order or model.order)
    rows = [(record_id, model.env.row(model.name, record_id)) for record_id in ids]
    for name, descending in reversed(terms):
        field = _field(model, name)
        if field.kind == "many2one":
            rows = _sort_by_reference(model, field, rows, descending=descending)
            continue
        rows.sort(key=lambda pair, field=field: _key(stored(model, pair[1], field)), reverse=descending)  # type: ignore[misc]
    return [record_id for record_id, _ in rows]


def _sort_by_reference(
    model: "Model", field: Field, rows: list[tuple[int, Row]], *, descending: bool
) -> list[tuple[int, Row]]:
    target = model.env.model(str(field.relation))
    targets = sort(target, {row[field.name] for _, row in rows if row.get(field.name)}, None)
    rank = {record_id: position for position, record_id in enumerate(targets)}
    last = len(rank)
    return sorted(rows, key=lambda pair: rank.get(pair[1].get(field.name) or 0, last), reverse=descending)


def _key(value: Value) -> tuple[bool, Value]:
    return (True, 0) if value is None else (False, value.casefold() if isinstance(value, str) else value)


def _terms(model: "Model", order: str) -> list[tuple[str, bool]]:
    terms = []
    for term in order.split(","):
        words = term.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1].lower() not in {"asc", "desc"}):  # noqa: PLR2004
            raise OdooValueError(f'Invalid "order" specified ({order}).')
        if model.fields.get(words[0]) is None:
            raise OdooValueError(f"Invalid field {words[0]!r} on model {model.name!r}")
        terms.append((words[0], len(words) == 2 and words[1].lower() == "desc"))  # noqa: PLR2004
    return terms

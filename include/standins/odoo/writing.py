"""Creating, changing and deleting records: conversion of values, commands, mandatory fields.

Not here: the rules of single models, which hook in (see `model`).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from standins.odoo import xmlids
from standins.odoo.errors import OdooValueError, RefusedError, mandatory, missing
from standins.odoo.fields import Field
from standins.odoo.values import Row, Value, round_float, to_moment, to_number

if TYPE_CHECKING:
    from standins.odoo.model import Model

_CREATE, _UPDATE, _DELETE, _UNLINK, _LINK, _CLEAR, _SET = range(7)


def create(model: "Model", given: Mapping[str, Value]) -> int:
    """Create one record.

    Args:
        model: The model.
        given: The client's values.

    Returns:
        The id.

    Raises:
        OdooError: When a value or a rule does not hold.
    """
    values = convert(model, given, {})
    row = model.prepare({name: field.default for name, field in model.fields.items() if _plain(field)} | values)
    check_mandatory(model, row)
    model.constrain(row)
    record_id = model.env.insert(model.name, row)
    _run_commands(model, record_id, given)
    model.created(record_id, given)
    return record_id


def write(model: "Model", row: Row, given: Mapping[str, Value]) -> None:
    """Change one record.

    Args:
        model: The model.
        row: The record as it is.
        given: The client's values.

    Raises:
        OdooError: When a value or a rule does not hold.
    """
    values = convert(model, given, row)
    model.check_write(row, values)
    changed = {**row, **values}
    check_mandatory(model, changed)
    model.constrain(changed)
    model.env.update(model.name, row["id"], **values)
    _run_commands(model, row["id"], given)
    model.written(row, values)


def unlink(model: "Model", row: Row) -> None:
    """Delete one record and its external ids.

    Args:
        model: The model.
        row: The record.
    """
    model.check_unlink(row)
    model.env.tx.put(model.name, row["id"], None)
    xmlids.forget(model.env, model.name, row["id"])
    model.unlinked(row)


def check_mandatory(model: "Model", row: Row) -> None:
    """Refuse a record whose mandatory field is empty.

    Args:
        model: The model.
        row: The record as it would be stored.

    Raises:
        ValidationError: With `field` set.
    """
    for field in model.fields.values():
        if field.required and field.enforced and row.get(field.name) is None:
            raise mandatory((model.name, model.label), field.name, field.label)


def convert(model: "Model", given: Mapping[str, Value], row: Row) -> Row:
    """Convert a client's values to stored ones; what only the server sets is dropped without a word.

    Args:
        model: The model.
        given: The client's values.
        row: The record as it is, empty for a new one.

    Returns:
        Stored values, without those of the one2many fields.

    Raises:
        OdooValueError: When a field does not exist or a value does not fit.
    """
    values: Row = {}
    for name, value in given.items():
        field = model.fields.get(name)
        if field is None:
            raise OdooValueError(f"Invalid field {name!r} on model {model.name!r}")
        if field.ignored or field.compute is not None or field.kind == "one2many":
            continue
        if field.kind == "many2many":
            values[name] = _linked(model, field, value, row.get(name) or [])
        else:
            values[name] = _scalar(model, field, value)
    return values


def _plain(field: Field) -> bool:
    return field.compute is None and field.kind != "one2many" and field.name not in {"id", "write_date"}


def _scalar(model: "Model", field: Field, value: Value) -> Value:
    if value is None or (value is False and field.kind not in {"boolean", "float", "monetary", "integer"}):
        return None
    return _READERS.get(field.kind, _text)(model, field, value)


def _text(_model: "Model", _field: Field, value: Value) -> str:
    return str(value)


def _number(_model: "Model", field: Field, value: Value) -> float:
    number = to_number(value)
    return number if field.digits is None else round_float(number, field.digits)


def _selected(model: "Model", field: Field, value: Value) -> str:
    if value not in {key for key, _ in field.selection}:
        raise OdooValueError(f"Wrong value for {model.name}.{field.name}: {value!r}")
    return str(value)


def reference(model: "Model", field: Field, value: Value) -> int | None:
    """Convert a reference; the record must exist, archived or not.

    Args:
        model: The model that has the field.
        field: A relational field.
        value: An id, or False.

    Returns:
        The id, None for False.

    Raises:
        MissingError: When the record does not exist.
        OdooValueError: When the value is not an id.
    """
    if not value:
        return None
    if not isinstance(value, int):
        raise OdooValueError(f"Wrong value for {model.name}.{field.name}: {value!r}")
    if model.env.tx.get(str(field.relation), value) is None:
        raise missing(str(field.relation), value, model.env.uid)
    return value


_READERS: Mapping[str, Callable[["Model", Field, Value], Value]] = {
    "many2one": reference,
    "float": _number,
    "monetary": _number,
    "datetime": lambda _model, _field, value: to_moment(value),
    "boolean": lambda _model, _field, value: bool(value),
    "integer": lambda _model, _field, value: int(value or 0),
    "selection": _selected,
}


def _linked(model: "Model", field: Field, commands: Value, current: list[int]) -> list[int]:
    linked = list(current)
    for command in commands or ():
        if isinstance(command, int):
            linked.append(command)
            continue
        match command[0]:
            case 6:
                linked = list(command[2])
            case 5:
                linked = []
            case 4:
                linked.append(command[1])
            case 3:
                linked = [record_id for record_id in linked if record_id != command[1]]
            case _:
                raise RefusedError(f"command {command[0]} on {model.name}.{field.name}")
    return [record_id for record_id in dict.fromkeys(linked) if reference(model, field, record_id)]


def _run_commands(model: "Model", record_id: int, given: Mapping[str, Value]) -> None:
    for name, commands in given.items():
        field = model.fields[name]
        if field.kind != "one2many" or field.compute is not None:
            continue
        children = model.env.model(str(field.relation))
        for command in commands or ():
            _run_command(children, field, record_id, command)


def _run_command(children: "Model", field: Field, record_id: int, command: Value) -> None:
    if command[0] == _CREATE:
        values = dict(command[2])
        external_id = values.pop(xmlids.IMPORTED, None)
        child = create(children, {**values, str(field.inverse): record_id})
        if external_id:
            xmlids.remember(children.env, external_id, children.name, child)
    elif command[0] == _UPDATE:
        write(children, _child(children, field, record_id, command[1]), command[2])
    elif command[0] == _DELETE:
        unlink(children, _child(children, field, record_id, command[1]))
    elif command[0] != _LINK:
        raise RefusedError(f"command {command[0]} on {children.name}")


def _child(children: "Model", field: Field, record_id: int, child: int) -> Row:
    row = children.require(child)
    if row.get(str(field.inverse)) != record_id:
        raise RefusedError(f"a command on {children.name}({child},) of another record")
    return row

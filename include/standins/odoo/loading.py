"""`load()`: rows of cells become records, and every error of a row becomes a message.

Source: measured on Odoo 18.  Not here: what a cell means (see `cells`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standins.odoo import cells, writing, xmlids
from standins.odoo.errors import (
    CONCURRENT_UPDATE,
    MissingError,
    OdooError,
    OdooValueError,
    SerializationFailureError,
    UserError,
    ValidationError,
)
from standins.odoo.fields import Field
from standins.odoo.values import Row, Value

if TYPE_CHECKING:
    from standins.odoo.model import Model

Path = tuple[str, ...]
_REFERENCES = {"id", ".id"}


@dataclass
class Import:
    """What one `load()` call was given and what it found."""

    model: "Model"
    module: str
    update: bool
    noupdate: bool
    messages: list[dict[str, Value]] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    fresh: int = 0


@dataclass(frozen=True)
class Span:
    """One record of the data: its number, its first and last row, its cells."""

    record: int
    first: int
    last: int
    cells: Row

    @property
    def place(self) -> dict[str, Value]:
        """Where a message about this record points."""
        return {"rows": {"from": self.first, "to": self.last}, "record": self.record, "type": "error"}


def load(model: "Model", columns: Sequence[str], data: Sequence[Sequence[Value]]) -> dict[str, Value]:
    """Import rows.

    Args:
        model: The model.
        columns: Column names, ``/`` between the fields of a path.
        data: Rows of cells; rows with line cells only continue the record above them.

    Returns:
        `ids` in row order or False, `messages` and `nextrow`.

    Raises:
        OdooValueError: When a column does not exist.
    """
    context = model.env.context
    paths = [tuple(column.split("/")) for column in columns]
    for path in paths:
        _check_column(model, path)
    job = Import(
        model,
        str(context.get("module", "__import__")),
        update=context.get("mode", "init") == "update",
        noupdate=bool(context.get("noupdate", False)),
    )
    mark = model.env.tx.savepoint()
    for span in spans(model, paths, data):
        _import(job, span)
    _charge(job, len(data))
    if job.messages and any(message["type"] == "error" for message in job.messages):
        model.env.tx.rollback_to(mark)
        model.env.later.clear()
        return {"ids": False, "messages": job.messages, "nextrow": 0}
    return {"ids": job.ids, "messages": job.messages, "nextrow": 0}


def _charge(job: Import, rows: int) -> None:
    if job.fresh:
        # A load that fails has no ids, and has still made what it made.
        records, lines = max(len(job.ids), job.fresh), rows
        share = job.fresh / records
        job.model.env.charge(78 + share * (3 * records + 6.6 * lines))
    else:
        job.model.env.charge(20 + 0.8 * rows)


def lost_race(
    model: "Model", columns: Sequence[str], data: Sequence[Sequence[Value]], failure: SerializationFailureError
) -> Row:
    """Answer a `load()` whose external ids another transaction took first.

    Args:
        model: The model.
        columns: Column names.
        data: The rows.
        failure: What the commit failed with.

    Returns:
        What `load()` answers: no ids, one message for each record that lost.
    """
    paths = [tuple(column.split("/")) for column in columns]
    found = list(spans(model, paths, data))
    module = str(model.env.context.get("module", "__import__"))
    names = {claim[-1] for claim in failure.claims}
    losers = [span for span in found if ".".join(xmlids.split(str(span.cells.get("id")), module)) in names]
    messages = [{**span.place, "message": CONCURRENT_UPDATE} for span in losers or found[:1]]
    return {"ids": False, "messages": messages, "nextrow": 0}


def _check_column(model: "Model", path: Path) -> None:
    if path[0] in _REFERENCES:
        return
    found = model.fields.get(path[0])
    if found is None:
        raise OdooValueError(f"Invalid field name '{path[0]}'")
    if len(path) > 1 and found.relation and found.kind == "one2many":
        _check_column(model.env.model(found.relation), path[1:])


def spans(model: "Model", paths: Sequence[Path], data: Sequence[Sequence[Value]]) -> list[Span]:
    """Cut the data into records.

    Args:
        model: The model.
        paths: The columns as paths.
        data: The rows.

    Returns:
        One span a record.
    """
    many = [
        len(path) > 1 and (found := model.fields.get(path[0])) is not None and found.kind == "one2many"
        for path in paths
    ]
    found_spans: list[Span] = []
    first = 0
    while first < len(data):
        last = first
        while last + 1 < len(data) and _continues(data[last + 1], many):
            last += 1
        found_spans.append(Span(len(found_spans), first, last, _record(model, paths, data[first : last + 1])))
        first = last + 1
    return found_spans


def _continues(row: Sequence[Value], many: Sequence[bool]) -> bool:
    sub = any(cell for cell, is_sub in zip(row, many, strict=False) if is_sub)
    own = any(cell for cell, is_sub in zip(row, many, strict=False) if not is_sub)
    return sub and not own


def _record(model: "Model", paths: Sequence[Path], rows: Sequence[Sequence[Value]]) -> Row:
    record: Row = {}
    for position, path in enumerate(paths):
        found = model.fields.get(path[0])
        if path[0] in _REFERENCES or found is None or not found.relation:
            record[path[0]] = rows[0][position]
        elif found.kind != "one2many":
            record[path[0]] = {path[1] if len(path) > 1 else "": rows[0][position]}
        elif path[0] not in record:
            record[path[0]] = _children(model, found, paths, rows)
    return record


def _children(model: "Model", parent: Field, paths: Sequence[Path], rows: Sequence[Sequence[Value]]) -> list[Row]:
    own = [position for position, path in enumerate(paths) if path[0] == parent.name]
    below = [[row[position] for position in own] for row in rows]
    below = [row for row in below if any(row)]
    target = model.env.model(str(parent.relation))
    return [span.cells for span in spans(target, [paths[position][1:] for position in own], below)]


def _import(job: Import, span: Span) -> None:
    env = job.model.env
    try:
        values = cells.convert(job.model, span.cells, job.module, noupdate=job.noupdate)
    except cells.CellsError as errors:
        job.messages.extend({**span.place, **problem} for problem in errors.problems)
        return
    job.messages.extend({**span.place, "type": "warning", **warning} for warning in values.warnings)
    mark = env.tx.savepoint()
    try:
        job.ids.append(_save(job, span, values.values))
    except SerializationFailureError:
        raise
    except (OdooError, AssertionError) as error:
        env.tx.rollback_to(mark)
        job.messages.append({**span.place, **_explain(error)})


def _explain(error: Exception) -> dict[str, Value]:
    if isinstance(error, ValidationError) and error.field:
        text = f"Missing required value for the field '{error.label}' ({error.field})"
        return {"message": text, "field": error.field}
    if isinstance(error, MissingError | UserError) or (
        isinstance(error, OdooError) and error.vendor_name[:8] != "builtins"
    ):
        return {"message": str(error)}
    kind = "ValueError" if isinstance(error, OdooError) else type(error).__name__
    text = f"Unknown error during import: <class '{kind}'>: {error}"
    return {"message": text, "moreinfo": "Resolve other errors first"}


def _save(job: Import, span: Span, values: Row) -> int:
    model = job.model
    database_id, name = span.cells.get(".id"), span.cells.get("id")
    if database_id:
        return _change(model, int(database_id), values)
    if not name:
        job.fresh += 1
        model.check("create")
        return writing.create(model, values)
    module, name = xmlids.split(str(name), job.module)
    known = xmlids.resolve(model.env, module, name)
    if known is None or model.env.tx.get(known.model, known.record_id) is None:
        return _create(job, module, name, values)
    if known.model != model.name:
        raise ValidationError(
            f"For external id {module}.{name} when trying to create/update a record of model {model.name} "
            f"found record of different model {known.model} ({known.record_id})"
        )
    if job.update and known.noupdate:
        return known.record_id
    return _change(model, known.record_id, values)


def _create(job: Import, module: str, name: str, values: Row) -> int:
    job.fresh += 1
    job.model.check("create")
    record_id = writing.create(job.model, values)
    if any(character.isspace() for character in name):
        raise UserError(_no_spaces(job, module, name, record_id))
    xmlids.remember(job.model.env, (module, name, job.noupdate), job.model.name, record_id)
    return record_id


def _no_spaces(job: Import, module: str, name: str, record_id: int) -> str:
    now, flag = job.model.env.now, "t" if job.noupdate else "f"
    row = f"null, {now}, {now}, null, {record_id}, {flag}, {name}, {module}, {job.model.name}"
    return (
        'new row for relation "ir_model_data" violates check constraint "ir_model_data_name_nospaces"\n'
        f"DETAIL:  Failing row contains ({row}).\n"
    )


def _change(model: "Model", record_id: int, values: Row) -> int:
    if values:
        model.check("write")
        writing.write(model, model.require(record_id), values)
    return record_id

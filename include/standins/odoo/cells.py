"""The cells of an import: text, numbers, moments in the user's zone, references by id, external id or name.

Source: measured on Odoo 18.  Not here: cutting rows into records (see `loading`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standins.odoo import xmlids
from standins.odoo.errors import OdooTypeError
from standins.odoo.fields import Field
from standins.odoo.values import DAY, DAY_LENGTH, MOMENT, Row, Value

if TYPE_CHECKING:
    from standins.odoo.model import Model

_TRUE = {"1", "true", "yes"}
_FALSE = {"", "0", "false", "no", "off"}
_REFERENCES = {"id", ".id"}
_INDIRECT = "Can not create Many-To-One records indirectly, import the field separately"


class CellError(Exception):
    """A cell that does not fit; `details` are the message's own keys."""

    def __init__(self, template: str, details: Mapping[str, Value] | None = None) -> None:
        super().__init__(template)
        self.template = template
        self.details = dict(details or {})


class CellsError(Exception):
    """Every cell of one record that does not fit."""

    def __init__(self, problems: list[Row]) -> None:
        super().__init__(f"{len(problems)} cells do not fit")
        self.problems = problems


@dataclass
class Converted:
    """The values of one record, for `create` or `write`, and what was doubtful."""

    values: Row = field(default_factory=dict)
    warnings: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Scope:
    """Where a cell stands: its model, the import's module and flag, the label of the field above."""

    model: "Model"
    module: str
    noupdate: bool
    above: str = ""

    def label(self, of: Field) -> str:
        """Name a field with the field above it.

        Args:
            of: The field.

        Returns:
            Such as ``Order Lines/Product``.
        """
        return f"{self.above}/{of.label}" if self.above else of.label


def convert(model: "Model", record: Row, module: str, *, noupdate: bool) -> Converted:
    """Convert one record's cells.

    Args:
        model: The model.
        record: Field to cell; a reference is a mapping of subfield to cell, lines are a list of records.
        module: The import's module.
        noupdate: The flag to store with external ids of lines.

    Returns:
        Values and warnings.

    Raises:
        CellsError: When cells do not fit.
        OdooTypeError: When the label of a bad cell holds a per cent sign, as Odoo trips over it.
    """
    return _convert(Scope(model, module, noupdate), record)


def _convert(scope: Scope, record: Row) -> Converted:
    done = Converted()
    problems: list[Row] = []
    for name, cell in record.items():
        if name in _REFERENCES:
            continue
        target = scope.model.fields[name]
        try:
            done.values[name] = _cell(scope, target, cell, done.warnings)
        except CellsError as errors:
            problems.extend({**problem, "field": name, "field_name": target.label} for problem in errors.problems)
        except CellError as error:
            problems.append(_problem(scope, target, error))
    if problems:
        raise CellsError(problems)
    return done


def _problem(scope: Scope, target: Field, error: CellError) -> Row:
    label = scope.label(target)
    if "%(field)s" not in error.template:
        return {"field": target.name, "message": error.template}
    if "%" in label:
        raise OdooTypeError("not enough arguments for format string")
    message = error.template.replace("%(field)s", label)
    return {"field": target.name, "message": message, **error.details, "field_name": target.label}


def _cell(scope: Scope, target: Field, cell: Value, warnings: list[Row]) -> Value:
    if target.kind == "one2many":
        return [_line(scope, target, line, warnings) for line in cell]
    if target.relation:
        ((subfield, value),) = cell.items()
        return _relation(scope, target, subfield, value, warnings)
    if cell in {"", None, False}:
        if target.kind == "datetime" and target.required:
            raise CellsError([_no_datetime()])
        return False
    return _READERS.get(target.kind, _text)(scope, target, cell)


def _no_datetime() -> Row:
    text = "Unknown error during import: <class 'AssertionError'>: Datetime instance expected"
    return {"message": text, "moreinfo": "Resolve other errors first"}


def _line(scope: Scope, target: Field, line: Row, warnings: list[Row]) -> list[Value]:
    lines = scope.model.env.model(str(target.relation))
    below = Scope(lines, scope.module, scope.noupdate, scope.label(target))
    converted = _convert(below, line)
    warnings.extend({**warning, "field": target.name} for warning in converted.warnings)
    if line.get(".id"):
        return [1, int(line[".id"]), converted.values]
    if not line.get("id"):
        return [0, 0, converted.values]
    module, name = xmlids.split(str(line["id"]), scope.module)
    known = xmlids.resolve(lines.env, module, name)
    if known is not None and known.model == lines.name:
        return [1, known.record_id, converted.values]
    return [0, 0, {**converted.values, xmlids.IMPORTED: (module, name, scope.noupdate)}]


def _text(_scope: Scope, _target: Field, cell: Value) -> str:
    return str(cell)


def _number(_scope: Scope, _target: Field, cell: Value) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError) as error:
        raise CellError(f"'{cell}' does not seem to be a number for field '%(field)s'") from error


def _integer(_scope: Scope, _target: Field, cell: Value) -> int:
    try:
        return int(cell)
    except (TypeError, ValueError) as error:
        raise CellError(f"'{cell}' does not seem to be an integer for field '%(field)s'") from error


def _boolean(_scope: Scope, _target: Field, cell: Value) -> bool:
    word = str(cell).lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise CellError(
        f"Unknown value '{cell}' for boolean field '%(field)s'", {"moreinfo": "Use '1' for yes and '0' for no"}
    )


def _choice(_scope: Scope, target: Field, cell: Value) -> str:
    for value, label in target.selection:
        if str(cell).lower() in {value.lower(), label.lower()}:
            return value
    labels = [label for _, label in target.selection]
    raise CellError(f"Value '{cell}' not found in selection field '%(field)s'", {"moreinfo": labels})


def _moment(scope: Scope, _target: Field, cell: Value) -> str:
    text = str(cell)
    try:
        naive = datetime.strptime(text, DAY if len(text) == DAY_LENGTH else MOMENT)  # noqa: DTZ007
    except ValueError as error:
        raise CellError(
            f"'{cell}' does not seem to be a valid datetime for field '%(field)s'",
            {"moreinfo": "Use the format '2012-12-31 23:59:59'"},
        ) from error
    env = scope.model.env
    zone = env.context.get("tz") or env.row("res.users", env.uid).get("tz") or "UTC"
    return naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).strftime(MOMENT)


_READERS: Mapping[str, Callable[[Scope, Field, Value], Value]] = {
    "float": _number,
    "monetary": _number,
    "integer": _integer,
    "boolean": _boolean,
    "selection": _choice,
    "datetime": _moment,
}


def _relation(scope: Scope, target: Field, subfield: str, cell: Value, warnings: list[Row]) -> Value:
    if subfield not in {"", "id", ".id"}:
        raise CellError(_INDIRECT)
    if target.kind == "many2one":
        return _find(scope, target, subfield, cell, warnings) if cell else False
    parts = [part.strip() for part in str(cell or "").split(",") if part.strip()]
    found = [_find(scope, target, subfield, part, warnings) for part in parts]
    return [[6, 0, [record_id for record_id in found if record_id]]]


def _find(scope: Scope, target: Field, subfield: str, cell: Value, warnings: list[Row]) -> int | bool:
    if subfield and str(cell).lower() in _FALSE:
        return False
    env = scope.model.env
    found: list[int] = []
    if subfield == ".id":
        try:
            found = [int(cell)] if env.tx.get(str(target.relation), int(cell)) is not None else []
        except ValueError as error:
            raise CellError(f"Invalid database id '{cell}' for the field '%(field)s'") from error
    elif subfield == "id":
        known = xmlids.resolve(env, *xmlids.split(str(cell), scope.module))
        found = [known.record_id] if known and known.model == target.relation else []
    else:
        found = _by_name(scope, target, str(cell))
    if not found:
        raise CellError(
            f"No matching record found for {_KINDS[subfield]} '{cell}' in field '%(field)s'",
            {"moreinfo": _possible_values(target, subfield)},
        )
    if len(found) > 1:
        text = f"Found multiple matches for value '{cell}' in field '{scope.label(target)}' ({len(found)} matches)"
        warnings.append({"field": target.name, "message": text})
    return found[0]


_KINDS = {".id": "database id", "id": "external id", "": "name"}


def _by_name(scope: Scope, target: Field, name: str) -> list[int]:
    related = scope.model.env.model(str(target.relation))
    for column in related.name_search_on:
        if found := related.find([[column, "=", name]]):
            return found
    return []


def _possible_values(target: Field, subfield: str) -> Row:
    action: Row = {
        "name": "Possible Values",
        "type": "ir.actions.act_window",
        "target": "new",
        "view_mode": "list,form",
        "views": [[False, "list"], [False, "form"]],
        "context": {"create": False},
        "help": "See all possible values",
    }
    if not subfield:
        return {**action, "res_model": target.relation}
    return {**action, "res_model": "ir.model.data", "domain": [["model", "=", target.relation]]}

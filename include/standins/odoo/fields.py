"""Field definitions: what a model's columns are called, hold and allow.

Not here: which fields a model has (see `models`), reading and writing (see `reading`, `writing`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standins.odoo.values import Row, Value

if TYPE_CHECKING:
    from standins.odoo.env import Env

Compute = Callable[["Env", Row], Value]
Selection = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one model.

    `compute` fields are not stored. `ignored` fields are stored but set by the server alone: what a client
    sends for them is dropped without a word, as Odoo does. `enforced` is the NOT NULL of the database, which
    a required manual field lacks when it was added to rows that were empty.
    """

    name: str
    kind: str
    label: str
    required: bool = False
    relation: str | None = None
    inverse: str | None = None
    selection: Selection = ()
    digits: int | None = None
    compute: Compute | None = None
    ignored: bool = False
    enforced: bool = True
    default: Value = None

    @property
    def to_many(self) -> bool:
        """Whether the field holds several records."""
        return self.kind in {"one2many", "many2many"}

    def describe(self, attributes: list[str] | None) -> dict[str, Value]:
        """Describe the field as `fields_get` does.

        Args:
            attributes: The wanted attributes, None for all that are known here.

        Returns:
            Attribute to value.
        """
        known: dict[str, Value] = {
            "type": self.kind,
            "string": self.label,
            "required": self.required,
            "readonly": self.ignored or self.compute is not None,
            "store": self.compute is None,
        }
        if self.relation:
            known["relation"] = self.relation
        if self.inverse:
            known["relation_field"] = self.inverse
        if self.kind == "selection":
            known["selection"] = [list(pair) for pair in self.selection]
        if self.digits is not None:
            known["digits"] = [16, self.digits]
        return {name: value for name, value in known.items() if attributes is None or name in attributes}


def table(*fields: Field) -> dict[str, Field]:
    """Key fields by name.

    Args:
        *fields: The fields.

    Returns:
        Name to field.
    """
    return {field.name: field for field in fields}


def simple(kind: str, **labels: str) -> tuple[Field, ...]:
    """Define several plain fields of one kind.

    Args:
        kind: The kind, such as "char".
        **labels: Field name to label.

    Returns:
        The fields.
    """
    return tuple(Field(name, kind, label) for name, label in labels.items())


def many2one(name: str, relation: str, label: str, *, required: bool = False, ignored: bool = False) -> Field:
    """Define a reference to one record.

    Args:
        name: The field's name.
        relation: The model referred to.
        label: The label users see.
        required: Whether it must be set.
        ignored: Whether only the server sets it.

    Returns:
        The field.
    """
    return Field(name, "many2one", label, required=required, relation=relation, ignored=ignored)


def one2many(name: str, relation: str, inverse: str, label: str) -> Field:
    """Define the records that refer back to this one.

    Args:
        name: The field's name.
        relation: The model of those records.
        inverse: Their field that refers back; it must be indexed.
        label: The label users see.

    Returns:
        The field.
    """
    return Field(name, "one2many", label, relation=relation, inverse=inverse)

"""The models there are and their fields, manual (``x_``) fields included.

Not here: what the models do (see `models`).
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from standins.odoo.errors import UserError
from standins.odoo.fields import Compute, Field, table

if TYPE_CHECKING:
    from standins.odoo.env import Env
    from standins.odoo.model import Model
    from standins.odoo.values import Row

_STAMPS = table(
    Field("id", "integer", "ID", ignored=True),
    Field("create_date", "datetime", "Created on", ignored=True),
    Field("write_date", "datetime", "Last Updated on", ignored=True),
    Field("create_uid", "many2one", "Created by", relation="res.users", ignored=True),
    Field("write_uid", "many2one", "Last Updated by", relation="res.users", ignored=True),
)


class Registry:
    """Models by name; fields by model."""

    def __init__(self, models: Iterable[type["Model"]]) -> None:
        self._models = {model.name: model for model in models}
        self._fields: dict[str, dict[str, Field]] = {}
        self.set_manual_fields(())

    @property
    def indexes(self) -> Mapping[str, tuple[str, ...]]:
        """The indexed fields of each model."""
        return {name: model.indexed for name, model in self._models.items()}

    def set_manual_fields(self, rows: Iterable["Row"]) -> None:
        """Take over the manual fields as stored.

        Args:
            rows: Rows of `ir.model.fields`.
        """
        manual: dict[str, dict[str, Field]] = {}
        for row in rows:
            field = Field(
                row["name"],
                row["ttype"],
                row["field_description"],
                required=row["required"],
                enforced=row["enforced"],
                selection=tuple((value, label) for value, label in row["selection"]),
            )
            manual.setdefault(row["model"], {})[field.name] = field
        self._fields = {
            name: {
                **_STAMPS,
                "display_name": Field("display_name", "char", "Display Name", compute=_display_name(name)),
                **model.columns,
                **manual.get(name, {}),
            }
            for name, model in self._models.items()
        }

    def fields(self, model: str) -> Mapping[str, Field]:
        """List the fields of a model.

        Args:
            model: The model's name.

        Returns:
            Name to field.
        """
        return self._fields[model]

    def bind(self, name: str, env: "Env") -> "Model":
        """Bind a model to a call.

        Args:
            name: The model's name.
            env: The call.

        Returns:
            The bound model.

        Raises:
            UserError: When there is no such model.
        """
        if name not in self._models:
            raise UserError(f"Object {name} doesn't exist")
        return self._models[name](env)


def _display_name(model: str) -> Compute:
    return lambda env, row: env.model(model).display_name(row)

"""One call's surroundings: its transaction, its user, its context, its clock and what it costs.

Not here: how a call is dispatched (see `service`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standins.odoo.access import Access
from standins.odoo.errors import missing
from standins.odoo.transaction import Transaction
from standins.odoo.values import SECONDS_LENGTH, Row, Value

if TYPE_CHECKING:
    from standins.odoo.model import Model
    from standins.odoo.registry import Registry

Recompute = Callable[["Env", int], None]


@dataclass
class Env:
    """What every model method works in.

    `now` is the transaction's start in UTC with microseconds: it becomes every `write_date`.
    """

    tx: Transaction
    registry: "Registry"
    uid: int
    now: str
    context: Mapping[str, Value] = field(default_factory=dict)
    access: Access = field(default_factory=Access.everything)
    cost_ms: float = 0.0
    later: dict[tuple[str, int], "Recompute"] = field(default_factory=dict)

    def flush(self) -> None:
        """Recompute what this call's changes left to be recomputed."""
        while self.later:
            (model, record_id), recompute = self.later.popitem()
            if self.tx.get(model, record_id) is not None:
                recompute(self, record_id)

    @property
    def now_seconds(self) -> str:
        """The transaction's start with second precision, as `fields.Datetime.now()`."""
        return self.now[:SECONDS_LENGTH]

    def model(self, name: str) -> "Model":
        """Bind a model to this call.

        Args:
            name: The model's name.

        Returns:
            The model.

        Raises:
            UserError: When there is no such model.
        """
        return self.registry.bind(name, self)

    def charge(self, milliseconds: float) -> None:
        """Add to what this call costs on the measured server.

        Args:
            milliseconds: The extra time.
        """
        self.cost_ms += milliseconds

    def row(self, model: str, record_id: int) -> Row:
        """Read a row that must exist.

        Args:
            model: The model's name.
            record_id: The id.

        Returns:
            The row, not to be changed.

        Raises:
            MissingError: When it does not exist.
        """
        row = self.tx.get(model, record_id)
        if row is None:
            raise missing(model, record_id, self.uid)
        return row

    def rows(self, model: str, key: str, value: Value) -> list[Row]:
        """Read the rows whose indexed field has a value.

        Args:
            model: The model's name.
            key: An indexed field.
            value: The stored value.

        Returns:
            The rows by id.
        """
        return [self.row(model, record_id) for record_id in self.tx.find(model, key, (value,))]

    def update(self, model: str, record_id: int, /, **values: Value) -> Row:
        """Change a row from inside the server, and its `write_date` and `write_uid`.

        Args:
            model: The model's name.
            record_id: The id.
            **values: Stored values.

        Returns:
            The new row.
        """
        row = {**self.row(model, record_id), **values, "write_date": self.now, "write_uid": self.uid}
        self.tx.put(model, record_id, row)
        return row

    def insert(self, model: str, values: Row) -> int:
        """Add a row from inside the server.

        Args:
            model: The model's name.
            values: Stored values; `create_date` and the like are set here.

        Returns:
            The id.
        """
        stamp = {"create_date": self.now, "write_date": self.now, "create_uid": self.uid, "write_uid": self.uid}
        return self.tx.insert(model, {**values, **stamp})

"""The base of every model: the public methods a client may call, over the engines of reading and writing.

A method is callable from outside only when the model lists it in `public`; everything else does not exist for a
client, exactly as on a server that lacks it.  Not here: the rules of single models (see `models`).
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from standins.odoo import domain as domains
from standins.odoo import loading, reading, writing, xmlids
from standins.odoo.env import Env
from standins.odoo.errors import OdooTypeError, missing
from standins.odoo.fields import Field
from standins.odoo.values import Row, Value

READ_ONLY = frozenset(
    {"search", "search_read", "search_count", "read", "fields_get", "web_read", "web_search_read", "get_external_id"}
)
EDITABLE = READ_ONLY | {"create", "write", "unlink", "load"}


class Model:
    """One model, bound to one call."""

    name: ClassVar[str]
    label: ClassVar[str]
    order: ClassVar[str] = "id"
    rec_name: ClassVar[str] = "name"
    columns: ClassVar[Mapping[str, Field]]
    indexed: ClassVar[tuple[str, ...]] = ()
    public: ClassVar[frozenset[str]] = READ_ONLY
    name_search_on: ClassVar[tuple[str, ...]] = ("name",)
    create_costs_ms: ClassVar[tuple[float, float]] = (25.0, 8.0)
    read_cost_ms: ClassVar[float] = 0.15

    def __init__(self, env: Env) -> None:
        self.env = env

    @property
    def fields(self) -> Mapping[str, Field]:
        """The model's fields by name, manual ones included."""
        return self.env.registry.fields(self.name)

    def check(self, operation: str) -> None:
        """Refuse an operation that the user has no right to.

        Args:
            operation: read, create, write or unlink.
        """
        self.env.access.check(self.name, self.label, operation)

    def display_name(self, row: Row) -> str:
        """Name a record as users see it.

        Args:
            row: The record.

        Returns:
            The name.
        """
        return str(row.get(self.rec_name) or f"{self.name},{row['id']}")

    def find(self, domain: Value, *, active_test: bool = True) -> list[int]:
        """Search without rights, limits or cost.

        Args:
            domain: A domain in Odoo's prefix notation.
            active_test: Whether archived records are left out.

        Returns:
            Ids in the model's order.
        """
        return reading.sort(self, domains.search(self, domain, active_test=active_test), None)

    def existing(self, ids: Value) -> list[Row]:
        """Read the rows of a call's ids.

        Args:
            ids: One id or a list of ids.

        Returns:
            The rows.

        Raises:
            MissingError: When one does not exist.
        """
        return [self.env.row(self.name, record_id) for record_id in id_list(ids)]

    # The rules of single models hook in here.

    def prepare(self, values: Row) -> Row:
        """Complete the stored values of a new record with its defaults.

        Args:
            values: What the client gave, converted.

        Returns:
            All stored values but the mandatory checks.
        """
        return values

    def created(self, record_id: int, given: Mapping[str, Value]) -> None:
        """Follow up on a new record.

        Args:
            record_id: Its id.
            given: What the client gave, as sent.
        """

    def check_write(self, row: Row, values: Row) -> None:
        """Refuse a change.

        Args:
            row: The record before it.
            values: The converted values.
        """

    def written(self, before: Row, values: Row) -> None:
        """Follow up on a change.

        Args:
            before: The record before it.
            values: The converted values.
        """

    def check_unlink(self, row: Row) -> None:
        """Refuse a deletion.

        Args:
            row: The record.
        """

    def unlinked(self, row: Row) -> None:
        """Follow up on a deletion.

        Args:
            row: The deleted record.
        """

    def constrain(self, row: Row) -> None:
        """Check what the database checks on every insert and update.

        Args:
            row: The record as it would be stored.
        """

    # What a client may call.

    def search(
        self, domain: Value = None, offset: int = 0, limit: int | None = None, order: str | None = None
    ) -> list[int]:
        """Find the ids that fit a domain, as `search` does."""
        self.check("read")
        ids = reading.sort(self, domains.search(self, domain or []), order)
        return ids[offset : offset + limit] if limit else ids[offset:]

    def search_count(self, domain: Value = None, limit: int | None = None) -> int:
        """Count the records that fit a domain, as `search_count` does."""
        self.check("read")
        count = len(domains.search(self, domain or []))
        return min(count, limit) if limit else count

    def search_read(
        self,
        domain: Value = None,
        fields: Sequence[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        **read_kwargs: Value,
    ) -> list[Row]:
        """Search and read in one call, as `search_read` does."""
        for name in read_kwargs:
            if name != "load":
                raise OdooTypeError(f"BaseModel._read_format() got an unexpected keyword argument '{name}'")
        ids = self.search(domain, offset, limit, order)
        return reading.read(self, ids, fields, load=read_kwargs.get("load", reading.CLASSIC))

    def read(self, ids: Value, fields: Sequence[str] | None = None, load: str = reading.CLASSIC) -> list[Row]:
        """Read records by id, missing ones left out, as `read` does."""
        self.check("read")
        return reading.read(self, id_list(ids), fields, load=load)

    def web_read(self, ids: Value, specification: Mapping[str, Value]) -> list[Row]:
        """Read records by a nested specification, as `web_read` does."""
        self.check("read")
        return reading.web_read(self, id_list(ids), specification)

    def web_search_read(
        self,
        domain: Value,
        specification: Mapping[str, Value],
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        count_limit: int | None = None,
    ) -> dict[str, Value]:
        """Search and read by a nested specification, as `web_search_read` does."""
        ids = self.search(domain, offset, limit, order)
        length = self.search_count(domain, limit=count_limit)
        return {"length": length, "records": reading.web_read(self, ids, specification)}

    def fields_get(
        self, allfields: Sequence[str] | None = None, attributes: list[str] | None = None
    ) -> dict[str, dict[str, Value]]:
        """Describe the fields, as `fields_get` does."""
        return {
            name: field.describe(attributes)
            for name, field in self.fields.items()
            if not allfields or name in allfields
        }

    def get_external_id(self, ids: Value) -> dict[str, str]:
        """Name records by their external ids, '' without one; id keys are strings on the wire.

        Source: Odoo's ORM reference; not among the measured calls.
        """
        self.check("read")
        found = {row["id"]: xmlids.of_record(self.env, self.name, row["id"]) for row in self.existing(ids)}
        return {str(record_id): name or "" for record_id, name in found.items()}

    def create(self, vals_list: Value) -> int | list[int]:
        """Create one record from a mapping or several from a list, all or none, as `create` does."""
        self.check("create")
        several = isinstance(vals_list, list)
        batch = vals_list if several else [vals_list]
        self.env.charge(self.create_costs_ms[0] + self.create_costs_ms[1] * len(batch))
        ids = [writing.create(self, values) for values in batch]
        return ids if several else ids[0]

    def write(self, ids: Value, vals: Mapping[str, Value]) -> bool:
        """Change records, as `write` does."""
        self.check("write")
        for row in self.existing(ids):
            self.env.charge(5)
            writing.write(self, row, vals)
        return True

    def unlink(self, ids: Value) -> bool:
        """Delete records, their external ids with them, as `unlink` does."""
        self.check("unlink")
        for row in self.existing(ids):
            writing.unlink(self, row)
        return True

    def load(self, fields: Sequence[str], data: Sequence[Sequence[Value]]) -> dict[str, Value]:
        """Import rows of cells, as `load` does: never an error for a row, always `ids` and `messages`."""
        return loading.load(self, fields, data)

    def require(self, record_id: int) -> Row:
        """Read one row that must exist.

        Args:
            record_id: The id.

        Returns:
            The row.

        Raises:
            MissingError: When it does not exist.
        """
        row = self.env.tx.get(self.name, record_id)
        if row is None:
            raise missing(self.name, record_id, self.env.uid)
        return row


def id_list(ids: Value) -> list[int]:
    """Read the ids of a call.

    Args:
        ids: One id or a list of ids.

    Returns:
        A list of ids.

    Raises:
        OdooTypeError: When they are not ids.
    """
    found = ids if isinstance(ids, list) else [ids] if ids else []
    if not all(isinstance(record_id, int) for record_id in found):
        raise OdooTypeError(f"unhashable or invalid record id in {ids!r}")
    return found

"""One call's view of the store: a snapshot with the call's own changes over it, savepoints, commit.

Not here: the committed rows (see `store`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from standins.odoo.values import Claim, Key, Row, Value

if TYPE_CHECKING:
    from standins.odoo.store import Store


class Transaction:
    """A snapshot of the store with this call's own changes over it."""

    def __init__(self, store: "Store", snapshot: int) -> None:
        self.store = store
        self.snapshot = snapshot
        self.changes: dict[Key, Row | None] = {}
        self.claims: set[Claim] = set()
        self._own_ids: dict[str, dict[int, None]] = defaultdict(dict)
        self._own_index: dict[tuple[str, str, Value], set[int]] = defaultdict(set)
        self._undo: list[tuple[Key, Row | None, bool]] = []

    def get(self, model: str, record_id: int) -> Row | None:
        """Read a row.

        Args:
            model: The model's name.
            record_id: The id.

        Returns:
            The row, not to be changed, or None.
        """
        key = (model, record_id)
        if key in self.changes:
            return self.changes[key]
        return self.store.at(model, record_id, self.snapshot)

    def put(self, model: str, record_id: int, row: Row | None) -> None:
        """Write a row, or delete it with None.

        Args:
            model: The model's name.
            record_id: The id.
            row: The whole row; the caller gives it away.
        """
        key = (model, record_id)
        self._undo.append((key, self.changes.get(key), key in self.changes))
        self.changes[key] = row
        self._own_ids[model][record_id] = None
        if row is not None:
            for field in self.store.indexed(model):
                self._own_index[model, field, row.get(field)].add(record_id)

    def insert(self, model: str, row: Row) -> int:
        """Write a new row under the next id.

        Args:
            model: The model's name.
            row: The row; `id` is set here.

        Returns:
            The id.
        """
        record_id = self.store.next(model)
        row["id"] = record_id
        self.put(model, record_id, row)
        return record_id

    def all_ids(self, model: str) -> Iterator[int]:
        """List the ids of the rows that exist here.

        Args:
            model: The model's name.

        Yields:
            Ids.
        """
        for record_id in dict.fromkeys([*self.store.ids(model), *self._own_ids[model]]):
            if self.get(model, record_id) is not None:
                yield record_id

    def find(self, model: str, field: str, values: Iterable[Value]) -> list[int]:
        """List the ids of the rows whose indexed field has one of the values.

        Args:
            model: The model's name.
            field: An indexed field.
            values: The stored values.

        Returns:
            Ids in ascending order.
        """
        found: set[int] = set()
        for value in values:
            own = self._own_index.get((model, field, value), ())
            for record_id in (*self.store.candidates(model, field, value), *own):
                row = self.get(model, record_id)
                if row is not None and row.get(field) == value:
                    found.add(record_id)
        return sorted(found)

    def savepoint(self) -> int:
        """Mark the present state.

        Returns:
            A mark for `rollback_to`.
        """
        return len(self._undo)

    def rollback_to(self, mark: int) -> None:
        """Undo the changes made since a mark.

        Args:
            mark: What `savepoint` returned.
        """
        while len(self._undo) > mark:
            key, row, existed = self._undo.pop()
            if existed:
                self.changes[key] = row
            else:
                self.changes.pop(key, None)

    def commit(self) -> None:
        """Commit; see `Store.commit`."""
        self.store.commit(self)

    def rollback(self) -> None:
        """Drop every change."""
        self.store.release(self)

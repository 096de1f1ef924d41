"""Brings an unprocessed order to its document in one write.

New lines are claimed first, by external id and with quantity 0: they change no amount, and a call that is repeated
after a crash or an unknown outcome finds them instead of adding them again. Then one write on the order changes every
line and both addresses at once, right after its version was checked once more. The channel owns the order until it is
processed: priced lines that the document does not know are removed.

Not here: the difference itself (see `differences`).

Source: measured on Odoo 18.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from retail_ops.contracts.errors import AmbiguousError, RejectedError, ThrottledError, TransientError
from retail_ops.contracts.ids import EntityKey
from retail_ops.erp.odoo.client import Caller, Json
from retail_ops.erp.odoo.differences import describe_difference, line_commands
from retail_ops.erp.odoo.directory import Directory
from retail_ops.erp.odoo.document import Document
from retail_ops.erp.odoo.faults import ConflictError
from retail_ops.erp.odoo.loading import Deferred, Loader, Pause, Record, patiently, postponed, resolve
from retail_ops.erp.odoo.names import line_name, order_name
from retail_ops.erp.odoo.partners import Partners, place_partners
from retail_ops.erp.odoo.placing import LINE_COLUMNS, Placing, line_cells
from retail_ops.erp.odoo.reservations import describe_reservations
from retail_ops.erp.odoo.results import applied, deferred, not_placed, rejected, total_differs
from retail_ops.erp.odoo.rows import (
    CANCELLED,
    LineRow,
    MoveRow,
    OrderRow,
    fetch_lines,
    fetch_moves,
    fetch_orders,
    is_processed,
    version_of,
)
from retail_ops.ports.erp import OrderDocument, Problem, WriteResult


@dataclass(frozen=True, slots=True)
class Sight:
    """One order as it was read at one moment."""

    order: OrderRow
    lines: tuple[LineRow, ...]
    moves: tuple[MoveRow, ...]

    @property
    def version(self) -> str:
        """Changes whenever the order or one of its lines changes."""
        return version_of(self.order, self.lines)


class _StopError(Exception):
    def __init__(self, result: WriteResult) -> None:
        super().__init__(result.outcome)
        self.result = result


class Amending:
    """Amends orders of one account."""

    def __init__(self, caller: Caller, placing: Placing, directory: Directory, *, pause: Pause = time.sleep) -> None:
        self._caller = caller
        self._placing = placing
        self._directory = directory
        self._pause = pause

    def amend(self, document: OrderDocument) -> WriteResult:
        """Bring the order to the units, prices and addresses of `document`.

        Idempotent: an order that already fits is left as it is.
        """
        key = document.key
        try:
            return patiently(lambda: self._amend(document), self._pause, again=(ConflictError,))
        except _StopError as stop:
            return stop.result
        except RejectedError as error:
            return rejected(key, Problem(error.code, "", error.detail))
        except (TransientError, AmbiguousError, ThrottledError) as error:
            return deferred(key, postponed(error))

    def _amend(self, given: OrderDocument) -> WriteResult:
        key = given.key
        (document,) = self._placing.build([given])
        if isinstance(document, Problem):
            return rejected(key, document)
        name = order_name(key.account, key.external_id)
        order_id = resolve(self._caller, "sale.order", [name]).get(name)
        if order_id is None:
            return not_placed(key)
        sight = self._look(order_id)
        if sight.order.state == CANCELLED:
            return rejected(key, Problem("cancelled", "", "the order is cancelled in Odoo"))
        known = self._resolve_lines(document)
        partners = self._partners(given)
        _check_open(key, document, sight, known, partners=partners)
        if any(line.key not in known for line in document.lines):
            known = self._claim(key, document, order_id)
            sight = self._look(order_id)
            _check_open(key, document, sight, known, partners=partners)
        values = _values(key, document, sight, known, partners=partners)
        if values:
            sight = self._write(sight, values)
        left = _values(key, document, sight, known, partners=partners)
        return self._verdict(key, document, sight, changed=bool(values), left=left)

    def _look(self, order_id: int) -> Sight:
        row = fetch_orders(self._caller, [order_id]).get(order_id)
        if row is None:
            raise TransientError("sale.order: the order vanished between look-up and read")
        lines = fetch_lines(self._caller, [order_id])[order_id]
        return Sight(row, tuple(lines), tuple(fetch_moves(self._caller, [order_id])))

    def _resolve_lines(self, document: Document) -> dict[str, int]:
        names = _line_names(document)
        found = resolve(self._caller, "sale.order.line", list(names.values()))
        return {line: found[name] for line, name in names.items() if name in found}

    def _partners(self, given: OrderDocument) -> Partners:
        (found,) = place_partners(self._caller, self._directory, [given], pause=self._pause)
        if isinstance(found, Problem):
            raise _StopError(rejected(given.key, found))
        if isinstance(found, Deferred):
            raise _StopError(deferred(given.key, found))
        return found

    def _claim(self, key: EntityKey, document: Document, order_id: int) -> dict[str, int]:
        names = _line_names(document)
        units = LINE_COLUMNS.index("product_uom_qty") - 1
        records = []
        for position, line in enumerate(document.lines, start=1):
            cells = list(line_cells(document, line, position)[1:])
            cells[units] = "0"
            records.append(Record(names[line.key], ((str(order_id), *cells),)))
        loader = Loader(self._caller, "sale.order.line", ("order_id/.id", *LINE_COLUMNS[1:]), pause=self._pause)
        found: dict[str, int] = {}
        for line_key, loaded in zip(names, loader.load(records).values(), strict=True):
            if isinstance(loaded, Problem):
                raise _StopError(rejected(key, loaded))
            if isinstance(loaded, Deferred):
                raise _StopError(deferred(key, loaded))
            found[line_key] = loaded
        return found

    def _write(self, sight: Sight, values: Mapping[str, Json]) -> Sight:
        order_id = sight.order.order_id
        if self._look(order_id).version != sight.version:
            raise ConflictError("sale.order: the order changed while it was being compared")
        try:
            self._caller.push("sale.order", "write", [order_id], values)
        except AmbiguousError:
            # What is there now says whether it was written; the verdict compares it with the document.
            return self._look(order_id)
        return self._look(order_id)

    def _verdict(
        self, key: EntityKey, document: Document, sight: Sight, *, changed: bool, left: Mapping[str, Json]
    ) -> WriteResult:
        if left:
            return deferred(key, Deferred("the order does not have what was written, or the outcome is unknown"))
        if sight.order.total != document.total:
            return total_differs(key, document.total, sight.order)
        reservation = describe_reservations(self._caller, [sight.order], sight.moves)[sight.order.order_id]
        receipt = {"changed": changed, "version_checked": changed, "version": sight.version, **reservation}
        return applied(key, sight.order, receipt)


def _check_open(
    key: EntityKey, document: Document, sight: Sight, known: Mapping[str, int], *, partners: Partners
) -> None:
    """Stop when the order would have to change and may not."""
    moved = _addresses(sight, partners)
    difference = [*describe_difference(document, sight.lines, known), *({"address": name} for name in moved)]
    if not difference:
        return
    receipt = {"difference": difference, "version": sight.version}
    if is_processed(sight.lines, sight.moves):
        problem = Problem("already_processed", "", "units were picked, delivered or invoiced")
        raise _StopError(rejected(key, problem, receipt))
    if sight.order.locked:
        raise _StopError(rejected(key, Problem("locked", "", "somebody locked the order in Odoo"), receipt))


def _addresses(sight: Sight, partners: Partners) -> dict[str, Json]:
    wanted = {"partner_shipping_id": partners.delivery_id, "partner_invoice_id": partners.invoice_id}
    has = {"partner_shipping_id": sight.order.delivery_id, "partner_invoice_id": sight.order.invoice_id}
    return {name: value for name, value in wanted.items() if has[name] != value}


def _values(
    key: EntityKey, document: Document, sight: Sight, known: Mapping[str, int], *, partners: Partners
) -> dict[str, Json]:
    commands = line_commands(document, sight.order, sight.lines, known)
    if isinstance(commands, Problem):
        raise _StopError(rejected(key, commands))
    values = _addresses(sight, partners)
    return {**values, "order_line": commands} if commands else values


def _line_names(document: Document) -> dict[str, str]:
    order = document.order
    return {line.key: line_name(order.account, order.external_id, line.key) for line in document.lines}

"""Places orders as quotations: partners, one insert-or-ignore for the batch, one read of what Odoo made of it.

Not here: what a document says (see `document`), isolation of bad orders (see `loading`).

Source: measured on Odoo 18: an empty `date_order` cell is a fault, an absent tax column means the product's own taxes,
an empty tax cell none; naive moments are read in the context's time zone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from retail_ops.contracts.errors import AmbiguousError, ThrottledError, TransientError
from retail_ops.contracts.ids import EntityKey
from retail_ops.erp.odoo.client import Caller
from retail_ops.erp.odoo.directory import Directory
from retail_ops.erp.odoo.document import Document, DocumentLine, build_document
from retail_ops.erp.odoo.loading import Deferred, Loaded, Loader, Pause, Record, postponed
from retail_ops.erp.odoo.names import line_name, order_name
from retail_ops.erp.odoo.partners import Partners, place_partners
from retail_ops.erp.odoo.products import fetch_skus
from retail_ops.erp.odoo.results import applied, deferred, rejected, total_differs
from retail_ops.erp.odoo.rows import OrderRow, fetch_orders, to_moment
from retail_ops.governance.accounts import Mapping as AccountMapping
from retail_ops.ports.erp import OrderDocument, Problem, WriteResult

LINE_COLUMNS: Final = (
    "id",
    "sequence",
    "product_id/.id",
    "name",
    "product_uom_qty",
    "price_unit",
    "discount",
    "tax_id/.id",
    "is_delivery",
)
_HEADER_COLUMNS: Final = (
    "partner_id/.id",
    "partner_invoice_id/.id",
    "partner_shipping_id/.id",
    "company_id/.id",
    "warehouse_id/.id",
    "pricelist_id/.id",
    "client_order_ref",
    "origin",
    "date_order",
)


class Placing:
    """Places the orders of one account."""

    def __init__(
        self, caller: Caller, mapping: AccountMapping, directory: Directory, *, pause: Pause = time.sleep
    ) -> None:
        self._caller = caller
        self._mapping = mapping
        self._directory = directory
        self._pause = pause

    def place(self, documents: Sequence[OrderDocument]) -> list[WriteResult]:
        """Place each order unless it exists; results in the order of `documents`.

        Idempotent: by the external ids of partners, orders and lines.
        """
        try:
            found = self._place(documents)
        except (TransientError, AmbiguousError, ThrottledError) as error:
            return [deferred(document.key, postponed(error)) for document in documents]
        return [found[document.key] for document in documents]

    def build(self, documents: Sequence[OrderDocument]) -> list[Document | Problem]:
        """Return what each order is in Odoo, or why it cannot be."""
        skus = [line.sku for each in documents for line in each.order.lines if line.sku and line.kind == "product"]
        products = {sku: fact.product_id for sku, fact in fetch_skus(self._caller, skus).items()}
        return [build_document(each.order, self._mapping, self._directory, products) for each in documents]

    def _place(self, documents: Sequence[OrderDocument]) -> Mapping[EntityKey, WriteResult]:
        found: dict[EntityKey, WriteResult] = {}
        fitting: list[tuple[OrderDocument, Document]] = []
        for given, built in zip(documents, self.build(documents), strict=True):
            if isinstance(built, Problem):
                found[given.key] = rejected(given.key, built)
            else:
                fitting.append((given, built))
        people = place_partners(self._caller, self._directory, [given for given, _ in fitting], pause=self._pause)
        records: dict[EntityKey, tuple[Document, Record]] = {}
        for (given, built), partners in zip(fitting, people, strict=True):
            if isinstance(partners, Partners):
                records[given.key] = (built, order_record(built, partners, self._directory))
            else:
                found[given.key] = _refusal(given.key, partners)
        return found | self._insert(records)

    def _insert(self, records: Mapping[EntityKey, tuple[Document, Record]]) -> dict[EntityKey, WriteResult]:
        columns = (
            *_HEADER_COLUMNS,
            *self._directory.order_fields,
            *(f"order_line/{column}" for column in LINE_COLUMNS),
        )
        loader = Loader(self._caller, "sale.order", columns, pause=self._pause)
        loaded = loader.load([record for _, record in records.values()])
        rows = fetch_orders(self._caller, [loaded_id for loaded_id in loaded.values() if isinstance(loaded_id, int)])
        return {key: _result(key, built, loaded[record.name], rows) for key, (built, record) in records.items()}


def order_record(document: Document, partners: Partners, directory: Directory) -> Record:
    """Return the rows of an order: its header beside its first line, its other lines below."""
    order = document.order
    header = (
        str(partners.customer_id),
        str(partners.invoice_id),
        str(partners.delivery_id),
        str(directory.company_id),
        str(directory.warehouse_id),
        str(document.pricelist_id),
        order.number,
        f"{order.account}:{order.external_id}",
        to_moment(order.placed_at),
        *directory.order_fields.values(),
    )
    lines = [line_cells(document, line, position) for position, line in enumerate(document.lines, start=1)]
    lines = lines or [("",) * len(LINE_COLUMNS)]
    rows = [(*(header if index == 0 else ("",) * len(header)), *cells) for index, cells in enumerate(lines)]
    return Record(order_name(order.account, order.external_id), tuple(rows))


def line_cells(document: Document, line: DocumentLine, position: int) -> tuple[str, ...]:
    """Return the cells of one line under `LINE_COLUMNS`."""
    order = document.order
    return (
        line_name(order.account, order.external_id, line.key),
        str(position * 10),
        str(line.product_id),
        line.description,
        str(line.units),
        f"{line.price:f}",
        "0",
        ",".join(str(tax.tax_id) for tax in line.taxes),
        "1" if line.is_delivery else "0",
    )


def _refusal(key: EntityKey, why: Problem | Deferred) -> WriteResult:
    return rejected(key, why) if isinstance(why, Problem) else deferred(key, why)


def _result(key: EntityKey, document: Document, loaded: Loaded, rows: Mapping[int, OrderRow]) -> WriteResult:
    if not isinstance(loaded, int):
        return _refusal(key, loaded)
    row = rows.get(loaded)
    if row is None:
        return deferred(key, Deferred("the order vanished between insertion and read"))
    if row.total != document.total:
        return total_differs(key, document.total, row)
    return applied(key, row, {"rounding": document.rounding.minor} if document.rounding.minor else None)

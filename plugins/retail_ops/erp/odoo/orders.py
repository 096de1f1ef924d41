"""`OdooOrders`: the order side of Odoo for one account, see `ports/erp.py`. Not here: how each write is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.order import Order
from retail_ops.erp.odoo import cancelling, confirming, products, viewing
from retail_ops.erp.odoo.amending import Amending
from retail_ops.erp.odoo.client import Caller, OdooClient
from retail_ops.erp.odoo.directory import Directory, fetch_directory
from retail_ops.erp.odoo.loading import BATCH, Pause
from retail_ops.erp.odoo.placing import Placing
from retail_ops.governance.accounts import Mapping as AccountMapping
from retail_ops.ports.erp import ErpOrder, ErpOrderFact, OrderDocument, SkuFact, WriteResult


@dataclass(frozen=True, slots=True)
class _Office:
    """What is known of the account once the directory is read."""

    caller: Caller
    directory: Directory
    placing: Placing
    amending: Amending


class OdooOrders:
    """Implements `OrderErp`; safe to share between threads. Reads the directory on the first call, once.

    Every method raises `AuthorisationError` when Odoo refuses the user and `ConfigurationError` when something that
    the mapping names is missing. A far side that is away defers writes, and raises `TransientError` from reads.
    """

    def __init__(self, client: OdooClient, mapping: AccountMapping, *, pause: Pause = time.sleep) -> None:
        self._client = client
        self._mapping = mapping
        self._pause = pause
        self._lock = threading.Lock()
        self._office: _Office | None = None

    def check(self) -> None:
        """Read everything that the mapping names anew; see `OrderErp.check`."""
        with self._lock:
            self._office = self._open()

    def find_skus(self, skus: Sequence[str]) -> Mapping[str, SkuFact]:
        """Return the active products for `skus`; a SKU that is unknown or not unique is absent."""
        return products.fetch_skus(self._ready().caller, skus)

    def free_units(self, skus: Sequence[str]) -> Mapping[str, int]:
        """Return free units of stocked SKUs in the account's warehouse."""
        office = self._ready()
        facts = products.fetch_skus(office.caller, skus)
        return products.fetch_free_units(office.caller, facts, office.directory.warehouse_id)

    def place_orders(self, documents: Sequence[OrderDocument]) -> Sequence[WriteResult]:
        """Create each order as a quotation unless it exists, in batches; see `OrderErp.place_orders`."""
        placing = self._ready().placing
        batches = [documents[start : start + BATCH] for start in range(0, len(documents), BATCH)]
        return [result for batch in batches for result in placing.place(batch)]

    def confirm_orders(self, orders: Sequence[Order]) -> Sequence[WriteResult]:
        """Confirm each quotation, in batches; see `OrderErp.confirm_orders`."""
        caller = self._ready().caller
        batches = [orders[start : start + BATCH] for start in range(0, len(orders), BATCH)]
        return [r for batch in batches for r in confirming.confirm_orders(caller, batch, pause=self._pause)]

    def cancel_orders(self, orders: Sequence[Order]) -> Sequence[WriteResult]:
        """Cancel each order, in batches; see `OrderErp.cancel_orders`."""
        caller = self._ready().caller
        batches = [orders[start : start + BATCH] for start in range(0, len(orders), BATCH)]
        return [r for batch in batches for r in cancelling.cancel_orders(caller, batch, pause=self._pause)]

    def amend_order(self, document: OrderDocument) -> WriteResult:
        """Bring an unprocessed order to `document`; see `OrderErp.amend_order`."""
        return self._ready().amending.amend(document)

    def read_orders(self, keys: Sequence[EntityKey]) -> Mapping[EntityKey, ErpOrder]:
        """Return Odoo's view of each order that exists."""
        return viewing.read_orders(self._ready().caller, keys)

    def list_orders(self, account: str) -> Sequence[ErpOrderFact]:
        """Return every order document of the account, found by its origin: doubled ones show up twice."""
        return viewing.list_orders(self._ready().caller, account)

    def _ready(self) -> _Office:
        with self._lock:
            if self._office is None:
                self._office = self._open()
            return self._office

    def _open(self) -> _Office:
        directory, caller = fetch_directory(self._client, self._mapping)
        placing = Placing(caller, self._mapping, directory, pause=self._pause)
        amending = Amending(caller, placing, directory, pause=self._pause)
        return _Office(caller, directory, placing, amending)

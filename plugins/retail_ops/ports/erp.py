"""What the order flow needs of the ERP. Implemented in `erp/odoo/`. Every write is idempotent by business identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from retail_ops.contracts.ids import EntityKey
from retail_ops.contracts.money import Money
from retail_ops.contracts.order import Order
from retail_ops.contracts.personal import PersonalData

OrderState = Literal["quotation", "confirmed", "cancelled"]
Outcome = Literal["applied", "rejected", "deferred"]


@dataclass(frozen=True, slots=True)
class OrderDocument:
    """An order together with the personal data that its document needs; lives in memory only."""

    order: Order
    personal: PersonalData

    @property
    def key(self) -> EntityKey:
        """The business identity."""
        return EntityKey(self.order.account, "order", self.order.external_id)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a write was rejected or deferred.

    Attributes:
        code: Stable snake_case name, e.g. `unmapped_tax`, `tax_difference`, `unknown_country`, `odoo_refused`.
        field: Path in the contract, e.g. `lines[2].taxes[0]`; empty when the whole order is meant.
        detail: Without personal data.
        difference: The amount at stake, where there is one.
    """

    code: str
    field: str
    detail: str
    difference: Money | None = None


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one write.

    Attributes:
        outcome: `applied`: the far side is as wanted (also when it already was). `rejected`: a data problem, never
            retried unchanged. `deferred`: away, busy or unknown; the same idempotent call again later.
        reference: The ERP's id, as a string; None unless applied.
        receipt: What was read back, e.g. totals and reserved units; JSON values, no personal data.
        retry_after_s: For `deferred`: seconds to wait, >= 0.
    """

    key: EntityKey
    outcome: Outcome
    reference: str | None = None
    problem: Problem | None = None
    receipt: Mapping[str, object] = field(default_factory=dict)
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ErpLine:
    """One line of an ERP order.

    Attributes:
        line_id: The channel's line id that it was made from; None for rounding and notes.
        delivered_units: Already shipped; reserved_units: set aside in the warehouse.
    """

    erp_line_id: str
    line_id: str | None
    units: int
    delivered_units: int
    invoiced_units: int


@dataclass(frozen=True, slots=True)
class ErpOrder:
    """An order as the ERP has it.

    Attributes:
        processed: Something was picked, delivered or invoiced: it must not be changed from outside any more.
        version: Changes whenever order or lines change.
    """

    key: EntityKey
    reference: str
    number: str
    state: OrderState
    processed: bool
    total: Money
    placed_at: datetime
    version: str
    lines: tuple[ErpLine, ...]


@dataclass(frozen=True, slots=True)
class ErpOrderFact:
    """What the ERP says of one order when asked plainly, for `verify`.

    Attributes:
        external_id: The channel's id that the document names as its origin.
    """

    external_id: str
    reference: str
    number: str
    state: OrderState
    total: Money


@dataclass(frozen=True, slots=True)
class SkuFact:
    """A SKU as the ERP knows it; `stocked` is False for services and untracked goods."""

    sku: str
    product_id: int
    stocked: bool


class OrderErp(Protocol):
    """The order side of the ERP for one account (company, warehouse, price list come from its mapping)."""

    def check(self) -> None:
        """Prove that log-in, company, warehouse, price lists, taxes, products and fields of the mapping exist.

        Raises:
            ConfigurationError: Names everything that is missing, in one message.
        """
        ...

    def find_skus(self, skus: Sequence[str]) -> Mapping[str, SkuFact]:
        """Return the active products for `skus`; a SKU that is unknown or not unique is absent."""
        ...

    def free_units(self, skus: Sequence[str]) -> Mapping[str, int]:
        """Return free units (on hand minus reserved) of stocked SKUs in the account's warehouse."""
        ...

    def place_orders(self, documents: Sequence[OrderDocument]) -> Sequence[WriteResult]:
        """Create each order as a quotation unless it exists; one bad order never holds the rest.

        Idempotent: by external id, under any number of concurrent callers. Results in the order of `documents`.
        """
        ...

    def confirm_orders(self, orders: Sequence[Order]) -> Sequence[WriteResult]:
        """Confirm each quotation, restore its date, read the reservation back.

        Idempotent: a confirmed order is left as it is, its date is restored if it differs.
        """
        ...

    def cancel_orders(self, orders: Sequence[Order]) -> Sequence[WriteResult]:
        """Cancel each order and read its state back. Idempotent: a cancelled order is left as it is.

        Rejected with code `already_processed` when goods were delivered or invoiced.
        """
        ...

    def amend_order(self, document: OrderDocument) -> WriteResult:
        """Bring an unprocessed order to the units, prices and addresses of `document` by writes on line ids.

        Reads state and version first. Idempotent: an order that already fits is left as it is. Rejected with code
        `already_processed` when something was picked, delivered or invoiced; the receipt carries the difference.
        """
        ...

    def read_orders(self, keys: Sequence[EntityKey]) -> Mapping[EntityKey, ErpOrder]:
        """Return the ERP's view of each order that exists."""
        ...

    def list_orders(self, account: str) -> Sequence[ErpOrderFact]:
        """Return every order document of the account, found by its origin: doubled ones show up twice."""
        ...

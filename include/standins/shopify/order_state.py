"""What the shop remembers of one order: the purchase, and what was changed since. Everything else is computed.

NOT here: amounts (`totals`), the answer's shape (`order_view`).
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from standins.shopify.purchase import Address, Line, Patch, Purchase


class Kept(BaseModel):
    """Base of what is kept: frozen, a change is a copy."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KeptLine(Kept):
    """A line with its current units; `tip` lines are made by the shop, `added` ones by an edit."""

    line: Line
    current: int
    added: bool = False
    tip: bool = False


class KeptTransaction(Kept):
    """A transaction; amounts are minor units of the buyer's and of the shop's currency."""

    kind: str
    status: str
    gateway: str
    presentment: int
    shop: int
    at: datetime
    rounding_presentment: int = 0
    rounding_shop: int = 0
    error_code: str | None = None
    parent: int | None = None


class OrderState(Kept):
    """One order.

    Attributes:
        number: Numeric part of the gid.
        purchase: As placed; its addresses may be replaced, its lines live on in `lines`.
        emptied: A cancellation took all units, shipping and fees back.
    """

    number: int
    sequence: int
    name: str
    currency: str
    presentment_currency: str
    taxes_included: bool
    purchase: Purchase
    lines: tuple[KeptLine, ...]
    created_at: datetime
    updated_at: datetime
    processed_at: datetime
    transactions: tuple[KeptTransaction, ...] = ()
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    staff_note: str | None = None
    emptied: bool = False
    edited: bool = False
    patches: tuple[Patch, ...] = ()

    @property
    def gid(self) -> str:
        """The order's global id."""
        return f"gid://shopify/Order/{self.number}"

    def with_address(self, kind: str, address: Address) -> "OrderState":
        """A copy with another `billing` or `shipping` address."""
        return self.model_copy(update={"purchase": self.purchase.model_copy(update={f"{kind}_address": address})})

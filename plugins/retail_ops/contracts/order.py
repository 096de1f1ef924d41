"""`Order` v1: one customer order as every room of the house speaks of it.

Amounts are the CURRENT ones (after edits and removals) unless a name says `ordered`. Personal data is not here: the
customer and the addresses are references into the vault. Prices and discounts are >= 0; a discount is
subtracted.

The balance, in both currencies and exact minor units:
    total = lines + tax added on top + shipping + duties + tips + fees + rounding - discounts
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from retail_ops.contracts.ids import AccountId, ExternalId
from retail_ops.contracts.money import Currency, MoneyPair, pair_total

Units = Annotated[int, Field(ge=0, le=1_000_000)]
Code = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Pseudonym = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="keyed digest; says nothing without the key")]
Rate = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]{1,6})?$", description="fraction as decimal string, 0.2 = 20%")]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TaxLine(_Value):
    """One tax on one line or charge, for its current units.

    Attributes:
        included: The price already contains it.
        liable: Who pays it to the state; `channel` means marketplace-facilitated: a memo, never our tax payable.
    """

    title: Code
    rate: Rate
    amount: MoneyPair
    included: bool
    liable: Literal["seller", "channel"]


class OrderLine(_Value):
    """One ordered line; two lines of the same SKU stay two lines.

    Attributes:
        line_id: The channel's id, verbatim.
        kind: `product` has a SKU in the ERP; `custom` has none; `gift_card` is a liability sold, without tax.
        sku: As the channel states it; None for custom lines.
        title: Product wording of the channel, no personal data.
        ordered_units: Units when the order was placed.
        current_units: Units after edits, removals and refunds; <= ordered_units unless the line grew by an edit.
        unit_price: Price of one unit before discounts.
        discount: All discounts allocated to the current units, >= 0.
        taxes: For the current units.
    """

    line_id: ExternalId
    kind: Literal["product", "custom", "gift_card"]
    sku: Code | None
    title: Annotated[str, Field(max_length=500)]
    ordered_units: Units
    current_units: Units
    unit_price: MoneyPair
    discount: MoneyPair
    taxes: tuple[TaxLine, ...]
    requires_shipping: bool

    @property
    def gross(self) -> MoneyPair:
        """Unit price times current units."""
        return self.unit_price * self.current_units


class Charge(_Value):
    """An amount beside the lines: shipping, duty, tip, fee or cash rounding (which may be negative)."""

    charge_id: ExternalId
    title: Annotated[str, Field(max_length=500)]
    price: MoneyPair
    discount: MoneyPair
    taxes: tuple[TaxLine, ...]


class Payment(_Value):
    """One transaction at a payment gateway.

    Attributes:
        gift_card: The buyer paid with a gift card: a payment, not a discount.
        test: No real money moved.
    """

    payment_id: ExternalId
    parent_id: ExternalId | None
    kind: Literal["authorisation", "sale", "capture", "void", "refund", "change"]
    status: Literal["succeeded", "pending", "failed", "unknown"]
    gateway: Code
    gift_card: bool
    test: bool
    amount: MoneyPair
    processed_at: AwareDatetime | None


class AddressRef(_Value):
    """Where the vault keeps an address, and what routing may know of it.

    Attributes:
        ref: Keyed digest of the normalised address: equal addresses have equal references.
        country: ISO 3166-1 alpha-2; None when the channel gave none.
        region: The channel's province or state code, verbatim.
        missing: Names of the fields that a parcel needs and that are empty, e.g. `("city",)`.
    """

    ref: Pseudonym
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None
    region: Annotated[str, Field(max_length=50)] | None
    missing: tuple[str, ...]


class CompanyRef(_Value):
    """A business buyer: the company and the location that it orders for (sell-to and bill-to may differ)."""

    company_id: ExternalId
    location_id: ExternalId | None


class Buyer(_Value):
    """Who bought, by reference.

    Attributes:
        subject: The vault subject that owns every personal datum of this order.
        customer: Digest of the channel's customer id; None for a guest.
        mail: Digest of the normalised e-mail address; None when there is none.
        company: Set for a business buyer.
    """

    subject: Pseudonym
    customer: Pseudonym | None
    mail: Pseudonym | None
    company: CompanyRef | None


class Risk(_Value):
    """What the channel thinks of the buyer."""

    level: Literal["none", "low", "medium", "high", "pending"]
    recommendation: Literal["none", "accept", "investigate", "cancel"]


class Totals(_Value):
    """Sums as the CHANNEL states them, for the current quantities; the gate recomputes each from the lines.

    Attributes:
        tax: Included and added tax together, channel-liable tax too.
    """

    discounts: MoneyPair
    tax: MoneyPair
    shipping: MoneyPair
    duties: MoneyPair
    tips: MoneyPair
    fees: MoneyPair
    total: MoneyPair


class Order(_Value):
    """One order of one account, at one version.

    Attributes:
        external_id: The channel's immutable id, verbatim; never the display number.
        number: What the buyer sees; neither unique nor stable.
        site: Marketplace or country inside the account.
        updated_at: The channel's version: an older one never wins over a newer one.
        cancelled_at: Set when the channel cancelled the whole order.
        tax_included: Prices contain the tax.
        shipping: Charges removed by an edit are absent; so are those of the other kinds.
    """

    schema_version: Literal["order/v1"] = "order/v1"
    account: AccountId
    channel: Code
    site: Code
    external_id: ExternalId
    number: Code
    source: Code
    test: bool
    placed_at: AwareDatetime
    updated_at: AwareDatetime
    cancelled_at: AwareDatetime | None
    edited: bool
    shop_currency: Currency
    presentment_currency: Currency
    tax_included: bool
    lines: Annotated[tuple[OrderLine, ...], Field(max_length=10_000)]
    shipping: tuple[Charge, ...]
    duties: tuple[Charge, ...]
    tips: tuple[Charge, ...]
    fees: tuple[Charge, ...]
    rounding: tuple[Charge, ...]
    totals: Totals
    payments: tuple[Payment, ...]
    buyer: Buyer
    billing: AddressRef | None
    delivery: AddressRef | None
    risk: Risk

    def charges(self) -> tuple[Charge, ...]:
        """Return every charge beside the lines."""
        return (*self.shipping, *self.duties, *self.tips, *self.fees, *self.rounding)

    def parts(self) -> tuple[OrderLine | Charge, ...]:
        """Return every line and every charge."""
        return (*self.lines, *self.charges())

    def taxes(self) -> tuple[TaxLine, ...]:
        """Return every tax line of lines and charges."""
        return tuple(tax for part in self.parts() for tax in part.taxes)

    def sum_pairs(self, parts: tuple[MoneyPair, ...]) -> MoneyPair:
        """Return the sum of `parts`, nothing in the order's currencies when there are none."""
        return pair_total(parts, self.shop_currency, self.presentment_currency)

    def computed_total(self) -> MoneyPair:
        """Return the right-hand side of the balance: what the total must be."""
        gross = self.sum_pairs(tuple(line.gross for line in self.lines))
        charges = self.sum_pairs(tuple(charge.price for charge in self.charges()))
        discounts = self.sum_pairs(tuple(part.discount for part in self.parts()))
        added = self.sum_pairs(tuple(tax.amount for tax in self.taxes() if not tax.included))
        return gross + charges - discounts + added

    def channel_liable_tax(self) -> MoneyPair:
        """Return the added tax that the channel itself pays to the state: a memo, not part of our document."""
        return self.sum_pairs(tuple(tax.amount for tax in self.taxes() if tax.liable == "channel" and not tax.included))


def rate_of(tax: TaxLine) -> Decimal:
    """Return the rate as an exact fraction."""
    return Decimal(tax.rate)


def canonical_json(order: Order) -> str:
    """Return the one JSON text of an order: sorted keys, no blanks; what is stored, hashed and judged."""
    return _dump(order.model_dump(mode="json"))


def business_json(order: Order) -> str:
    """Return the same without the version: two texts are equal when nothing but the time stamp moved."""
    return _dump(order.model_dump(mode="json", exclude={"updated_at"}))


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


def is_newer(candidate: datetime, known: datetime) -> bool:
    """Return whether a version may replace the known one; equal time stamps (second precision) may."""
    return candidate >= known

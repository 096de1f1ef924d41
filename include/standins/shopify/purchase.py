"""What a shopper did, as the control endpoint takes it: strict and frozen.

Amounts are decimal strings of the buyer's currency. NOT here: what it adds up to
(`totals`), what became of it later (`order_state`).
"""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

Amount = Annotated[str, Field(pattern=r"^-?\d{1,15}(\.\d{1,6})?$")]
Price = Annotated[str, Field(pattern=r"^\d{1,15}(\.\d{1,6})?$")]
Rate = Annotated[str, Field(pattern=r"^\d{1,6}(\.\d{1,12})?$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Described(BaseModel):
    """Base of all parts: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tax(Described):
    """One tax on a line, a shipping line, a duty or a fee; `rate` is a proportion ("0.2" is 20%)."""

    title: str
    rate: Rate
    source: str | None = None
    channel_liable: bool | None = False


class LineDuty(Described):
    """A customs duty on one line."""

    amount: Price
    code: str | None = None
    origin: Country | None = None
    taxes: tuple[Tax, ...] = ()


class Group(Described):
    """The bundle that a line is a component of."""

    key: str
    title: str
    units: int = Field(ge=1)
    sku: str | None = None


class Line(Described):
    """One line of the basket.

    `custom`: no variant and no product (draft orders). `deleted_product`: they existed and are gone, the SKU stays.
    """

    title: str
    units: int = Field(ge=1)
    unit_price: Price
    sku: str | None = None
    variant_title: str | None = None
    vendor: str | None = None
    barcode: str | None = None
    taxes: tuple[Tax, ...] = ()
    duties: tuple[LineDuty, ...] = ()
    gift_card: bool = False
    custom: bool = False
    deleted_product: bool = False
    requires_shipping: bool = True
    tracked: bool = True
    group: Group | None = None
    attributes: dict[str, str] = {}


class Discount(Described):
    """One discount application; its place in the list is its index.

    `scope` order spreads over all goods, lines over `lines` (indices), shipping over the shipping lines.
    `amount` is the whole amount, or the amount a unit when `each_unit`.
    """

    kind: Literal["code", "automatic", "manual", "script"]
    title: str
    scope: Literal["order", "lines", "shipping"]
    description: str | None = None
    lines: tuple[int, ...] = ()
    percentage: Rate | None = None
    amount: Price | None = None
    each_unit: bool = False

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if (self.percentage is None) == (self.amount is None):
            raise ValueError("a discount has either a percentage or an amount")
        if (self.scope == "lines") != bool(self.lines):
            raise ValueError("lines are given exactly when the scope is lines")
        return self


class Shipping(Described):
    """One shipping line; `removed` marks one that an edit took away again."""

    title: str
    price: Price
    code: str | None = None
    source: str | None = "shopify"
    carrier: str | None = None
    taxes: tuple[Tax, ...] = ()
    removed: bool = False


class Fee(Described):
    """An additional fee of the order, outside its lines."""

    name: str
    amount: Price
    taxes: tuple[Tax, ...] = ()


class Payment(Described):
    """One transaction; without an amount it is what is still outstanding.

    `rounding` is what cash rounding adds to the coins handed over (negative: takes off); `parent` is the index of an
    earlier transaction of the order.
    """

    kind: Literal["AUTHORIZATION", "CAPTURE", "SALE", "VOID", "REFUND", "CHANGE"] = "SALE"
    status: Literal["SUCCESS", "PENDING", "FAILURE", "ERROR"] = "SUCCESS"
    amount: Price | None = None
    gateway: str = "shopify_payments"
    rounding: Amount | None = None
    error_code: str | None = None
    parent: int | None = None


class Fact(Described):
    """One finding of a risk assessment."""

    description: str
    sentiment: Literal["NEGATIVE", "NEUTRAL", "POSITIVE"] = "NEGATIVE"


class Risk(Described):
    """The recommendation and its single assessment."""

    recommendation: Literal["ACCEPT", "INVESTIGATE", "CANCEL", "NONE"]
    level: Literal["HIGH", "LOW", "MEDIUM", "NONE", "PENDING"] = "NONE"
    facts: tuple[Fact, ...] = ()


class Customer(Described):
    """A customer; the same `key` is the same customer of this shop."""

    key: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str = "en"
    tax_exempt: bool = False


class Address(Described):
    """A postal address."""

    country_code: Country
    country: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    zip_code: str | None = None
    province: str | None = None
    province_code: str | None = None
    phone: str | None = None


class Company(Described):
    """The buying company and its location (B2B)."""

    key: str
    name: str
    location_key: str
    location_name: str
    external_id: str | None = None
    location_external_id: str | None = None


class Terms(Described):
    """Payment terms."""

    name: str
    kind: Literal["FIXED", "FULFILLMENT", "NET", "RECEIPT", "UNKNOWN"] = "NET"
    due_in_days: int | None = None


class Patch(Described):
    """A corruption of the answer at a dotted path of response keys below the order (`lineItems.nodes.0.sku`)."""

    path: str
    action: Literal["set", "remove"]
    value: object = None


class Purchase(Described):
    """One order as its shopper made it.

    `shop_rate` is units of the shop's currency for one unit of the buyer's. `tax_rounding` order rounds each tax once
    over all lines and gives the remainder to the first lines; line rounds each line by itself.
    """

    lines: tuple[Line, ...]
    name: str | None = None
    processed_at: AwareDatetime | None = None
    presentment_currency: Currency | None = None
    shop_rate: Rate = "1"
    taxes_included: bool | None = None
    tax_rounding: Literal["line", "order"] = "line"
    source: Literal["web", "pos", "shopify_draft_order", "mobile_app", "subscription_contract"] = "web"
    source_identifier: str | None = None
    retail_location: str | None = None
    test: bool = False
    discounts: tuple[Discount, ...] = ()
    shipping: tuple[Shipping, ...] = ()
    fees: tuple[Fee, ...] = ()
    tip: Price | None = None
    duties_included: bool = False
    customer: Customer | None = None
    email: str | None = None
    phone: str | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    payments: tuple[Payment, ...] = ()
    risk: Risk | None = None
    company: Company | None = None
    terms: Terms | None = None
    po_number: str | None = None
    note: str | None = None
    tags: tuple[str, ...] = ()
    locale: str | None = "en"
    attributes: dict[str, str] = {}
    raw_patch: tuple[Patch, ...] = ()

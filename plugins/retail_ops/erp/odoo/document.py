"""An order becomes an Odoo document: priced lines under stable keys, and a total that is the order's to the cent. Pure.

A discount is a negative line of its own: `price_unit` and `discount` round to two digits. Where Odoo's tax rounding
differs from the channel's by no more than the mapping allows, one tax-free line on the rounding product carries the
difference; more than that is a problem. Added tax that the channel itself pays is no part of the document.

Not here: partners (see `contacts`), cells and writes (see `orders`).

Source: measured on Odoo 18.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from retail_ops.contracts.money import Money, MoneyPair, minor_digits
from retail_ops.contracts.order import Charge, Order, OrderLine, TaxLine, rate_of
from retail_ops.erp.odoo.directory import Directory
from retail_ops.erp.odoo.tax import Tax, TaxedAmount, predict
from retail_ops.governance.accounts import Mapping as AccountMapping
from retail_ops.ports.erp import Problem

PRICE_STEP: Final = Decimal("0.01")
TAX_ROUNDING_KEY: Final = "tax-rounding"

# Kinds of charges: the attribute of the order, the role of the product.
_CHARGES: Final = (
    ("shipping", "shipping"),
    ("duties", "duty"),
    ("tips", "tip"),
    ("fees", "fee"),
    ("rounding", "rounding"),
)


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line of the document.

    Attributes:
        key: Stable within the order, e.g. `line/<line id>` or `shipping-discount/<charge id>`.
        line_id: The channel's line id where the line is one, else None.
        units: >= 1.
        price: Of one unit in the document's currency, any sign, at most two decimals.
        taxes: Empty: explicitly no tax.
    """

    key: str
    line_id: str | None
    product_id: int
    description: str
    units: int
    price: Decimal
    taxes: tuple[Tax, ...]
    is_delivery: bool = False

    @property
    def amount(self) -> Decimal:
        """Units times price."""
        return self.price * self.units


@dataclass(frozen=True, slots=True)
class Document:
    """What the order is in Odoo.

    Attributes:
        total: What Odoo must compute.
        rounding: What the rounding line carries; zero when there is none.
    """

    order: Order
    currency: str
    pricelist_id: int
    lines: tuple[DocumentLine, ...]
    total: Money
    rounding: Money


class _UnfitError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def build_document(
    order: Order, mapping: AccountMapping, directory: Directory, products: Mapping[str, int]
) -> Document | Problem:
    """Return the document of an order, or the first problem that stands in its way.

    Args:
        order: With its current units; lines of none are left out.
        mapping: Of the order's account.
        directory: What the mapping names.
        products: Active products by SKU; a SKU that is unknown or not unique is absent.
    """
    try:
        return _Builder(order, mapping, directory, products).build()
    except _UnfitError as unfit:
        return unfit.problem


class _Builder:
    def __init__(
        self, order: Order, mapping: AccountMapping, directory: Directory, products: Mapping[str, int]
    ) -> None:
        self._order = order
        self._mapping = mapping
        self._directory = directory
        self._skus = products
        shop = mapping.document_currency == "shop"
        self._shop = shop
        self._currency = order.shop_currency if shop else order.presentment_currency

    def build(self) -> Document:
        pricelist = self._directory.pricelists.get(self._currency)
        if pricelist is None:
            raise _unfit("unmapped_currency", "", f"no price list for {self._currency}")
        lines = (*self._lines(), *self._charges())
        _check_keys(lines)
        total = self._side(self._order.totals.total - self._order.channel_liable_tax())
        rounding = total - self._predict(lines)
        if rounding.minor:
            lines = (*lines, self._rounding_line(rounding, lines))
        return Document(self._order, self._currency, pricelist, lines, total, rounding)

    def _side(self, pair: MoneyPair) -> Money:
        return pair.shop if self._shop else pair.presentment

    def _lines(self) -> Iterator[DocumentLine]:
        for index, line in enumerate(self._order.lines):
            if line.current_units:
                yield from self._line(line, f"lines[{index}]")

    def _line(self, line: OrderLine, field: str) -> Iterator[DocumentLine]:
        if line.kind == "gift_card" and line.taxes:
            raise _unfit("taxed_gift_card", f"{field}.taxes", "a gift card sold is a liability and has no tax")
        if line.kind == "product":
            product = self._skus.get(line.sku or "")
            if product is None:
                raise _unfit("unknown_sku", f"{field}.sku", "no active product, or more than one, has this SKU")
        else:
            product = self._service(line.kind, field)
        yield DocumentLine(
            key=f"line/{line.line_id}",
            line_id=line.line_id,
            product_id=product,
            description=line.title or line.sku or line.kind,
            units=line.current_units,
            price=self._price(line.unit_price, f"{field}.unit_price"),
            taxes=(taxes := self._taxes(line.taxes, field)),
        )
        yield from self._discount(f"line-discount/{line.line_id}", line, taxes, field)

    def _charges(self) -> Iterator[DocumentLine]:
        for name, role in _CHARGES:
            charges: tuple[Charge, ...] = getattr(self._order, name)
            for index, charge in enumerate(charges):
                yield from self._charge(charge, role, f"{name}[{index}]")

    def _charge(self, charge: Charge, role: str, field: str) -> Iterator[DocumentLine]:
        # Free shipping stays visible; any other charge of nothing says nothing.
        if role != "shipping" and not self._side(charge.price).minor:
            return
        yield DocumentLine(
            key=f"{role}/{charge.charge_id}",
            line_id=None,
            product_id=self._service(role, field),
            description=charge.title or role,
            units=1,
            price=self._price(charge.price, f"{field}.price"),
            taxes=(taxes := self._taxes(charge.taxes, field)),
            is_delivery=role == "shipping",
        )
        yield from self._discount(f"{role}-discount/{charge.charge_id}", charge, taxes, field)

    def _discount(
        self, key: str, part: OrderLine | Charge, taxes: tuple[Tax, ...], field: str
    ) -> Iterator[DocumentLine]:
        if self._side(part.discount).minor:
            yield DocumentLine(
                key=key,
                line_id=None,
                product_id=self._service("discount", field),
                description=f"Discount: {part.title}" if part.title else "Discount",
                units=1,
                price=self._price(-part.discount, f"{field}.discount"),
                taxes=taxes,
            )

    def _service(self, role: str, field: str) -> int:
        product = self._directory.products.get(role)
        if product is None:
            raise _unfit("unmapped_product", field, f"the mapping names no product for {role}")
        return product

    def _price(self, pair: MoneyPair, field: str) -> Decimal:
        price = self._side(pair).to_decimal()
        if price != price.quantize(PRICE_STEP):
            raise _unfit("price_digits", field, f"{self._currency} has more digits than Odoo keeps of a unit price")
        return price.quantize(PRICE_STEP)

    def _taxes(self, lines: Sequence[TaxLine], field: str) -> tuple[Tax, ...]:
        found: list[Tax] = []
        for index, line in enumerate(lines):
            if line.liable == "channel":
                continue
            tax = self._directory.taxes.get((line.title.casefold(), rate_of(line), line.included))
            if tax is None:
                what = f"{line.title} {line.rate} {'included' if line.included else 'added'}"
                raise _unfit("unmapped_tax", f"{field}.taxes[{index}]", f"the mapping names no tax for {what}")
            found.append(tax)
        return tuple(found)

    def _predict(self, lines: Sequence[DocumentLine]) -> Money:
        amounts = [TaxedAmount(line.amount, line.taxes) for line in lines]
        digits = minor_digits(self._currency)
        predicted = predict(amounts, method=self._directory.rounding, digits=digits)
        return Money(minor=int(predicted.total.scaleb(digits)), currency=self._currency)

    def _rounding_line(self, rounding: Money, lines: Sequence[DocumentLine]) -> DocumentLine:
        taxed = sum(1 for line in lines if line.taxes)
        if abs(rounding.minor) > self._mapping.rounding_minor_per_line * taxed:
            detail = f"the order's total differs from Odoo's by {rounding} over {taxed} taxed lines"
            raise _UnfitError(Problem("tax_difference", "totals.total", detail, rounding))
        return DocumentLine(
            key=TAX_ROUNDING_KEY,
            line_id=None,
            product_id=self._service("rounding", "totals.total"),
            description=_cause(self._order),
            units=1,
            price=self._price(MoneyPair(shop=rounding, presentment=rounding), "totals.total"),
            taxes=(),
        )


def _cause(order: Order) -> str:
    shrunk = any(line.taxes and 0 < line.current_units < line.ordered_units for line in order.lines)
    return "tax rounding, edit pro-rating" if shrunk else "tax rounding"


def _check_keys(lines: Sequence[DocumentLine]) -> None:
    keys = [line.key for line in lines]
    doubled = sorted({key for key in keys if keys.count(key) > 1})
    if doubled:
        raise _unfit("duplicate_line_id", "", f"{doubled[0]} stands for more than one line")


def _unfit(code: str, field: str, detail: str) -> _UnfitError:
    return _UnfitError(Problem(code, field, detail))

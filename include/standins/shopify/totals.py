"""What an order adds up to, in ONE currency. Run once for the buyer's and once for the shop's: the two do not convert.

Line taxes and allocations cover the original units, removed ones included; the `current_*` sums follow the edits.
NOT here: payments (`payments`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from standins.shopify.money import Basis, allocate, round_half_up, share
from standins.shopify.order_state import KeptLine, OrderState
from standins.shopify.purchase import Discount, Tax


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount with its taxes: a duty, a fee or a shipping line (there `discounts` by application index)."""

    price: int
    taxes: tuple[int, ...]
    discounts: tuple[tuple[int, int], ...] = ()
    live: bool = True

    @property
    def discounted(self) -> int:
        """Price after its discounts."""
        return self.price - sum(amount for _, amount in self.discounts)

    @property
    def tax(self) -> int:
        """All taxes of the charge."""
        return sum(self.taxes)


@dataclass(frozen=True, slots=True)
class LineTotals:
    """One line over its original units; `current` of `units` are left."""

    unit: int
    units: int
    current: int
    discounts: tuple[tuple[int, int], ...]
    taxes: tuple[int, ...]
    duties: tuple[Charge, ...]
    goods: bool
    added: bool

    @property
    def original(self) -> int:
        """Unit price times units."""
        return self.unit * self.units

    @property
    def discount(self) -> int:
        """All discounts of the line."""
        return sum(amount for _, amount in self.discounts)

    @property
    def net(self) -> int:
        """After all discounts; holds the tax when prices include it."""
        return self.original - self.discount

    @property
    def tax(self) -> int:
        """All taxes of the line itself, without those of its duties."""
        return sum(self.taxes)

    def left(self, amount: int) -> int:
        """The part of an amount that the current units bear."""
        return share(amount, self.current, self.units)


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """All amounts of an order in minor units of one currency."""

    currency: str
    lines: tuple[LineTotals, ...]
    shipping: tuple[Charge, ...]
    fees: tuple[Charge, ...]
    tip: int
    subtotal: int
    discounts: int
    tax: int
    duties: int
    total: int
    original_total: int
    current_subtotal: int
    current_discounts: int
    current_shipping: int
    current_tax: int
    current_duties: int
    current_fees: int
    current_total: int


def compute_totals(state: OrderState, basis: Basis) -> OrderTotals:
    """Add up one order in the currency of `basis`."""
    lines = _lines(state, basis)
    purchase = state.purchase
    included = state.taxes_included
    shipping = _shipping(state, basis)
    fees = tuple(
        Charge(price, _taxes(price, fee.taxes, included=included), live=not state.emptied)
        for fee in purchase.fees
        for price in [basis.minor(fee.amount)]
    )
    before = _sum(lines, shipping, fees, state, current=False)
    after = _sum(lines, shipping, fees, state, current=True)
    first = _sum([line for line in lines if not line.added], shipping, fees, state, current=False)
    return OrderTotals(
        currency=basis.currency,
        lines=lines,
        shipping=shipping,
        fees=fees,
        tip=basis.minor(purchase.tip) if purchase.tip else 0,
        subtotal=before.subtotal,
        discounts=before.discounts,
        tax=before.tax,
        duties=before.duties,
        total=before.total,
        original_total=first.total,
        current_subtotal=after.subtotal,
        current_discounts=after.discounts,
        current_shipping=after.shipping,
        current_tax=after.tax,
        current_duties=after.duties,
        current_fees=after.fees,
        current_total=after.total,
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    subtotal: int
    discounts: int
    shipping: int
    tax: int
    duties: int
    fees: int
    total: int


def _sum(
    lines: Sequence[LineTotals],
    shipping: Sequence[Charge],
    fees: Sequence[Charge],
    state: OrderState,
    *,
    current: bool,
) -> _Sums:
    def part(line: LineTotals, amount: int) -> int:
        return line.left(amount) if current else amount

    live_shipping = [charge for charge in shipping if charge.live or not current]
    live_fees = [charge for charge in fees if charge.live or not current]
    # Discount is what is left of it, price what is left of it: their difference is the line's share of the subtotal.
    subtotal = sum(part(line, line.original) - part(line, line.discount) for line in lines if line.goods)
    tips = sum(part(line, line.original) for line in lines if not line.goods)
    duties = sum(part(line, duty.price) for line in lines for duty in line.duties)
    duty_tax = sum(part(line, duty.tax) for line in lines for duty in line.duties)
    shipped = sum(charge.discounted for charge in live_shipping)
    fee = sum(charge.price for charge in live_fees)
    tax = sum(part(line, amount) for line in lines for amount in line.taxes) + duty_tax
    tax += sum(charge.tax for charge in (*live_shipping, *live_fees))
    discounts = sum(part(line, line.discount) for line in lines)
    discounts += sum(charge.price - charge.discounted for charge in live_shipping)
    total = subtotal + tips + shipped + fee
    total += 0 if state.purchase.duties_included else duties
    total += 0 if state.taxes_included else tax
    return _Sums(subtotal, discounts, shipped, tax, duties, fee, total)


def _lines(state: OrderState, basis: Basis) -> tuple[LineTotals, ...]:
    kept = state.lines
    units = [basis.minor(item.line.unit_price) for item in kept]
    given = _line_discounts(state, [unit * item.line.units for unit, item in zip(units, kept, strict=True)], basis)
    nets = [
        unit * item.line.units - sum(amount for _, amount in parts)
        for unit, item, parts in zip(units, kept, given, strict=True)
    ]
    taxes = _line_taxes(state, nets)
    return tuple(
        LineTotals(
            unit=units[index],
            units=item.line.units,
            current=0 if state.emptied else item.current,
            discounts=tuple(given[index]),
            taxes=taxes[index],
            duties=_duties(item, basis, included=state.taxes_included),
            goods=not item.tip,
            added=item.added,
        )
        for index, item in enumerate(kept)
    )


def _duties(item: KeptLine, basis: Basis, *, included: bool) -> tuple[Charge, ...]:
    return tuple(
        Charge(price, _taxes(price, duty.taxes, included=included))
        for duty in item.line.duties
        for price in [basis.minor(duty.amount)]
    )


def _line_discounts(state: OrderState, prices: list[int], basis: Basis) -> list[list[tuple[int, int]]]:
    """Allocations of each line, application after application, each on what the ones before have left."""
    left = list(prices)
    given: list[list[tuple[int, int]]] = [[] for _ in prices]
    for index, discount in enumerate(state.purchase.discounts):
        if discount.scope == "shipping":
            continue
        bearing = _bearing(discount, state.lines)
        weights = [left[place] if place in bearing else 0 for place in range(len(left))]
        caps = [state.lines[place].line.units for place in range(len(left))]
        for place, amount in enumerate(_spread(discount, weights, caps, basis)):
            if amount:
                given[place].append((index, amount))
                left[place] -= amount
    return given


def _bearing(discount: Discount, lines: Sequence[KeptLine]) -> set[int]:
    if discount.scope == "lines":
        return set(discount.lines)
    return {place for place, item in enumerate(lines) if not (item.tip or item.added or item.line.gift_card)}


def _spread(discount: Discount, weights: list[int], units: list[int], basis: Basis) -> tuple[int, ...]:
    whole = sum(weights)
    if discount.percentage is not None:
        total = round_half_up(Decimal(whole) * Decimal(discount.percentage) / 100)
        return allocate(min(total, whole), weights)
    amount = basis.minor(discount.amount or "0")
    if discount.each_unit:
        return tuple(min(amount * count, weight) for weight, count in zip(weights, units, strict=True))
    return allocate(min(amount, whole), weights)


def _exact_tax(base: int, tax: Tax, taxes: Sequence[Tax], *, included: bool) -> Decimal:
    rate = Decimal(tax.rate)
    if not included:
        return base * rate
    return base * rate / (1 + sum((Decimal(other.rate) for other in taxes), Decimal(0)))


def _taxes(base: int, taxes: Sequence[Tax], *, included: bool) -> tuple[int, ...]:
    return tuple(round_half_up(_exact_tax(base, tax, taxes, included=included)) for tax in taxes)


def _line_taxes(state: OrderState, nets: list[int]) -> list[tuple[int, ...]]:
    included = state.taxes_included
    lines = [item.line for item in state.lines]
    if state.purchase.tax_rounding == "line":
        return [_taxes(net, line.taxes, included=included) for net, line in zip(nets, lines, strict=True)]
    exact: defaultdict[tuple[str, str], list[tuple[int, int, Decimal]]] = defaultdict(list)
    for place, (net, line) in enumerate(zip(nets, lines, strict=True)):
        for slot, tax in enumerate(line.taxes):
            amount = _exact_tax(net, tax, line.taxes, included=included)
            exact[tax.title, tax.rate].append((place, slot, amount))
    result = [[0] * len(line.taxes) for line in lines]
    for entries in exact.values():
        left = round_half_up(sum((amount for _, _, amount in entries), Decimal(0)))
        left -= sum(int(amount) for _, _, amount in entries)
        for place, slot, amount in entries:
            extra = 1 if left > 0 else 0
            result[place][slot] = int(amount) + extra
            left -= extra
    return [tuple(row) for row in result]


def _shipping(state: OrderState, basis: Basis) -> tuple[Charge, ...]:
    lines = state.purchase.shipping
    left = [basis.minor(line.price) for line in lines]
    prices = list(left)
    given: list[list[tuple[int, int]]] = [[] for _ in lines]
    for index, discount in enumerate(state.purchase.discounts):
        if discount.scope != "shipping":
            continue
        for place, amount in enumerate(_spread(discount, list(left), [1] * len(left), basis)):
            if amount:
                given[place].append((index, amount))
                left[place] -= amount
    return tuple(
        Charge(
            price=prices[place],
            taxes=_taxes(left[place], line.taxes, included=state.taxes_included),
            discounts=tuple(given[place]),
            live=not (state.emptied or line.removed),
        )
        for place, line in enumerate(lines)
    )

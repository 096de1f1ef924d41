"""Whatever a balanced order looks like it passes, and no single amount of it can move by one minor unit unseen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gates.sample_orders import NOW, PRESENTMENT, SHOP, order
from retail_ops.contracts.money import Money, MoneyPair
from retail_ops.contracts.order import Charge, Order, OrderLine, TaxLine
from retail_ops.gates.orders import PublishGate
from retail_ops.ports.gate import BatchTotals, OrderRow

ROOT = Path(__file__).parents[2] / "expectations"
CHARGES = ("shipping", "duties", "tips", "fees", "rounding")
# A discount or tax of exactly one minor unit on a charge is the documented blind spot: two ways to state a sum are
# accepted, and they are one minor unit apart then. The total still sees it; the statement beside it does not.
VISIBLE = 2


class FixedClock:
    def now(self):
        return NOW


def failed_rows(orders: list[Order]) -> frozenset[int]:
    """Judge `orders`, whose rows are their positions, against totals that fit them."""
    staged = (len(orders), sum(made.totals.total.presentment.minor for made in orders))
    rows = [OrderRow(index, made, frozenset({"SKU-1"})) for index, made in enumerate(orders)]
    verdict = PublishGate(ROOT, FixedClock()).judge_orders(rows, BatchTotals({PRESENTMENT: staged}))
    assert verdict.outcome != "blocked"
    return verdict.failed_rows()


def pairs(low: int, high: int) -> st.SearchStrategy[MoneyPair]:
    minor = st.integers(low, high)
    return st.builds(
        lambda shop, presentment: MoneyPair(
            shop=Money(minor=shop, currency=SHOP), presentment=Money(minor=presentment, currency=PRESENTMENT)
        ),
        minor,
        minor,
    )


def taxes() -> st.SearchStrategy[tuple[TaxLine, ...]]:
    one = st.builds(
        TaxLine,
        title=st.just("VAT"),
        rate=st.just("0.2"),
        amount=pairs(VISIBLE, 10**9),
        included=st.booleans(),
        liable=st.sampled_from(["seller", "channel"]),
    )
    return st.lists(one, max_size=2).map(tuple)


@st.composite
def lines(draw: st.DrawFn) -> tuple[OrderLine, ...]:
    made = []
    for index in range(draw(st.integers(1, 4))):
        units = draw(st.integers(1, 1000))
        made.append(
            OrderLine(
                line_id=f"L{index}",
                kind=draw(st.sampled_from(["product", "custom"])),
                sku="SKU-1",
                title="",
                ordered_units=units,
                current_units=units,
                unit_price=draw(pairs(10, 10**11)),
                discount=draw(pairs(0, 10)),
                taxes=draw(taxes()),
                requires_shipping=True,
            )
        )
    return tuple(made)


@st.composite
def charges(draw: st.DrawFn, name: str) -> tuple[Charge, ...]:
    discounts = pairs(VISIBLE, 10) if name == "shipping" else pairs(0, 0)
    low = -99 if name == "rounding" else 10
    return tuple(
        Charge(
            charge_id=f"{name}-{index}",
            title="",
            price=draw(pairs(low, 10**9)),
            discount=draw(discounts),
            taxes=draw(taxes()) if name == "shipping" else (),
        )
        for index in range(draw(st.integers(0, 2)))
    )


def orders() -> st.SearchStrategy[Order]:
    return st.builds(order, lines=lines(), **{name: charges(name) for name in CHARGES})


# ---------------------------------------------------------------- every amount of an order, moved by one minor unit


def moved(pair: MoneyPair) -> Iterator[tuple[str, MoneyPair]]:
    for side in ("shop", "presentment"):
        money: Money = getattr(pair, side)
        for off in (-1, 1):
            changed = money.model_copy(update={"minor": money.minor + off})
            yield f"{side}{off:+d}", pair.model_copy(update={side: changed})


def moved_parts(made: Order, name: str) -> Iterator[tuple[str, Order]]:
    """Yield `made` with one amount of one line or charge of the group `name` moved."""
    for path, changed, position in moved_in_group(getattr(made, name)):
        group = getattr(made, name)
        yield (
            f"{name}[{position}].{path}",
            made.model_copy(update={name: (*group[:position], changed, *group[position + 1 :])}),
        )


def moved_in_group(group: tuple[OrderLine | Charge, ...]) -> Iterator[tuple[str, OrderLine | Charge, int]]:
    for position, part in enumerate(group):
        for field in ("unit_price", "price", "discount"):
            if hasattr(part, field):
                for path, pair in moved(getattr(part, field)):
                    yield f"{field}.{path}", part.model_copy(update={field: pair}), position
        for index, tax in enumerate(part.taxes):
            for path, pair in moved(tax.amount):
                changed = tax.model_copy(update={"amount": pair})
                others = (*part.taxes[:index], changed, *part.taxes[index + 1 :])
                yield f"taxes[{index}].{path}", part.model_copy(update={"taxes": others}), position


def moved_totals(made: Order) -> Iterator[tuple[str, Order]]:
    # Stated fees are never compared, stated duties only where there are duties: the suite says why.
    compared = {"discounts", "tax", "shipping", "tips", "total", *(["duties"] if made.duties else [])}
    for name in sorted(compared):
        for path, pair in moved(getattr(made.totals, name)):
            yield (
                f"totals.{name}.{path}",
                made.model_copy(update={"totals": made.totals.model_copy(update={name: pair})}),
            )


def all_moved(made: Order) -> Iterator[tuple[str, Order]]:
    for name in ("lines", *CHARGES):
        yield from moved_parts(made, name)
    yield from moved_totals(made)


def unseen(made: Order) -> list[str]:
    """Return which single amounts of `made` can move by one minor unit without its being refused."""
    paths, changed = zip(*all_moved(made), strict=True)
    batch = [copy.model_copy(update={"external_id": f"gid://{index}"}) for index, copy in enumerate(changed)]
    failed = failed_rows(batch)
    return [path for index, path in enumerate(paths) if index not in failed]


quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(batch=st.lists(orders(), min_size=1, max_size=8))
def test_balanced_orders_pass(batch: list[Order]) -> None:
    named = [made.model_copy(update={"external_id": f"gid://{index}"}) for index, made in enumerate(batch)]
    assert failed_rows(named) == frozenset()


@quick
@given(made=orders())
def test_no_amount_can_move_by_one_minor_unit_unseen(made: Order) -> None:
    assert unseen(made) == []


def test_a_balance_that_forgives_a_cent_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with a tolerance of one minor unit the property above does not hold."""
    from retail_ops.gates import expectations

    real = expectations.balance_difference

    def forgiving(*args, **kwargs):
        difference = real(*args, **kwargs)
        return 0 if abs(difference) <= 1 else difference

    monkeypatch.setattr(expectations, "balance_difference", forgiving)
    assert "totals.total.shop+1" in unseen(order())

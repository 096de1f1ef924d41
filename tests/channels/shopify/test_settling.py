"""What is left of amounts after units were taken away: whole cents, and Shopify's sum where rounding can be why."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from retail_ops.channels.shopify.money import Share, settle
from retail_ops.contracts.money import Money, MoneyPair


def pair(shop: int, buyer: int) -> MoneyPair:
    return MoneyPair(shop=Money(minor=shop, currency="GBP"), presentment=Money(minor=buyer, currency="EUR"))


SHARES = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(1, 9), st.integers(0, 9)).map(
        lambda drawn: (drawn[0], Fraction(min(drawn[1], drawn[2]), drawn[1]))
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(SHARES, st.integers(-3, 3))
def test_the_sum_is_the_stated_one_or_untouched_rounding(parts: list[tuple[int, Fraction]], off: int) -> None:
    exact = [whole * left for whole, left in parts]
    stated = int(sum(exact)) + off
    shares = [Share(whole=pair(whole, whole), left=left) for whole, left in parts]
    left = settle(shares, pair(stated, stated))
    minors = [one.shop.minor for one in left]
    assert minors == [one.presentment.minor for one in left]
    for minor, value, (whole, part) in zip(minors, exact, parts, strict=True):
        assert 0 <= minor <= whole
        assert abs(minor - value) < 2
        assert part not in {0, 1} or minor == value
    if sum(minors) != stated:
        assert minors == [int(value + Fraction(1, 2)) for value in exact], "a sum that does not fit is not bent halfway"


def test_each_currency_has_its_own_remainder() -> None:
    shares = [Share(whole=pair(100, 101), left=Fraction(1, 2)), Share(whole=pair(100, 101), left=Fraction(1, 2))]
    assert settle(shares, pair(100, 101)) == (pair(50, 50), pair(50, 51))


def test_the_first_of_equals_pays_the_missing_cent() -> None:
    shares = [Share(whole=pair(100, 100), left=Fraction(1, 3))] * 3
    assert [one.shop.minor for one in settle(shares, pair(100, 100))] == [34, 33, 33]


def test_no_shares_settle_to_nothing() -> None:
    assert settle([], pair(5, 5)) == ()

"""Money: exact in every currency, and nothing is ever rounded in passing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_ops.contracts.money import (
    MOST_MINOR,
    Money,
    MoneyError,
    MoneyPair,
    allocate,
    minor_digits,
    pair_total,
    pro_rate,
    total,
)

DIGITS = {"JPY": 0, "KRW": 0, "EUR": 2, "GBP": 2, "USD": 2, "KWD": 3, "BHD": 3}
currencies = st.sampled_from(sorted(DIGITS))
minors = st.integers(-MOST_MINOR, MOST_MINOR)
amounts = st.builds(Money, minor=minors, currency=currencies)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=30)


@pytest.mark.parametrize(("currency", "digits"), DIGITS.items())
def test_each_currency_has_its_own_minor_unit(currency, digits):
    assert minor_digits(currency) == digits


@given(amounts)
def test_what_is_printed_is_what_was_read(amount):
    text, currency = str(amount).split(" ")
    assert Money.parse(text, currency) == amount
    assert amount.to_decimal() == Decimal(text)


@given(minors, currencies, st.integers(0, 40))
def test_zeros_below_the_minor_unit_change_nothing(minor, currency, zeros):
    text = f"{Money(minor=minor, currency=currency).to_decimal():f}"
    padded = (text if "." in text or not zeros else f"{text}.") + "0" * zeros
    assert Money.parse(padded, currency).minor == minor


@given(currencies, st.integers(1, 60), st.integers(1, 9))
def test_a_digit_below_the_minor_unit_is_refused_however_far_below(currency, depth, digit):
    text = "1." + "0" * (DIGITS[currency] + depth - 1) + str(digit)
    with pytest.raises(MoneyError, match="below the minor unit"):
        Money.parse(text, currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "abc",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e3",
        "1_000",
        "1,000.00",
        " 1",
        "1 ",
        "1.",
        ".5",
        "--1",
        "0x1",
        "١٢",
        "1\n",
    ],
)
def test_a_text_that_is_no_plain_decimal_is_refused(text):
    with pytest.raises(MoneyError):
        Money.parse(text, "EUR")


@pytest.mark.parametrize("text", ["10000000000000.01", "9" * 40, "-" + "9" * 5000])
def test_an_amount_out_of_range_is_refused(text):
    with pytest.raises(MoneyError, match="in range"):
        Money.parse(text, "EUR")
    assert Money.parse("10000000000000.00", "EUR").minor == MOST_MINOR


@pytest.mark.parametrize("value", [1, 1.5, Decimal("1.5"), None, True])
def test_only_text_is_read(value):
    with pytest.raises(MoneyError, match="decimal string"):
        Money.parse(value, "EUR")


@pytest.mark.parametrize("currency", ["eur", "EURO", "ZZZ", ""])
def test_a_currency_that_is_none_is_refused(currency):
    with pytest.raises(MoneyError, match="no ISO 4217"):
        Money.parse("1", currency)


@pytest.mark.parametrize("minor", [1.0, "1", True, MOST_MINOR + 1])
def test_minor_units_are_whole_numbers_in_range(minor):
    with pytest.raises(ValueError, match="minor"):
        Money(minor=minor, currency="EUR")


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(-9, 9))
def test_money_adds_up_like_whole_numbers(one, other, units):
    a, b = Money(minor=one, currency="EUR"), Money(minor=other, currency="EUR")
    assert ((a + b).minor, (a - b).minor, (-a).minor, (a * units).minor) == (
        one + other,
        one - other,
        -one,
        one * units,
    )


def test_two_currencies_never_mix():
    euro, yen = Money(minor=1, currency="EUR"), Money(minor=1, currency="JPY")
    for mixed in (lambda: euro + yen, lambda: euro - yen, lambda: total([euro, yen], "EUR")):
        with pytest.raises(MoneyError, match="cannot combine"):
            mixed()


def test_nothing_sums_to_nothing_in_the_currency_that_was_asked_for():
    assert total([], "JPY") == Money.zero("JPY")
    assert pair_total([], "GBP", "EUR") == MoneyPair.zero("GBP", "EUR")


# ---------------------------------------------------------------- sharing out


@given(amounts, weights)
def test_the_parts_sum_to_the_amount_have_its_sign_and_differ_from_their_share_by_less_than_one_unit(amount, shares):
    parts = allocate(amount, shares)
    assert sum(part.minor for part in parts) == amount.minor
    used = shares if any(shares) else [1] * len(shares)
    for part, share in zip(parts, used, strict=True):
        exact = Fraction(amount.minor * share, sum(used))
        assert part.minor * amount.minor >= 0
        assert abs(part.minor - exact) < 1
        assert share or part.minor == 0


@given(amounts, weights)
def test_the_opposite_amount_is_shared_out_the_opposite_way(amount, shares):
    assert allocate(-amount, shares) == tuple(-part for part in allocate(amount, shares))


@given(st.integers(0, 10**6), st.integers(1, 30))
def test_equal_shares_differ_by_one_unit_at_most_and_the_first_ones_get_it(minor, count):
    parts = [part.minor for part in allocate(Money(minor=minor, currency="EUR"), [1] * count)]
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


def test_remainders_go_one_at_a_time_from_the_first_line_that_takes_part():
    parts = allocate(Money(minor=100, currency="JPY"), [0, 1, 1, 1])
    assert [part.minor for part in parts] == [0, 34, 33, 33]


def test_a_share_by_rounding_each_part_would_lose_a_unit():
    shares, amount = [1, 1, 1], Money(minor=100, currency="JPY")
    assert sum(pro_rate(amount, 1, 3).minor for _ in shares) == 99
    assert sum(part.minor for part in allocate(amount, shares)) == 100


@pytest.mark.parametrize("shares", [[], [1, -1]])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(MoneyError, match="weights"):
        allocate(Money.zero("EUR"), shares)


@given(amounts, st.integers(1, 10**30), st.data())
def test_a_part_is_the_exact_share_rounded_half_away_from_zero(amount, whole, data):
    part = data.draw(st.integers(0, whole))
    exact = Fraction(amount.minor * part, whole)
    size = int(abs(exact) + Fraction(1, 2))
    assert pro_rate(amount, part, whole).minor == (size if exact >= 0 else -size)


@pytest.mark.parametrize(("part", "whole"), [(1, 0), (-1, 2), (3, 2), (0, 0)])
def test_a_part_that_is_none_is_refused(part, whole):
    with pytest.raises(MoneyError, match="no share"):
        pro_rate(Money.zero("EUR"), part, whole)

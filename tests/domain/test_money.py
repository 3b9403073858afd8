from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import LARGEST_BALANCE, Currency, Money, is_plain_decimal, minor_units, zero
from tests.support.books import EUR, JPY, euros

KWD = Currency("KWD", 3)
currencies = st.builds(Currency, st.sampled_from(["AAA", "BBB"]), st.integers(0, 4))
minors = st.integers(-(2**63), 2**63)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (euros(0), "0.00"),
        (euros(5), "0.05"),
        (euros(-5), "-0.05"),
        (euros(1050), "10.50"),
        (euros(-123456), "-1234.56"),
        (Money(0, JPY), "0"),
        (Money(1200, JPY), "1200"),
        (Money(-7, JPY), "-7"),
        (Money(3140, KWD), "3.140"),
        (Money(LARGEST_BALANCE, EUR), "40000000000000000.00"),
    ],
)
def test_money_is_written_with_exactly_the_decimals_of_its_currency(money: Money, text: str) -> None:
    assert str(money) == text


@given(minor=st.integers(-(10**60), 10**60), currency=currencies)
def test_what_is_written_reads_back_as_the_same(minor: int, currency: Currency) -> None:
    assert minor_units(str(Money(minor, currency)), currency) == minor


@given(minor=minors, currency=currencies)
def test_the_written_form_is_a_plain_decimal_with_that_many_decimals(minor: int, currency: Currency) -> None:
    text = str(Money(minor, currency))
    assert is_plain_decimal(text)
    assert len(text.partition(".")[2]) == currency.exponent


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("10.5", 1050),
        ("10", 1000),
        ("010.50", 1050),
        ("-0.00", 0),
        ("-0.01", -1),
        ("0.001", None),
        ("1.000", None),
        ("9" * 64, int("9" * 64 + "00")),
        ("0." + "1" * 64, None),
    ],
)
def test_an_amount_has_at_most_the_decimals_of_its_currency(text: str, minor: int | None) -> None:
    assert minor_units(text, EUR) == minor


def test_a_currency_without_decimals_takes_whole_amounts_only() -> None:
    assert minor_units("1200", JPY) == 1200
    assert minor_units("1200.0", JPY) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "+1",
        "--1",
        "1.",
        ".5",
        "1,5",
        "1_000",
        "1e3",
        "0x1",
        "NaN",
        "Infinity",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "\N{FULLWIDTH DIGIT ONE}",
        "1.2.3",
        "1" * 65,
        "0." + "1" * 65,
        "\x00",
    ],
)
def test_anything_but_a_plain_decimal_is_no_amount(text: str) -> None:
    assert not is_plain_decimal(text)
    with pytest.raises(ValueError, match="not a plain decimal"):
        minor_units(text, EUR)


@given(text=st.text())
def test_reading_either_fails_cleanly_or_round_trips(text: str) -> None:
    if is_plain_decimal(text):
        minor = minor_units(text, KWD)
        assert minor is None or minor_units(str(Money(minor, KWD)), KWD) == minor
    else:
        with pytest.raises(ValueError, match="not a plain decimal"):
            minor_units(text, KWD)


@given(first=minors, second=minors)
def test_arithmetic_is_that_of_integers(first: int, second: int) -> None:
    one, two = euros(first), euros(second)
    assert (one + two, one - two, -one) == (euros(first + second), euros(first - second), euros(-first))
    assert (one < two) is (first < second)


@pytest.mark.parametrize("other", [Money(1, JPY), Money(1, Currency("EUR", 3))])
def test_currencies_never_mix(other: Money) -> None:
    for mix in (Money.__add__, Money.__sub__, Money.__lt__):
        with pytest.raises(ValueError, match="does not mix"):
            mix(euros(1), other)
    assert euros(1) != other


def test_zero_is_no_money() -> None:
    assert zero(EUR) == euros(0)


def test_no_sum_of_a_balance_and_an_overdraft_limit_leaves_64_bits() -> None:
    assert 2 * LARGEST_BALANCE < 2**63

from __future__ import annotations

import pytest

from domain.catalogue import Catalogue
from domain.errors import InvalidAmount, InvalidInput
from domain.money import LARGEST_BALANCE, Money
from tests.support.books import EUR, JPY, euros

CATALOGUE = Catalogue({"EUR": EUR, "JPY": JPY})
PATH = ("input", "amount")


def test_a_currency_is_known_by_its_code() -> None:
    assert CATALOGUE.currency("JPY", PATH) is JPY


@pytest.mark.parametrize("code", ["", "eur", "EUR ", "XXX", "house_EUR"])
def test_an_unknown_code_is_invalid_input(code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        CATALOGUE.currency(code, PATH)
    assert refused.value.path == PATH
    assert not code or code not in str(refused.value)


@pytest.mark.parametrize(
    ("amount", "code", "minor"),
    [("0.01", "EUR", 1), ("1000", "EUR", 100_000), ("40000000000000000.00", "EUR", LARGEST_BALANCE), ("1", "JPY", 1)],
)
def test_a_movement_is_positive_and_no_more_than_a_balance_can_be(amount: str, code: str, minor: int) -> None:
    money = CATALOGUE.movement(amount, CATALOGUE.currency(code, PATH), PATH)
    assert (money.minor, money.currency.code) == (minor, code)


@pytest.mark.parametrize("amount", ["0", "0.00", "-0.01", "40000000000000000.01", "0.001", "1.000"])
def test_an_amount_out_of_bounds_names_decimals_and_maximum(amount: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        CATALOGUE.movement(amount, EUR, PATH)
    assert refused.value == InvalidAmount(2, euros(LARGEST_BALANCE), path=PATH)


@pytest.mark.parametrize(("amount", "minor"), [("0", 0), ("0.01", 1), ("40000000000000000.00", LARGEST_BALANCE)])
def test_a_limit_may_be_zero_and_as_large_as_a_balance(amount: str, minor: int) -> None:
    assert CATALOGUE.limit(amount, EUR, PATH) == euros(minor)


@pytest.mark.parametrize("amount", ["-0.01", "0.001", "40000000000000000.01"])
def test_a_limit_out_of_bounds_is_an_invalid_amount(amount: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        CATALOGUE.limit(amount, EUR, PATH)
    assert refused.value.max == Money(LARGEST_BALANCE, EUR)


@pytest.mark.parametrize(("amount", "minor"), [("-0.01", -1), ("0", 0), ("-40000000000000000.00", -LARGEST_BALANCE)])
def test_a_bound_to_compare_with_has_either_sign(amount: str, minor: int) -> None:
    assert CATALOGUE.bound(amount, "EUR", PATH) == euros(minor)


@pytest.mark.parametrize("amount", ["0.001", "-40000000000000000.01", "40000000000000000.01"])
def test_a_bound_beyond_what_a_balance_can_be_is_an_invalid_amount(amount: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        CATALOGUE.bound(amount, "EUR", PATH)
    assert refused.value.path == ("input", "amount", "amount")

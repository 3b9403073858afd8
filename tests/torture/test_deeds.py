"""Amounts and times as the harness writes and reads them: exactly those of the currency, and nothing near them."""

from __future__ import annotations

import pytest

from torture.deeds import decimal, microseconds, minor, time_of


@pytest.mark.parametrize(
    ("units", "currency", "text"),
    [(0, "EUR", "0.00"), (7, "EUR", "0.07"), (123_456, "EUR", "1234.56"), (50, "JPY", "50"), (1_005, "BHD", "1.005")],
)
def test_an_amount_is_written_and_read_with_the_decimals_of_its_currency(units: int, currency: str, text: str) -> None:
    assert decimal(units, currency) == text
    assert minor({"amount": text, "currency": currency}) == units


@pytest.mark.parametrize("text", ["1.0", "1.000", "1", ""])
def test_an_amount_with_other_decimals_agrees_with_nothing(text: str) -> None:
    assert minor({"amount": text, "currency": "EUR"}) < -(10**17)


def test_a_time_is_written_and_read_to_the_microsecond() -> None:
    assert microseconds(time_of(1_795_580_829_802_694)) == 1_795_580_829_802_694

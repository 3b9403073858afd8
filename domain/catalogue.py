"""Reading amounts as callers write them: which currencies exist, and what the books can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import InputPath, InvalidAmount, InvalidInput
from domain.money import LARGEST_BALANCE, Currency, Money, minor_units


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The currencies that accounts may hold."""

    currencies: Mapping[str, Currency]

    def currency(self, code: str, path: InputPath) -> Currency:
        """Return a currency by its code. Raises InvalidInput for a code that is none."""
        currency = self.currencies.get(code)
        if currency is None:
            raise InvalidInput("That is not the code of a currency that accounts can hold.", path=path)
        return currency

    def movement(self, amount: str, currency: Currency, path: InputPath) -> Money:
        """Read an amount to be moved. Raises InvalidAmount unless it is positive and in bounds."""
        return self._read(amount, currency, 1, LARGEST_BALANCE, path)

    def limit(self, amount: str, currency: Currency, path: InputPath) -> Money:
        """Read a limit, which may be zero. Raises InvalidAmount if it is negative or out of bounds."""
        return self._read(amount, currency, 0, LARGEST_BALANCE, path)

    def bound(self, amount: str, code: str, path: InputPath) -> Money:
        """Read an amount to compare with, of either sign. Raises InvalidInput or InvalidAmount."""
        currency = self.currency(code, (*path, "currency"))
        return self._read(amount, currency, -LARGEST_BALANCE, LARGEST_BALANCE, (*path, "amount"))

    @staticmethod
    def _read(amount: str, currency: Currency, smallest: int, largest: int, path: InputPath) -> Money:
        minor = minor_units(amount, currency)
        if minor is None or not smallest <= minor <= largest:
            raise InvalidAmount(currency.exponent, Money(largest, currency), path=path)
        return Money(minor, currency)

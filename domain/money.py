"""Money: whole minor units of one currency, bounded, and written in plain decimals."""

from __future__ import annotations

import re
from dataclasses import dataclass

LARGEST_BALANCE = 4_000_000_000_000_000_000
"""Minor units. Below 2**62, so that a balance and an overdraft limit together stay within 64 bits."""

DEFAULT_LARGEST_MOVEMENT = 10**15
"""Minor units: what one movement may carry unless the operator says otherwise."""

_PLAIN_DECIMAL = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]{1,64})(?:\.(?P<fraction>[0-9]{1,64}))?")


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 currency: its alphabetic code and how many decimals its minor unit has."""

    code: str
    exponent: int


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of its currency.

    Arithmetic and comparison between two currencies is a mistake of the program, never of a user: it raises
    ValueError.
    """

    minor: int
    currency: Currency

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._minor_of(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._minor_of(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._minor_of(other)

    def __str__(self) -> str:
        """Write the amount with exactly the currency's decimals: "-0.05", "1200", "3.140"."""
        exponent = self.currency.exponent
        digits = str(abs(self.minor)).rjust(exponent + 1, "0")
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"

    def _minor_of(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{other.currency.code} does not mix with {self.currency.code}")
        return other.minor


def zero(currency: Currency) -> Money:
    """Return no money of that currency."""
    return Money(0, currency)


def is_plain_decimal(text: str) -> bool:
    """Tell whether the text is ASCII digits with an optional sign and fraction: no exponent, no NaN, no separators."""
    return _PLAIN_DECIMAL.fullmatch(text) is not None


def minor_units(text: str, currency: Currency) -> int | None:
    """Read a plain decimal as minor units; None when it has more decimals than the currency.

    Raises ValueError when the text is not a plain decimal.
    """
    match = _PLAIN_DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError("not a plain decimal")
    fraction = match["fraction"] or ""
    if len(fraction) > currency.exponent:
        return None
    return int(match["sign"] + match["whole"] + fraction.ljust(currency.exponent, "0"))

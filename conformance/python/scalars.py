"""What the generated client writes its own way: it takes this file into its package."""

from __future__ import annotations

from decimal import Decimal


def plain(number: Decimal) -> str:
    """Write a number as the contract wants it, without an exponent, which `str` gives to large and to small ones."""
    return f"{number:f}"

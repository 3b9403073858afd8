"""The currencies of the world, as the standard lists them. What the books have settled is checked against it."""

from __future__ import annotations

import iso4217

from domain.money import Currency


def currencies() -> dict[str, Currency]:
    """Return the currencies of ISO 4217 that accounts may hold: no funds codes, nothing without a minor unit."""
    names = ((entry.findtext("Ccy"), entry.find("CcyNm")) for entry in iso4217.raw_xml.iterfind("CcyTbl/CcyNtry"))
    funds = {code for code, name in names if name is not None and name.get("IsFund") == "true"}
    return {
        currency.code: Currency(currency.code, currency.exponent)
        for currency in iso4217.Currency
        if currency.exponent is not None and currency.code not in funds
    }

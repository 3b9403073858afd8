"""The scalars of the API. Each refuses what it would have to guess at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from domain.instants import LAST_INSTANT, Instant
from domain.money import is_plain_decimal
from domain.text import is_idempotency_key

Decimal = NewType("Decimal", str)
DateTime = NewType("DateTime", int)
CurrencyCode = NewType("CurrencyCode", str)
IdempotencyKey = NewType("IdempotencyKey", str)
Int64 = NewType("Int64", int)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_IN_UTC = _EPOCH.replace(tzinfo=None)  # written without an offset, and twice as fast as by a format
_MICROSECOND = timedelta(microseconds=1)
_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,18})", re.ASCII)
_CURRENCY_CODE = re.compile(r"[A-Z]{3}")


def _refused(rule: str) -> GraphQLError:
    return GraphQLError(rule, extensions={"code": "BAD_USER_INPUT"})


def _text_that(is_valid: Callable[[str], Any], rule: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if not isinstance(value, str) or not is_valid(value):
            raise _refused(rule)
        return value

    return parse


def date_time(instant: Instant | None) -> DateTime | None:
    """Present an instant that may be missing."""
    return None if instant is None else DateTime(instant)


def parse_date_time(value: Any) -> Instant:
    """Read RFC 3339 with an offset and at most microseconds."""
    instant = _instant_in(value) if isinstance(value, str) and _RFC_3339.fullmatch(value) else None
    if instant is None or not 0 <= instant <= LAST_INSTANT:
        raise _refused("A DateTime is RFC 3339 with an offset and at most microseconds, from 1970 to 9999.")
    return instant


def _instant_in(text: str) -> Instant | None:
    try:
        return Instant((datetime.fromisoformat(text.upper()) - _EPOCH) // _MICROSECOND)
    except ValueError:
        return None


def write_date_time(instant: int) -> str:
    """Write RFC 3339 in UTC, always with microseconds."""
    return (_EPOCH_IN_UTC + timedelta(microseconds=instant)).isoformat(timespec="microseconds") + "Z"


def parse_int64(value: Any) -> int:
    """Read a signed 64-bit integer written as a string."""
    if not isinstance(value, str) or not _INTEGER.fullmatch(value) or not -(2**63) <= int(value) < 2**63:
        raise _refused("An Int64 is a 64-bit integer written as a string.")
    return int(value)


SCALARS: Mapping[object, ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A plain decimal number as a string: ASCII digits, an optional sign and fraction, no exponent. "
        "Amounts have exactly the decimals of their currency on output, and at most those on input.",
        serialize=str,
        parse_value=_text_that(is_plain_decimal, 'A Decimal is a string of plain digits, such as "10.50".'),
    ),
    DateTime: strawberry.scalar(
        name="DateTime",
        description="An instant in RFC 3339, from 1970 to 9999: UTC with microseconds on output, any offset on input "
        "but never none.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=write_date_time,
        parse_value=parse_date_time,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description="The alphabetic code of a currency in ISO 4217, such as EUR.",
        specified_by_url="https://www.iso.org/iso-4217-currency-codes.html",
        serialize=str,
        parse_value=_text_that(_CURRENCY_CODE.fullmatch, "A CurrencyCode is three capital letters."),
    ),
    IdempotencyKey: strawberry.scalar(
        name="IdempotencyKey",
        description="The caller's own name for one intention: 1 to 255 visible ASCII characters. Sending the same "
        "mutation with the same key again never acts twice.",
        serialize=str,
        parse_value=_text_that(is_idempotency_key, "An IdempotencyKey is 1 to 255 visible ASCII characters."),
    ),
    Int64: strawberry.scalar(
        name="Int64",
        description="A signed 64-bit integer, as a string.",
        serialize=str,
        parse_value=parse_int64,
    ),
}

"""The scalars: what each reads, what it refuses, and that what it writes it can read."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError, GraphQLScalarType
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import LAST_INSTANT, Instant
from schema.scalars import date_time, parse_date_time, parse_int64, write_date_time
from tests.support.api import core

EPOCH = "1970-01-01T00:00:00.000000Z"
WIDE = "\uff11\uff12"


def scalar(name: str) -> GraphQLScalarType:
    kind = core().type_map[name]
    assert isinstance(kind, GraphQLScalarType)
    return kind


READ: list[tuple[str, str, object]] = [
    ("Decimal", "0", "0"),
    ("Decimal", "10.50", "10.50"),
    ("Decimal", "-0.05", "-0.05"),
    ("Decimal", "007", "007"),
    ("Decimal", "9" * 64, "9" * 64),
    ("Decimal", "-1." + "0" * 64, "-1." + "0" * 64),
    ("CurrencyCode", "EUR", "EUR"),
    ("CurrencyCode", "ZZZ", "ZZZ"),
    ("IdempotencyKey", "!", "!"),
    ("IdempotencyKey", "~" * 255, "~" * 255),
    ("Int64", "0", 0),
    ("Int64", "-1", -1),
    ("Int64", str(2**63 - 1), 2**63 - 1),
    ("Int64", str(-(2**63)), -(2**63)),
    ("DateTime", "1970-01-01T00:00:00Z", 0),
    ("DateTime", "1970-01-01t00:00:00z", 0),
    ("DateTime", "1970-01-01T00:00:00.1Z", 100_000),
    ("DateTime", "1970-01-01T00:00:00.000001Z", 1),
    ("DateTime", "1970-01-01T02:00:00+02:00", 0),
    ("DateTime", "1969-12-31T18:30:00-05:30", 0),
    ("DateTime", "1970-01-01T23:59:00+23:59", 0),
    ("DateTime", "2024-02-29T00:00:00Z", 1_709_164_800_000_000),
    ("DateTime", "9999-12-31T23:59:59.999999Z", LAST_INSTANT),
]

NOTHING: list[Any] = [None, 1, 1.5, True, [], ["1"], {}, b"1", "", " ", "\0", "x", "1 ", " 1", "1\n", WIDE, "\u0661"]
REFUSED: dict[str, list[Any]] = {
    "Decimal": [
        *("NaN", "Infinity", "-Infinity", "1e2", "1E2", "1_0", "1,0", "+1", ".5", "5.", "--1", "- 1", "0x1"),
        *("1.2.3", "9" * 65, "1." + "0" * 65, "\u22121"),
    ],
    "CurrencyCode": ["eur", "EU", "EURO", "E R", "EUR\n", "\u0415UR", "EU1"],
    "IdempotencyKey": ["k" * 256, "a b", "k\u00e9y", "key\n", "\x7f", "\u200b"],
    "Int64": [str(2**63), str(-(2**63) - 1), "01", "-0.0", "1.0", "1e3", "+1", "--1", "0x1", "9" * 400],
    "DateTime": [
        *("2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "20260131T120000Z", "2026-W05-6T12:00:00Z"),
        *("2026-01-31T12:00Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00.1234567Z", "2026-01-31T12:00:00,1Z"),
        *("2026-01-31T12:00:60Z", "2026-01-31T24:00:00Z", "2026-13-01T12:00:00Z", "2026-02-29T12:00:00Z"),
        *("2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00+0100", "2026-01-31T12:00:00+01", "2026-01-31T12:00:00ZZ"),
        *("2026-01-31T12:00:00+05:60", "2026-01-31T12:00:00-00:99", "2026-01-31T12:00:00+99:00"),
        *("0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-2026-01-31T12:00:00Z", "\uff12026-01-31T12:00:00Z"),
    ],
}
WELL_FORMED = [["IdempotencyKey", "x"]]
"""What the table of nothings holds that is something to one of the scalars."""


@pytest.mark.parametrize(("name", "text", "value"), READ)
def test_a_scalar_reads_what_is_written_as_it_should_be(name: str, text: str, value: object) -> None:
    assert scalar(name).parse_value(text) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, own in REFUSED.items() for value in [*NOTHING, *own] if [name, value] not in WELL_FORMED],
)
def test_a_scalar_refuses_what_it_would_have_to_guess_at(name: str, value: Any) -> None:
    with pytest.raises(GraphQLError) as refused:
        scalar(name).parse_value(value)
    assert refused.value.extensions == {"code": "BAD_USER_INPUT"}
    if isinstance(value, str) and len(value.strip()) > 2:
        assert value not in refused.value.message


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_int64_comes_back_as_it_was(number: int) -> None:
    assert parse_int64(scalar("Int64").serialize(number)) == number


@given(st.integers(0, LAST_INSTANT))
def test_an_instant_comes_back_as_it_was(microseconds: int) -> None:
    text = write_date_time(Instant(microseconds))
    assert len(text) == len(EPOCH)
    assert parse_date_time(text) == microseconds


@given(st.integers(0, LAST_INSTANT), st.integers(0, LAST_INSTANT))
def test_instants_are_written_in_their_order(one: int, other: int) -> None:
    assert (one < other) == (write_date_time(one) < write_date_time(other))


def test_a_missing_instant_stays_missing() -> None:
    assert date_time(None) is None
    assert date_time(Instant(0)) == 0
    assert write_date_time(0) == EPOCH


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59.999999-00:01",
        "9999-12-31T12:00:00-23:59",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00+00:01",
        "0001-01-01T00:00:00+01:00",
    ],
)
def test_an_instant_outside_the_books_is_not_read_in_any_offset(text: str) -> None:
    with pytest.raises(GraphQLError):
        parse_date_time(text)

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.access import Operation, Role
from domain.errors import (
    AccountFrozen,
    AmbiguousFreeze,
    BatchRefused,
    DomainError,
    InsufficientFunds,
    InvalidInput,
    ItemOutcome,
    NotPermitted,
    SameAccount,
)
from domain.freezes import FreezeScope
from domain.instants import Instant
from domain.money import Currency, Money
from domain.records import (
    FREE_TEXT,
    SECRET,
    UNWRITTEN,
    camel_case,
    digest,
    free_text,
    free_text_names,
    from_plain,
    has_free_text,
    named,
    to_bytes,
    to_plain,
    told_by,
)
from domain.services.table import SERVICES
from domain.text import Metadata
from tests.domain.known_errors import CONCRETE
from tests.domain.strategies import currencies, filled
from tests.support.books import EUR, euros

SUCCESSES = [service.success for service in SERVICES.values()]


@pytest.mark.parametrize("kind", [*SUCCESSES, *CONCRETE])
@settings(max_examples=25)
@given(data=st.data())
def test_every_success_and_every_error_comes_back_as_it_went(kind: type[Any], data: st.DataObject) -> None:
    value = data.draw(filled(kind))
    assert from_plain(kind, json.loads(to_bytes(to_plain(value)))) == value


@given(minor=st.integers(), currency=currencies)
def test_money_is_minor_units_then_currency_and_exponent(minor: int, currency: Currency) -> None:
    plain = to_plain(Money(minor, currency))
    assert plain == f"{minor} {currency.code}/{currency.exponent}"
    assert from_plain(Money, plain) == Money(minor, currency)


@dataclass(frozen=True)
class Sample:
    some_words: str = field(metadata=FREE_TEXT)
    pairs: Metadata = field(metadata=FREE_TEXT)
    required: int | None
    role: Role = Role.VIEWER
    amounts: tuple[Money, ...] = ()
    at: Instant | None = None
    note: str | None = field(default=None, metadata=FREE_TEXT)
    token: str | None = field(default=None, metadata=SECRET)


BARE = Sample("", (), None)
FULL = Sample("Wilhelmina", (("a", "Billie"),), 1, Role.ADMIN, (euros(1),), Instant(0), "Billie called", "s3cret")


def test_what_is_none_blank_or_its_default_is_left_out() -> None:
    assert to_plain(BARE, b"salt") == {}
    assert from_plain(Sample, {}) == BARE


def test_zero_is_not_nothing() -> None:
    assert to_plain(Sample("", (), 0, at=Instant(0))) == {"required": 0, "at": 0}


def test_keys_are_camel_case_and_enums_and_money_are_text() -> None:
    assert camel_case("minimum_available_after") == "minimumAvailableAfter"
    assert to_plain(FULL) == {"required": 1, "role": "ADMIN", "amounts": ["1 EUR/2"], "at": 0}


def test_free_text_is_a_salted_digest_or_nothing() -> None:
    plain = to_plain(FULL, b"salt")
    assert plain["someWords"] == hashlib.sha256(b'salt"Wilhelmina"').hexdigest()
    assert plain["pairs"] == hashlib.sha256(b'salt[["a","Billie"]]').hexdigest()
    assert plain["note"] == hashlib.sha256(b'salt"Billie called"').hexdigest()
    assert plain["note"] != to_plain(FULL, b"pepper")["note"]
    assert not {"someWords", "pairs", "note"} & to_plain(FULL).keys()


@pytest.mark.parametrize("salt", [None, b"", b"salt"])
def test_a_secret_has_no_plain_form_whatever_the_salt(salt: bytes | None) -> None:
    assert "token" not in to_plain(FULL, salt)
    assert b"s3cret" not in to_bytes(to_plain(FULL, salt))


def test_free_text_and_secrets_read_back_as_blank_and_absent() -> None:
    plain = to_plain(FULL, b"salt") | {"token": "forged"}
    blank = dataclasses.replace(FULL, some_words="", pairs=(), note=None, token=None)
    assert from_plain(Sample, plain) == blank


def test_free_text_is_collected_by_field_name_without_the_blanks() -> None:
    assert free_text(FULL) == {"some_words": "Wilhelmina", "pairs": (("a", "Billie"),), "note": "Billie called"}
    assert free_text(BARE) == {}


def test_the_names_of_free_text_are_those_of_the_plain_form() -> None:
    assert free_text_names(Sample) == {"someWords", "pairs", "note"}


@dataclass(frozen=True)
class Nested:
    inner: Sample
    more: tuple[Sample, ...] = ()


@pytest.mark.parametrize(
    ("value", "has"),
    [
        (BARE, False),
        (FULL, True),
        (Nested(BARE), False),
        (Nested(FULL), True),
        (Nested(BARE, (BARE, BARE)), False),
        (Nested(BARE, (BARE, FULL)), True),
        (euros(1), False),
    ],
)
def test_free_text_is_noticed_in_values_within(value: object, *, has: bool) -> None:
    assert has_free_text(value) is has


def _doubled(number: int) -> int | None:
    return number * 2 if number else None


@dataclass(frozen=True)
class Told:
    number: int = field(default=7, metadata=told_by(_doubled, lambda plain: plain // 2))
    again: bool = field(default=True, metadata=UNWRITTEN)


def test_a_field_may_say_itself_how_it_is_told() -> None:
    assert (to_plain(Told(3)), from_plain(Told, {"number": 6})) == ({"number": 6}, Told(3))
    assert (to_plain(Told(0)), from_plain(Told, {})) == ({}, Told(7))


def test_what_goes_without_saying_is_not_written_and_read_back_as_its_default() -> None:
    assert to_plain(Told(3, again=False)) == {"number": 6}
    assert from_plain(Told, {"number": 6, "again": False}).again is True


@dataclass(frozen=True)
class Renamed:
    of_amount: Money | None = field(default=None, metadata=named("amount"))


def test_a_field_has_the_name_that_callers_know_it_by() -> None:
    assert to_plain(Renamed(euros(1))) == {"amount": "1 EUR/2"}
    assert from_plain(Renamed, {"amount": "1 EUR/2", "ofAmount": "2 EUR/2"}) == Renamed(euros(1))


@pytest.mark.parametrize(
    ("content", "written"), [("Zoë", '"Zoë"'), ((("a", "1"), ("b", "2")), '[["a","1"],["b","2"]]')]
)
def test_a_digest_is_the_sha_256_of_the_salt_and_compact_json(content: object, written: str) -> None:
    assert digest(content, b"salt") == hashlib.sha256(b"salt" + written.encode()).hexdigest()


@pytest.mark.parametrize("command", SERVICES, ids=lambda kind: kind.__name__)
def test_the_free_text_of_a_command_never_stands_in_the_clear(command: type[Any]) -> None:
    marked = {f.name for f in dataclasses.fields(command) if "free_text" in f.metadata}
    people = {f.name for f in dataclasses.fields(command)} & {"description", "note", "metadata"}
    if "account" in command.operation.value.lower():
        people |= {f.name for f in dataclasses.fields(command)} & {"name"}
    assert marked == people


@pytest.mark.parametrize(
    ("error", "canonical"),
    [
        (SameAccount(), "{}"),
        (InvalidInput(), "{}"),
        (InvalidInput("A rule.", path=("input", "name")), '{"path":["input","name"],"rule":"A rule."}'),
        (NotPermitted((Role.MANAGER, Role.ADMIN)), '{"requiredRoles":["MANAGER","ADMIN"]}'),
        (AmbiguousFreeze(("frz_1", "frz_2")), '{"freezeIds":["frz_1","frz_2"]}'),
        (AccountFrozen("acct_1", FreezeScope.ALL, None), '{"accountId":"acct_1","scope":"ALL"}'),
        (
            BatchRefused(1, ItemOutcome(Operation.DEPOSIT, "k", Instant(9), SameAccount(), replayed=False)),
            '{"cause":{"decidedAt":9,"idempotencyKey":"k","operation":"DEPOSIT","result":{"code":"SAME_ACCOUNT"}},"index":1}',
        ),
        (InsufficientFunds(euros(5), euros(1)), '{"available":"5 EUR/2","shortfall":"1 EUR/2"}'),
    ],
)
def test_the_canonical_form_of_an_error_never_changes(error: DomainError, canonical: str) -> None:
    # Form 1, as GOLDEN in test_idempotency.py: refusals in the log are read back when they are replayed.
    assert to_bytes(to_plain(error)) == canonical.encode()


def test_bytes_are_compact_sorted_utf_8() -> None:
    assert to_bytes({"b": [1, None], "a": "é\u2028"}) == '{"a":"é\u2028","b":[1,null]}'.encode()


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), plain_data))
def test_the_canonical_bytes_are_those_that_the_standard_library_writes(plain: dict[str, Any]) -> None:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert to_bytes(plain) == text.encode()


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize("value", [1.5, b"bytes", True, ["list"], {"a": 1}, Colour.RED, object()])
def test_what_has_no_plain_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="has no plain form"):
        to_plain(value)


@pytest.mark.parametrize(
    ("kind", "plain"),
    [(Money, "x EUR/2"), (Money, "5"), (Currency, "EUR"), (Role, "KING"), (Sample, {"amounts": ["5"]})],
)
def test_what_is_not_of_the_form_is_refused(kind: type[Any], plain: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_plain(kind, plain)


def test_a_currency_has_a_form_of_its_own() -> None:
    assert (to_plain(EUR), from_plain(Currency, "EUR/2")) == ("EUR/2", EUR)

"""Domain values for property tests: every field filled, except that free text is blank and secrets are absent."""

from __future__ import annotations

import dataclasses
from typing import Any, get_origin

from hypothesis import strategies as st

from domain.access import Operation
from domain.accounts import Account, AccountKind, AccountState
from domain.errors import BatchRefused, ItemOutcome
from domain.freezes import Freeze
from domain.holds import Hold, HoldState
from domain.instants import Instant
from domain.money import Currency, Money
from domain.records import type_hints
from domain.transactions import Entry, Transaction, TransactionKind
from tests.domain.known_errors import CONCRETE

integers = st.integers(-(2**63), 2**63 - 1)
counts = st.integers(1, 2**63 - 1)
instants = st.integers(0, 2**53).map(Instant)
currencies = st.builds(Currency, st.from_regex("[A-Z]{3}", fullmatch=True), st.integers(0, 4))
words = st.text(max_size=20)


def filled(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for a dataclass that fills the optional fields too."""
    hints = type_hints(kind)
    fields = [field for field in dataclasses.fields(kind) if not field.metadata.keys() & {"secret", "unwritten"}]
    return st.builds(kind, **{field.name: _field(field, hints[field.name]) for field in fields})


def _field(field: dataclasses.Field[Any], hint: Any) -> st.SearchStrategy[Any]:
    if "free_text" not in field.metadata:
        return st.from_type(hint)
    if hint is str:
        return st.just("")
    return st.just(()) if get_origin(hint) is tuple else st.none()


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Draw an account as it may stand."""
    currency, state, kind = draw(currencies), draw(st.sampled_from(AccountState)), draw(st.sampled_from(AccountKind))
    closed = state is AccountState.CLOSED
    held, limit = (0 if closed else draw(st.integers(0, 2**62)) for _ in range(2))
    floor = held - limit if kind is AccountKind.CUSTOMER else -(2**63)
    return Account(
        id=draw(words),
        kind=kind,
        currency=currency,
        state=state,
        posted=Money(0 if closed else draw(st.integers(floor, 2**63)), currency),
        held=Money(held, currency),
        overdraft_limit=Money(limit, currency),
        version=draw(counts),
        name="",
        reference=draw(st.none() | words),
        metadata=(),
        opened_at=draw(instants),
        closed_at=draw(instants) if closed else None,
    )


@st.composite
def holds(draw: st.DrawFn) -> Hold:
    """Draw a hold in any state."""
    currency, state, amount = draw(currencies), draw(st.sampled_from(HoldState)), draw(st.integers(1, 2**62))
    return Hold(
        id=draw(words),
        account_id=draw(words),
        state=state,
        amount=Money(amount, currency),
        captured=Money(draw(st.integers(1, amount)) if state is HoldState.CAPTURED else 0, currency),
        description=None,
        placed_at=draw(instants),
        expires_at=draw(st.none() | instants),
    )


@st.composite
def transactions(draw: st.DrawFn) -> Transaction:
    """Draw a balanced transaction."""
    currency = draw(currencies)
    amounts = draw(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=3))
    entries = tuple(
        Entry(draw(words), draw(counts), Money(minor, currency), Money(draw(integers), currency))
        for minor in (*amounts, -sum(amounts))
    )
    return Transaction(
        id=draw(words),
        sequence=draw(counts),
        kind=draw(st.sampled_from(TransactionKind)),
        amount=Money(draw(counts), currency),
        entries=entries,
        reference=draw(st.none() | words),
        description=None,
        metadata=(),
        created_at=draw(instants),
    )


st.register_type_strategy(int, integers)
st.register_type_strategy(Currency, currencies)
st.register_type_strategy(Account, accounts())
st.register_type_strategy(Transaction, transactions())
st.register_type_strategy(Hold, holds())
st.register_type_strategy(Freeze, filled(Freeze))
st.register_type_strategy(
    ItemOutcome,
    st.builds(
        ItemOutcome,
        operation=st.sampled_from(Operation),
        idempotency_key=words,
        decided_at=instants,
        result=st.sampled_from([kind for kind in CONCRETE if kind is not BatchRefused]).flatmap(filled),
    ),
)

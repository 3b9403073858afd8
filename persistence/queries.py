"""The selections that books and reader share: which columns make up a domain value, and where they come from.

The order of columns is that of persistence/rows.py; what a caller needs besides goes before them.
"""

from __future__ import annotations

from typing import Any

import peewee
from peewee import JOIN, Case, fn

from domain.holds import HoldState
from persistence.statements import Hole, Statement, each
from persistence.tables import (
    Account,
    ApiClient,
    ApiKey,
    Audit,
    Currency,
    Entry,
    Freeze,
    Hold,
    Idempotency,
    Reversal,
    Text,
    Transaction,
)

_Named = Text.alias("named")
_Opened = Text.alias("opened")
_Original = Transaction.alias("original")


def unexpired(freeze: Any = Freeze) -> Any:
    """Tell which freezes are live at the instant `now`."""
    return freeze.released_at.is_null() & (freeze.expires_at.is_null() | (freeze.expires_at > Hole("now")))


def present_state() -> Any:
    """Return the state of an account at the instant `now`: what has expired no longer freezes it."""
    live = Freeze.select(peewee.SQL("1")).where((Freeze.account_id == Account.id) & unexpired())
    thawed = (Account.state == "FROZEN") & ~fn.EXISTS(live)
    return Case(None, [(thawed, "ACTIVE")], Account.state)


def stored(state: HoldState, hold: Any = Hold) -> Any:
    """Tell which holds are in a state as it was written, due or not: in the words of the partial indexes."""
    return hold.state == peewee.SQL(f"'{state.value}'")


def due(hold: Any = Hold) -> Any:
    """Tell which holds have run out by the instant `now` and are not settled yet."""
    return stored(HoldState.OPEN, hold) & (hold.expires_at <= Hole("now"))


def present_held() -> Any:
    """Return what an account has set aside at the instant `now`: holds that have run out do not count."""
    run_out = Hold.select(fn.COALESCE(fn.SUM(Hold.amount), 0)).where((Hold.account_id == Account.id) & due())
    return Account.held - run_out


def standing(state: HoldState, hold: Any = Hold) -> Any:
    """Tell which holds are in a state at the instant `now`."""
    if state is HoldState.OPEN:
        return stored(state, hold) & (hold.expires_at.is_null() | (hold.expires_at > Hole("now")))
    return stored(state, hold) | due(hold) if state is HoldState.EXPIRED else stored(state, hold)


def present_holds(*leading: Any) -> Any:
    """Select holds as they are at the instant `now`."""
    return holds(*leading, state=Case(None, [(due(), HoldState.EXPIRED.value)], Hold.state))


def present_accounts(*leading: Any) -> Any:
    """Select accounts as they are at the instant `now`: what is due counts as settled."""
    return accounts(*leading, state=present_state(), held=present_held())


def tells_of(account_id: Any) -> Any:
    """Tell which texts have words about an account still, or the salt of such words."""
    told_of = peewee.Table("told_of")
    telling = told_of.select(told_of.c.sequence).where(told_of.c.account_id == account_id)
    return Text.sequence.in_(telling) & Text.salt.is_null(is_null=False)


def accounts(*leading: Any, state: Any = Account.state, held: Any = Account.held) -> Any:
    """Select accounts, with the given expressions for their state and what they have set aside."""
    columns = (
        Account.id,
        Account.kind,
        Account.currency,
        Currency.exponent,
        state,
        Account.posted,
        held,
        Account.overdraft_limit,
        Account.version,
        _Named.name,
        Account.reference,
        _Opened.metadata,
        Account.opened_at,
        Account.closed_at,
    )
    return (
        Account.select(*leading, *columns)
        .join(Currency, on=(Currency.code == Account.currency))
        .join(_Named, JOIN.LEFT_OUTER, on=(_Named.sequence == Account.named_sequence))
        .join(_Opened, JOIN.LEFT_OUTER, on=(_Opened.sequence == Account.opened_sequence))
    )


def holds(*leading: Any, state: Any = Hold.state) -> Any:
    """Select holds, with the given expression for their state."""
    columns = (
        Hold.id,
        Hold.account_id,
        state,
        Hold.amount,
        Hold.captured,
        Account.currency,
        Currency.exponent,
        Text.description,
        Hold.placed_at,
        Hold.expires_at,
    )
    return (
        Hold.select(*leading, *columns)
        .join(Account, on=(Account.id == Hold.account_id))
        .join(Currency, on=(Currency.code == Account.currency))
        .join(Text, JOIN.LEFT_OUTER, on=(Text.sequence == Hold.placed_sequence))
    )


def freezes(*leading: Any) -> Any:
    """Select freezes."""
    columns = (
        Freeze.id,
        Freeze.account_id,
        Freeze.scope,
        Freeze.reason,
        Text.note,
        Freeze.placed_at,
        Freeze.placed_by,
        Freeze.placed_role,
        Freeze.expires_at,
        Freeze.released_at,
        Freeze.released_by,
    )
    return Freeze.select(*leading, *columns).join(Text, JOIN.LEFT_OUTER, on=(Text.sequence == Freeze.placed_sequence))


def transactions(*leading: Any) -> Any:
    """Select transactions, without their entries."""
    columns = (
        Transaction.sequence,
        Transaction.id,
        Transaction.kind,
        Transaction.amount,
        Transaction.currency,
        Currency.exponent,
        Transaction.reference,
        Text.description,
        Text.metadata,
        Transaction.created_at,
        _Original.id,
    )
    return (
        Transaction.select(*leading, *columns)
        .join(Currency, on=(Currency.code == Transaction.currency))
        .join(Text, JOIN.LEFT_OUTER, on=(Text.sequence == Transaction.sequence))
        .join(Reversal, JOIN.LEFT_OUTER, on=(Reversal.sequence == Transaction.sequence))
        .join(_Original, JOIN.LEFT_OUTER, on=(_Original.sequence == Reversal.original))
    )


def entries(*leading: Any) -> Any:
    """Select entries."""
    columns = (
        Entry.account_id,
        Entry.version,
        Entry.amount,
        Entry.balance_after,
        Account.currency,
        Currency.exponent,
    )
    return (
        Entry.select(*leading, *columns)
        .join(Account, on=(Account.id == Entry.account_id))
        .join(Currency, on=(Currency.code == Account.currency))
    )


def api_clients(*leading: Any) -> Any:
    """Select API clients."""
    return ApiClient.select(*leading, ApiClient.id, ApiClient.name, ApiClient.role, ApiClient.disabled_at)


def api_keys(*leading: Any) -> Any:
    """Select API keys, never their digests."""
    columns = (ApiKey.id, ApiKey.api_client_id, ApiKey.created_at, ApiKey.expires_at, ApiKey.revoked_at)
    return ApiKey.select(*leading, *columns)


def best_keys_first(key: Any) -> tuple[Any, ...]:
    """Order API keys: those that work at the instant `now` before the others, newest first."""
    is_worthless = ~key.revoked_at.is_null() | (~key.expires_at.is_null() & (key.expires_at <= Hole("now")))
    return is_worthless, key.created_sequence.desc()


def audit_records() -> Any:
    """Select audit records."""
    return Audit.select()


def decisions() -> Any:
    """Select what was decided under idempotency keys."""
    columns = (
        Idempotency.api_client_id,
        Idempotency.operation,
        Idempotency.key,
        Idempotency.outcome,
        Idempotency.fingerprint,
        Idempotency.sequence,
        Text.salt,
        Audit.at,
        Audit.error_code,
        Audit.target_ids,
        Audit.details,
    )
    return (
        Idempotency.select(*columns)
        .join(Audit, on=(Audit.sequence == Idempotency.sequence))
        .join(Text, JOIN.LEFT_OUTER, on=(Text.sequence == Idempotency.sequence))
    )


# Look-ups that are made from more than one place.

ACCOUNT_WITH_REFERENCE = Statement(Account.select(Account.id).where(Account.reference == Hole("reference")))
TRANSACTIONS = Statement(transactions().where(Transaction.id.in_(each("ids"))))
TRANSACTIONS_AT = Statement(transactions().where(Transaction.sequence.in_(each("sequences"))))
API_CLIENTS = Statement(api_clients().where(ApiClient.id.in_(each("ids"))))
API_KEYS = Statement(api_keys().where(ApiKey.id.in_(each("ids"))))

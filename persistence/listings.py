"""Pages by keyset: every list is ordered by one number, and a page begins where the last one ended.

A list is rendered once for each set of filters in use. Filters by time become ranges of sequence numbers, because in
the books time only grows.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import peewee
from peewee import SQL, fn

from domain.access import ApiClient
from domain.accounts import Account, AccountState
from domain.audit import AuditRecord
from domain.freezes import Freeze
from domain.instants import Instant
from domain.ports import (
    AccountFilter,
    AmountRange,
    AuditFilter,
    EntryFilter,
    Page,
    PageRequest,
    PostedEntry,
    TimeRange,
    TransactionFilter,
)
from domain.transactions import Transaction
from persistence import queries, rows, tables
from persistence.books import read_transactions
from persistence.statements import Hole, Statement, array

_LAST_CHARACTER = chr(sys.maxunicode)
_NEVER = 2**63 - 1

_HOUSE = tables.Account.select(tables.Account.id).where(
    (tables.Account.id == Hole("account_id")) & (tables.Account.kind == "HOUSE")
)
_FIRST_SEQUENCE_FROM = Statement(
    tables.Batch.select(tables.Batch.first_sequence)
    .where(tables.Batch.at >= Hole("at"))
    .order_by(tables.Batch.at)
    .limit(1)
)

Values = dict[str, Any]
Item = TypeVar("Item")


def account_page(database: peewee.Database, now: Instant, where: AccountFilter, page: PageRequest) -> Page[Account]:
    """List customer accounts, newest first."""
    prefix = where.reference_prefix
    values = _set(
        state=where.state,
        # Said in the words of a partial index: what was never frozen nor closed need not be looked at.
        was_frozen_or_closed=where.state in {AccountState.FROZEN, AccountState.CLOSED} or None,
        currency=where.currency,
        prefix=prefix,
        beyond_prefix=None if prefix is None else prefix + _LAST_CHARACTER,
        after=page.after,
        **_sequences(database, where.opened_at),
    )
    found = _accounts(frozenset(values))(database, now=now, limit=page.first + 1, **values)
    return _page(page, [(position, rows.account(tuple(row))) for position, *row in found])


def transaction_page(database: peewee.Database, where: TransactionFilter, page: PageRequest) -> Page[Transaction]:
    """List transactions, newest first."""
    values = _set(
        kind=where.kind,
        account_id=where.account_id,
        reference=where.reference,
        after=page.after,
        **_amounts(where.amount),
        **_sequences(database, where.created_at),
    )
    found = _transactions(frozenset(values))(database, limit=page.first + 1, **values)
    return _page(page, [(one.sequence, one) for one in read_transactions(database, found)])


def audit_page(database: peewee.Database, where: AuditFilter, page: PageRequest) -> Page[AuditRecord]:
    """List audit records, oldest first."""
    values = _set(
        outcome=where.outcome,
        operation=where.operation,
        api_client_id=where.api_client_id,
        target_id=where.target_id,
        after=page.after,
        **_sequences(database, where.at),
    )
    found = _audit(frozenset(values))(database, limit=page.first + 1, **values)
    return _page(page, [(row[0], rows.audit_record(row)) for row in found])


def api_client_page(database: peewee.Database, page: PageRequest) -> Page[ApiClient]:
    """List API clients, newest first."""
    values = _set(after=page.after)
    found = _api_clients(frozenset(values))(database, limit=page.first + 1, **values)
    return _page(page, [(position, rows.api_client(tuple(row))) for position, *row in found])


def entry_pages(
    database: peewee.Database, account_ids: Sequence[str], where: EntryFilter, page: PageRequest
) -> Mapping[str, Page[PostedEntry]]:
    """List the entries of each account, oldest first."""
    values = _set(after=page.after, **_amounts(where.amount), **_sequences(database, where.created_at))
    found = _entries(frozenset(values))(database, ids=array(account_ids), limit=page.first + 1, **values)
    pages: dict[str, list[tuple[int, PostedEntry]]] = defaultdict(list)
    for transaction_id, created_at, *row in found:
        entry = rows.entry(tuple(row))
        pages[entry.account_id].append((entry.version, PostedEntry(entry, transaction_id, created_at)))
    return {account_id: _page(page, pages[account_id]) for account_id in account_ids}


def freeze_pages(
    database: peewee.Database, now: Instant, account_ids: Sequence[str], *, live_only: bool, page: PageRequest
) -> Mapping[str, Page[Freeze]]:
    """List the freezes of each account, newest first."""
    values = _set(after=page.after, live=True if live_only else None)
    found = _freezes(frozenset(values))(database, ids=array(account_ids), now=now, limit=page.first + 1, **values)
    pages: dict[str, list[tuple[int, Freeze]]] = defaultdict(list)
    for position, *row in found:
        freeze = rows.freeze(tuple(row))
        pages[freeze.account_id].append((position, freeze))
    return {account_id: _page(page, pages[account_id]) for account_id in account_ids}


# Statements, one for each set of filters. A condition holds for a filter of its name.


@cache
def _accounts(filters: frozenset[str]) -> Statement:
    account, state = tables.Account, queries.present_state()
    conditions = {
        "state": state == Hole("state"),
        "was_frozen_or_closed": account.state != SQL("'ACTIVE'"),
        "currency": account.currency == Hole("currency"),
        "prefix": account.reference >= Hole("prefix"),
        "beyond_prefix": account.reference < Hole("beyond_prefix"),
        **_downwards(account.opened_sequence),
    }
    query = queries.accounts(account.opened_sequence, state=state).where(account.kind == "CUSTOMER")
    return _listed(query, conditions, filters, account.opened_sequence.desc())


@cache
def _transactions(filters: frozenset[str]) -> Statement:
    transaction, entry = tables.Transaction, tables.Entry
    by_account = "account_id" in filters
    position = entry.sequence if by_account else transaction.sequence
    conditions = {
        "kind": transaction.kind == Hole("kind"),
        "account_id": entry.account_id == Hole("account_id"),
        "reference": transaction.reference == Hole("reference"),
        **_within(transaction.amount, transaction.currency),
        **_downwards(position),
    }
    query = queries.transactions()
    if by_account:
        query = query.switch(transaction).join(entry, on=(entry.sequence == transaction.sequence))
        conditions["account_id"] &= entry.account_id.not_in(_HOUSE)
    return _listed(query, conditions, filters, position.desc())


@cache
def _audit(filters: frozenset[str]) -> Statement:
    audit, target = tables.Audit, tables.AuditTarget
    by_target = "target_id" in filters
    position = target.sequence if by_target else audit.sequence
    conditions = {
        "outcome": audit.outcome == Hole("outcome"),
        "operation": audit.operation == Hole("operation"),
        "api_client_id": audit.api_client_id == Hole("api_client_id"),
        "target_id": target.target_id == Hole("target_id"),
        **_upwards(position),
    }
    query = queries.audit_records()
    if by_target:
        query = query.join(target, on=(target.sequence == audit.sequence))
    return _listed(query, conditions, filters, position)


@cache
def _api_clients(filters: frozenset[str]) -> Statement:
    client = tables.ApiClient
    query = queries.api_clients(client.created_sequence)
    return _listed(query, _downwards(client.created_sequence), filters, client.created_sequence.desc())


@cache
def _entries(filters: frozenset[str]) -> Statement:
    entry, wanted = tables.Entry, tables.Entry.alias("wanted")
    conditions = {
        **_within(wanted.amount, tables.Account.currency),
        **_upwards(wanted.sequence),
        "after": wanted.version > Hole("after"),
    }
    versions = (
        wanted.select(wanted.version)
        .where(wanted.account_id == SQL("asked.value"), *_chosen(conditions, filters))
        .order_by(wanted.version)
        .limit(Hole("limit"))
    )
    query = (
        queries.entries(tables.Transaction.id, entry.created_at)
        .switch(entry)
        .join(tables.Transaction, on=(tables.Transaction.sequence == entry.sequence))
    )
    return Statement(_of_each(query, entry.account_id, entry.version.in_(versions)).order_by(entry.version))


@cache
def _freezes(filters: frozenset[str]) -> Statement:
    freeze, wanted = tables.Freeze, tables.Freeze.alias("wanted")
    conditions = {"after": wanted.placed_sequence < Hole("after"), "live": queries.unexpired(wanted)}
    ids = (
        wanted.select(wanted.id)
        .where(wanted.account_id == SQL("asked.value"), *_chosen(conditions, filters))
        .order_by(wanted.placed_sequence.desc())
        .limit(Hole("limit"))
    )
    query = queries.freezes(freeze.placed_sequence)
    return Statement(_of_each(query, freeze.account_id, freeze.id.in_(ids)).order_by(freeze.placed_sequence.desc()))


def _of_each(query: Any, account_id: Any, chosen: Any) -> Any:
    """Join the list of accounts asked for in front, so that each account's page is one seek."""
    asked = fn.json_each(Hole("ids")).alias("asked")
    return query.from_(asked, *query._from_list).where(account_id == SQL("asked.value"), chosen)  # noqa: SLF001


def _listed(query: Any, conditions: Mapping[str, Any], filters: frozenset[str], order: Any) -> Statement:
    chosen = list(_chosen(conditions, filters))
    return Statement((query.where(*chosen) if chosen else query).order_by(order).limit(Hole("limit")))


def _chosen(conditions: Mapping[str, Any], filters: frozenset[str]) -> Iterator[Any]:
    return (condition for name, condition in conditions.items() if name in filters)


def _downwards(position: Any) -> dict[str, Any]:
    return {**_upwards(position), "after": position < Hole("after")}


def _upwards(position: Any) -> dict[str, Any]:
    return {
        "since": position >= Hole("since"),
        "until": position < Hole("until"),
        "after": position > Hole("after"),
    }


def _within(amount: Any, currency: Any) -> dict[str, Any]:
    return {
        "minimum": amount >= Hole("minimum"),
        "maximum": amount <= Hole("maximum"),
        "amount_currency": currency == Hole("amount_currency"),
    }


# Values: what is not asked for is left out, and so chooses no condition.


def _set(**values: Any) -> Values:
    return {name: value for name, value in values.items() if value is not None}


def _amounts(asked: AmountRange) -> Values:
    bound = asked.minimum or asked.maximum
    return {
        "minimum": asked.minimum and asked.minimum.minor,
        "maximum": asked.maximum and asked.maximum.minor,
        "amount_currency": bound and bound.currency.code,
    }


def _sequences(database: peewee.Database, asked: TimeRange) -> Values:
    return {
        "since": _first_sequence_from(database, asked.since, otherwise=_NEVER),
        "until": _first_sequence_from(database, asked.until, otherwise=None),
    }


def _first_sequence_from(database: peewee.Database, at: Instant | None, *, otherwise: int | None) -> int | None:
    if at is None:
        return None
    found = _FIRST_SEQUENCE_FROM(database, at=at)
    return found[0][0] if found else otherwise


def _page(page: PageRequest, found: Sequence[tuple[int, Item]]) -> Page[Item]:
    return Page(tuple(found[: page.first]), has_next=len(found) > page.first)

"""Pages by keyset: every list is ordered by one number, and a page begins where the last one ended.

A list is rendered once for each set of filters in use.
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
from domain.reading import (
    AccountFilter,
    AuditFilter,
    EntryFilter,
    Page,
    PageRequest,
    PostedEntry,
    TransactionFilter,
)
from domain.transactions import Transaction
from persistence import queries, ranges, rows, tables
from persistence.books import read_transactions
from persistence.statements import Hole, Statement, array
from persistence.turnovers import version_before

_LAST_CHARACTER = chr(sys.maxunicode)

_HOUSE = tables.Account.select(tables.Account.id).where(
    (tables.Account.id == Hole("account_id")) & (tables.Account.kind == "HOUSE")
)
Item = TypeVar("Item")


def account_page(database: peewee.Database, now: Instant, where: AccountFilter, page: PageRequest) -> Page[Account]:
    """List customer accounts, newest first."""
    prefix = where.reference_prefix
    values = _set(
        state=where.state,
        # What is frozen or closed now was so when it was last written.
        kept_state=where.state if where.state is not AccountState.ACTIVE else None,
        currency=where.currency,
        prefix=prefix,
        beyond_prefix=None if prefix is None else prefix + _LAST_CHARACTER,
        **ranges.downwards(database, where.opened_at, page.after),
    )
    found = _accounts(frozenset(values))(database, now=now, limit=page.first + 1, **values)
    return page_of(page, [(position, rows.account(tuple(row))) for position, *row in found])


def transaction_page(database: peewee.Database, where: TransactionFilter, page: PageRequest) -> Page[Transaction]:
    """List transactions, newest first."""
    values = _set(
        kind=where.kind,
        account_id=where.account_id,
        reference=where.reference,
        **ranges.amounts_in(where.amount),
        **ranges.downwards(database, where.created_at, page.after),
    )
    found = _transactions(frozenset(values))(database, limit=page.first + 1, **values)
    return page_of(page, [(one.sequence, one) for one in read_transactions(database, found)])


def audit_page(database: peewee.Database, where: AuditFilter, page: PageRequest) -> Page[AuditRecord]:
    """List audit records, oldest first."""
    values = _set(
        outcome=where.outcome,
        operation=where.operation,
        api_client_id=where.api_client_id,
        target_id=where.target_id,
        **ranges.upwards(database, where.at, page.after),
    )
    found = _audit(frozenset(values))(database, limit=page.first + 1, **values)
    return page_of(page, [(row[0], rows.audit_record(row)) for row in found])


def api_client_page(database: peewee.Database, page: PageRequest) -> Page[ApiClient]:
    """List API clients, newest first."""
    values = _set(until=page.after)
    found = _api_clients(frozenset(values))(database, limit=page.first + 1, **values)
    return page_of(page, [(position, rows.api_client(tuple(row))) for position, *row in found])


def entry_pages(
    database: peewee.Database, account_ids: Sequence[str], where: EntryFilter, page: PageRequest
) -> Mapping[str, Page[PostedEntry]]:
    """List the entries of each account, oldest first."""
    time = ranges.positions_in(database, where.created_at)
    values = _set(after=page.after, **ranges.amounts_in(where.amount), **time)
    found = _entries(frozenset(values))(database, ids=array(account_ids), limit=page.first + 1, **values)
    pages: dict[str, list[tuple[int, PostedEntry]]] = defaultdict(list)
    for transaction_id, created_at, *row in found:
        entry = rows.entry(tuple(row))
        pages[entry.account_id].append((entry.version, PostedEntry(entry, transaction_id, created_at)))
    return {account_id: page_of(page, pages[account_id]) for account_id in account_ids}


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
    return {account_id: page_of(page, pages[account_id]) for account_id in account_ids}


# Statements, one for each set of filters. A condition holds for a filter of its name.


@cache
def _accounts(filters: frozenset[str]) -> Statement:
    account, state = tables.Account, queries.present_state()
    conditions = {
        "state": state == Hole("state"),
        # The second half is said in the words of a partial index.
        "kept_state": (account.state == Hole("kept_state")) & (account.state != SQL("'ACTIVE'")),
        "currency": account.currency == Hole("currency"),
        "prefix": account.reference >= Hole("prefix"),
        "beyond_prefix": account.reference < Hole("beyond_prefix"),
        **ranges.positions(account.opened_sequence),
    }
    query = queries.present_accounts(account.opened_sequence).where(account.kind == "CUSTOMER")
    return _listed(query, conditions, filters, account.opened_sequence.desc())


@cache
def _transactions(filters: frozenset[str]) -> Statement:
    transaction, entry = tables.Transaction, tables.Entry
    by_account = "account_id" in filters
    # Few share a reference, many a kind: a cast keeps the index of kinds from being chosen.
    kind = transaction.kind.cast("TEXT") if "reference" in filters else transaction.kind
    position = entry.sequence if by_account else transaction.sequence
    conditions = {
        "kind": kind == Hole("kind"),
        "account_id": entry.account_id == Hole("account_id"),
        "reference": transaction.reference == Hole("reference"),
        **ranges.amounts(transaction.amount, transaction.currency),
        **ranges.positions(position),
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
        **ranges.positions(position),
    }
    query = queries.audit_records()
    if by_target:
        query = query.join(target, on=(target.sequence == audit.sequence))
    return _listed(query, conditions, filters, position)


@cache
def _api_clients(filters: frozenset[str]) -> Statement:
    client = tables.ApiClient
    query = queries.api_clients(client.created_sequence)
    return _listed(query, ranges.positions(client.created_sequence), filters, client.created_sequence.desc())


@cache
def _entries(filters: frozenset[str]) -> Statement:
    entry, wanted = tables.Entry, tables.Entry.alias("wanted")
    conditions = {
        **ranges.amounts(wanted.amount, tables.Account.currency),
        **_versions(wanted.version, filters),
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
    return Statement(of_each(query, entry.account_id, entry.version.in_(versions)).order_by(entry.version))


def _versions(version: Any, filters: frozenset[str]) -> dict[str, Any]:
    """Reduce time to versions, and that to one bound on each side, so that a page is one seek."""
    since, until = (fn.coalesce(version_before(SQL("asked.value"), Hole(bound)), 0) for bound in ("since", "until"))
    both = {"since": version > fn.max(since, Hole("after"))}
    either = {"since": version > since, "after": version > Hole("after")}
    return {**(both if both.keys() | {"after"} <= filters else either), "until": version <= until}


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
    return Statement(of_each(query, freeze.account_id, freeze.id.in_(ids)).order_by(freeze.placed_sequence.desc()))


def of_each(query: Any, account_id: Any, chosen: Any) -> Any:
    """Join the list of accounts asked for in front, so that each account's page is one seek."""
    asked = fn.json_each(Hole("ids")).alias("asked")
    return query.from_(asked, *query._from_list).where(account_id == SQL("asked.value"), chosen)  # noqa: SLF001


def _listed(query: Any, conditions: Mapping[str, Any], filters: frozenset[str], order: Any) -> Statement:
    chosen = list(_chosen(conditions, filters))
    return Statement((query.where(*chosen) if chosen else query).order_by(order).limit(Hole("limit")))


def _chosen(conditions: Mapping[str, Any], filters: frozenset[str]) -> Iterator[Any]:
    return (condition for name, condition in conditions.items() if name in filters)


# Values: what is not asked for is left out, and so chooses no condition.


def _set(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def page_of(page: PageRequest, found: Sequence[tuple[int, Item]]) -> Page[Item]:
    """Cut the page out of what was found: one item more than asked for tells that more follow."""
    return Page(tuple(found[: page.first]), has_next=len(found) > page.first)

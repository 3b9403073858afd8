"""Filters as they are said, turned into filters as they are meant. Raises BAD_USER_INPUT for what can match nothing."""

from __future__ import annotations

from domain import reading
from domain.catalogue import Catalogue
from domain.instants import Instant
from domain.money import Money
from resolvers.failures import bad_user_input
from schema.accounts import AccountFilter
from schema.audit import AuditFilter
from schema.filters import AmountRange, TimeRange
from schema.money import MoneyInput
from schema.transactions import EntryFilter, TransactionFilter


def account_filter(where: AccountFilter | None) -> reading.AccountFilter:
    """Read a filter of accounts."""
    if where is None:
        return reading.AccountFilter()
    return reading.AccountFilter(where.state, where.currency, where.reference_prefix, time_range(where.opened_at))


def entry_filter(catalogue: Catalogue, where: EntryFilter | None) -> reading.EntryFilter:
    """Read a filter of entries."""
    if where is None:
        return reading.EntryFilter()
    return reading.EntryFilter(time_range(where.created_at), amount_range(catalogue, where.amount))


def transaction_filter(catalogue: Catalogue, where: TransactionFilter | None) -> reading.TransactionFilter:
    """Read a filter of transactions."""
    if where is None:
        return reading.TransactionFilter()
    return reading.TransactionFilter(
        where.kind,
        where.account_id,
        where.reference,
        amount_range(catalogue, where.amount),
        time_range(where.created_at),
    )


def audit_filter(where: AuditFilter | None) -> reading.AuditFilter:
    """Read a filter of audit records."""
    if where is None:
        return reading.AuditFilter()
    return reading.AuditFilter(
        where.outcome, where.operation, where.api_client_id, where.target_id, time_range(where.at)
    )


def time_range(asked: TimeRange | None) -> reading.TimeRange:
    """Read a range of time."""
    if asked is None:
        return reading.TimeRange()
    if asked.since is not None and asked.until is not None and asked.until < asked.since:
        raise bad_user_input("until must not lie before since.")
    since = None if asked.since is None else Instant(asked.since)
    return reading.TimeRange(since, None if asked.until is None else Instant(asked.until))


def past_instant(asked: int, present: Instant) -> Instant:
    """Read an instant that the books already know all about."""
    if asked > present:
        raise bad_user_input("That instant lies in the future.")
    return Instant(asked)


def past_interval(since: int, until: int, present: Instant) -> tuple[Instant, Instant]:
    """Read an interval that the books already know all about."""
    if until < since:
        raise bad_user_input("until must not lie before since.")
    return past_instant(since, present), past_instant(until, present)


def amount_range(catalogue: Catalogue, asked: AmountRange | None) -> reading.AmountRange:
    """Read a range of amounts."""
    if asked is None:
        return reading.AmountRange()
    minimum, maximum = _bound(catalogue, asked.min), _bound(catalogue, asked.max)
    if minimum and maximum and minimum.currency != maximum.currency:
        raise bad_user_input("min and max must be of one currency.")
    if minimum and maximum and maximum < minimum:
        raise bad_user_input("max must not be less than min.")
    return reading.AmountRange(minimum, maximum)


def _bound(catalogue: Catalogue, asked: MoneyInput | None) -> Money | None:
    return catalogue.bound(asked.amount, asked.currency, ("filter", "amount")) if asked else None

"""Outcomes as they are told: every success and error of the domain becomes the noun of the same name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from domain import access, accounts, freezes, holds, idempotency, money, transactions
from domain.errors import DomainError, Forbidden, InvalidAmount, ItemOutcome
from domain.ports import Outcome
from domain.services.table import SERVICES
from schema import errors, successes
from schema.access import ApiClient, ApiKey
from schema.accounts import Account, Freeze
from schema.audit import IdempotencyRecord
from schema.batches import AccountPreview, MovementPreview
from schema.holds import Hold
from schema.money import Money
from schema.permissions import forbidden
from schema.scalars import DateTime
from schema.transactions import Transaction

_SAY: Mapping[type, Callable[[Any], Any]] = {
    money.Money: Money.of,
    accounts.Account: Account.of,
    freezes.Freeze: Freeze.of,
    holds.Hold: Hold.of,
    transactions.Transaction: Transaction.of,
    access.ApiClient: ApiClient.of,
    access.ApiKey: ApiKey.of,
    idempotency.IdempotencyRecord: IdempotencyRecord.of,
    tuple: lambda values: [_said(value) for value in values],
}


def _said(value: Any) -> Any:
    if isinstance(value, ItemOutcome):
        return answer(value)
    return _SAY[type(value)](value) if type(value) in _SAY else value


def answer(outcome: Outcome | ItemOutcome) -> Any:
    """Present an outcome as a member of its operation's union. Raises FORBIDDEN for a caller denied meanwhile."""
    result = outcome.result
    if isinstance(result, Forbidden):
        raise forbidden([])
    noun = NOUNS[type(result)]
    common: dict[str, Any] = {"replayed": outcome.replayed, "decided_at": DateTime(outcome.decided_at)}
    if isinstance(result, DomainError):
        common |= {
            "code": result.code,
            "message": str(result),
            "retry": result.advice,
            "path": list(result.path) or None,
        }
    return noun(**common, **_own_fields(noun, result))


def preview_answer(outcome: Outcome) -> Any:
    """Present what a movement would come to: how its accounts would stand, or the error that would refuse it."""
    if not outcome.is_success:
        return answer(outcome)
    moved = (getattr(outcome.result, field.name) for field in dataclasses.fields(outcome.result))
    stands = [AccountPreview.of(account) for account in moved if isinstance(account, accounts.Account)]
    return MovementPreview(accounts=stands, as_of=DateTime(outcome.decided_at))


def _own_fields(noun: type, result: object) -> dict[str, Any]:
    """Say each field that the noun adds to what all of its kind tell."""
    own = {name: getattr(result, name) for name in OWN_FIELDS[noun]}
    if isinstance(result, InvalidAmount):
        return own | {"max": None if result.max is None else str(result.max)}
    return {name: _said(value) for name, value in own.items()}


def _error_types(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for subclass in kind.__subclasses__():
        yield from _error_types(subclass)
        if hasattr(errors, subclass.__name__):
            yield subclass


NOUNS: Mapping[type, type] = {
    **{
        service.success: getattr(successes, service.success.__name__)
        for service in SERVICES.values()
        if hasattr(successes, service.success.__name__)
    },
    **{kind: getattr(errors, kind.__name__) for kind in _error_types(DomainError)},
}
"""Which noun tells which result: the one of the same name."""

_COMMON_FIELDS = {field.name for base in (errors.UserError, successes.Success) for field in dataclasses.fields(base)}
OWN_FIELDS: Mapping[type, tuple[str, ...]] = {
    noun: tuple(field.name for field in dataclasses.fields(noun) if field.name not in _COMMON_FIELDS)
    for noun in NOUNS.values()
}

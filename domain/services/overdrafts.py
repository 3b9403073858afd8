"""Overdraft limits: how far an account may go below zero."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from domain import accounts
from domain.access import Operation
from domain.accounts import Account
from domain.errors import (
    AccountClosed,
    AccountNotFound,
    CurrencyMismatch,
    DomainError,
    InsufficientFunds,
    InvalidAmount,
    InvalidInput,
)
from domain.money import LARGEST_BALANCE, Money
from domain.services.accounts import ACCOUNT_ID, AccountCommand
from domain.unit_of_work import UnitOfWork

LIMIT = ("input", "limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOverdraftLimit(AccountCommand):
    """Let an account go that far below zero, and no farther."""

    operation: ClassVar[Operation] = Operation.SET_OVERDRAFT_LIMIT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset(
        {InvalidInput, InvalidAmount, AccountNotFound, AccountClosed, CurrencyMismatch, InsufficientFunds}
    )

    limit: Money

    def __post_init__(self) -> None:
        AccountCommand.__post_init__(self)
        if not 0 <= self.limit.minor <= LARGEST_BALANCE:
            largest = Money(LARGEST_BALANCE, self.limit.currency)
            raise InvalidAmount(self.limit.currency.exponent, largest, path=(*LIMIT, "amount"))


@dataclass(frozen=True, slots=True)
class SetOverdraftLimitSuccess:
    """The account under its new limit."""

    account: Account


def set_overdraft_limit(work: UnitOfWork, command: SetOverdraftLimit) -> SetOverdraftLimitSuccess:
    """Change the limit of an account, frozen or not. What it takes away must be available: what is in use is not."""
    account = work.customer_account(command.account_id, ACCOUNT_ID)
    accounts.require_open(account, ACCOUNT_ID)
    accounts.require_currency(account, command.limit, (*LIMIT, "currency"))
    accounts.require_funds(account, account.overdraft_limit - command.limit, LIMIT)
    limited = replace(account, overdraft_limit=command.limit)
    work.stage_account(limited)
    return SetOverdraftLimitSuccess(limited)

"""Erasing the words about an account. What they were about stays: amounts, times, references, and that it was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.access import Operation
from domain.errors import AccountNotFound, DomainError, InvalidInput
from domain.services.accounts import ACCOUNT_ID, AccountCommand
from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseText(AccountCommand):
    """Erase all that callers ever wrote about an account in their own words. From the command line alone."""

    operation: ClassVar[Operation] = Operation.ERASE_TEXT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, AccountNotFound})


@dataclass(frozen=True, slots=True)
class EraseTextSuccess:
    """How many records lost their words."""

    texts: int


def erase_text(work: UnitOfWork, command: EraseText) -> EraseTextSuccess:
    """Erase the words of every record that tells of the account. Words that come later are new, and stay."""
    account = work.customer_account(command.account_id, ACCOUNT_ID)
    work.stage_erased_texts(account.id)
    return EraseTextSuccess(work.texts_about(account.id))

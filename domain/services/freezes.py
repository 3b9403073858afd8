"""Freezing accounts and releasing them; what runs out by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from domain import accounts, text
from domain.access import Operation
from domain.accounts import Account, AccountState
from domain.errors import (
    AccountClosed,
    AccountNotFound,
    AccountNotFrozen,
    AmbiguousFreeze,
    DomainError,
    FreezeNotFound,
    InvalidInput,
    NotPermitted,
)
from domain.freezes import Freeze, FreezeReason, FreezeScope
from domain.ids import Prefix
from domain.instants import Instant
from domain.records import FREE_TEXT
from domain.services.accounts import ACCOUNT_ID, AccountCommand
from domain.unit_of_work import UnitOfWork

FREEZE_ID = ("input", "freezeId")


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeAccount(AccountCommand):
    """Put a freeze on an account, on top of any others."""

    operation: ClassVar[Operation] = Operation.FREEZE_ACCOUNT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, AccountNotFound, AccountClosed})

    reason: FreezeReason
    scope: FreezeScope = FreezeScope.ALL
    note: str | None = field(default=None, metadata=FREE_TEXT)
    expires_at: Instant | None = None

    def __post_init__(self) -> None:
        AccountCommand.__post_init__(self)
        object.__setattr__(self, "note", text.sound_note(self.note, ("input", "note")))


@dataclass(frozen=True, slots=True)
class FreezeAccountSuccess:
    """The freeze, and the account it froze."""

    freeze: Freeze
    account: Account


def freeze_account(work: UnitOfWork, command: FreezeAccount) -> FreezeAccountSuccess:
    """Freeze an account that is not closed. Raises InvalidInput for an expiry that is not in the future."""
    if command.expires_at is not None and command.expires_at <= work.now:
        raise InvalidInput("A freeze must expire in the future.", path=("input", "expiresAt"))
    account = work.customer_account(command.account_id, ACCOUNT_ID)
    accounts.require_open(account, ACCOUNT_ID)
    freeze = Freeze(
        id=work.fresh_id(Prefix.FREEZE),
        account_id=account.id,
        scope=command.scope,
        reason=command.reason,
        note=command.note,
        placed_at=work.now,
        placed_by=work.caller.api_client_id,
        placed_role=work.caller.role,
        expires_at=command.expires_at,
    )
    frozen = accounts.moved_to(account, AccountState.FROZEN)
    work.stage_placed_freeze(freeze)
    work.stage_account(frozen)
    return FreezeAccountSuccess(freeze, frozen)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfreezeAccount(AccountCommand):
    """Release one freeze: the one named, or the only one that is live."""

    operation: ClassVar[Operation] = Operation.UNFREEZE_ACCOUNT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset(
        {InvalidInput, NotPermitted, AccountNotFound, FreezeNotFound, AccountClosed, AccountNotFrozen, AmbiguousFreeze}
    )

    freeze_id: str | None = None
    note: str | None = field(default=None, metadata=FREE_TEXT)

    def __post_init__(self) -> None:
        AccountCommand.__post_init__(self)
        if self.freeze_id is not None:
            text.require_id(self.freeze_id, ("input", "freezeId"))
        object.__setattr__(self, "note", text.sound_note(self.note, ("input", "note")))


@dataclass(frozen=True, slots=True)
class UnfreezeAccountSuccess:
    """The released freeze, and the account; it stays FROZEN while another freeze is live."""

    freeze: Freeze
    account: Account


def unfreeze_account(work: UnitOfWork, command: UnfreezeAccount) -> UnfreezeAccountSuccess:
    """Release a live freeze, if the caller's role may release its kind."""
    account = work.customer_account(command.account_id, ACCOUNT_ID)
    if command.freeze_id is not None:
        _require_known(work.freeze(command.freeze_id), command)
    accounts.require_open(account, ACCOUNT_ID)
    freeze = _chosen(work.live_freezes(account.id), command)
    may_release = accounts.MAY_RELEASE[freeze.reason]
    if work.caller.role not in may_release:
        raise NotPermitted(tuple(sorted(may_release)), path=FREEZE_ID)
    return UnfreezeAccountSuccess(*_release(work, account, freeze))


def _require_known(freeze: Freeze | None, command: UnfreezeAccount) -> None:
    if freeze is None or freeze.account_id != command.account_id:
        raise FreezeNotFound(str(command.freeze_id), path=FREEZE_ID)


def _chosen(live: Sequence[Freeze], command: UnfreezeAccount) -> Freeze:
    """Return the live freeze that is named, or the only one."""
    if not live:
        raise AccountNotFrozen(command.account_id, path=ACCOUNT_ID)
    if command.freeze_id is None and len(live) > 1:
        raise AmbiguousFreeze(tuple(freeze.id for freeze in live), path=FREEZE_ID)
    for freeze in live:
        if command.freeze_id in {None, freeze.id}:
            return freeze
    raise FreezeNotFound(str(command.freeze_id), path=FREEZE_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireFreeze(AccountCommand):
    """Settle a freeze that has run out. The system's own deed: no mutation asks for it."""

    operation: ClassVar[Operation] = Operation.EXPIRE_FREEZE
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset()

    freeze_id: str


@dataclass(frozen=True, slots=True)
class ExpireFreezeSuccess:
    """The freeze that ended, and the account."""

    freeze: Freeze
    account: Account


def expire_freeze(work: UnitOfWork, command: ExpireFreeze) -> ExpireFreezeSuccess:
    """Release a due freeze."""
    account, freeze = work.account(command.account_id), work.freeze(command.freeze_id)
    if account is None or freeze is None or not freeze.is_due(work.now):
        raise ValueError("only a due freeze expires")
    return ExpireFreezeSuccess(*_release(work, account, freeze))


def _release(work: UnitOfWork, account: Account, freeze: Freeze) -> tuple[Freeze, Account]:
    released = replace(freeze, released_at=work.now, released_by=work.caller.api_client_id)
    work.stage_freeze(released)
    if not work.unreleased_freezes(account.id):
        account = accounts.moved_to(account, AccountState.ACTIVE)
    work.stage_account(account)
    return released, account

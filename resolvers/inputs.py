"""Inputs as they are said, turned into commands as they are meant. Raises InputError for what can never be right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from domain.catalogue import Catalogue
from domain.errors import SameAccount
from domain.instants import Instant
from domain.money import Money, zero
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import (
    ChangeApiClientRole,
    CreateApiClient,
    DisableApiClient,
    EnableApiClient,
    IssueApiKey,
    RevokeApiKey,
)
from domain.services.batches import BatchItem, ExecuteBatch
from domain.services.captures import CaptureHold
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.movements import Deposit, Movement, Transfer, Withdraw
from domain.services.overdrafts import LIMIT, SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from domain.text import Metadata
from resolvers.operation import understood
from schema.access import (
    ChangeApiClientRoleInput,
    CreateApiClientInput,
    DisableApiClientInput,
    EnableApiClientInput,
    IssueApiKeyInput,
    RevokeApiKeyInput,
)
from schema.accounts import (
    CloseAccountInput,
    FreezeAccountInput,
    OpenAccountInput,
    RenameAccountInput,
    SetOverdraftLimitInput,
    UnfreezeAccountInput,
)
from schema.audit import AbandonIdempotencyKeyInput
from schema.batches import BatchItemInput, ExecuteBatchInput
from schema.holds import CaptureHoldInput, PlaceHoldInput, ReleaseHoldInput
from schema.money import MetadataEntryInput, MoneyInput
from schema.transactions import DepositInput, ReverseTransactionInput, TransferInput, WithdrawInput

AnyMovement = TypeVar("AnyMovement", bound=Movement)
Given = TypeVar("Given")


def open_account(catalogue: Catalogue, input: OpenAccountInput) -> OpenAccount:
    currency = catalogue.currency(input.currency, ("input", "currency"))
    limit = input.overdraft_limit
    return OpenAccount(
        currency=currency,
        name=input.name,
        reference=input.reference,
        overdraft_limit=None if limit is None else catalogue.limit(limit, currency, ("input", "overdraftLimit")),
        metadata=_pairs(input.metadata),
    )


def rename_account(_: Catalogue, input: RenameAccountInput) -> RenameAccount:
    return RenameAccount(account_id=input.account_id, name=input.name)


def freeze_account(_: Catalogue, input: FreezeAccountInput) -> FreezeAccount:
    return FreezeAccount(
        account_id=input.account_id,
        scope=input.scope,
        reason=input.reason,
        note=input.note,
        expires_at=_instant(input.expires_at),
    )


def unfreeze_account(_: Catalogue, input: UnfreezeAccountInput) -> UnfreezeAccount:
    return UnfreezeAccount(account_id=input.account_id, freeze_id=input.freeze_id, note=input.note)


def set_overdraft_limit(catalogue: Catalogue, input: SetOverdraftLimitInput) -> SetOverdraftLimit:
    currency = catalogue.currency(input.limit.currency, (*LIMIT, "currency"))
    SetOverdraftLimit(account_id=input.account_id, limit=zero(currency))
    limit = catalogue.limit(input.limit.amount, currency, (*LIMIT, "amount"))
    return SetOverdraftLimit(account_id=input.account_id, limit=limit)


def close_account(_: Catalogue, input: CloseAccountInput) -> CloseAccount:
    return CloseAccount(account_id=input.account_id, sweep_to_account_id=input.sweep_to_account_id, note=input.note)


def deposit(catalogue: Catalogue, input: DepositInput) -> Deposit:
    return _movement(catalogue, input, partial(Deposit, account_id=input.account_id))


def withdraw(catalogue: Catalogue, input: WithdrawInput) -> Withdraw:
    minimum = input.min_available_after
    return _movement(catalogue, input, partial(Withdraw, account_id=input.account_id), minimum)


def transfer(catalogue: Catalogue, input: TransferInput) -> Transfer:
    sides = partial(Transfer, from_account_id=input.from_account_id, to_account_id=input.to_account_id)
    return _movement(catalogue, input, sides, input.min_available_after)


def _movement(
    catalogue: Catalogue,
    input: DepositInput | WithdrawInput | TransferInput,
    kind: Callable[..., AnyMovement],
    minimum: str | None = None,
) -> AnyMovement:
    """Read a movement. What is wrong with its words is told before what is wrong with its amounts."""
    currency = catalogue.currency(input.amount.currency, ("input", "amount", "currency"))
    worded = partial(
        kind,
        reference=input.reference,
        description=input.description,
        metadata=_pairs(input.metadata),
        expected_version=input.expected_version,
    )
    with suppress(SameAccount):
        worded(amount=Money(1, currency))
    amounts = {"amount": catalogue.movement(input.amount.amount, currency, ("input", "amount", "amount"))}
    if minimum is not None:
        amounts["min_available_after"] = catalogue.limit(minimum, currency, ("input", "minAvailableAfter"))
    return worded(**amounts)


def place_hold(catalogue: Catalogue, input: PlaceHoldInput) -> PlaceHold:
    """Read a hold. What is wrong with its words is told before what is wrong with its amounts."""
    currency = catalogue.currency(input.amount.currency, ("input", "amount", "currency"))
    worded = partial(
        PlaceHold,
        account_id=input.account_id,
        description=input.description,
        expires_at=_instant(input.expires_at),
        expected_version=input.expected_version,
    )
    worded(amount=Money(1, currency))
    minimum = input.min_available_after
    return worded(
        amount=_amount(catalogue, input.amount),
        min_available_after=None
        if minimum is None
        else catalogue.limit(minimum, currency, ("input", "minAvailableAfter")),
    )


def capture_hold(catalogue: Catalogue, input: CaptureHoldInput) -> CaptureHold:
    worded = partial(CaptureHold, hold_id=input.hold_id, to_account_id=input.to_account_id, note=input.note)
    return _whole_or_part(catalogue, worded, input.amount)


def release_hold(_: Catalogue, input: ReleaseHoldInput) -> ReleaseHold:
    return ReleaseHold(hold_id=input.hold_id, note=input.note)


def reverse_transaction(catalogue: Catalogue, input: ReverseTransactionInput) -> ReverseTransaction:
    worded = partial(ReverseTransaction, transaction_id=input.transaction_id, description=input.description)
    return _whole_or_part(catalogue, worded, input.amount)


def execute_batch(catalogue: Catalogue, input: ExecuteBatchInput) -> ExecuteBatch:
    """Read a batch. An item that can never be right is none the less an item: it is refused on its own."""
    return ExecuteBatch(mode=input.mode, items=tuple(_item(catalogue, item) for item in input.items))


def _item(catalogue: Catalogue, given: BatchItemInput) -> BatchItem:
    """Read the one member that an item has: GraphQL has seen to that."""
    members = ((getattr(given, name), kind, read) for name, kind, read in _MEMBERS)
    ((member, kind, read),) = (found for found in members if found[0])
    return BatchItem.of(member.idempotency_key, understood(catalogue, kind, read, member.input))


_MEMBERS: tuple[tuple[str, type[Movement], Callable[[Catalogue, Any], Movement]], ...] = (
    ("deposit", Deposit, deposit),
    ("withdraw", Withdraw, withdraw),
    ("transfer", Transfer, transfer),
)


def create_api_client(_: Catalogue, input: CreateApiClientInput) -> CreateApiClient:
    return CreateApiClient(name=input.name, role=input.role)


def change_api_client_role(_: Catalogue, input: ChangeApiClientRoleInput) -> ChangeApiClientRole:
    return ChangeApiClientRole(api_client_id=input.api_client_id, role=input.role)


def disable_api_client(_: Catalogue, input: DisableApiClientInput) -> DisableApiClient:
    return DisableApiClient(api_client_id=input.api_client_id)


def enable_api_client(_: Catalogue, input: EnableApiClientInput) -> EnableApiClient:
    return EnableApiClient(api_client_id=input.api_client_id)


def issue_api_key(_: Catalogue, input: IssueApiKeyInput) -> IssueApiKey:
    return IssueApiKey(api_client_id=input.api_client_id, expires_at=_instant(input.expires_at))


def revoke_api_key(_: Catalogue, input: RevokeApiKeyInput) -> RevokeApiKey:
    return RevokeApiKey(api_key_id=input.api_key_id)


def abandon_idempotency_key(_: Catalogue, input: AbandonIdempotencyKeyInput) -> AbandonIdempotencyKey:
    return AbandonIdempotencyKey(of_operation=input.operation, key=input.key)


def _whole_or_part(catalogue: Catalogue, worded: Callable[..., Given], amount: MoneyInput | None) -> Given:
    """Read an amount that may be left out. What is wrong with the words is told before what is wrong with it."""
    if amount is None:
        return worded()
    catalogue.currency(amount.currency, ("input", "amount", "currency"))
    worded()
    return worded(amount=_amount(catalogue, amount))


def _amount(catalogue: Catalogue, given: MoneyInput) -> Money:
    currency = catalogue.currency(given.currency, ("input", "amount", "currency"))
    return catalogue.movement(given.amount, currency, ("input", "amount", "amount"))


def _pairs(given: Sequence[MetadataEntryInput] | None) -> Metadata:
    return tuple((pair.key, pair.value) for pair in given or ())


def _instant(given: int | None) -> Instant | None:
    return None if given is None else Instant(given)

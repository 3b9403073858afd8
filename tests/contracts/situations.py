"""For every mutation, a situation in which it succeeds: what comes before it, and the command itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.access import Operation, Role
from domain.commands import Command
from domain.freezes import FreezeReason
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import (
    ChangeApiClientRole,
    CreateApiClient,
    DisableApiClient,
    EnableApiClient,
    IssueApiKey,
    RevokeApiKey,
)
from domain.services.batches import BatchItem, BatchMode, ExecuteBatch
from domain.services.captures import CaptureHold
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from tests.contracts.ledgers import AnyLedger
from tests.support.books import EUR, euros


def frozen(ledger: AnyLedger, account_id: str, **fields: Any) -> str:
    """Freeze an account, and return the id of the freeze."""
    freeze = FreezeAccount(account_id=account_id, **{"reason": FreezeReason.OPERATIONS, **fields})
    freeze_id: str = ledger.succeed(freeze).freeze.id
    return freeze_id


def frozen_account(ledger: AnyLedger, **fields: Any) -> str:
    """Open an account, freeze it, and return its id."""
    account_id = ledger.opened().id
    frozen(ledger, account_id, **fields)
    return account_id


def closed_account(ledger: AnyLedger) -> str:
    """Open an account, close it, and return its id."""
    account_id = ledger.opened().id
    ledger.succeed(CloseAccount(account_id=account_id))
    return account_id


def held(ledger: AnyLedger, account_id: str, minor: int = 40, **fields: Any) -> str:
    """Place a hold on an account, and return its id."""
    hold_id: str = ledger.succeed(PlaceHold(account_id=account_id, amount=euros(minor), **fields)).hold.id
    return hold_id


def created_client(ledger: AnyLedger, role: Role = Role.TELLER) -> str:
    """Create an API client without keys, and return its id. A usable ADMIN stays beside it."""
    ledger.caller(Role.ADMIN)
    client_id: str = ledger.succeed(CreateApiClient(name=f"client {len(ledger.log)}", role=role)).api_client.id
    return client_id


def _disabled_client(ledger: AnyLedger) -> str:
    client_id = created_client(ledger)
    ledger.succeed(DisableApiClient(api_client_id=client_id))
    return client_id


def _unfreeze(ledger: AnyLedger) -> Command:
    return UnfreezeAccount(account_id=frozen_account(ledger), note="Cleared by phone")


def _transfer(ledger: AnyLedger) -> Command:
    return Transfer(from_account_id=ledger.funded(500).id, to_account_id=ledger.opened().id, amount=euros(200))


def deposited(ledger: AnyLedger, minor: int = 500) -> str:
    """Deposit onto a new account, and return the id of the transaction."""
    deposit = Deposit(account_id=ledger.opened().id, amount=euros(minor), description="By mistake")
    transaction_id: str = ledger.succeed(deposit).transaction.id
    return transaction_id


def _close(ledger: AnyLedger) -> Command:
    account_id = ledger.funded(500).id
    frozen(ledger, account_id)
    return CloseAccount(account_id=account_id, sweep_to_account_id=ledger.opened().id, note="Moved away")


def _batch(ledger: AnyLedger) -> Command:
    first, second = ledger.funded(500).id, ledger.opened().id
    items = (
        BatchItem.of("salary", Deposit(account_id=first, amount=euros(200), description="Salary")),
        BatchItem.of("cash", Withdraw(account_id=first, amount=euros(300), metadata=(("till", "4"),))),
        BatchItem.of("rent", Transfer(from_account_id=first, to_account_id=second, amount=euros(100))),
    )
    return ExecuteBatch(mode=BatchMode.ATOMIC, items=items)


def _revoke(ledger: AnyLedger) -> Command:
    key = ledger.succeed(IssueApiKey(api_client_id=created_client(ledger))).api_key
    return RevokeApiKey(api_key_id=key.id)


def _capture(ledger: AnyLedger) -> Command:
    hold_id = held(ledger, ledger.funded(500).id, 200)
    return CaptureHold(hold_id=hold_id, amount=euros(150), to_account_id=ledger.opened().id, note="Signed for")


SITUATIONS: Mapping[Operation, Callable[[AnyLedger], Command]] = {
    Operation.OPEN_ACCOUNT: lambda _: OpenAccount(currency=EUR, name="Grace", metadata=(("branch", "Paris"),)),
    Operation.RENAME_ACCOUNT: lambda ledger: RenameAccount(account_id=ledger.opened().id, name="Grace"),
    Operation.DEPOSIT: lambda ledger: Deposit(account_id=ledger.opened().id, amount=euros(200), description="Salary"),
    Operation.WITHDRAW: lambda ledger: Withdraw(account_id=ledger.funded(500).id, amount=euros(200)),
    Operation.TRANSFER: _transfer,
    Operation.EXECUTE_BATCH: _batch,
    Operation.FREEZE_ACCOUNT: lambda ledger: FreezeAccount(
        account_id=ledger.opened().id, reason=FreezeReason.SUSPECTED_FRAUD, note="Stolen card"
    ),
    Operation.UNFREEZE_ACCOUNT: _unfreeze,
    Operation.SET_OVERDRAFT_LIMIT: lambda ledger: SetOverdraftLimit(account_id=ledger.opened().id, limit=euros(50)),
    Operation.PLACE_HOLD: lambda ledger: PlaceHold(
        account_id=ledger.funded(500).id, amount=euros(200), description="Hotel"
    ),
    Operation.CAPTURE_HOLD: _capture,
    Operation.RELEASE_HOLD: lambda ledger: ReleaseHold(hold_id=held(ledger, ledger.funded(500).id), note="Cancelled"),
    Operation.REVERSE_TRANSACTION: lambda ledger: ReverseTransaction(
        transaction_id=deposited(ledger), amount=euros(200), description="Wrong customer"
    ),
    Operation.CLOSE_ACCOUNT: _close,
    Operation.CREATE_API_CLIENT: lambda _: CreateApiClient(name="till 4", role=Role.TELLER),
    Operation.CHANGE_API_CLIENT_ROLE: lambda ledger: ChangeApiClientRole(
        api_client_id=created_client(ledger), role=Role.MANAGER
    ),
    Operation.DISABLE_API_CLIENT: lambda ledger: DisableApiClient(api_client_id=created_client(ledger)),
    Operation.ENABLE_API_CLIENT: lambda ledger: EnableApiClient(api_client_id=_disabled_client(ledger)),
    Operation.ISSUE_API_KEY: lambda ledger: IssueApiKey(api_client_id=created_client(ledger)),
    Operation.REVOKE_API_KEY: _revoke,
    Operation.ABANDON_IDEMPOTENCY_KEY: lambda _: AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="lost"),
}
"""Each prepares the books as the system, and returns a command that an ADMIN may then send."""

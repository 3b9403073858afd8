"""The table of services: which function performs which command, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.commands import Command
from domain.services import (
    accounts,
    api_clients,
    batches,
    captures,
    erasures,
    freezes,
    holds,
    idempotency_keys,
    movements,
    overdrafts,
    reversals,
    rollbacks,
)
from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Service:
    """A use case: the function that performs it and the success it answers with."""

    perform: Callable[[UnitOfWork, Any], Any]
    success: type


SERVICES: Mapping[type[Command], Service] = {
    accounts.OpenAccount: Service(accounts.open_account, accounts.OpenAccountSuccess),
    accounts.RenameAccount: Service(accounts.rename_account, accounts.RenameAccountSuccess),
    freezes.FreezeAccount: Service(freezes.freeze_account, freezes.FreezeAccountSuccess),
    freezes.UnfreezeAccount: Service(freezes.unfreeze_account, freezes.UnfreezeAccountSuccess),
    freezes.ExpireFreeze: Service(freezes.expire_freeze, freezes.ExpireFreezeSuccess),
    accounts.CloseAccount: Service(accounts.close_account, accounts.CloseAccountSuccess),
    overdrafts.SetOverdraftLimit: Service(overdrafts.set_overdraft_limit, overdrafts.SetOverdraftLimitSuccess),
    movements.Deposit: Service(movements.deposit, movements.DepositSuccess),
    movements.Withdraw: Service(movements.withdraw, movements.WithdrawSuccess),
    movements.Transfer: Service(movements.transfer, movements.TransferSuccess),
    holds.PlaceHold: Service(holds.place_hold, holds.PlaceHoldSuccess),
    captures.CaptureHold: Service(captures.capture_hold, captures.CaptureHoldSuccess),
    holds.ReleaseHold: Service(holds.release_hold, holds.ReleaseHoldSuccess),
    holds.ExpireHold: Service(holds.expire_hold, holds.ExpireHoldSuccess),
    reversals.ReverseTransaction: Service(reversals.reverse_transaction, reversals.ReverseTransactionSuccess),
    batches.ExecuteBatch: Service(batches.execute_batch, batches.ExecuteBatchSuccess),
    api_clients.CreateApiClient: Service(api_clients.create_api_client, api_clients.CreateApiClientSuccess),
    api_clients.ChangeApiClientRole: Service(
        api_clients.change_api_client_role, api_clients.ChangeApiClientRoleSuccess
    ),
    api_clients.DisableApiClient: Service(api_clients.disable_api_client, api_clients.DisableApiClientSuccess),
    api_clients.EnableApiClient: Service(api_clients.enable_api_client, api_clients.EnableApiClientSuccess),
    api_clients.IssueApiKey: Service(api_clients.issue_api_key, api_clients.IssueApiKeySuccess),
    api_clients.RevokeApiKey: Service(api_clients.revoke_api_key, api_clients.RevokeApiKeySuccess),
    idempotency_keys.AbandonIdempotencyKey: Service(
        idempotency_keys.abandon_idempotency_key, idempotency_keys.AbandonIdempotencyKeySuccess
    ),
    erasures.EraseText: Service(erasures.erase_text, erasures.EraseTextSuccess),
    rollbacks.AcceptRollback: Service(rollbacks.accept_rollback, rollbacks.AcceptRollbackSuccess),
}

"""The table of operations: every one, who may ask for it, and what it does."""

from __future__ import annotations

import strawberry

from domain.access import AUDITORS, EVERYONE, Operation
from resolvers import access, accounts, audit, batches, holds, movements, nodes
from resolvers.operation import mutation, preview, query
from schema.access import ApiClient
from schema.accounts import Account
from schema.audit import AuditRecord, IdempotencyRecord
from schema.batch_results import ExecuteBatchResult, PreviewResult
from schema.explanations import BalanceExplanation
from schema.hold_results import CaptureHoldResult, PlaceHoldResult, ReleaseHoldResult
from schema.nodes import Node
from schema.pages import Connection
from schema.results import (
    AbandonIdempotencyKeyResult,
    ChangeApiClientRoleResult,
    CloseAccountResult,
    CreateApiClientResult,
    DepositResult,
    DisableApiClientResult,
    EnableApiClientResult,
    FreezeAccountResult,
    IssueApiKeyResult,
    OpenAccountResult,
    RenameAccountResult,
    ReverseTransactionResult,
    RevokeApiKeyResult,
    SetOverdraftLimitResult,
    TransferResult,
    UnfreezeAccountResult,
    WithdrawResult,
)
from schema.transactions import Transaction


@strawberry.type(
    description="What can be asked. Every answer is from committed state. Where one thing is asked for, null means "
    "that there is none; a list is null only beside an error that says why."
)
class Query:
    """What can be asked."""

    viewer: ApiClient | None = query(access.viewer, roles=EVERYONE, description="The API client that is asking.")
    node: Node | None = query(
        nodes.node,
        roles=EVERYONE,
        description="Anything by its id. An id of a type that the caller's role may not read is FORBIDDEN, whether "
        "there is such a thing or not; an API client always reaches itself.",
    )
    account: Account | None = query(
        accounts.account,
        roles=EVERYONE,
        description="A customer's account by its id; the house's own accounts cannot be found.",
    )
    account_by_reference: Account | None = query(
        accounts.account_by_reference,
        roles=EVERYONE,
        description="The account that was opened with exactly this reference.",
    )
    accounts: Connection[Account] | None = query(
        accounts.accounts, roles=EVERYONE, description="Customers' accounts, newest first."
    )
    transaction: Transaction | None = query(
        movements.transaction, roles=EVERYONE, description="A transaction by its id."
    )
    transactions: Connection[Transaction] | None = query(
        movements.transactions, roles=EVERYONE, description="Transactions, newest first."
    )
    audit_log: Connection[AuditRecord] | None = query(
        audit.audit_log, roles=AUDITORS, description="The audit log: every success, refusal and denial, oldest first."
    )
    api_clients: Connection[ApiClient] | None = query(
        access.api_clients, roles=AUDITORS, description="API clients, newest first."
    )
    idempotency_record: IdempotencyRecord | None = query(
        audit.idempotency_record,
        roles=EVERYONE,
        description="What became of an idempotency key, behind everything that is already waiting. Null means: not "
        "decided yet. It never means: will not happen; abandonIdempotencyKey makes sure of that.",
    )
    explain_balance: BalanceExplanation | None = query(
        holds.explain_balance,
        roles=EVERYONE,
        description="Why an account's balance is what it is, or what it was at an instant that has passed: recomputed "
        "from its entries and holds. Null if there is no such account.",
    )
    preview_deposit: PreviewResult | None = preview(
        batches.preview_deposit,
        description="What deposit would come to at this moment. Nothing is done, recorded or kept.",
    )
    preview_withdraw: PreviewResult | None = preview(
        batches.preview_withdraw,
        description="What withdraw would come to at this moment, for a caller who may. Nothing is done, recorded or "
        "kept.",
    )
    preview_transfer: PreviewResult | None = preview(
        batches.preview_transfer,
        description="What transfer would come to at this moment, for a caller who may. Nothing is done, recorded or "
        "kept.",
    )


@strawberry.type(
    description="What can be done. Each mutation needs an idempotency key and acts at most once for it, all or "
    "nothing. What was decided, be it a success, a refusal or a denial, is in the audit log before it is answered. A "
    "field is null only beside an error that says why."
)
class Mutation:
    """What can be done."""

    open_account: OpenAccountResult | None = mutation(
        accounts.open_account,
        performs=Operation.OPEN_ACCOUNT,
        description="Open an empty, ACTIVE account in one currency. A positive overdraft limit needs MANAGER or ADMIN.",
    )
    rename_account: RenameAccountResult | None = mutation(
        accounts.rename_account,
        performs=Operation.RENAME_ACCOUNT,
        description="Give an account that is not CLOSED another name.",
    )
    deposit: DepositResult | None = mutation(
        movements.deposit,
        performs=Operation.DEPOSIT,
        description="Bring money in from outside, to an account that is not CLOSED and has no live freeze of scope "
        "ALL.",
    )
    withdraw: WithdrawResult | None = mutation(
        movements.withdraw,
        performs=Operation.WITHDRAW,
        description="Pay money out of an ACTIVE account, at most what is available.",
    )
    transfer: TransferResult | None = mutation(
        movements.transfer,
        performs=Operation.TRANSFER,
        description="Move money between two accounts of one currency: out of an ACTIVE one, at most what is available, "
        "to one that could take a deposit.",
    )
    execute_batch: ExecuteBatchResult | None = mutation(
        batches.execute_batch,
        performs=Operation.EXECUTE_BATCH,
        description="Carry out 1 to 1,000 movements in their order and in one commit, all or nothing or each for "
        "itself. Every item has a key of its own, under which it could also be sent alone.",
    )
    freeze_account: FreezeAccountResult | None = mutation(
        accounts.freeze_account,
        performs=Operation.FREEZE_ACCOUNT,
        description="Put a freeze on an account that is not CLOSED, on top of any others. The account is FROZEN until "
        "the last of them is released or runs out.",
    )
    unfreeze_account: UnfreezeAccountResult | None = mutation(
        accounts.unfreeze_account,
        performs=Operation.UNFREEZE_ACCOUNT,
        description="Release one live freeze; after the last one the account is ACTIVE again. A COMPLIANCE freeze "
        "needs ADMIN.",
    )
    close_account: CloseAccountResult | None = mutation(
        accounts.close_account,
        performs=Operation.CLOSE_ACCOUNT,
        description="Close an account for ever: nothing may be held or owed, and what is posted goes in the same step "
        "to sweepToAccountId. Live freezes and the overdraft limit end with it. A FROZEN account needs ADMIN.",
    )
    create_api_client: CreateApiClientResult | None = mutation(
        access.create_api_client,
        performs=Operation.CREATE_API_CLIENT,
        description="Register a calling system under a name of its own. It needs a key to act: issueApiKey.",
    )
    change_api_client_role: ChangeApiClientRoleResult | None = mutation(
        access.change_api_client_role,
        performs=Operation.CHANGE_API_CLIENT_ROLE,
        description="Trust an API client with more or less, from its next request on; not the last ADMIN with a usable "
        "key.",
    )
    disable_api_client: DisableApiClientResult | None = mutation(
        access.disable_api_client,
        performs=Operation.DISABLE_API_CLIENT,
        description="Stop an API client with all its keys, until it is enabled; not the last ADMIN with a usable key. "
        "A disabled one stays as it is.",
    )
    enable_api_client: EnableApiClientResult | None = mutation(
        access.enable_api_client,
        performs=Operation.ENABLE_API_CLIENT,
        description="Let a disabled API client act again, with the keys it has. An enabled one stays as it is.",
    )
    issue_api_key: IssueApiKeyResult | None = mutation(
        access.issue_api_key,
        performs=Operation.ISSUE_API_KEY,
        description="Give an enabled API client another key. Its secret is in the first answer only, never in a "
        "replay.",
    )
    revoke_api_key: RevokeApiKeyResult | None = mutation(
        access.revoke_api_key,
        performs=Operation.REVOKE_API_KEY,
        description="Make a key worthless, at once and for ever; not the last usable one of the last ADMIN.",
    )
    abandon_idempotency_key: AbandonIdempotencyKeyResult | None = mutation(
        audit.abandon_idempotency_key,
        performs=Operation.ABANDON_IDEMPOTENCY_KEY,
        description="Find out what became of one of your own keys after a timeout; one that was not seen yet becomes "
        "ABANDONED, so that a late arrival cannot execute.",
    )
    set_overdraft_limit: SetOverdraftLimitResult | None = mutation(
        accounts.set_overdraft_limit,
        performs=Operation.SET_OVERDRAFT_LIMIT,
        description="Change how far an account that is not CLOSED may go below zero, FROZEN or not; never to less than "
        "is in use.",
    )
    place_hold: PlaceHoldResult | None = mutation(
        holds.place_hold,
        performs=Operation.PLACE_HOLD,
        description="Set money aside on an ACTIVE account, at most what is available. It stays posted until the hold "
        "is captured; until the hold ends, nobody else can have it.",
    )
    capture_hold: CaptureHoldResult | None = mutation(
        holds.capture_hold,
        performs=Operation.CAPTURE_HOLD,
        description="Move what an open hold has set aside, all or a part, once: to another account that could take a "
        "deposit, or out. The rest is available again. On a FROZEN account it needs a note that says why.",
    )
    release_hold: ReleaseHoldResult | None = mutation(
        holds.release_hold,
        performs=Operation.RELEASE_HOLD,
        description="Give an open hold up: what it set aside is available again. A FROZEN account does not stop it.",
    )
    reverse_transaction: ReverseTransactionResult | None = mutation(
        movements.reverse_transaction,
        performs=Operation.REVERSE_TRANSACTION,
        description="Take a transaction back, whole or in part, by one that moves the other way: never more of it than "
        "it moved, and at most what is available where it arrived. A freeze stops money from leaving by it, not from "
        "coming back.",
    )

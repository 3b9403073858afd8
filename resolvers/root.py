"""The table of operations: every one, who may ask for it, and what it does."""

from __future__ import annotations

import strawberry

from domain.access import AUDITORS, EVERYONE, Operation
from resolvers import access, accounts, audit, movements, nodes
from resolvers.operation import mutation, query
from schema.access import ApiClient
from schema.accounts import Account
from schema.audit import AuditRecord, IdempotencyRecord
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
    RevokeApiKeyResult,
    TransferResult,
    UnfreezeAccountResult,
    WithdrawResult,
)
from schema.transactions import Transaction


@strawberry.type(description="What can be asked. Every answer is from committed state.")
class Query:
    """What can be asked."""

    viewer: ApiClient | None = query(access.viewer, roles=EVERYONE, description="The API client that is asking.")
    node: Node | None = query(
        nodes.node,
        roles=EVERYONE,
        description="Anything by its id; null if there is none. Reaches only types that the caller's role may read.",
    )
    account: Account | None = query(
        accounts.account, roles=EVERYONE, description="A customer's account; null if there is none."
    )
    account_by_reference: Account | None = query(
        accounts.account_by_reference,
        roles=EVERYONE,
        description="The account that was opened with this reference; null if there is none.",
    )
    accounts: Connection[Account] | None = query(
        accounts.accounts, roles=EVERYONE, description="Customers' accounts, newest first."
    )
    transaction: Transaction | None = query(
        movements.transaction, roles=EVERYONE, description="A transaction; null if there is none."
    )
    transactions: Connection[Transaction] | None = query(
        movements.transactions, roles=EVERYONE, description="Transactions, newest first."
    )
    audit_log: Connection[AuditRecord] | None = query(
        audit.audit_log, roles=AUDITORS, description="The audit log, oldest first."
    )
    api_clients: Connection[ApiClient] | None = query(
        access.api_clients, roles=AUDITORS, description="API clients, newest first."
    )
    idempotency_record: IdempotencyRecord | None = query(
        audit.idempotency_record,
        roles=EVERYONE,
        description="What became of an idempotency key. Null means: not decided yet. It never means: will not happen; "
        "abandonIdempotencyKey makes sure of that.",
    )


@strawberry.type(
    description="What can be done. Each mutation acts at most once for each idempotency key, all or nothing, and its "
    "answer is durable. A field is null only beside an error that says why."
)
class Mutation:
    """What can be done."""

    open_account: OpenAccountResult | None = mutation(
        accounts.open_account,
        performs=Operation.OPEN_ACCOUNT,
        description="Open an empty, ACTIVE account. A positive overdraft limit needs MANAGER.",
    )
    rename_account: RenameAccountResult | None = mutation(
        accounts.rename_account,
        performs=Operation.RENAME_ACCOUNT,
        description="Give an account that is not closed another name.",
    )
    deposit: DepositResult | None = mutation(
        movements.deposit, performs=Operation.DEPOSIT, description="Bring money in from outside."
    )
    withdraw: WithdrawResult | None = mutation(
        movements.withdraw, performs=Operation.WITHDRAW, description="Pay money out."
    )
    transfer: TransferResult | None = mutation(
        movements.transfer,
        performs=Operation.TRANSFER,
        description="Move money between two accounts of one currency.",
    )
    freeze_account: FreezeAccountResult | None = mutation(
        accounts.freeze_account,
        performs=Operation.FREEZE_ACCOUNT,
        description="Put a freeze on an account, on top of any others.",
    )
    unfreeze_account: UnfreezeAccountResult | None = mutation(
        accounts.unfreeze_account,
        performs=Operation.UNFREEZE_ACCOUNT,
        description="Release one freeze. A COMPLIANCE freeze needs ADMIN.",
    )
    close_account: CloseAccountResult | None = mutation(
        accounts.close_account,
        performs=Operation.CLOSE_ACCOUNT,
        description="Close an empty account for ever; live freezes end with it. A FROZEN account needs ADMIN.",
    )
    create_api_client: CreateApiClientResult | None = mutation(
        access.create_api_client,
        performs=Operation.CREATE_API_CLIENT,
        description="Register a calling system. It needs a key to act.",
    )
    change_api_client_role: ChangeApiClientRoleResult | None = mutation(
        access.change_api_client_role,
        performs=Operation.CHANGE_API_CLIENT_ROLE,
        description="Trust an API client with more or less, from its next request on.",
    )
    disable_api_client: DisableApiClientResult | None = mutation(
        access.disable_api_client,
        performs=Operation.DISABLE_API_CLIENT,
        description="Stop an API client with all its keys.",
    )
    enable_api_client: EnableApiClientResult | None = mutation(
        access.enable_api_client,
        performs=Operation.ENABLE_API_CLIENT,
        description="Let a disabled API client act again.",
    )
    issue_api_key: IssueApiKeyResult | None = mutation(
        access.issue_api_key,
        performs=Operation.ISSUE_API_KEY,
        description="Give an API client another key. Its secret is in the first answer only.",
    )
    revoke_api_key: RevokeApiKeyResult | None = mutation(
        access.revoke_api_key,
        performs=Operation.REVOKE_API_KEY,
        description="Make a key worthless, at once and for ever.",
    )
    abandon_idempotency_key: AbandonIdempotencyKeyResult | None = mutation(
        audit.abandon_idempotency_key,
        performs=Operation.ABANDON_IDEMPOTENCY_KEY,
        description="Find out what became of one of your own keys after a timeout; if it was not seen yet, make sure "
        "that a late arrival cannot execute.",
    )

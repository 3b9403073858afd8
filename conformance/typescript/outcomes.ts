// What became of a mutation, or would become of one, in a sentence. Every member of every union has its case; else this does not compile.

import type {
  AbandonIdempotencyKeyMutation,
  CaptureHoldMutation,
  ChangeApiClientRoleMutation,
  CloseAccountMutation,
  CreateApiClientMutation,
  DepositMutation,
  DisableApiClientMutation,
  EnableApiClientMutation,
  ErrorCode,
  ExecuteBatchMutation,
  FreezeAccountMutation,
  IssueApiKeyMutation,
  OpenAccountMutation,
  PlaceHoldMutation,
  ReleaseHoldMutation,
  PreviewDepositQuery,
  PreviewTransferQuery,
  PreviewWithdrawQuery,
  RenameAccountMutation,
  Retry,
  ReverseTransactionMutation,
  RevokeApiKeyMutation,
  SetOverdraftLimitMutation,
  TransferMutation,
  UnfreezeAccountMutation,
  WithdrawMutation,
} from "../generated/typescript/graphql.js";
import type { Answer } from "./sending.js";

export function openAccount(answer: Answer<OpenAccountMutation>): string {
  switch (answer.__typename) {
    case "OpenAccountSuccess":
      return done(answer, `opened an account in state ${answer.account.state}`);
    case "InvalidInput": case "InvalidAmount": case "NotPermitted": case "IdempotencyKeyReused":
    case "IdempotencyKeyAbandoned": case "ReferenceTaken": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function renameAccount(answer: Answer<RenameAccountMutation>): string {
  switch (answer.__typename) {
    case "RenameAccountSuccess":
      return done(answer, `renamed the account to ${answer.account.name}`);
    case "InvalidInput": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned": case "AccountNotFound":
    case "AccountClosed": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function deposit(answer: Answer<DepositMutation>): string {
  switch (answer.__typename) {
    case "DepositSuccess":
      return done(answer, `deposited ${money(answer.transaction.amount)}`);
    case "InvalidInput": case "InvalidAmount": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned":
    case "AccountNotFound": case "AccountClosed": case "AccountFrozen": case "CurrencyMismatch":
    case "PreconditionFailed": case "LimitExceeded": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function withdraw(answer: Answer<WithdrawMutation>): string {
  switch (answer.__typename) {
    case "WithdrawSuccess":
      return done(answer, `withdrew ${money(answer.transaction.amount)}`);
    case "InvalidInput": case "InvalidAmount": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned":
    case "AccountNotFound": case "AccountClosed": case "CurrencyMismatch": case "PreconditionFailed":
    case "LimitExceeded": case "Overloaded": case "Unavailable":
      return refused(answer);
    case "AccountFrozen":
      return refused(answer, `frozen for ${answer.scope}`);
    case "InsufficientFunds":
      return refused(answer, `short of ${money(answer.shortfall)}`);
    default:
      return addedLater(answer);
  }
}

export function transfer(answer: Answer<TransferMutation>): string {
  switch (answer.__typename) {
    case "TransferSuccess":
      return done(answer, `transferred ${money(answer.transaction.amount)}`);
    case "InvalidInput": case "InvalidAmount": case "SameAccount": case "IdempotencyKeyReused":
    case "IdempotencyKeyAbandoned": case "AccountNotFound": case "AccountClosed": case "CurrencyMismatch":
    case "PreconditionFailed": case "LimitExceeded": case "Overloaded": case "Unavailable":
      return refused(answer);
    case "AccountFrozen":
      return refused(answer, `frozen for ${answer.scope}`);
    case "InsufficientFunds":
      return refused(answer, `short of ${money(answer.shortfall)}`);
    default:
      return addedLater(answer);
  }
}

export function freezeAccount(answer: Answer<FreezeAccountMutation>): string {
  switch (answer.__typename) {
    case "FreezeAccountSuccess":
      return done(answer, `froze ${answer.freeze.scope} for ${answer.freeze.reason}`);
    case "InvalidInput": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned": case "AccountNotFound":
    case "AccountClosed": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function unfreezeAccount(answer: Answer<UnfreezeAccountMutation>): string {
  switch (answer.__typename) {
    case "UnfreezeAccountSuccess":
      return done(answer, `released a freeze; the account is ${answer.account.state}`);
    case "InvalidInput": case "NotPermitted": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned":
    case "AccountNotFound": case "FreezeNotFound": case "AccountClosed": case "AccountNotFrozen": case "Overloaded":
    case "Unavailable":
      return refused(answer);
    case "AmbiguousFreeze":
      return refused(answer, `one of ${answer.freezeIds.join(", ")}`);
    default:
      return addedLater(answer);
  }
}

export function closeAccount(answer: Answer<CloseAccountMutation>): string {
  switch (answer.__typename) {
    case "CloseAccountSuccess":
      return done(answer, `closed the account, ${answer.sweep ? `sweeping ${money(answer.sweep.amount)}` : "empty"}`);
    case "InvalidInput": case "SameAccount": case "NotPermitted": case "IdempotencyKeyReused":
    case "IdempotencyKeyAbandoned": case "AccountNotFound": case "AccountClosed": case "AccountFrozen":
    case "CurrencyMismatch": case "LimitExceeded": case "Overloaded": case "Unavailable":
      return refused(answer);
    case "AccountNotEmpty":
      return refused(answer, `still holding ${money(answer.posted)}`);
    default:
      return addedLater(answer);
  }
}

export function placeHold(answer: Answer<PlaceHoldMutation>): string {
  switch (answer.__typename) {
    case "PlaceHoldSuccess":
      return done(answer, `held ${money(answer.hold.amount)}`);
    case "InvalidInput": case "InvalidAmount": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned":
    case "AccountNotFound": case "AccountClosed": case "AccountFrozen": case "CurrencyMismatch":
    case "PreconditionFailed": case "InsufficientFunds": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function captureHold(answer: Answer<CaptureHoldMutation>): string {
  switch (answer.__typename) {
    case "CaptureHoldSuccess":
      return done(answer, `captured ${money(answer.hold.captured)} of ${money(answer.hold.amount)}`);
    case "InvalidInput": case "InvalidAmount": case "SameAccount": case "IdempotencyKeyReused":
    case "IdempotencyKeyAbandoned": case "HoldNotFound": case "AccountNotFound": case "AccountClosed":
    case "AccountFrozen": case "HoldNotOpen": case "CurrencyMismatch": case "LimitExceeded": case "Overloaded":
    case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function releaseHold(answer: Answer<ReleaseHoldMutation>): string {
  switch (answer.__typename) {
    case "ReleaseHoldSuccess":
      return done(answer, `released ${money(answer.hold.amount)}`);
    case "InvalidInput": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned": case "HoldNotFound":
    case "HoldNotOpen": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function createApiClient(answer: Answer<CreateApiClientMutation>): string {
  switch (answer.__typename) {
    case "CreateApiClientSuccess":
      return done(answer, `registered ${answer.apiClient.name} as ${answer.apiClient.role}`);
    case "InvalidInput": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned": case "NameTaken":
    case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function changeApiClientRole(answer: Answer<ChangeApiClientRoleMutation>): string {
  switch (answer.__typename) {
    case "ChangeApiClientRoleSuccess":
      return done(answer, `made ${answer.apiClient.name} a ${answer.apiClient.role}`);
    case "InvalidInput": case "LastAdmin": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned":
    case "ApiClientNotFound": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function disableApiClient(answer: Answer<DisableApiClientMutation>): string {
  switch (answer.__typename) {
    case "DisableApiClientSuccess":
      return done(answer, `disabled ${answer.apiClient.name}`);
    case "InvalidInput": case "LastAdmin": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned":
    case "ApiClientNotFound": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function enableApiClient(answer: Answer<EnableApiClientMutation>): string {
  switch (answer.__typename) {
    case "EnableApiClientSuccess":
      return done(answer, `enabled ${answer.apiClient.name}`);
    case "InvalidInput": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned": case "ApiClientNotFound":
    case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function issueApiKey(answer: Answer<IssueApiKeyMutation>): string {
  switch (answer.__typename) {
    case "IssueApiKeySuccess":
      return done(answer, "issued a key");
    case "InvalidInput": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned": case "ApiClientNotFound":
    case "ApiClientDisabled": case "ApiKeyLimit": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function revokeApiKey(answer: Answer<RevokeApiKeyMutation>): string {
  switch (answer.__typename) {
    case "RevokeApiKeySuccess":
      return done(answer, "revoked a key");
    case "InvalidInput": case "LastAdmin": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned":
    case "ApiKeyNotFound": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function abandonIdempotencyKey(answer: Answer<AbandonIdempotencyKeyMutation>): string {
  switch (answer.__typename) {
    case "AbandonIdempotencyKeySuccess":
      return done(answer, `found the key ${answer.record.outcome}`);
    case "InvalidInput": case "IdempotencyKeyReused": case "Overloaded": case "Unavailable":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

export function setOverdraftLimit(answer: Answer<SetOverdraftLimitMutation>): string {
  switch (answer.__typename) {
    case "SetOverdraftLimitSuccess":
      return done(answer, `limited the overdraft to ${money(answer.account.overdraftLimit)}`);
    case "InvalidInput": case "InvalidAmount": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned":
    case "AccountNotFound": case "AccountClosed": case "CurrencyMismatch": case "Overloaded": case "Unavailable":
      return refused(answer);
    case "InsufficientFunds":
      return refused(answer, `short of ${money(answer.shortfall)}`);
    default:
      return addedLater(answer);
  }
}

export function reverseTransaction(answer: Answer<ReverseTransactionMutation>): string {
  switch (answer.__typename) {
    case "ReverseTransactionSuccess":
      return done(answer, `took back ${money(answer.transaction.amount)}`);
    case "InvalidInput": case "InvalidAmount": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned":
    case "TransactionNotFound": case "AccountClosed": case "CurrencyMismatch": case "LimitExceeded":
    case "Overloaded": case "Unavailable":
      return refused(answer);
    case "AccountFrozen":
      return refused(answer, `frozen for ${answer.scope}`);
    case "NotReversible":
      return refused(answer, `reversible up to ${money(answer.reversible)}`);
    case "InsufficientFunds":
      return refused(answer, `short of ${money(answer.shortfall)}`);
    default:
      return addedLater(answer);
  }
}

export function executeBatch(answer: Answer<ExecuteBatchMutation>): string {
  switch (answer.__typename) {
    case "ExecuteBatchSuccess":
      return done(answer, `carried out ${answer.succeeded} of ${answer.results.length} movements`);
    case "InvalidInput": case "IdempotencyKeyReused": case "IdempotencyKeyAbandoned": case "Overloaded":
    case "Unavailable":
      return refused(answer);
    case "BatchRefused":
      return refused(answer, `item ${answer.index}, a ${answer.cause.__typename}`);
    default:
      return addedLater(answer);
  }
}

type Executed = Extract<Answer<ExecuteBatchMutation>, { __typename: "ExecuteBatchSuccess" }>;

export function batchItem(answer: Executed["results"][number]): string {
  switch (answer.__typename) {
    case "DepositSuccess":
      return done(answer, `deposited, which makes ${money(answer.account.available)}`);
    case "WithdrawSuccess":
      return done(answer, `withdrew, which leaves ${money(answer.account.available)}`);
    case "TransferSuccess":
      return done(answer, `transferred, which leaves ${money(answer.fromAccount.available)}`);
    case "InvalidInput": case "InvalidAmount": case "SameAccount": case "NotPermitted": case "IdempotencyKeyReused":
    case "IdempotencyKeyAbandoned": case "AccountNotFound": case "AccountClosed": case "AccountFrozen":
    case "CurrencyMismatch": case "PreconditionFailed": case "LimitExceeded": case "InsufficientFunds":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

type Preview = Answer<PreviewDepositQuery> | Answer<PreviewWithdrawQuery> | Answer<PreviewTransferQuery>;

export function preview(answer: Preview): string {
  switch (answer.__typename) {
    case "MovementPreview":
      return `would leave ${answer.accounts.map(({ available }) => money(available)).join(" and ")}`;
    case "InvalidInput": case "InvalidAmount": case "SameAccount": case "AccountNotFound": case "AccountClosed":
    case "AccountFrozen": case "CurrencyMismatch": case "PreconditionFailed": case "LimitExceeded":
    case "InsufficientFunds":
      return refused(answer);
    default:
      return addedLater(answer);
  }
}

/** What every refusal has: enough for those that nobody knew when this was written. */
type UserError = { code: ErrorCode; message: string; retry: Retry };

function done({ replayed }: { replayed: boolean }, what: string): string {
  return replayed ? `${what}, as answered before` : what;
}

function refused({ code, message, retry }: UserError, detail?: string): string {
  return `${code}: ${message} Retry: ${retry}.` + (detail ? ` It is ${detail}.` : "");
}

/** Tell what was added to the union later. It can only be passed here if no member that is known gets here. */
function addedLater(unknown: never): string {
  return refused(unknown);
}

function money({ amount, currency }: { amount: string; currency: string }): string {
  return `${amount} ${currency}`;
}

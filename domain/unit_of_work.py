"""The overlay a command works on: it reads through to the books, and what it stages lives or dies with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.access import ApiClient, ApiKey, Caller
from domain.accounts import Account, AccountKind, AccountState, house_account, house_account_id
from domain.audit import AuditRecord
from domain.commands import Command, Rejection
from domain.errors import AccountNotFound, InputPath
from domain.freezes import Freeze
from domain.holds import Hold, HoldState
from domain.idempotency import Decision, IdempotencyScope
from domain.ids import Entropy, Ids, Prefix
from domain.instants import Instant
from domain.money import Currency
from domain.ports import Books, Outcome
from domain.transactions import Reversal, Transaction


@dataclass(frozen=True, slots=True)
class FreeText:
    """The free text that one command brought, beside the salt of its digests."""

    sequence: int
    salt: bytes
    content: dict[str, Any]


@dataclass(slots=True)
class Staged:
    """Rows to be written, each as it was staged last.

    `created` tells which ids are new, and the number of the audit record that made them; `changed` by which record
    each was staged last, `named` by which record an account got another name, `erased` by which its words were erased.
    Reversals go by the id of the transaction that takes back.
    """

    accounts: dict[str, Account] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    reversals: dict[str, Reversal] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    freezes: dict[str, Freeze] = field(default_factory=dict)
    api_clients: dict[str, ApiClient] = field(default_factory=dict)
    api_keys: dict[str, ApiKey] = field(default_factory=dict)
    secret_digests: dict[str, str] = field(default_factory=dict)
    decisions: dict[IdempotencyScope, Decision] = field(default_factory=dict)
    audit: list[AuditRecord] = field(default_factory=list)
    text: list[FreeText] = field(default_factory=list)
    erased: dict[str, int] = field(default_factory=dict)

    def absorb(self, other: Staged) -> None:
        """Take over everything the other has staged."""
        for name in self.__slots__:
            if theirs := getattr(other, name):
                mine = getattr(self, name)
                mine.extend(theirs) if isinstance(mine, list) else mine.update(theirs)


class UnitOfWork:
    """What one command sees and stages. The books below it are never written to.

    `now` is the ledger time of the batch; `sequence` is the number its audit record will have. `parts` is what the
    commands that it is made of have staged, each under an audit record of its own.
    """

    def __init__(
        self,
        books: Books,
        batch: Staged,
        *,
        caller: Caller,
        now: Instant,
        sequence: int,
        ids: Ids,
        entropy: Entropy,
        decide: Callable[[UnitOfWork, str, Command | Rejection], Outcome],
    ) -> None:
        self.caller = caller
        self.now = now
        self.sequence = sequence
        self.ids = ids
        self.entropy = entropy
        self.staged = Staged()
        self.parts = Staged()
        self._decide = decide
        self._books = books
        self._batch = batch

    def decide(self, key: str, part: Command | Rejection) -> Outcome:
        """Decide a part of this command as if it were sent alone, after the parts before it."""
        return self._decide(self, key, part)

    # Look-ups: staged by this command, else by the batch, else in the books.

    def account(self, account_id: str) -> Account | None:
        """Return an account of any kind."""
        staged = self.staged.accounts.get(account_id) or self._batch.accounts.get(account_id)
        return staged or self._books.account(account_id)

    def customer_account(self, account_id: str, path: InputPath) -> Account:
        """Return a customer's account. Raises AccountNotFound for everything else, house accounts included."""
        account = self.account(account_id)
        if account is None or account.kind is not AccountKind.CUSTOMER:
            raise AccountNotFound(account_id, path=path)
        return account

    def house_account(self, currency: Currency) -> Account:
        """Return the house account of a currency, opened now if this is its first use."""
        account = self.account(house_account_id(currency))
        if account is None:
            account = house_account(currency, self.now)
            self.stage_opened_account(account)
        return account

    def account_id_with_reference(self, reference: str) -> str | None:
        """Return whose reference this is."""
        return self._batch.references.get(reference) or self._books.account_id_with_reference(reference)

    def unreleased_freezes(self, account_id: str) -> Sequence[Freeze]:
        """Return the freezes of an account not released yet, oldest first. Only a FROZEN account has any."""
        account = self.account(account_id)
        if account is None or account.state is not AccountState.FROZEN:
            return ()
        known = {freeze.id: freeze for freeze in self._books.unreleased_freezes(account_id)}
        layers = (*self._batch.freezes.values(), *self.staged.freezes.values())
        known |= {freeze.id: freeze for freeze in layers if freeze.account_id == account_id}
        return [freeze for freeze in known.values() if freeze.released_at is None]

    def live_freezes(self, account_id: str) -> Sequence[Freeze]:
        """Return the freezes of an account that count now, oldest first: what is due does not, settled or not."""
        return [freeze for freeze in self.unreleased_freezes(account_id) if freeze.is_live(self.now)]

    def freeze(self, freeze_id: str) -> Freeze | None:
        """Return a freeze, whatever became of it."""
        staged = self.staged.freezes.get(freeze_id) or self._batch.freezes.get(freeze_id)
        return staged or self._books.freeze(freeze_id)

    def hold(self, hold_id: str) -> Hold | None:
        """Return a hold, whatever became of it."""
        staged = self.staged.holds.get(hold_id) or self._batch.holds.get(hold_id)
        return staged or self._books.hold(hold_id)

    def due_holds(self, account_id: str, now: Instant) -> Sequence[Hold]:
        """Return the holds of an account that have run out and are not settled yet. Only what is held can have."""
        account = self.account(account_id)
        if account is None or not account.held.minor:
            return ()
        known = {hold.id: hold for hold in self._books.due_holds(account_id, now)}
        return [hold for hold in (known | self._staged_holds(account_id)).values() if hold.is_due(now)]

    def open_holds(self, account_id: str, most: int) -> Sequence[Hold]:
        """Return the first open holds of an account, oldest first."""
        staged = self._staged_holds(account_id)
        known = {hold.id: hold for hold in self._books.open_holds(account_id, most + len(staged))}
        return [hold for hold in (known | staged).values() if hold.state is HoldState.OPEN][:most]

    def _staged_holds(self, account_id: str) -> dict[str, Hold]:
        layers = self._batch.holds | self.staged.holds
        return {hold.id: hold for hold in layers.values() if hold.account_id == account_id}

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction with its entries."""
        staged = self.staged.transactions.get(transaction_id) or self._batch.transactions.get(transaction_id)
        return staged or self._books.transaction(transaction_id)

    def last_reversal(self, transaction_id: str) -> Reversal | None:
        """Return how far a transaction is taken back."""
        staged = [*self._batch.reversals.values(), *self.staged.reversals.values()]
        last = next((one for one in reversed(staged) if one.original_id == transaction_id), None)
        return last or self._books.last_reversal(transaction_id)

    def api_client(self, api_client_id: str) -> ApiClient | None:
        """Return an API client."""
        staged = self.staged.api_clients.get(api_client_id) or self._batch.api_clients.get(api_client_id)
        return staged or self._books.api_client(api_client_id)

    def api_client_id_with_name(self, name: str) -> str | None:
        """Return whose name this is."""
        staged = (client.id for client in self._batch.api_clients.values() if client.name == name)
        return next(staged, None) or self._books.api_client_id_with_name(name)

    def admins(self) -> Sequence[ApiClient]:
        """Return every API client that was an enabled ADMIN before this batch or is staged; check each again."""
        known = {client.id: client for client in self._books.admins()}
        known |= self._batch.api_clients | self.staged.api_clients
        return list(known.values())

    def api_key(self, api_key_id: str) -> ApiKey | None:
        """Return an API key."""
        staged = self.staged.api_keys.get(api_key_id) or self._batch.api_keys.get(api_key_id)
        return staged or self._books.api_key(api_key_id)

    def api_keys_of(self, api_client_id: str) -> Sequence[ApiKey]:
        """Return all keys of a client."""
        known = {key.id: key for key in self._books.api_keys_of(api_client_id)}
        layers = (*self._batch.api_keys.values(), *self.staged.api_keys.values())
        known |= {key.id: key for key in layers if key.api_client_id == api_client_id}
        return list(known.values())

    def texts_about(self, account_id: str) -> int:
        """Return how many records before this batch have words about an account still."""
        return self._books.texts_about(account_id)

    def decision(self, scope: IdempotencyScope) -> Decision | None:
        """Return what was decided under a key."""
        return self._batch.decisions.get(scope) or self._books.decision(scope)

    # Staging: nothing reaches the batch unless the whole command succeeds.

    def fresh_id(self, prefix: Prefix) -> str:
        """Return an id for something new."""
        return self.ids.fresh(prefix)

    def stage_opened_account(self, account: Account) -> None:
        """Stage an account that did not exist."""
        self.staged.created[account.id] = self.sequence
        if account.reference is not None:
            self.staged.references[account.reference] = account.id
        self.stage_account(account)

    def stage_renamed_account(self, account: Account) -> None:
        """Stage an account whose name this command brought."""
        self.staged.named[account.id] = self.sequence
        self.stage_account(account)

    def stage_account(self, account: Account) -> None:
        """Stage an account as it is from now on."""
        self.staged.accounts[account.id] = account
        self.staged.changed[account.id] = self.sequence

    def stage_erased_texts(self, account_id: str) -> None:
        """Stage that all words about an account are erased."""
        self.staged.erased[account_id] = self.sequence

    def stage_transaction(self, transaction: Transaction) -> None:
        """Stage a movement; its accounts are staged on their own."""
        self.staged.transactions[transaction.id] = transaction

    def stage_reversal(self, reversing: Transaction, reversal: Reversal) -> None:
        """Stage how far a transaction is taken back from now on; the movement is staged on its own."""
        self.staged.reversals[reversing.id] = reversal

    def stage_placed_hold(self, hold: Hold) -> None:
        """Stage a new hold."""
        self.staged.created[hold.id] = self.sequence
        self.stage_hold(hold)

    def stage_hold(self, hold: Hold) -> None:
        """Stage a hold as it is from now on."""
        self.staged.holds[hold.id] = hold
        self.staged.changed[hold.id] = self.sequence

    def stage_placed_freeze(self, freeze: Freeze) -> None:
        """Stage a new freeze."""
        self.staged.created[freeze.id] = self.sequence
        self.stage_freeze(freeze)

    def stage_freeze(self, freeze: Freeze) -> None:
        """Stage a freeze as it is from now on."""
        self.staged.freezes[freeze.id] = freeze
        self.staged.changed[freeze.id] = self.sequence

    def stage_created_api_client(self, client: ApiClient) -> None:
        """Stage a new API client."""
        self.staged.created[client.id] = self.sequence
        self.stage_api_client(client)

    def stage_api_client(self, client: ApiClient) -> None:
        """Stage an API client as it is from now on."""
        self.staged.api_clients[client.id] = client
        self.staged.changed[client.id] = self.sequence

    def stage_issued_api_key(self, key: ApiKey, secret_digest: str) -> None:
        """Stage a new API key with the digest of its secret."""
        self.staged.created[key.id] = self.sequence
        self.staged.secret_digests[key.id] = secret_digest
        self.stage_api_key(key)

    def stage_api_key(self, key: ApiKey) -> None:
        """Stage an API key as it is from now on."""
        self.staged.api_keys[key.id] = key
        self.staged.changed[key.id] = self.sequence

    def stage_decision(self, decision: Decision) -> None:
        """Stage what is known of a key from now on."""
        self.staged.decisions[decision.record.scope] = decision

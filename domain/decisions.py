"""Deciding a batch: every request in turn, in memory, each on an overlay that is kept or dropped whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from domain import replay
from domain.access import PERMISSIONS, SYSTEM, Caller
from domain.accounts import AMOUNT, Account, AccountKind
from domain.audit import AuditOutcome, AuditRecord, Head, Unsealed, seal
from domain.commands import COMMON_REFUSALS, Command, Rejection
from domain.errors import BatchRefused, DomainError, Forbidden, InputError, InvalidAmount, Refusal
from domain.idempotency import Decision, IdempotencyOutcome, IdempotencyRecord, IdempotencyScope, fingerprint
from domain.ids import Entropy, Ids
from domain.instants import Instant
from domain.money import LARGEST_BALANCE, Money
from domain.ports import Books, Fault, Outcome, Request, StorageError
from domain.records import free_text, has_free_text, to_plain
from domain.services.freezes import ExpireFreeze
from domain.services.holds import ExpireHold
from domain.services.table import SERVICES
from domain.unit_of_work import FreeText, Staged, UnitOfWork

SALT_BYTES = 16


@dataclass(slots=True)
class Batch:
    """One batch being decided: what surrounds it, and what it has staged so far."""

    books: Books
    head: Head
    now: Instant
    ids: Ids
    entropy: Entropy
    largest_movement: int = LARGEST_BALANCE
    staged: Staged = field(default_factory=Staged)

    @property
    def sequence(self) -> int:
        """Return the number of the last audit record."""
        return self.head.sequence + len(self.staged.audit)

    @property
    def hash(self) -> str:
        """Return the end of the chain."""
        return self.staged.audit[-1].hash if self.staged.audit else self.head.hash

    def account(self, account_id: str) -> Account | None:
        """Return an account as the batch leaves it so far."""
        return self.staged.accounts.get(account_id) or self.books.account(account_id)

    def unit_of_work(self, caller: Caller) -> UnitOfWork:
        """Return a fresh overlay for one command."""
        return UnitOfWork(
            self.books,
            self.staged,
            caller=caller,
            now=self.now,
            sequence=self.sequence + 1,
            ids=self.ids,
            entropy=self.entropy,
            decide=partial(_decide_part, self),
        )


def decide_all(batch: Batch, requests: Sequence[Request]) -> list[Outcome | Fault]:
    """Decide the requests in order. A bug in one is a Fault for that one and nothing else. Raises StorageError."""
    return [_decide_safely(batch, request) for request in requests]


def _decide_safely(batch: Batch, request: Request) -> Outcome | Fault:
    try:
        return decide(batch, request)
    except StorageError:
        raise
    except Exception as bug:  # noqa: BLE001 - whatever it is, it must not reach the other requests
        fault = Fault(f"{type(bug).__name__} while deciding {request.command.operation}")
        fault.__cause__ = bug
        return fault


def decide(batch: Batch, request: Request) -> Outcome:
    """Decide one request: input, then caller, then key, then the books."""
    if isinstance(request.command, Rejection):
        return _reject(batch, request, request.command)
    return _decide_command(batch, request, request.command)


def _decide_part(batch: Batch, work: UnitOfWork, key: str, part: Command | Rejection) -> Outcome:
    """Decide a part of a command in a batch of its own, whose books are what the command sees."""
    head = Head(batch.head.batch, batch.sequence, batch.now, batch.hash)
    inner = Batch(work, head, batch.now, batch.ids, batch.entropy, batch.largest_movement, work.parts)
    return decide(inner, Request(work.caller, key, part))


def _decide_command(batch: Batch, request: Request, command: Command) -> Outcome:
    work = batch.unit_of_work(request.caller)
    caller = _present_caller(work, request.caller)
    if caller is None or caller.role not in PERMISSIONS[command.operation]:
        return _deny(batch, request, command)
    request = Request(caller, request.key, command)
    scope = IdempotencyScope(caller.api_client_id, command.operation, request.key)
    if decision := work.decision(scope):
        return _answer_again(batch, request, command, decision)
    return carry_out(batch, request, command)


def carry_out(batch: Batch, request: Request, command: Command) -> Outcome:
    """Decide what caller and key leave to the books: settle what is due there, then perform."""
    _settle(batch, command)
    return _perform(batch, request, command)


def _present_caller(work: UnitOfWork, caller: Caller) -> Caller | None:
    """Return the caller as the books know it by now; None if it is disabled, or its key no longer usable."""
    if caller == SYSTEM:
        return caller
    client, key = work.api_client(caller.api_client_id), work.api_key(caller.api_key_id or "")
    if client is None or key is None or key.api_client_id != client.id:
        return None
    if not client.is_enabled or not key.is_usable(work.now):
        return None
    return Caller(client.id, key.id, client.role)


def _reject(batch: Batch, request: Request, rejection: Rejection) -> Outcome:
    facts = {"error": to_plain(rejection.error)} | ({"repeats": rejection.repeats} if rejection.repeats else {})
    _record(batch, request, rejection.error, rejection.target_ids, facts)
    return Outcome(rejection.error, batch.now)


def _deny(batch: Batch, request: Request, command: Command) -> Outcome:
    error = Forbidden()
    _record(batch, request, error, command.target_ids, {"error": to_plain(error)})
    return Outcome(error, batch.now)


def _answer_again(batch: Batch, request: Request, command: Command, decision: Decision) -> Outcome:
    """Replay, writing nothing; a key used for something else is refused, and that refusal is recorded."""
    try:
        return replay.answer(batch.unit_of_work(request.caller), command, decision)
    except Refusal as refusal:
        facts = {"input": to_plain(command), "error": to_plain(refusal)}
        _record(batch, request, refusal, command.target_ids, facts)
        return Outcome(refusal, batch.now)


def _settle(batch: Batch, command: Command) -> None:
    """Carry out what has fallen due on the accounts the command touches, as deeds of the system."""
    for expiry in _due(batch, command):
        _perform(batch, Request(SYSTEM, "", expiry), expiry)


def _due(batch: Batch, command: Command) -> Iterator[ExpireHold | ExpireFreeze]:
    work = batch.unit_of_work(SYSTEM)
    for account_id in _touched(work, command):
        for hold in work.due_holds(account_id, batch.now):
            yield ExpireHold(account_id=account_id, hold_id=hold.id)
        for freeze in work.unreleased_freezes(account_id):
            if freeze.is_due(batch.now):
                yield ExpireFreeze(account_id=account_id, freeze_id=freeze.id)


def _touched(work: UnitOfWork, command: Command) -> Iterable[str]:
    """Return each account that the command names, or one of whose holds or transactions it names, once."""
    if not command.hold_ids and not command.transaction_ids:
        return dict.fromkeys(command.account_ids)
    held = (hold.account_id for hold in map(work.hold, command.hold_ids) if hold is not None)
    named = (one for one in map(work.transaction, command.transaction_ids) if one is not None)
    moved = (entry.account_id for transaction in named for entry in transaction.entries)
    return dict.fromkeys((*held, *command.account_ids, *moved))


def _perform(batch: Batch, request: Request, command: Command) -> Outcome:
    """Run the service on an overlay of its own; keep all that it staged, or only the record of its refusal."""
    work = batch.unit_of_work(request.caller)
    text = free_text(command)
    salt = batch.entropy.bytes(SALT_BYTES) if has_free_text(command) else b""
    canonical = to_plain(command, salt)
    try:
        _require_allowed(batch, command)
        success = SERVICES[type(command)].perform(work, command)
    except (InputError, Refusal) as error:
        _require_declared(command, error)
        facts = {"input": canonical, "error": to_plain(error)}
        record = _record(batch, request, error, _concerned(command, error), facts)
        if isinstance(error, Refusal):
            _remember(batch, record, fingerprint(canonical), text, salt)
        return Outcome(error, batch.now)
    # From here on nothing may fail: what the command staged becomes part of the batch.
    facts = {"input": canonical, "result": to_plain(success), "accounts": _changes(batch, work.staged)}
    targets = _targets(command, work.staged)
    batch.staged.absorb(work.parts)
    batch.staged.absorb(work.staged)
    record = _record(batch, request, None, targets, facts)
    _remember(batch, record, fingerprint(canonical), text, salt)
    return Outcome(success, batch.now)


def _require_allowed(batch: Batch, command: Command) -> None:
    """Refuse more than the operator lets one movement carry.

    Asked behind the key, unlike all else that is wrong with an input: a bound that is lowered must not change the
    answer to a movement that was made before.
    """
    amount = command.bounded_amount
    if amount is not None and amount.minor > batch.largest_movement:
        largest = Money(batch.largest_movement, amount.currency)
        raise InvalidAmount(amount.currency.exponent, largest, path=(*AMOUNT, "amount"))


def _require_declared(command: Command, error: DomainError) -> None:
    """Raise TypeError for an error that the command's union does not know: it would reach nobody."""
    if type(error) not in command.refusals | COMMON_REFUSALS:
        raise TypeError(f"{command.operation} does not declare {error.code}") from error


def _record(
    batch: Batch,
    request: Request,
    error: DomainError | None,
    target_ids: tuple[str, ...],
    facts: Mapping[str, Any],
) -> AuditRecord:
    unsealed = Unsealed(
        at=batch.now,
        outcome=_audit_outcome(error),
        operation=request.command.operation,
        api_client_id=request.caller.api_client_id,
        api_key_id=request.caller.api_key_id,
        role=request.caller.role,
        idempotency_key=request.key or None,
        target_ids=target_ids,
        error_code=error.code if error else None,
        facts=facts,
    )
    record = seal(unsealed, batch.sequence + 1, batch.hash)
    batch.staged.audit.append(record)
    return record


def _audit_outcome(error: DomainError | None) -> AuditOutcome:
    if error is None:
        return AuditOutcome.SUCCEEDED
    return AuditOutcome.DENIED if isinstance(error, Forbidden) else AuditOutcome.REFUSED


def _remember(batch: Batch, record: AuditRecord, mark: str, text: Mapping[str, Any], salt: bytes) -> None:
    """Keep the free text apart from the log, and the decision under its key. The system's own deeds have none.

    A salt is kept without text where only the parts of a command have any: each part keeps its own.
    """
    if salt:
        batch.staged.text.append(FreeText(record.sequence, salt, dict(text)))
    if record.idempotency_key is None:
        return
    scope = IdempotencyScope(record.api_client_id, record.operation, record.idempotency_key)
    outcome = IdempotencyOutcome(record.outcome.value)
    kept = IdempotencyRecord(scope, outcome, record.sequence, record.at, record.error_code, record.target_ids)
    batch.staged.decisions[scope] = Decision(kept, mark, salt, record.details)


def _targets(command: Command, staged: Staged) -> tuple[str, ...]:
    """Return what the deed touched: the ids it named, then those it created. House accounts are not for callers."""
    customers = (account.id for account in staged.accounts.values() if account.kind is AccountKind.CUSTOMER)
    created = (*staged.transactions, *staged.holds, *staged.freezes, *staged.api_clients, *staged.api_keys)
    return tuple(dict.fromkeys((*command.target_ids, *customers, *created)))


def _concerned(command: Command, error: DomainError) -> tuple[str, ...]:
    """Return what a refused deed was about: first of all the part that refused it, if it has parts."""
    refusing = command.parts[error.index][1].target_ids if isinstance(error, BatchRefused) else ()
    return tuple(dict.fromkeys((*refusing, *command.target_ids)))


def _changes(batch: Batch, staged: Staged) -> dict[str, Any]:
    """Return how each account stood before the command and after it."""
    return {
        account.id: {"before": _standing(batch.account(account.id)), "after": _standing(account)}
        for account in staged.accounts.values()
    }


def _standing(account: Account | None) -> dict[str, Any] | None:
    if account is None:
        return None
    return {
        "state": account.state.value,
        "posted": account.posted.minor,
        "held": account.held.minor,
        "overdraftLimit": account.overdraft_limit.minor,
        "version": account.version,
    }

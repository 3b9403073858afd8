"""Answering a retry from what was recorded when its key was decided."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from domain.access import Operation
from domain.accounts import Account
from domain.commands import Command
from domain.error_codes import ErrorCode
from domain.errors import DomainError, IdempotencyKeyAbandoned, IdempotencyKeyReused, ItemOutcome
from domain.freezes import Freeze
from domain.holds import Hold
from domain.idempotency import Decision, IdempotencyOutcome, IdempotencyScope, differing_fields, fingerprint
from domain.ports import Outcome
from domain.records import from_plain, to_plain
from domain.services.table import SERVICES
from domain.transactions import Transaction
from domain.unit_of_work import UnitOfWork


def answer(work: UnitOfWork, command: Command, decision: Decision) -> Outcome:
    """Return the stored outcome of an equal request. Raises IdempotencyKeyReused or IdempotencyKeyAbandoned."""
    record = decision.record
    if record.outcome is IdempotencyOutcome.ABANDONED:
        raise IdempotencyKeyAbandoned(path=("idempotencyKey",))
    details = json.loads(decision.details)
    canonical = _comparable(command, decision, details["input"])
    if fingerprint(canonical) != decision.fingerprint:
        differing = differing_fields(details["input"], canonical)
        raise IdempotencyKeyReused(record.decided_at, differing, path=("idempotencyKey",))
    return Outcome(_result(work, command, details), record.decided_at, replayed=True)


def _comparable(command: Command, decision: Decision, first: Mapping[str, Any]) -> dict[str, Any]:
    """Return the canonical input under the salt of the first one.

    Where that salt was erased with its text, no words can be compared any more: they are taken on trust.
    """
    canonical: dict[str, Any] = to_plain(command, decision.salt)
    return canonical if decision.salt else _on_trust(canonical, to_plain(command), first)


def _on_trust(canonical: Any, wordless: Any, first: Any) -> Any:
    """Return plain data with the words of the first input wherever both have words: those are not in `wordless`."""
    if isinstance(canonical, dict) and isinstance(first, dict):
        return {
            name: _on_trust(value, wordless[name], first.get(name)) if name in wordless else first.get(name, value)
            for name, value in canonical.items()
        }
    if isinstance(canonical, list) and isinstance(first, list) and len(canonical) == len(first):
        return [_on_trust(*three) for three in zip(canonical, wordless, first, strict=True)]
    return canonical


def _result(work: UnitOfWork, command: Command, details: Mapping[str, Any]) -> Any:
    if details["errorCode"] is not None:
        return from_plain(_error_type(command, ErrorCode(details["errorCode"])), details["error"])
    return _success(work, type(command), details)


def _success(work: UnitOfWork, kind: type[Command], details: Mapping[str, Any]) -> Any:
    success = from_plain(SERVICES[kind].success, details["result"])
    fields = {field.name: getattr(success, field.name) for field in dataclasses.fields(success)}
    return dataclasses.replace(success, **{name: _restored(work, value) for name, value in fields.items()})


def _restored(work: UnitOfWork, value: Any) -> Any:
    """Return the value with its free text, which is never in the log: as it is now, all else as decided then."""
    if isinstance(value, tuple):
        return tuple(_restored(work, item) for item in value)
    return _RESTORE[type(value)](work, value) if type(value) in _RESTORE else value


def _error_type(command: Command, code: ErrorCode) -> type[DomainError]:
    (kind,) = (refusal for refusal in command.refusals if refusal.code is code)
    return kind


def _restore_account(work: UnitOfWork, account: Account) -> Account:
    present = work.account(account.id) or account
    return dataclasses.replace(account, name=present.name, metadata=present.metadata)


def _restore_transaction(work: UnitOfWork, transaction: Transaction) -> Transaction:
    present = work.transaction(transaction.id) or transaction
    return dataclasses.replace(transaction, description=present.description, metadata=present.metadata)


def _restore_freeze(work: UnitOfWork, freeze: Freeze) -> Freeze:
    present = work.freeze(freeze.id) or freeze
    return dataclasses.replace(freeze, note=present.note)


def _restore_hold(work: UnitOfWork, hold: Hold) -> Hold:
    present = work.hold(hold.id) or hold
    return dataclasses.replace(hold, description=present.description)


def _restore_item(work: UnitOfWork, item: ItemOutcome) -> ItemOutcome:
    """Return what became of an item of a batch; its success is kept under its own key."""
    if item.result is not None:
        return item
    decision = work.decision(IdempotencyScope(work.caller.api_client_id, item.operation, item.idempotency_key))
    if decision is None:
        raise ValueError("a success is kept under its key")
    return dataclasses.replace(item, result=_success(work, _KINDS[item.operation], json.loads(decision.details)))


_KINDS: Mapping[Operation, type[Command]] = {kind.operation: kind for kind in SERVICES}
_RESTORE: Mapping[type, Callable[[UnitOfWork, Any], Any]] = {
    Account: _restore_account,
    Transaction: _restore_transaction,
    Freeze: _restore_freeze,
    Hold: _restore_hold,
    ItemOutcome: _restore_item,
}

"""All or nothing: a bug anywhere in a command leaves nothing of it, and touches nobody else in its batch."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.access import Caller, Operation, Role
from domain.audit import BEGINNING, Head, fault_in
from domain.commands import Command
from domain.errors import DomainError, Forbidden, InsufficientFunds
from domain.idempotency import IdempotencyScope
from domain.instants import SECOND, Instant
from domain.ports import Fault, Outcome, Request
from domain.services.accounts import RenameAccount
from domain.services.movements import Deposit, Withdraw
from domain.unit_of_work import UnitOfWork
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import SITUATIONS, frozen
from tests.support.books import euros
from tests.support.surroundings import NOON

STAGING = [name for name in vars(UnitOfWork) if name.startswith("stage_")]

STAGING_CALLS: Mapping[Operation, int] = {
    Operation.OPEN_ACCOUNT: 2,
    Operation.RENAME_ACCOUNT: 2,
    Operation.DEPOSIT: 5,
    Operation.WITHDRAW: 3,
    Operation.TRANSFER: 3,
    Operation.EXECUTE_BATCH: 9,
    Operation.FREEZE_ACCOUNT: 3,
    Operation.UNFREEZE_ACCOUNT: 2,
    Operation.SET_OVERDRAFT_LIMIT: 1,
    Operation.PLACE_HOLD: 3,
    Operation.CAPTURE_HOLD: 4,
    Operation.RELEASE_HOLD: 2,
    Operation.REVERSE_TRANSACTION: 4,
    Operation.CLOSE_ACCOUNT: 5,
    Operation.CREATE_API_CLIENT: 2,
    Operation.CHANGE_API_CLIENT_ROLE: 1,
    Operation.DISABLE_API_CLIENT: 1,
    Operation.ENABLE_API_CLIENT: 1,
    Operation.ISSUE_API_KEY: 2,
    Operation.REVOKE_API_KEY: 1,
    Operation.ABANDON_IDEMPOTENCY_KEY: 1,
}
"""How often each mutation stages something in its situation, the calls inside other staging calls included."""


class Broken(Exception):
    """The bug that the tests inject."""


@dataclass
class Saboteur:
    """Lets staging calls through and counts those made for one client; breaks right after the one that it is told."""

    client_id: str = ""
    fatal: int = 0
    names: list[str] = field(default_factory=list)

    def wrap(self, name: str) -> Callable[..., None]:
        original: Callable[..., None] = getattr(UnitOfWork, name)

        def staging(work: UnitOfWork, *args: Any) -> None:
            original(work, *args)
            if work.caller.api_client_id == self.client_id:
                self.names.append(name)
                if len(self.names) == self.fatal:
                    raise Broken

        return staging


@pytest.fixture
def saboteur(monkeypatch: pytest.MonkeyPatch) -> Iterator[Saboteur]:
    saboteur = Saboteur()
    for name in STAGING:
        monkeypatch.setattr(UnitOfWork, name, saboteur.wrap(name))
    yield saboteur
    monkeypatch.undo()


def test_every_way_of_staging_is_broken_by_some_mutation(ledger: AnyLedger, saboteur: Saboteur) -> None:
    admin, seen, counts = ledger.caller(Role.ADMIN), set(), {}
    for operation, situation in SITUATIONS.items():
        command = situation(ledger)
        saboteur.client_id, saboteur.names = admin.api_client_id, []
        ledger.succeed(command, admin)
        saboteur.client_id = ""
        counts[operation] = len(saboteur.names)
        seen.update(saboteur.names)
    assert seen == set(STAGING) - {"stage_erased_texts"}  # what only the command line does
    assert counts == STAGING_CALLS


def _standing(ledger: AnyLedger) -> list[object]:
    """Return everything that a command could have changed, as far as the log of it goes."""
    ids = {target for record in ledger.log for target in record.target_ids} | {"house_EUR"}
    books = ledger.books
    look_ups = (books.account, books.hold, books.freeze, books.transaction, books.api_client, books.api_key)
    return [look_up(id_) for look_up in look_ups for id_ in sorted(ids)]


@pytest.mark.parametrize(
    ("operation", "nth"),
    [(operation, nth) for operation, calls in STAGING_CALLS.items() for nth in range(1, calls + 1)],
)
def test_a_bug_after_any_staging_call_leaves_nothing(
    ledger: AnyLedger, saboteur: Saboteur, operation: Operation, nth: int
) -> None:
    command, admin = SITUATIONS[operation](ledger), ledger.caller(Role.ADMIN)
    before, length = _standing(ledger), ledger.head.sequence
    saboteur.client_id, saboteur.fatal = admin.api_client_id, nth
    (fault,) = ledger.run(Request(admin, "k", command))
    assert isinstance(fault, Fault)
    assert "raise Broken" in "".join(traceback.format_exception(fault))
    assert (_standing(ledger), ledger.head.sequence) == (before, length)
    assert ledger.books.decision(IdempotencyScope(admin.api_client_id, operation, "k")) is None
    saboteur.fatal = 0
    again = ledger.execute(command, admin, "k")
    assert (again.is_success, again.replayed) == (True, False)


@pytest.mark.parametrize("operation", STAGING_CALLS)
def test_the_other_commands_of_the_batch_stand(ledger: AnyLedger, saboteur: Saboteur, operation: Operation) -> None:
    command, admin, teller = SITUATIONS[operation](ledger), ledger.caller(Role.ADMIN), ledger.caller(Role.TELLER)
    bystander, length = ledger.opened(), ledger.head.sequence
    deposit = Deposit(account_id=bystander.id, amount=euros(1))
    saboteur.client_id, saboteur.fatal = admin.api_client_id, 1
    requests = (Request(teller, "a", deposit), Request(admin, "k", command), Request(teller, "b", deposit))
    kinds = [type(outcome) for outcome in ledger.run(*requests)]
    assert kinds == [Outcome, Fault, Outcome]
    account = ledger.books.account(bystander.id)
    assert account is not None
    assert (account.posted, account.version) == (euros(2), 2)
    assert [record.operation for record in ledger.log[length:]] == [Operation.DEPOSIT] * 2
    assert _log_is_sound(ledger)


def test_a_bug_while_settling_stops_the_command_that_needed_it(ledger: AnyLedger, saboteur: Saboteur) -> None:
    account, manager = ledger.funded(100), ledger.caller(Role.MANAGER)
    later = Instant(NOON + 60 * SECOND)
    freeze_id = frozen(ledger, account.id, expires_at=later)
    ledger.clock.at = later
    head = ledger.head
    saboteur.client_id, saboteur.fatal = "cli_00000000000000000000000000", 2
    (fault,) = ledger.run(Request(manager, "k", Withdraw(account_id=account.id, amount=euros(1))))
    assert isinstance(fault, Fault)
    assert ledger.head == head
    assert [freeze.id for freeze in ledger.books.unreleased_freezes(account.id)] == [freeze_id]


@pytest.mark.parametrize("error", [InsufficientFunds(euros(0), euros(1)), Forbidden(), ZeroDivisionError()])
def test_a_refusal_that_the_command_does_not_declare_is_a_fault(
    ledger: AnyLedger, monkeypatch: pytest.MonkeyPatch, error: DomainError | ZeroDivisionError
) -> None:
    command: Command = RenameAccount(account_id=ledger.opened().id, name="Grace")

    def undeclared(*_: object) -> None:
        raise error

    monkeypatch.setattr("domain.accounts.require_open", undeclared)
    caller: Caller = ledger.caller(Role.ADMIN)
    head = ledger.head
    (fault,) = ledger.run(Request(caller, "k", command))
    assert isinstance(fault, Fault)
    assert ledger.head == head
    monkeypatch.undo()
    assert not ledger.execute(command, caller, "k").replayed


def _log_is_sound(ledger: AnyLedger) -> bool:
    predecessor = BEGINNING
    for record in ledger.log:
        if fault_in(record, predecessor):
            return False
        predecessor = Head(0, record.sequence, record.at, record.hash)
    return True

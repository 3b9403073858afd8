from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import peewee
import pytest

from domain.access import SYSTEM, Operation, Role
from domain.commands import Command
from domain.decisions import Batch, decide_all
from domain.errors import DomainError, IdempotencyKeyReused
from domain.freezes import FreezeReason
from domain.instants import SECOND
from domain.money import Money
from domain.ports import (
    Fault,
    Outcome,
    Request,
    StorageError,
)
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import CreateApiClient, IssueApiKey
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from persistence import database
from persistence.batches import MOST_IN_A_BATCH, BatchWriter
from persistence.library import sqlite3
from tests.persistence import populated
from tests.support import raw
from tests.support.books import EUR, JPY, TestLedger, euros, migrated
from tests.support.surroundings import NOON, CountingIds

DISK_ERROR = peewee.OperationalError("disk I/O error")


def deposits(*amounts: int, into: str, reference: str | None = None) -> list[Request]:
    commands = [Deposit(account_id=into, amount=euros(amount), reference=reference) for amount in amounts]
    return [Request(SYSTEM, f"deposit {number}", command) for number, command in enumerate(commands)]


def contents(ledger: TestLedger) -> raw.Contents:
    return raw.contents(ledger.database.connection())


def rows(ledger: TestLedger, sql: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = ledger.database.execute_sql(sql).fetchall()
    return found


def keys(ledger: TestLedger) -> list[str]:
    """Return the keys decided so far, in the order of their audit records."""
    return [key for (key,) in rows(ledger, "SELECT key FROM idempotency ORDER BY sequence")]


# Order, and the equality of batches with single commands.


def test_the_order_of_requests_is_the_order_of_the_audit_log(ledger: TestLedger) -> None:
    account = ledger.opened()
    first = ledger.run(*deposits(1, 2, 3, into=account.id))
    (withdrawn,) = ledger.run(Request(SYSTEM, "withdrawal", Withdraw(account_id=account.id, amount=euros(6))))
    outcomes = [outcome for outcome in (*first, withdrawn) if isinstance(outcome, Outcome)]
    assert [outcome.result.transaction.sequence for outcome in outcomes] == [2, 3, 4, 5]
    assert keys(ledger)[1:] == ["deposit 0", "deposit 1", "deposit 2", "withdrawal"]
    assert rows(ledger, "SELECT first_sequence, last_sequence FROM batch") == [(1, 1), (2, 4), (5, 5)]


SETTLED = (
    "SELECT id, kind, state, posted, held, version, reference, opened_sequence, named_sequence FROM account",
    "SELECT account_id, version, sequence, amount, balance_after FROM entry",
    'SELECT sequence, id, kind, amount, currency, reference FROM "transaction"',
    "SELECT id, account_id, scope, placed_sequence, released_by FROM freeze",
    "SELECT sequence, outcome, operation, target_ids, error_code FROM audit",
    "SELECT * FROM idempotency",
    "SELECT * FROM text",
    "SELECT id, name, role, created_sequence FROM api_client",
    "SELECT id, secret_digest, created_sequence, revoked_at FROM api_key",
)


def busy_day() -> Iterator[Command]:
    """Yield commands that build on each other, one hot account among them, a few of them refused."""
    hot, other, short = (f"acct_{number:026}" for number in (1, 2, 3))
    yield OpenAccount(currency=EUR, name="Hot", reference="hot")
    yield OpenAccount(currency=EUR, name="Other", metadata=(("k", "v"),))
    for amount in range(1, 60):
        yield Deposit(account_id=hot, amount=euros(amount), description=f"deposit of {amount}")
        yield Transfer(from_account_id=hot, to_account_id=other, amount=euros(amount // 2 + 1))
        yield Withdraw(account_id=other, amount=euros(10))
    yield OpenAccount(currency=JPY, name="Short", reference="hot")
    yield OpenAccount(currency=JPY, name="Short-lived")
    yield RenameAccount(account_id=hot, name="Hotter")
    yield FreezeAccount(account_id=short, reason=FreezeReason.OPERATIONS, note="why")
    yield Deposit(account_id=short, amount=Money(5, JPY))
    yield UnfreezeAccount(account_id=short)
    yield Deposit(account_id=short, amount=Money(5, JPY))
    yield Withdraw(account_id=short, amount=Money(5, JPY))
    yield CloseAccount(account_id=short)
    yield Deposit(account_id=short, amount=Money(5, JPY))
    yield CreateApiClient(name="till", role=Role.TELLER)
    yield IssueApiKey(api_client_id=f"cli_{1:026}")


@pytest.mark.parametrize("size", [2, 7, 64, MOST_IN_A_BATCH])
def test_a_batch_comes_to_the_same_as_its_commands_one_by_one(size: int, tmp_path: Path) -> None:
    requests = [Request(SYSTEM, f"key {number}", command) for number, command in enumerate(busy_day())]
    one_by_one, together = (TestLedger(migrated(tmp_path / name)) for name in ("one.db", "together.db"))
    singles = [outcome for request in requests for outcome in one_by_one.run(request)]
    batches = range(0, len(requests), size)
    shared = [outcome for start in batches for outcome in together.run(*requests[start : start + size])]
    assert [_code(outcome) for outcome in shared] == [_code(outcome) for outcome in singles]
    for sql in SETTLED:
        assert rows(together, sql) == rows(one_by_one, sql)
    assert rows(together, "SELECT count(*) FROM batch") == [(len(batches),)]
    for ledger in (one_by_one, together):
        ledger.database.close()


def _code(outcome: Outcome | Fault) -> str:
    assert isinstance(outcome, Outcome)
    return outcome.result.code if isinstance(outcome.result, DomainError) else type(outcome.result).__name__


def test_the_same_key_twice_in_one_batch_executes_once(ledger: TestLedger) -> None:
    account = ledger.opened()
    deposit = Deposit(account_id=account.id, amount=euros(5))
    first, second = ledger.run(*[Request(SYSTEM, "twice", deposit)] * 2)
    assert isinstance(first, Outcome)
    assert second == replace(first, replayed=True)
    assert rows(ledger, "SELECT posted FROM account WHERE kind = 'CUSTOMER'") == [(5,)]
    assert rows(ledger, "SELECT count(*) FROM audit WHERE operation = 'DEPOSIT'") == [(1,)]


def test_the_same_key_for_something_else_in_one_batch_is_refused(ledger: TestLedger) -> None:
    account = ledger.opened()
    commands = [Deposit(account_id=account.id, amount=euros(amount)) for amount in (5, 6)]
    first, second = ledger.run(*(Request(SYSTEM, "twice", command) for command in commands))
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert second.result == IdempotencyKeyReused(first.decided_at, ("amount",), path=("idempotencyKey",))
    assert rows(ledger, "SELECT posted FROM account WHERE kind = 'CUSTOMER'") == [(5,)]


def test_a_batch_of_replays_writes_nothing(ledger: TestLedger) -> None:
    account = ledger.opened()
    requests = [
        *deposits(1, 2, 3, into=account.id),
        Request(SYSTEM, "refused", Withdraw(account_id=account.id, amount=euros(100))),
    ]
    first = [outcome for outcome in ledger.run(*requests) if isinstance(outcome, Outcome)]
    ledger.clock.advance(SECOND)
    before, changes = contents(ledger), ledger.database.connection().total_changes
    assert ledger.run(*requests) == [replace(outcome, replayed=True) for outcome in first]
    assert (contents(ledger), ledger.database.connection().total_changes) == (before, changes)


# Time.


def test_a_clock_that_stands_still_or_steps_back_never_takes_the_books_along(ledger: TestLedger) -> None:
    ledger.opened()
    for step in (0, -SECOND, -3600 * SECOND, 0):
        ledger.clock.advance(step)
        ledger.opened()
    ledger.clock.at = NOON
    ledger.clock.advance(SECOND)
    ledger.opened()
    times = [at - NOON for (at,) in rows(ledger, "SELECT at FROM batch ORDER BY number")]
    assert times == [0, 1, 2, 3, 4, SECOND]


def test_everything_in_a_batch_happens_at_the_time_of_the_batch(ledger: TestLedger) -> None:
    requests = [Request(SYSTEM, f"{number}", OpenAccount(currency=EUR, name="Ada")) for number in range(5)]
    assert {outcome.decided_at for outcome in ledger.run(*requests) if isinstance(outcome, Outcome)} == {NOON}
    assert rows(ledger, "SELECT DISTINCT at FROM audit UNION SELECT DISTINCT opened_at FROM account") == [(NOON,)]


# Two processes.


def test_a_second_writer_beside_the_first_leaves_no_gap(ledger: TestLedger, tmp_path: Path) -> None:
    later = CountingIds(defaultdict(lambda: 1000))
    beside = TestLedger(database.connect_beside(tmp_path / "books.db"), clock=ledger.clock, ids=later)
    account = ledger.opened()
    for number in range(6):
        writer = (ledger, beside)[number % 2]
        commands = [Deposit(account_id=account.id, amount=euros(1)), OpenAccount(currency=EUR, name="Ada")]
        outcomes = writer.run(*(Request(SYSTEM, f"{number} {command.operation}", command) for command in commands))
        assert all(isinstance(outcome, Outcome) and outcome.is_success for outcome in outcomes)
    beside.database.close()
    assert [sequence for (sequence,) in rows(ledger, "SELECT sequence FROM audit ORDER BY sequence")] == list(
        range(1, 14)
    )
    assert rows(ledger, "SELECT posted FROM account WHERE opened_sequence = 1") == [(6,)]


def test_nobody_else_can_write_from_before_the_head_is_read_until_the_commit(
    ledger: TestLedger, tmp_path: Path
) -> None:
    requests, attempts = deposits(1, into=ledger.opened().id), iter(range(100))
    other = raw.connect(tmp_path / "books.db")
    other.execute("PRAGMA busy_timeout = 0")

    def intrude(statement: str) -> None:
        if statement != "BEGIN":
            next(attempts)
            with pytest.raises(other.OperationalError, match="database is locked"):
                other.execute("BEGIN IMMEDIATE")

    with raw.acting(ledger.database, intrude):
        (outcome,) = ledger.run(*requests)
    assert isinstance(outcome, Outcome)
    assert next(attempts) > 10
    other.close()


def test_a_key_decided_by_one_writer_is_replayed_by_the_other(ledger: TestLedger, tmp_path: Path) -> None:
    beside = TestLedger(database.connect_beside(tmp_path / "books.db"), ids=CountingIds(defaultdict(lambda: 1000)))
    account = ledger.opened()
    (first,), (second,) = (writer.run(*deposits(5, into=account.id)) for writer in (ledger, beside))
    beside.database.close()
    assert isinstance(first, Outcome)
    assert second == replace(first, replayed=True)


# What a batch costs.


def test_the_number_of_statements_does_not_grow_with_the_batch(ledger: TestLedger) -> None:
    accounts = [ledger.opened() for _ in range(64)]
    ledger.funded(1)
    caller = ledger.caller(Role.TELLER)

    def statements(number: int) -> list[str]:
        commands = [Deposit(account_id=account.id, amount=euros(1)) for account in accounts[:number]]
        requests = [Request(caller, f"{number} {index}", command) for index, command in enumerate(commands)]
        return raw.statements_of(ledger.database, lambda: ledger.run(*requests))

    one, many = statements(1), statements(64)
    assert one == many
    assert (one[0], one[-1]) == ("BEGIN", "COMMIT")
    assert "batch" in one[-2]


# Bugs: only the culprit suffers.


@dataclass(frozen=True, slots=True)
class Unheard(Command):
    """A command that no service performs."""

    operation: ClassVar[Operation] = Operation.DEPOSIT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset()


def break_the_rows(batch: Batch, requests: Sequence[Request]) -> list[Outcome | Fault]:
    """Decide as always, and stage for the poison what no wall lets through."""
    outcomes = decide_all(batch, requests)
    for transaction in batch.staged.transactions.values():
        if transaction.reference == "poison":
            nothing = replace(transaction.amount, minor=0)
            batch.staged.transactions[transaction.id] = replace(transaction, amount=nothing)
    return outcomes


def break_down(batch: Batch, requests: Sequence[Request]) -> list[Outcome | Fault]:
    """Decide as always, unless there is poison among the requests: then nothing is decided at all."""
    if any(getattr(request.command, "reference", None) == "poison" for request in requests):
        raise ZeroDivisionError
    return decide_all(batch, requests)


@pytest.mark.parametrize("culprits", [{0}, {4}, {8}, {0, 8}, {3, 4}, set(range(9))], ids=str)
@pytest.mark.parametrize("decide", [break_the_rows, break_down])
def test_a_bug_harms_its_culprits_alone_and_everyone_else_executes_once(
    decide: Callable[[Batch, Sequence[Request]], list[Outcome | Fault]], culprits: set[int], ledger: TestLedger
) -> None:
    account = ledger.opened()
    ledger.writer = BatchWriter(
        ledger.database, clock=ledger.clock, ids=ledger.ids, entropy=ledger.entropy, decide=decide
    )
    sound, poisoned = (
        deposits(*range(1, 10), into=account.id),
        deposits(*range(1, 10), into=account.id, reference="poison"),
    )
    outcomes = ledger.run(*(poisoned[number] if number in culprits else sound[number] for number in range(9)))
    faults = {number for number, outcome in enumerate(outcomes) if isinstance(outcome, Fault)}
    kept = [number for number in range(9) if number not in culprits]
    assert faults == culprits
    assert keys(ledger)[1:] == [f"deposit {number}" for number in kept]
    assert rows(ledger, "SELECT posted FROM account WHERE kind = 'CUSTOMER'") == [(sum(kept) + len(kept),)]


def test_a_bug_while_deciding_costs_no_second_batch(ledger: TestLedger) -> None:
    account = ledger.opened()
    first, second = deposits(1, 2, into=account.id)
    outcomes = ledger.run(first, Request(SYSTEM, "unheard", Unheard()), second)
    assert [type(outcome) for outcome in outcomes] == [Outcome, Fault, Outcome]
    assert keys(ledger)[1:] == ["deposit 0", "deposit 1"]
    assert rows(ledger, "SELECT first_sequence, last_sequence FROM batch") == [(1, 1), (2, 3)]


def test_a_fault_names_the_operation_and_its_cause_and_leaves_the_key_unused(ledger: TestLedger) -> None:
    account = ledger.opened()
    (poisoned,) = deposits(1, into=account.id, reference="poison")
    sound = ledger.writer
    ledger.writer = BatchWriter(
        ledger.database, clock=ledger.clock, ids=ledger.ids, entropy=ledger.entropy, decide=break_the_rows
    )
    (fault,) = ledger.run(poisoned)
    assert str(fault) == "IntegrityError while writing DEPOSIT"
    assert isinstance(fault, Fault)
    assert isinstance(fault.__cause__, sqlite3.IntegrityError)
    ledger.writer = sound
    (outcome,) = ledger.run(poisoned)
    assert isinstance(outcome, Outcome)
    assert (outcome.is_success, outcome.replayed) == (True, False)


# Storage: nothing of a failed batch, everything of those before it, and a retry that works.


def mixed_batch(ledger: TestLedger) -> list[Request]:
    """Return requests that write to every table a batch can write to."""
    account, frozen, doomed = ledger.funded(100), ledger.opened(), ledger.opened()
    freezing = FreezeAccount(account_id=frozen.id, reason=FreezeReason.OPERATIONS)
    ledger.succeed(freezing)
    caller = ledger.caller(Role.ADMIN)
    commands = (
        Deposit(account_id=account.id, amount=euros(1), description="words"),
        OpenAccount(currency=JPY, name="Yen"),
        RenameAccount(account_id=account.id, name="Other"),
        UnfreezeAccount(account_id=frozen.id),
        freezing,
        CloseAccount(account_id=doomed.id),
        Withdraw(account_id=account.id, amount=euros(1000)),
        CreateApiClient(name="till", role=Role.TELLER),
        IssueApiKey(api_client_id=caller.api_client_id),
    )
    return [Request(caller, f"mixed {number}", command) for number, command in enumerate(commands)]


READS, WRITES = "SELECT", "(?!SELECT)"


@pytest.mark.parametrize(("among", "most"), [(WRITES, 16), (READS, 8)])
def test_a_failure_at_any_statement_leaves_nothing_and_the_same_keys_execute_later(
    among: str, most: int, ledger: TestLedger
) -> None:
    requests = mixed_batch(ledger)
    before, failures = contents(ledger), 0
    while True:
        with raw.acting(ledger.database, raw.failing(failures + 1, DISK_ERROR, among)):
            try:
                outcomes = ledger.run(*requests)
            except StorageError:
                failures += 1
                assert contents(ledger) == before
            else:
                break
    assert failures >= most
    assert not any(isinstance(outcome, Fault) or outcome.replayed for outcome in outcomes)


def test_a_transaction_that_sqlite_itself_gave_up_is_not_written_on(ledger: TestLedger) -> None:
    (deposit,) = deposits(5, into=ledger.opened().id)
    opening = Request(SYSTEM, "opening", OpenAccount(currency=EUR, name="Ada", reference="R-1"))
    before = contents(ledger)

    def give_up(statement: str) -> None:
        if '"reference" = ?' in statement:  # an I/O error in a SELECT ends the whole transaction
            ledger.database.rollback()
            raise DISK_ERROR

    with raw.acting(ledger.database, give_up), pytest.raises(StorageError):
        ledger.run(deposit, opening)
    assert contents(ledger) == before


def test_a_transaction_that_ended_unnoticed_is_not_written_on(ledger: TestLedger) -> None:
    requests = deposits(5, into=ledger.opened().id)
    before = contents(ledger)

    def end(batch: Batch, requests: Sequence[Request]) -> list[Outcome | Fault]:
        outcomes = decide_all(batch, requests)
        ledger.database.rollback()
        return outcomes

    ledger.writer = BatchWriter(ledger.database, clock=ledger.clock, ids=ledger.ids, entropy=ledger.entropy, decide=end)
    with pytest.raises(StorageError):
        ledger.run(*requests)
    assert contents(ledger) == before


@pytest.mark.parametrize("error", [peewee.OperationalError, peewee.DatabaseError, peewee.InterfaceError])
@pytest.mark.parametrize("among", ["BEGIN", "SELECT", "INSERT", "COMMIT"])
def test_whatever_fails_below_the_books_is_a_failure_of_storage(
    among: str, error: type[peewee.PeeweeException], ledger: TestLedger
) -> None:
    requests = deposits(1, 2, into=ledger.opened().id)
    before = contents(ledger)
    with (
        raw.acting(ledger.database, raw.failing(1, error("the disk is on fire"), among)),
        pytest.raises(StorageError, match="the disk is on fire"),
    ):
        ledger.run(*requests)
    assert contents(ledger) == before


@pytest.mark.parametrize("error", [peewee.IntegrityError, peewee.DataError, peewee.ProgrammingError])
@pytest.mark.parametrize("among", ["SELECT", "INSERT"])
def test_what_the_database_refuses_is_a_bug_of_ours(
    among: str, error: type[peewee.PeeweeException], ledger: TestLedger
) -> None:
    requests = deposits(1, into=ledger.opened().id)
    with raw.acting(ledger.database, raw.failing(1, error("no"), among)):
        (fault,) = ledger.run(*requests)
    assert isinstance(fault, Fault)
    assert isinstance(fault.__cause__, error)
    assert keys(ledger) == ["key-1"]


class Disk:
    """Ways in which storage fails, and what sets it right."""

    @staticmethod
    @contextmanager
    def full(path: Path, connection: peewee.SqliteDatabase) -> Iterator[None]:
        connection.execute_sql(f"PRAGMA max_page_count = {connection.pragma('page_count')}")
        yield

    @staticmethod
    @contextmanager
    def read_only(path: Path, connection: peewee.SqliteDatabase) -> Iterator[None]:
        connection.execute_sql("PRAGMA query_only = 1")
        yield

    @staticmethod
    @contextmanager
    def locked(path: Path, connection: peewee.SqliteDatabase) -> Iterator[None]:
        connection.execute_sql("PRAGMA busy_timeout = 10")
        other = raw.connect(path)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.close()


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (Disk.full, "database or disk is full"),
        (Disk.read_only, "attempt to write a readonly database"),
        (Disk.locked, "database is locked"),
    ],
)
def test_storage_that_fails_loses_nothing_and_keeps_nothing_of_the_batch(
    failure: Callable[[Path, peewee.SqliteDatabase], AbstractContextManager[None]], message: str, books: Path
) -> None:
    ledger = TestLedger(database.connect_writer(books), ids=CountingIds(defaultdict(lambda: 1000)))
    before = contents(ledger)
    requests = [Request(SYSTEM, f"{number}", OpenAccount(currency=EUR, name="A" * 128)) for number in range(64)]
    with failure(books, ledger.database), pytest.raises(StorageError, match=message):
        ledger.run(*requests)
    ledger.database.close()
    ledger.database.connect()
    assert contents(ledger) == before
    assert [isinstance(outcome, Outcome) and outcome.is_success for outcome in ledger.run(*requests)] == [True] * 64
    ledger.database.close()
    assert raw.query(books, "PRAGMA integrity_check") == [("ok",)]


def test_a_commit_whose_outcome_is_unknown_is_resolved_by_the_key(
    ledger: TestLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = deposits(5, into=ledger.opened().id)
    commit = ledger.database.commit

    def lose_the_answer() -> None:
        commit()
        raise DISK_ERROR

    monkeypatch.setattr(ledger.database, "commit", lose_the_answer)
    with pytest.raises(StorageError):
        ledger.run(*requests)
    monkeypatch.undo()
    (outcome,) = ledger.run(*requests)
    assert isinstance(outcome, Outcome)
    assert outcome.replayed
    assert rows(ledger, "SELECT posted FROM account WHERE kind = 'CUSTOMER'") == [(5,)]


def test_a_damaged_file_is_a_failure_of_storage(books: Path) -> None:
    with books.open("r+b") as file:
        size = file.seek(0, 2)
        ((page,),) = raw.query(books, "SELECT rootpage FROM sqlite_schema WHERE name = 'batch'")
        assert 0 < page * 4096 <= size
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    ledger = TestLedger(database.connect_writer(books))
    try:
        with pytest.raises(StorageError, match="malformed"):
            ledger.run(*deposits(1, 2, into=populated.FUNDED))
    finally:
        ledger.database.close()

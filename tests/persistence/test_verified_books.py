"""Books that used everything are proved, erased ones too, and proving them takes no more than it must."""

# ruff: noqa: S608 - nothing here comes from outside
from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import peewee
import pytest

from domain.access import SYSTEM, Caller, Operation, Role
from domain.commands import COMMON_REFUSALS, Command, Rejection
from domain.error_codes import ErrorCode
from domain.errors import Forbidden, InvalidAmount, InvalidInput, SameAccount
from domain.freezes import FreezeReason, FreezeScope
from domain.ids import Prefix
from domain.instants import SECOND, Instant
from domain.money import LARGEST_BALANCE, Currency, Money
from domain.ports import Request
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
from domain.services.erasures import EraseText
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.idempotency_keys import KEYLESS, AbandonIdempotencyKey
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from domain.services.rollbacks import AcceptRollback
from domain.services.table import SERVICES
from persistence import verification
from persistence.books import read_head
from persistence.verification import Verified
from tests.persistence.tampering import CHF, GBP
from tests.support import raw
from tests.support.books import EUR, JPY, TestLedger, euros, migrated
from tests.support.deeds import SYSTEMS_OWN

BHD = Currency("BHD", 3)

# Books that used everything.


def refuse(ledger: TestLedger, code: ErrorCode, *commands: Command, caller: Caller = SYSTEM) -> None:
    for command in commands:
        assert ledger.execute(command, caller).result.code is code


def use_clients(ledger: TestLedger) -> None:
    boss = ledger.caller(Role.ADMIN, "boss")
    id_, key_id = boss.api_client_id, boss.api_key_id or ""
    refuse(ledger, ErrorCode.LAST_ADMIN, DisableApiClient(api_client_id=id_), RevokeApiKey(api_key_id=key_id))
    refuse(ledger, ErrorCode.LAST_ADMIN, ChangeApiClientRole(api_client_id=id_, role=Role.TELLER))
    refuse(ledger, ErrorCode.NAME_TAKEN, CreateApiClient(name="boss", role=Role.TELLER))
    till = ledger.caller(Role.TELLER, "till").api_client_id
    ledger.succeed(ChangeApiClientRole(api_client_id=till, role=Role.MANAGER))
    ledger.succeed(DisableApiClient(api_client_id=till))
    ledger.succeed(DisableApiClient(api_client_id=till))
    refuse(ledger, ErrorCode.API_CLIENT_DISABLED, IssueApiKey(api_client_id=till))
    ledger.succeed(EnableApiClient(api_client_id=till))
    soon = Instant(ledger.clock.at + SECOND)
    keys = [ledger.succeed(IssueApiKey(api_client_id=till, expires_at=soon)).api_key for _ in range(9)]
    refuse(ledger, ErrorCode.API_KEY_LIMIT, IssueApiKey(api_client_id=till))
    refuse(ledger, ErrorCode.INVALID_INPUT, IssueApiKey(api_client_id=till, expires_at=Instant(1)))
    ledger.succeed(RevokeApiKey(api_key_id=keys[0].id))
    refuse(ledger, ErrorCode.API_KEY_NOT_FOUND, RevokeApiKey(api_key_id=keys[0].id))
    of_nobody: dict[str, Any] = {"api_client_id": "cli_missing"}
    unknown = (DisableApiClient(**of_nobody), EnableApiClient(**of_nobody), IssueApiKey(**of_nobody))
    refuse(ledger, ErrorCode.API_CLIENT_NOT_FOUND, *unknown, ChangeApiClientRole(**of_nobody, role=Role.ADMIN))


def freeze(account_id: str, **fields: Any) -> FreezeAccount:
    return FreezeAccount(account_id=account_id, **{"reason": FreezeReason.OPERATIONS, "note": "a call", **fields})


def use_accounts(ledger: TestLedger) -> None:
    manager, teller = ledger.caller(Role.MANAGER), ledger.caller(Role.TELLER)
    lent: dict[str, Any] = {"currency": EUR, "name": "Lent", "overdraft_limit": euros(5)}
    ledger.succeed(OpenAccount(**lent, reference="R-1"), manager)
    refuse(ledger, ErrorCode.NOT_PERMITTED, OpenAccount(**lent), caller=teller)
    refuse(ledger, ErrorCode.REFERENCE_TAKEN, OpenAccount(**lent, reference="R-1"))
    closed, full, frozen = ledger.opened().id, ledger.funded(1).id, ledger.opened(overdraft_limit=euros(5)).id
    ledger.succeed(CloseAccount(account_id=closed, note="moved away"))
    refuse(ledger, ErrorCode.ACCOUNT_NOT_EMPTY, CloseAccount(account_id=full))
    refuse(ledger, ErrorCode.ACCOUNT_NOT_FROZEN, UnfreezeAccount(account_id=full))
    refuse(ledger, ErrorCode.INVALID_INPUT, freeze(full, expires_at=Instant(1)))
    for id_, code in ((closed, ErrorCode.ACCOUNT_CLOSED), ("acct_missing", ErrorCode.ACCOUNT_NOT_FOUND)):
        refuse(ledger, code, RenameAccount(account_id=id_, name="Ada"), freeze(id_))
        refuse(ledger, code, UnfreezeAccount(account_id=id_, note="again"), CloseAccount(account_id=id_))
    ledger.succeed(RenameAccount(account_id=frozen, name="Cold"), teller)
    ledger.succeed(freeze(frozen, reason=FreezeReason.COMPLIANCE))
    refuse(ledger, ErrorCode.NOT_PERMITTED, UnfreezeAccount(account_id=frozen), caller=manager)
    refuse(ledger, ErrorCode.NOT_PERMITTED, CloseAccount(account_id=frozen), caller=manager)
    ledger.succeed(freeze(frozen, scope=FreezeScope.DEBITS), manager)
    refuse(ledger, ErrorCode.AMBIGUOUS_FREEZE, UnfreezeAccount(account_id=frozen))
    refuse(ledger, ErrorCode.FREEZE_NOT_FOUND, UnfreezeAccount(account_id=frozen, freeze_id="frz_missing"))
    ledger.succeed(CloseAccount(account_id=frozen))
    ledger.succeed(SetOverdraftLimit(account_id=full, limit=euros(9)), manager)
    ledger.succeed(Withdraw(account_id=full, amount=euros(5)))
    refuse(ledger, ErrorCode.INSUFFICIENT_FUNDS, SetOverdraftLimit(account_id=full, limit=euros(3)))
    refuse(ledger, ErrorCode.CURRENCY_MISMATCH, SetOverdraftLimit(account_id=full, limit=Money(9, JPY)))
    refuse(ledger, ErrorCode.ACCOUNT_CLOSED, SetOverdraftLimit(account_id=closed, limit=euros(3)))
    ledger.succeed(freeze(full))
    ledger.succeed(UnfreezeAccount(account_id=full, note="called back"))


def use_movements(ledger: TestLedger) -> None:
    expiring, frozen, yen, lent = (ledger.opened(currency).id for currency in (EUR, EUR, JPY, EUR))
    ledger.succeed(freeze(expiring, expires_at=Instant(ledger.clock.at + SECOND)))
    ledger.clock.advance(2 * SECOND)
    ledger.succeed(freeze(frozen))
    full, closed = ledger.funded(LARGEST_BALANCE, GBP).id, ledger.opened().id
    ledger.succeed(CloseAccount(account_id=closed))
    ledger.succeed(Deposit(account_id=expiring, amount=euros(900), description="wages", metadata=(("a", "b"),)))
    owing = ledger.opened(GBP, overdraft_limit=Money(9, GBP)).id
    ledger.succeed(Withdraw(account_id=owing, amount=Money(1, GBP), reference="R-1"))
    ledger.succeed(Transfer(from_account_id=expiring, to_account_id=lent, amount=euros(9), description="rent"))
    largest, one = Money(LARGEST_BALANCE, GBP), Money(1, GBP)
    refuse(ledger, ErrorCode.LIMIT_EXCEEDED, Deposit(account_id=full, amount=one))
    refuse(ledger, ErrorCode.LIMIT_EXCEEDED, Withdraw(account_id=owing, amount=largest))
    refuse(ledger, ErrorCode.LIMIT_EXCEEDED, Transfer(from_account_id=owing, to_account_id=full, amount=one))
    refuse(ledger, ErrorCode.INSUFFICIENT_FUNDS, Withdraw(account_id=lent, amount=euros(99)))
    refuse(ledger, ErrorCode.INSUFFICIENT_FUNDS, *moving(lent, euros(99), to=expiring)[2:])
    refuse(ledger, ErrorCode.PRECONDITION_FAILED, *moving(lent, euros(1), to=expiring, expected_version=99))
    refuse(ledger, ErrorCode.ACCOUNT_FROZEN, *moving(frozen, euros(1), to=lent))
    refuse(ledger, ErrorCode.ACCOUNT_CLOSED, *moving(closed, euros(1), to=lent))
    refuse(ledger, ErrorCode.ACCOUNT_NOT_FOUND, *moving("acct_missing", euros(1), to=lent))
    refuse(ledger, ErrorCode.CURRENCY_MISMATCH, *moving(yen, euros(1), to=lent))


def use_holds(ledger: TestLedger) -> None:
    closed, frozen, yen, source = (ledger.opened(currency).id for currency in (EUR, EUR, JPY, EUR))
    ledger.succeed(CloseAccount(account_id=closed))
    soon = Instant(ledger.clock.at + SECOND)
    ledger.succeed(Deposit(account_id=source, amount=euros(100), description="wages"))
    expiring, paid, given_up, left = (
        ledger.succeed(hold(source, expires_at=at)).hold.id for at in (soon, None, None, None)
    )
    ledger.succeed(CaptureHold(hold_id=paid, amount=euros(5), to_account_id=ledger.opened().id, note="half"))
    ledger.succeed(ReleaseHold(hold_id=given_up, note="cancelled"))
    ledger.clock.advance(2 * SECOND)
    refuse(ledger, ErrorCode.HOLD_NOT_OPEN, CaptureHold(hold_id=expiring, note="late"), ReleaseHold(hold_id=paid))
    refuse(ledger, ErrorCode.HOLD_NOT_FOUND, CaptureHold(hold_id="hold_none"), ReleaseHold(hold_id="hold_none"))
    refuse(ledger, ErrorCode.INVALID_INPUT, hold(source, expires_at=Instant(1)))
    refuse(ledger, ErrorCode.INVALID_AMOUNT, CaptureHold(hold_id=left, amount=euros(11)))
    refuse(ledger, ErrorCode.SAME_ACCOUNT, CaptureHold(hold_id=left, to_account_id=source))
    refuse(ledger, ErrorCode.CURRENCY_MISMATCH, hold(yen), CaptureHold(hold_id=left, to_account_id=yen))
    refuse(ledger, ErrorCode.PRECONDITION_FAILED, hold(source, expected_version=99))
    refuse(ledger, ErrorCode.INSUFFICIENT_FUNDS, hold(source, amount=euros(99)))
    ledger.succeed(freeze(frozen))
    for id_, code in (
        (closed, ErrorCode.ACCOUNT_CLOSED),
        (frozen, ErrorCode.ACCOUNT_FROZEN),
        ("acct_none", ErrorCode.ACCOUNT_NOT_FOUND),
    ):
        refuse(ledger, code, hold(id_), CaptureHold(hold_id=left, to_account_id=id_))
    use_a_hold_that_pays_too_much(ledger)


def use_a_hold_that_pays_too_much(ledger: TestLedger) -> None:
    full, owing = ledger.funded(LARGEST_BALANCE, CHF).id, ledger.opened(CHF, overdraft_limit=Money(9, CHF)).id
    placed = ledger.succeed(hold(owing, amount=Money(9, CHF))).hold.id
    refuse(ledger, ErrorCode.LIMIT_EXCEEDED, CaptureHold(hold_id=placed, to_account_id=full, note="too much"))
    ledger.succeed(Withdraw(account_id=full, amount=Money(LARGEST_BALANCE, CHF)))
    ledger.succeed(CaptureHold(hold_id=placed))


def hold(account_id: str, **fields: Any) -> PlaceHold:
    return PlaceHold(account_id=account_id, **{"amount": euros(10), "description": "hotel", **fields})


def use_reversals(ledger: TestLedger) -> None:
    target, frozen, full = (ledger.opened(currency).id for currency in (EUR, EUR, CHF))
    made = ledger.succeed(Transfer(from_account_id=ledger.funded(9).id, to_account_id=target, amount=euros(9)))
    back = reversing(ledger, made.transaction.id, 5)
    refuse(ledger, ErrorCode.NOT_REVERSIBLE, taking_back(back, euros(1)), taking_back(made.transaction.id, euros(5)))
    refuse(ledger, ErrorCode.CURRENCY_MISMATCH, taking_back(made.transaction.id, Money(1, JPY)))
    ledger.succeed(Withdraw(account_id=target, amount=euros(4)))
    refuse(ledger, ErrorCode.INSUFFICIENT_FUNDS, taking_back(made.transaction.id, None))
    ledger.succeed(CloseAccount(account_id=target))
    refuse(ledger, ErrorCode.ACCOUNT_CLOSED, taking_back(made.transaction.id, None))
    paid_in = ledger.succeed(Deposit(account_id=frozen, amount=euros(9))).transaction.id
    ledger.succeed(freeze(frozen))
    refuse(ledger, ErrorCode.ACCOUNT_FROZEN, taking_back(paid_in, None))
    ledger.succeed(Deposit(account_id=full, amount=Money(9, CHF)))
    paid_out = ledger.succeed(Withdraw(account_id=full, amount=Money(9, CHF))).transaction.id
    ledger.succeed(Deposit(account_id=full, amount=Money(LARGEST_BALANCE, CHF)))
    refuse(ledger, ErrorCode.LIMIT_EXCEEDED, taking_back(paid_out, None))


def use_sweeps(ledger: TestLedger) -> None:
    old, yen, frozen, closed = ledger.funded(9).id, ledger.opened(JPY).id, ledger.opened().id, ledger.opened().id
    ledger.succeed(freeze(frozen))
    ledger.succeed(CloseAccount(account_id=closed))
    refuse(ledger, ErrorCode.CURRENCY_MISMATCH, CloseAccount(account_id=old, sweep_to_account_id=yen))
    refuse(ledger, ErrorCode.ACCOUNT_FROZEN, CloseAccount(account_id=old, sweep_to_account_id=frozen, note="bye"))
    refuse(ledger, ErrorCode.ACCOUNT_CLOSED, CloseAccount(account_id=old, sweep_to_account_id=closed))
    ledger.succeed(CloseAccount(account_id=frozen, sweep_to_account_id=old))
    full, more, lender = ledger.opened(BHD).id, ledger.opened(BHD).id, ledger.opened(BHD).id
    ledger.succeed(SetOverdraftLimit(account_id=lender, limit=Money(1, BHD)))
    ledger.succeed(Transfer(from_account_id=lender, to_account_id=more, amount=Money(1, BHD)))
    ledger.succeed(Deposit(account_id=full, amount=Money(LARGEST_BALANCE, BHD)))
    refuse(ledger, ErrorCode.LIMIT_EXCEEDED, CloseAccount(account_id=more, sweep_to_account_id=full))
    new = ledger.opened().id
    ledger.succeed(freeze(old))
    sweep = ledger.succeed(CloseAccount(account_id=old, sweep_to_account_id=new, note="moved away")).sweep
    refuse(ledger, ErrorCode.NOT_REVERSIBLE, taking_back(sweep.id, None))


def taking_back(transaction_id: str, amount: Money | None) -> ReverseTransaction:
    return ReverseTransaction(transaction_id=transaction_id, amount=amount, description="by mistake")


def reversing(ledger: TestLedger, transaction_id: str, minor: int) -> str:
    made: str = ledger.succeed(taking_back(transaction_id, euros(minor))).transaction.id
    return made


def moving(account_id: str, amount: Money, *, to: str, **fields: Any) -> tuple[Deposit, Withdraw, Transfer]:
    """Return a movement of each kind, with words that are kept although they are refused."""
    fields |= {"amount": amount, "description": "for nothing"}
    return (
        Deposit(account_id=account_id, **fields),
        Withdraw(account_id=account_id, **fields),
        Transfer(from_account_id=account_id, to_account_id=to, **fields),
    )


def batch(mode: BatchMode, commands: Sequence[Command | Rejection]) -> ExecuteBatch:
    items = (BatchItem.of(f"{mode}-{number}", command) for number, command in enumerate(commands))
    return ExecuteBatch(mode=mode, items=tuple(items))


def use_batches(ledger: TestLedger) -> None:
    first, second = ledger.funded(500).id, ledger.opened().id
    moves = moving(first, euros(5), to=second)
    wrong = Rejection(Operation.DEPOSIT, InvalidAmount(path=("input", "amount", "amount")), (first,))
    refuse(ledger, ErrorCode.BATCH_REFUSED, batch(BatchMode.ATOMIC, [*moves, wrong]))
    refuse(ledger, ErrorCode.BATCH_REFUSED, batch(BatchMode.ATOMIC, moving("acct_missing", euros(1), to=first)[:1]))
    ledger.succeed(batch(BatchMode.ATOMIC, moves), key="done")
    ledger.succeed(batch(BatchMode.ATOMIC, moves), key="done")
    ledger.succeed(batch(BatchMode.INDEPENDENT, [*moves, wrong, *moving(second, euros(5000), to=first)]))


def use_the_command_line(ledger: TestLedger) -> None:
    ledger.succeed(EraseText(account_id=ledger.funded(500).id))
    head = read_head(ledger.database)
    ledger.succeed(
        AcceptRollback(
            lost_sequence=head.sequence + 9,
            lost_hash="f" * 64,
            kept_sequence=head.sequence,
            kept_hash=head.hash,
            reason="the disk failed",
        )
    )


UNMET: tuple[Callable[[str], Command], ...] = (
    lambda id_: OpenAccount(currency=EUR, name=id_, metadata=(("branch", "7"),)),
    lambda id_: RenameAccount(account_id=id_, name="Ada"),
    lambda id_: FreezeAccount(account_id=id_, reason=FreezeReason.OPERATIONS, note="a call"),
    lambda id_: UnfreezeAccount(account_id=id_, note="a call"),
    lambda id_: CloseAccount(account_id=id_, note="a call"),
    lambda id_: SetOverdraftLimit(account_id=id_, limit=euros(1)),
    lambda id_: Deposit(account_id=id_, amount=euros(1), description="wages"),
    lambda id_: Withdraw(account_id=id_, amount=euros(1), description="cash"),
    lambda id_: Transfer(from_account_id=id_, to_account_id="acct_other", amount=euros(1)),
    lambda id_: PlaceHold(account_id=id_, amount=euros(1), description="hotel"),
    lambda id_: CaptureHold(hold_id=id_, note="a call"),
    lambda id_: ReleaseHold(hold_id=id_, note="a call"),
    lambda id_: ReverseTransaction(transaction_id=id_, amount=euros(1), description="by mistake"),
    lambda id_: batch(BatchMode.INDEPENDENT, moving(id_, euros(1), to="acct_other")),
    lambda id_: CreateApiClient(name=id_, role=Role.VIEWER),
    lambda id_: ChangeApiClientRole(api_client_id=id_, role=Role.VIEWER),
    lambda id_: DisableApiClient(api_client_id=id_),
    lambda id_: EnableApiClient(api_client_id=id_),
    lambda id_: IssueApiKey(api_client_id=id_),
    lambda id_: RevokeApiKey(api_key_id=id_),
    lambda id_: AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key=id_),
)
"""Every deed that somebody can ask for, upon something of which only the id is given."""


def use_keys_and_input(ledger: TestLedger, make: Callable[[str], Command]) -> None:
    first, other, viewer = make("first"), make("other"), ledger.caller(Role.VIEWER)
    ledger.execute(first, key="used")
    ledger.execute(first, key="used")
    assert ledger.execute(other, key="used").result.code is ErrorCode.IDEMPOTENCY_KEY_REUSED
    refuse(ledger, ErrorCode.FORBIDDEN, first, caller=viewer)
    operation = first.operation
    if operation not in KEYLESS:
        for key in ("used", "unused", "unused"):
            ledger.succeed(AbandonIdempotencyKey(of_operation=operation, key=key))
        assert ledger.execute(first, key="unused").result.code is ErrorCode.IDEMPOTENCY_KEY_ABANDONED
    wrong = [kind() for kind in (InvalidInput, InvalidAmount, SameAccount) if kind in first.refusals]
    for error in (*wrong, Forbidden()):
        ledger.run(Request(viewer, "wrong", Rejection(operation, error, ("acct_missing",), repeats=3)))


def use_one_batch(ledger: TestLedger) -> None:
    id_ = f"acct_{ledger.ids.counts[Prefix.ACCOUNT] + 1:026}"
    commands = (
        OpenAccount(currency=CHF, name="Brief"),
        Deposit(account_id=id_, amount=Money(5, CHF)),
        freeze(id_),
        Withdraw(account_id=id_, amount=Money(5, CHF), description="too early"),
        UnfreezeAccount(account_id=id_),
        Withdraw(account_id=id_, amount=Money(5, CHF)),
        RenameAccount(account_id=id_, name="Briefer"),
        freeze(id_),
        CloseAccount(account_id=id_),
        AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="batch-1"),
    )
    ledger.run(*(Request(SYSTEM, f"batch-{number}", command) for number, command in enumerate(commands)))


@pytest.fixture
def everything(tmp_path: Path) -> Iterator[TestLedger]:
    """Give books in which every deed was done, and refused in every way."""
    ledger = TestLedger(migrated(tmp_path / "books.db"))
    uses = (use_clients, use_accounts, use_movements, use_holds, use_reversals, use_sweeps, use_batches, use_one_batch)
    for use in (*uses, use_the_command_line):
        use(ledger)
    for make in UNMET:
        use_keys_and_input(ledger, make)
    yield ledger
    ledger.database.close()


def test_these_books_used_every_mutation_and_met_every_refusal(everything: TestLedger) -> None:
    met = set(everything.database.execute_sql("SELECT DISTINCT operation, error_code FROM audit").fetchall())
    refused = {
        (kind.operation, error.code)
        for kind in SERVICES
        if kind not in SYSTEMS_OWN
        for error in kind.refusals | COMMON_REFUSALS | {Forbidden}
    }
    refused.remove((Operation.ABANDON_IDEMPOTENCY_KEY, ErrorCode.IDEMPOTENCY_KEY_ABANDONED))
    assert met == refused | {(kind.operation, None) for kind in SERVICES}


def test_books_that_used_everything_are_proved_and_counted(everything: TestLedger) -> None:
    counts = (
        everything.database.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        for table in ("audit", "transaction", "account")
    )
    assert verification.verify(everything.database) == Verified(*counts)


def test_books_whose_words_were_erased_stay_proved_and_can_be_used_on(everything: TestLedger) -> None:
    before = verification.verify(everything.database)
    accounts = everything.database.execute_sql("SELECT id FROM account WHERE kind = 'CUSTOMER'").fetchall()
    for (id_,) in accounts:
        everything.succeed(EraseText(account_id=id_))
    ada = everything.opened().id
    everything.succeed(RenameAccount(account_id=ada, name="Ada"))
    everything.execute(UNMET[0]("first"), key="used")
    assert verification.verify(everything.database) == Verified(
        before.records + len(accounts) + 2, before.transactions, before.accounts + 1
    )


@pytest.mark.parametrize("expires", [False, True])
def test_books_where_one_of_two_freezes_was_released_are_proved(tmp_path: Path, *, expires: bool) -> None:
    ledger = TestLedger(migrated(tmp_path / "books.db"))
    id_, soon = ledger.opened().id, Instant(ledger.clock.at + SECOND)
    ends = ledger.succeed(freeze(id_, expires_at=soon)).freeze
    ledger.succeed(freeze(id_))
    if expires:
        ledger.clock.advance(2 * SECOND)
        refuse(ledger, ErrorCode.ACCOUNT_FROZEN, Deposit(account_id=id_, amount=euros(1)))
    else:
        ledger.succeed(UnfreezeAccount(account_id=id_, freeze_id=ends.id))
    try:
        verification.verify(ledger.database)
    finally:
        ledger.database.close()


# What it takes.


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[int, peewee.SqliteDatabase]]:
    """Give books of 1,000 and of 2,000 records: an account opened, and deposits to it."""
    path, books = tmp_path_factory.mktemp("many"), {}
    for records in (1000, 2000):
        books[records] = migrated(path / f"{records}.db")
        ledger = TestLedger(books[records])
        deposit = Deposit(account_id=ledger.opened().id, amount=euros(1), description="wages")
        for first in range(1, records, 500):
            numbers = range(first, min(first + 500, records))
            ledger.run(*(Request(SYSTEM, f"deposit-{number}", deposit) for number in numbers))
    yield books
    for connection in books.values():
        connection.close()


def _statements(books: peewee.SqliteDatabase) -> list[str]:
    return raw.statements_of(books, lambda: verification.verify(books))


def test_statements_grow_with_chunks_and_not_with_movements(
    many: Mapping[int, peewee.SqliteDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for records, chunk in ((1000, 500), (2000, 500), (2000, 1000), (1000, 250)):
        monkeypatch.setattr(verification, "CHUNK", chunk)
        counts.append(len(_statements(many[records])))
    of_two_chunks, of_four_chunks, *_ = counts
    assert counts == [of_two_chunks, of_four_chunks, of_two_chunks, of_four_chunks]
    assert 2 <= of_four_chunks - of_two_chunks <= 12


def _peak(books: peewee.SqliteDatabase) -> int:
    """Return the most memory, in bytes, that Python had for a verification."""
    gc.collect()
    tracemalloc.start()
    try:
        verification.verify(books)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_movements(
    many: Mapping[int, peewee.SqliteDatabase], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "CHUNK", 100)
    verification.verify(many[1000])
    less, more = (_peak(many[records]) for records in (1000, 2000))
    assert more < less * 1.2

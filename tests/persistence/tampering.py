"""Books made the same way every time, and how they are tampered with behind every wall's back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import peewee

from domain.access import Operation, Role
from domain.audit import GENESIS_HASH, chained
from domain.freezes import FreezeReason
from domain.instants import SECOND, Instant
from domain.money import Currency
from domain.services.accounts import CloseAccount, RenameAccount
from domain.services.captures import CaptureHold
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.reversals import ReverseTransaction
from persistence import verification
from persistence.retelling import FaultFoundError
from tests.support import raw
from tests.support.books import EUR, JPY, TestLedger, euros

ADA, BOB, CLOSED, FROZEN, YEN, EMPTIED = (f"acct_{number:026}" for number in range(1, 7))
TRANSFER = "txn_00000000000000000000000004"
TILL, KEY = "cli_00000000000000000000000001", "key_00000000000000000000000001"
LIVE, RELEASED = "frz_00000000000000000000000001", "frz_00000000000000000000000002"
DEPOSITED, RENAMED, TRANSFERRED, REFUSED, DENIED, ABANDONED = 4, 15, 16, 17, 18, 19
REVERSED, REVERSED_AGAIN, SWEPT, CAPTURED, LAST, LAST_BATCH = 20, 21, 24, 29, 33, 32
"""Numbers of audit records of the books below, which are made the same way every time."""

CAPTURED_HOLD, RELEASED_HOLD, EXPIRED_HOLD, OPEN_HOLD, EXPIRING_HOLD = (f"hold_{n:026}" for n in range(1, 6))

GBP, CHF = Currency("GBP", 2), Currency("CHF", 2)


def fill(ledger: TestLedger) -> None:
    teller = ledger.caller(Role.TELLER, "till")
    ledger.opened(EUR, reference="R-1", metadata=(("branch", "7"),))
    ledger.succeed(Deposit(account_id=ADA, amount=euros(1000), reference="first", description="wages"))
    ledger.opened(EUR)
    ledger.succeed(CloseAccount(account_id=ledger.opened(EUR).id))
    ledger.funded(500)
    ledger.succeed(FreezeAccount(account_id=FROZEN, reason=FreezeReason.COMPLIANCE, note="a letter came"))
    ledger.funded(7, JPY)
    ledger.succeed(FreezeAccount(account_id=ADA, reason=FreezeReason.OPERATIONS))
    ledger.succeed(UnfreezeAccount(account_id=ADA))
    ledger.succeed(RenameAccount(account_id=BOB, name="Bob"))
    made = ledger.succeed(Transfer(from_account_id=ADA, to_account_id=BOB, amount=euros(50)))
    assert made.transaction.id == TRANSFER
    assert not ledger.execute(Withdraw(account_id=BOB, amount=euros(5000))).is_success
    assert not ledger.execute(Withdraw(account_id=BOB, amount=euros(5)), teller).is_success
    ledger.succeed(AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="lost"))
    for minor in (20, 10):
        ledger.succeed(ReverseTransaction(transaction_id=TRANSFER, amount=euros(minor), description="by mistake"))
    assert ledger.funded(40).id == EMPTIED
    ledger.succeed(CloseAccount(account_id=EMPTIED, sweep_to_account_id=BOB))
    _hold(ledger)
    ledger.succeed(RenameAccount(account_id=BOB, name="Robert"))


def _hold(ledger: TestLedger) -> None:
    """Place holds and end them in every way; two stay open. The expiry shares its batch with what settles it."""
    soon = Instant(ledger.clock.at + SECOND)
    for expires_at in (None, None, soon, None):
        ledger.succeed(PlaceHold(account_id=ADA, amount=euros(40), description="hotel", expires_at=expires_at))
    ledger.succeed(CaptureHold(hold_id=CAPTURED_HOLD, amount=euros(30), note="no breakfast"))
    ledger.succeed(ReleaseHold(hold_id=RELEASED_HOLD))
    ledger.clock.advance(2 * SECOND)
    later = Instant(ledger.clock.at + SECOND)
    ledger.succeed(PlaceHold(account_id=ADA, amount=euros(40), expires_at=later))


def opened_unguarded(path: Path, **pragmas: int) -> Iterator[peewee.SqliteDatabase]:
    """Drop every trigger of a closed file, and open it as a SQLite shell would."""
    triggers = [name for kind, name, _ in raw.contents_of(path)["sqlite_schema"] if kind == "trigger"]
    raw.run(path, *(f"DROP TRIGGER {name}" for name in triggers))
    connection = peewee.SqliteDatabase(str(path), pragmas=pragmas)
    yield connection
    connection.close()


@dataclass(frozen=True, slots=True)
class Tampering:
    """A change, how it is made, and the fault that must be found. Resealed means that the chain was made to fit it."""

    change: str
    fault: str
    statements: tuple[str, ...]
    resealed: bool = False

    def __str__(self) -> str:
        return self.change.replace(" ", "-")


def fault_after(tampering: Tampering, books: peewee.SqliteDatabase) -> str | None:
    """Tamper, verify, undo; return the fault that was found, None if nothing was."""
    with books.atomic() as undone:
        try:
            for statement in tampering.statements:
                assert books.execute_sql(statement).rowcount != 0, statement
            if tampering.resealed:
                reseal(books)
            verification.verify(books)
        except FaultFoundError as fault:
            return str(fault)
        finally:
            undone.rollback()
    return None


def reseal(books: peewee.SqliteDatabase) -> None:
    """Hash the whole chain anew, as somebody would who wants to hide a change to it."""
    previous = GENESIS_HASH
    for sequence, details in books.execute_sql("SELECT sequence, details FROM audit ORDER BY sequence").fetchall():
        following = chained(previous, details.encode())
        books.execute_sql(
            "UPDATE audit SET previous_hash = ?, hash = ? WHERE sequence = ?", (previous, following, sequence)
        )
        previous = following

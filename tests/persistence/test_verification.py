"""What `verify` proves, and how it names the first row that somebody has tampered with behind every wall's back."""

# ruff: noqa: S608 - nothing here comes from outside
from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee
import pytest

from domain.access import SYSTEM, SYSTEM_CLIENT_ID, Caller, Operation, Role
from domain.audit import GENESIS_HASH, chained
from domain.commands import COMMON_REFUSALS, Command, Rejection
from domain.errors import ErrorCode, Forbidden, InvalidAmount, InvalidInput, SameAccount
from domain.freezes import FreezeReason, FreezeScope
from domain.ids import Prefix
from domain.instants import SECOND, Instant
from domain.money import LARGEST_BALANCE, Currency, Money
from domain.ports import Request, StorageError
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import (
    ChangeApiClientRole,
    CreateApiClient,
    DisableApiClient,
    EnableApiClient,
    IssueApiKey,
    RevokeApiKey,
)
from domain.services.freezes import ExpireFreeze, FreezeAccount, UnfreezeAccount
from domain.services.idempotency_keys import KEYLESS, AbandonIdempotencyKey
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.table import SERVICES
from persistence import database, verification
from persistence.library import sqlite3
from persistence.retelling import FaultFoundError
from persistence.tables import TABLES, Reversal
from persistence.verification import Verified
from tests.support import raw
from tests.support.books import EUR, JPY, TestLedger, euros, migrated

ADA, BOB, CLOSED, FROZEN, YEN = (f"acct_{number:026}" for number in range(1, 6))
TILL, KEY = "cli_00000000000000000000000001", "key_00000000000000000000000001"
LIVE, RELEASED = "frz_00000000000000000000000001", "frz_00000000000000000000000002"
DEPOSITED, ERASED, RENAMED, TRANSFERRED, REFUSED, DENIED, ABANDONED, LAST = 4, 5, 15, 16, 17, 18, 19, 20
"""Numbers of audit records of the books below, which are made the same way every time."""

GBP, CHF = Currency("GBP", 2), Currency("CHF", 2)
_BREAKS = (ValueError, TypeError, KeyError, StorageError, peewee.PeeweeException, sqlite3.Error)


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
    ledger.succeed(Transfer(from_account_id=ADA, to_account_id=BOB, amount=euros(50)))
    assert not ledger.execute(Withdraw(account_id=BOB, amount=euros(5000))).is_success
    assert not ledger.execute(Withdraw(account_id=BOB, amount=euros(5)), teller).is_success
    ledger.succeed(AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="lost"))
    ledger.succeed(RenameAccount(account_id=BOB, name="Robert"))


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peewee.SqliteDatabase]:
    """Give verified books with every trigger gone and no foreign keys; whatever a test does to them is undone."""
    path = tmp_path_factory.mktemp("verification") / "books.db"
    ledger = TestLedger(migrated(path))
    fill(ledger)
    ledger.database.close()
    yield from opened_unguarded(path)


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


def test_untouched_books_are_proved_and_counted(unguarded: peewee.SqliteDatabase) -> None:
    assert verification.verify(unguarded) == Verified(records=LAST, transactions=4, accounts=7)


def test_new_books_are_proved_and_empty(tmp_path: Path) -> None:
    connection = migrated(tmp_path / "books.db")
    assert verification.verify(connection) == Verified(records=0, transactions=0, accounts=0)
    connection.close()


def test_a_reader_proves_more_records_than_fit_into_one_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "CHUNK", 3)
    ledger = TestLedger(migrated(tmp_path / "books.db"))
    fill(ledger)
    ledger.database.close()
    reader = database.connect_reader(tmp_path / "books.db")
    assert verification.verify(reader) == Verified(records=LAST, transactions=4, accounts=7)
    reader.close()


def test_a_resealed_chain_of_untouched_records_is_the_same_chain(unguarded: peewee.SqliteDatabase) -> None:
    assert fault_after(Tampering("nothing", "", (), resealed=True), unguarded) is None


def _record(sequence: int, fault: str) -> str:
    return f"audit record {sequence} {fault}"


_DIFFER = "has columns that differ from its sealed details"
_ACCOUNT, _FREEZE, _CLIENT, _API_KEY = (
    f"{kind} {{}} is not as it was last recorded" for kind in ("account", "freeze", "API client", "API key")
)
_UNNAMED = "account {} is not named or opened by the record that says so"
_NOT_RECORDED = "the transaction of audit record {} is not the one that was recorded"
_DECIDED = "the idempotency record of audit record {} is not the one that was decided"
_SEALED = f"the text of audit record {DEPOSITED} is not the one that was sealed"
_MADE_BY_NONE = "{} was not made by the record that says so"
_TIMELESS = "an entry of account {} belongs to no transaction, or has another time"

IN_THE_LOG = (
    *(
        Tampering(change, _record(sequence, fault), (f"UPDATE audit SET {assignment} WHERE sequence = {sequence}",))
        for change, sequence, assignment, fault in (
            (
                "a byte of the details",
                DEPOSITED,
                "details = replace(details, '1000', '1001')",
                "does not match its hash",
            ),
            ("a byte of a hash", DEPOSITED, "hash = 'g' || substr(hash, 2)", "does not match its hash"),
            ("the end of the chain", LAST, f"hash = '{'0' * 64}'", "does not match its hash"),
            ("a link", DEPOSITED, f"previous_hash = '{'0' * 64}'", "is not chained to the record before it"),
            ("who did it", DEPOSITED, "api_client_id = 'cli_other'", _DIFFER),
            ("with which API key", DENIED, "api_key_id = NULL", _DIFFER),
            ("in which role", DENIED, "role = 'VIEWER'", _DIFFER),
            ("what was done", DEPOSITED, "operation = 'WITHDRAW'", _DIFFER),
            ("how it ended", DEPOSITED, "outcome = 'DENIED', error_code = 'FORBIDDEN'", _DIFFER),
            ("why it was refused", REFUSED, "error_code = 'ACCOUNT_FROZEN'", _DIFFER),
            ("to whom it was done", DEPOSITED, f"target_ids = '[\"{BOB}\"]'", _DIFFER),
            ("under which key", DEPOSITED, "idempotency_key = 'other'", _DIFFER),
            ("when", LAST, "at = at + 1", _DIFFER),
            ("the order of times", DEPOSITED, "at = 5", "is older than the record before it"),
            ("an operation that there is not", REFUSED, "operation = 'STEAL'", "cannot be read"),
            ("an error code that there is not", REFUSED, "error_code = 'NONE'", "cannot be read"),
            ("targets that are no list", REFUSED, "target_ids = 'everyone'", "cannot be read"),
        )
    ),
    Tampering(
        "a record deleted",
        _record(5, "follows record 3: records are missing"),
        ("DELETE FROM audit WHERE sequence = 4",),
    ),
    Tampering(
        "the first record deleted",
        _record(2, "follows record 0: records are missing"),
        ("DELETE FROM audit WHERE sequence = 1",),
    ),
    Tampering(
        "the last records cut off",
        _record(19, "is missing from the end of its batch"),
        ("DELETE FROM audit WHERE sequence > 18",),
    ),
    Tampering("every record deleted", _record(1, "is missing from the end of its batch"), ("DELETE FROM audit",)),
    Tampering(
        "two records swapped",
        _record(REFUSED, "is not chained to the record before it"),
        (
            f"UPDATE audit SET sequence = -{DENIED} WHERE sequence = {DENIED}",
            f"UPDATE audit SET sequence = {DENIED} WHERE sequence = {REFUSED}",
            f"UPDATE audit SET sequence = {REFUSED} WHERE sequence = -{DENIED}",
        ),
    ),
    Tampering(
        "a record repeated at the end",
        _record(LAST + 1, "is not chained to the record before it"),
        (
            "CREATE TEMP TABLE copied AS SELECT * FROM audit ORDER BY sequence DESC LIMIT 1",
            "UPDATE copied SET sequence = sequence + 1",
            "INSERT INTO audit SELECT * FROM copied",
        ),
    ),
    Tampering(
        "a deposit resealed as a larger one",
        _NOT_RECORDED.format(DEPOSITED),
        ("UPDATE audit SET details = replace(details, '1000', '1001')",),
        resealed=True,
    ),
    Tampering(
        "a deposit resealed as a deed of nobody who may",
        _record(DEPOSITED, "succeeded without a permission"),
        (
            f"UPDATE audit SET role = 'VIEWER' WHERE sequence = {DEPOSITED}",
            f"UPDATE audit SET details = json_set(details, '$.role', 'VIEWER') WHERE sequence = {DEPOSITED}",
        ),
        resealed=True,
    ),
    Tampering(
        "the end rewritten, with a record added",
        _DECIDED.format(LAST + 1),
        (
            "CREATE TEMP TABLE copied AS SELECT * FROM audit ORDER BY sequence DESC LIMIT 1",
            f"UPDATE copied SET sequence = sequence + 1, details = replace(details, ':{LAST}', ':{LAST + 1}')",
            "INSERT INTO audit SELECT * FROM copied",
        ),
        resealed=True,
    ),
)

IN_BATCHES_AND_PERMISSIONS = (
    Tampering(
        "a batch deleted",
        "batch 4 does not begin where the one before it ended",
        ("DELETE FROM batch WHERE number = 3",),
    ),
    Tampering(
        "the last batch deleted", _record(LAST, "belongs to no batch"), (f"DELETE FROM batch WHERE number = {LAST}",)
    ),
    Tampering(
        "the end of a batch",
        "batch 5 does not begin where the one before it ended",
        ("UPDATE batch SET last_sequence = 5 WHERE number = 4",),
    ),
    Tampering(
        "the number of a batch",
        "batch 99 does not begin where the one before it ended",
        (f"UPDATE batch SET number = 99 WHERE number = {LAST}",),
    ),
    Tampering(
        "the batch of records to come",
        _record(LAST + 1, "is missing from the end of its batch"),
        (f"UPDATE batch SET last_sequence = {LAST + 1} WHERE number = {LAST}",),
    ),
    Tampering(
        "when a batch was made",
        f"batch {LAST} does not have the time of its records",
        (f"UPDATE batch SET at = at + 1 WHERE number = {LAST}",),
    ),
    Tampering(
        "a permission added",
        "permission TELLER WITHDRAW differs from the program's",
        ("INSERT INTO permission (role, operation) VALUES ('TELLER', 'WITHDRAW')",),
    ),
    Tampering(
        "a permission deleted",
        "permission ADMIN DEPOSIT differs from the program's",
        ("DELETE FROM permission WHERE role = 'ADMIN' AND operation = 'DEPOSIT'",),
    ),
)

IN_ENTRIES = (
    Tampering(
        "a balance after",
        _NOT_RECORDED.format(DEPOSITED),
        (f"UPDATE entry SET balance_after = 1001 WHERE sequence = {DEPOSITED} AND account_id = '{ADA}'",),
    ),
    *(
        Tampering(
            change,
            _NOT_RECORDED.format(DEPOSITED),
            (f"{sql} WHERE sequence = {DEPOSITED} AND account_id = '{ADA}'",),
        )
        for change, sql in (
            ("an amount", "UPDATE entry SET amount = amount + 1"),
            ("an entry deleted", "DELETE FROM entry"),
            ("an entry moved to another transaction", "UPDATE entry SET sequence = 9"),
        )
    ),
    Tampering("when an entry was made", _TIMELESS.format(ADA), ("UPDATE entry SET created_at = 1",)),
    Tampering(
        "an entry moved to another account",
        _NOT_RECORDED.format(DEPOSITED),
        (f"UPDATE entry SET account_id = '{CLOSED}' WHERE sequence = {DEPOSITED} AND account_id = '{ADA}'",),
    ),
    Tampering(
        "an entry of no transaction",
        _TIMELESS.format(YEN),
        (
            "CREATE TEMP TABLE copied AS SELECT * FROM entry WHERE account_id = '" + YEN + "'",
            f"UPDATE copied SET version = 2, sequence = {LAST}, amount = 1, balance_after = 8",
            "INSERT INTO entry SELECT * FROM copied",
        ),
    ),
    Tampering(
        "an entry numbered anew",
        _NOT_RECORDED.format(TRANSFERRED),
        (f"UPDATE entry SET version = 9 WHERE sequence = {TRANSFERRED} AND account_id = '{ADA}'",),
    ),
)

_BOTH_SIDES = (
    "UPDATE entry SET amount = amount * 2, balance_after = balance_after * 2 WHERE sequence = 12",
    "UPDATE account SET posted = posted * 2 WHERE currency = 'JPY'",
)
_UNKNOWN_MOVEMENT = (
    f"""INSERT INTO "transaction" (sequence, id, kind, amount, currency, created_at)
    SELECT {LAST}, 'txn_unknown', kind, 9, currency, 0 FROM "transaction" WHERE sequence = 12""",
    f"""INSERT INTO entry (account_id, version, sequence, amount, balance_after, created_at)
    SELECT id, version + 1, {LAST}, iif(kind = 'HOUSE', -9, 9), posted + iif(kind = 'HOUSE', -9, 9), 0
    FROM account WHERE currency = 'JPY'""",
    "UPDATE account SET version = version + 1, posted = posted + iif(kind = 'HOUSE', -9, 9) WHERE currency = 'JPY'",
)

IN_TRANSACTIONS = (
    *(
        Tampering(
            f"its {column}",
            _NOT_RECORDED.format(DEPOSITED),
            (f"""UPDATE "transaction" SET {column} = {value} WHERE sequence = {DEPOSITED}""",),
        )
        for column, value in {
            "id": "'txn_other'",
            "kind": "'TRANSFER'",
            "amount": "1001",
            "currency": "'JPY'",
            "reference": "'second'",
            "created_at": "created_at + 1",
        }.items()
    ),
    Tampering(
        "a transaction deleted",
        _NOT_RECORDED.format(DEPOSITED),
        (f"""DELETE FROM "transaction" WHERE sequence = {DEPOSITED}""",),
    ),
    Tampering("both sides of a movement and both balances", _NOT_RECORDED.format(12), _BOTH_SIDES),
    Tampering(
        "the same, with its amount",
        _NOT_RECORDED.format(12),
        (*_BOTH_SIDES, """UPDATE "transaction" SET amount = amount * 2 WHERE sequence = 12"""),
    ),
    Tampering(
        "a reversal that never was",
        f"reversal of transaction {DEPOSITED} is no reversal of it",
        (f"INSERT INTO reversal VALUES ({DEPOSITED}, 1, 9, 500)",),
    ),
    Tampering("a movement that the log does not know", _ACCOUNT.format(YEN), _UNKNOWN_MOVEMENT),
    Tampering(
        "a movement between accounts that the log does not know",
        f"account {YEN} does not agree with its entries",
        _UNKNOWN_MOVEMENT[:2],
    ),
)

IN_ACCOUNTS = (
    *(
        Tampering(change, fault.format(id_), (f"UPDATE account SET {assignment} WHERE id = '{id_}'",))
        for change, id_, assignment, fault in (
            ("its balance", ADA, "posted = posted + 1", "account {} does not agree with its entries"),
            ("its version", ADA, "version = version + 1", "account {} does not agree with its entries"),
            ("what is held", ADA, "held = 1", _ACCOUNT),
            ("its overdraft limit", ADA, "overdraft_limit = 100000", _ACCOUNT),
            ("freezing it without a freeze", ADA, "state = 'FROZEN'", "account {} does not agree with its freezes"),
            ("thawing it despite its freeze", FROZEN, "state = 'ACTIVE'", "account {} does not agree with its freezes"),
            (
                "closing it",
                BOB,
                "state = 'CLOSED', posted = 0, closed_at = 1, closed_version = 1",
                "account {} does not agree with its entries",
            ),
            ("opening it again", CLOSED, "state = 'ACTIVE', closed_at = NULL, closed_version = NULL", _ACCOUNT),
            ("another currency of it", BOB, "currency = 'JPY'", _NOT_RECORDED.format(TRANSFERRED)),
            ("making it a house account", BOB, "kind = 'HOUSE'", "account {} is no house account of its currency"),
            ("another currency of it while unused", CLOSED, "currency = 'JPY'", _ACCOUNT),
            ("its reference", ADA, "reference = 'R-2'", _ACCOUNT),
            ("when it was opened", BOB, "opened_at = 1", _ACCOUNT),
            ("when it was closed", CLOSED, "closed_at = 1", _ACCOUNT),
            ("by what it was last changed", BOB, "changed_sequence = 3", _ACCOUNT),
            ("the name of another account", BOB, "named_sequence = 3", _UNNAMED),
            ("the record that opened it", BOB, "opened_sequence = 3", _UNNAMED),
            (
                "a currency that nobody knows",
                CLOSED,
                "currency = 'XXX'",
                "account {} and its currency are not known together",
            ),
        )
    ),
    Tampering(
        "another id of an account",
        _UNNAMED.format("acct_other"),
        (f"UPDATE account SET id = 'acct_other' WHERE id = '{CLOSED}'",),
    ),
    Tampering("a busy account deleted", _NOT_RECORDED.format(DEPOSITED), (f"DELETE FROM account WHERE id = '{ADA}'",)),
    Tampering("a quiet account deleted", _ACCOUNT.format(CLOSED), (f"DELETE FROM account WHERE id = '{CLOSED}'",)),
    Tampering(
        "an account added",
        _UNNAMED.format("acct_other"),
        (
            "CREATE TEMP TABLE copied AS SELECT * FROM account WHERE id = '" + CLOSED + "'",
            "UPDATE copied SET id = 'acct_other'",
            "INSERT INTO account SELECT * FROM copied",
        ),
    ),
    Tampering(
        "a freeze deleted under a FROZEN account",
        f"account {FROZEN} does not agree with its freezes",
        (f"DELETE FROM freeze WHERE account_id = '{FROZEN}'",),
    ),
    Tampering(
        "a freeze released",
        f"account {FROZEN} does not agree with its freezes",
        (f"UPDATE freeze SET released_at = 1, released_by = 'cli_x' WHERE account_id = '{FROZEN}'",),
    ),
    Tampering(
        "the decimals of a currency",
        _NOT_RECORDED.format(DEPOSITED),
        ("UPDATE currency SET exponent = 3 WHERE code = 'EUR'",),
    ),
)

_THIS_KEY = f"sequence = {DEPOSITED}"

IN_IDEMPOTENCY_KEYS = (
    *(
        Tampering(change, _DECIDED.format(DEPOSITED), (f"UPDATE idempotency SET {assignment} WHERE {_THIS_KEY}",))
        for change, assignment in (
            ("another key", "key = 'other'"),
            ("another operation of a key", "operation = 'WITHDRAW'"),
            ("another API client of a key", "api_client_id = 'cli_other'"),
            ("another outcome of a key", "outcome = 'REFUSED'"),
            ("another fingerprint of a key", "fingerprint = 'other'"),
            ("another form of a key", "form = 2"),
            ("a used key abandoned", "outcome = 'ABANDONED'"),
        )
    ),
    Tampering(
        "a key forgotten, so that its deed can be done again",
        _DECIDED.format(DEPOSITED),
        (f"DELETE FROM idempotency WHERE {_THIS_KEY}",),
    ),
    Tampering(
        "an abandoned key forgotten", _DECIDED.format(ABANDONED), ("DELETE FROM idempotency WHERE key = 'lost'",)
    ),
    Tampering(
        "another key abandoned",
        _DECIDED.format(ABANDONED),
        ("UPDATE idempotency SET key = 'found' WHERE key = 'lost'",),
    ),
    Tampering(
        "a key that nobody used",
        _DECIDED.format(DEPOSITED),
        (f"INSERT INTO idempotency VALUES ('cli_other', 'DEPOSIT', 'new', 'REFUSED', '', 1, {DEPOSITED})",),
    ),
    Tampering(
        "a key of a record to come",
        "table idempotency has 21 rows, and the log tells of 20",
        (f"INSERT INTO idempotency VALUES ('cli_other', 'DEPOSIT', 'new', 'REFUSED', '', 1, {LAST + 1})",),
    ),
)

IN_FREEZES = (
    *(
        Tampering(change, _FREEZE.format(LIVE), (f"UPDATE freeze SET {assignment} WHERE id = '{LIVE}'",))
        for change, assignment in (
            ("a smaller freeze", "scope = 'DEBITS'"),
            ("a freeze that a MANAGER may lift", "reason = 'OPERATIONS'"),
            ("a freeze that runs out", "expires_at = placed_at + 1"),
            ("who placed a freeze", "placed_by = 'cli_other', placed_role = 'TELLER'"),
            ("by what a freeze was last changed", "changed_sequence = 3"),
        )
    ),
    Tampering("a released freeze deleted", _FREEZE.format(RELEASED), (f"DELETE FROM freeze WHERE id = '{RELEASED}'",)),
    Tampering(
        "a freeze that nobody placed",
        _MADE_BY_NONE.format("frz_other"),
        (
            f"CREATE TEMP TABLE copied AS SELECT * FROM freeze WHERE id = '{RELEASED}'",
            "UPDATE copied SET id = 'frz_other'",
            "INSERT INTO freeze SELECT * FROM copied",
        ),
    ),
)

IN_ACCESS = (
    *(
        Tampering(change, _CLIENT.format(TILL), (f"{sql} WHERE id = '{TILL}'",))
        for change, sql in (
            ("an API client promoted", "UPDATE api_client SET role = 'ADMIN'"),
            ("an API client disabled", "UPDATE api_client SET disabled_at = 1"),
            ("another name of an API client", "UPDATE api_client SET name = 'safe'"),
            ("by what an API client was last changed", "UPDATE api_client SET changed_sequence = 9"),
            ("an API client deleted", "DELETE FROM api_client"),
        )
    ),
    *(
        Tampering(change, _API_KEY.format(KEY), (sql,))
        for change, sql in (
            ("an API key of another client", "UPDATE api_key SET api_client_id = 'cli_other'"),
            ("an API key revoked", "UPDATE api_key SET revoked_at = 1"),
            ("an API key that runs out", "UPDATE api_key SET expires_at = 1"),
            ("when an API key was issued", "UPDATE api_key SET created_at = 1"),
            ("by what an API key was last changed", "UPDATE api_key SET changed_sequence = 9"),
            ("an API key deleted", "DELETE FROM api_key"),
        )
    ),
    Tampering(
        "an API client that nobody created",
        _MADE_BY_NONE.format("cli_new"),
        ("INSERT INTO api_client VALUES ('cli_new', 'new', 'ADMIN', NULL, 1, 1)",),
    ),
    Tampering(
        "an API key that nobody issued",
        _MADE_BY_NONE.format("key_new"),
        (f"INSERT INTO api_key VALUES ('key_new', '{TILL}', '{'0' * 64}', 1, 2, 2, NULL, NULL)",),
    ),
)

IN_WORDS = (
    *(
        Tampering(change, _SEALED, (f"{sql} WHERE sequence = {DEPOSITED}",))
        for change, sql in (
            ("words rewritten, not blanked", "UPDATE text SET description = 'theft'"),
            ("words blanked, not their salt", "UPDATE text SET description = NULL"),
            ("a salt blanked, not its words", "UPDATE text SET salt = NULL"),
            ("words that were never said", "UPDATE text SET note = 'urgent'"),
            ("words deleted", "DELETE FROM text"),
        )
    ),
    Tampering(
        "words of nobody",
        "table text has 10 rows, and the log tells of 9",
        (f"INSERT INTO text (sequence, note) VALUES ({REFUSED}, 'theft')",),
    ),
    *(
        Tampering(change, f"the index of targets does not agree with audit record {DEPOSITED}", (sql,))
        for change, sql in (
            ("a record that an auditor does not find", f"DELETE FROM audit_target WHERE sequence = {DEPOSITED}"),
            ("a record that an auditor finds wrongly", f"INSERT INTO audit_target VALUES ('{BOB}', {DEPOSITED})"),
        )
    ),
)

TAMPERINGS = (
    *IN_THE_LOG,
    *IN_BATCHES_AND_PERMISSIONS,
    *IN_ENTRIES,
    *IN_TRANSACTIONS,
    *IN_ACCOUNTS,
    *IN_IDEMPOTENCY_KEYS,
    *IN_FREEZES,
    *IN_ACCESS,
    *IN_WORDS,
)


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=str)
def test_tampering_is_found_and_named(tampering: Tampering, unguarded: peewee.SqliteDatabase) -> None:
    assert fault_after(tampering, unguarded) == tampering.fault


# What no proof can show. Each of these is asserted to go unseen, so that the list stays true.

BLANKED = "UPDATE text SET salt = NULL, name = NULL, description = NULL, note = NULL, metadata = NULL"

UNPROVABLE = (
    Tampering(
        "an API key with another secret, of which only the digest is anywhere",
        "",
        (f"UPDATE api_key SET secret_digest = '{'0' * 64}'",),
    ),
    Tampering("words blanked, which is what erasure does", "", (f"{BLANKED} WHERE sequence = {DEPOSITED}",)),
    Tampering(
        "the end of the log cut off with its batch and all that it tells, which is the file as it was before",
        "",
        (
            *(f"DELETE FROM {table} WHERE sequence = {LAST}" for table in ("audit", "audit_target", "text")),
            f"DELETE FROM idempotency WHERE sequence = {LAST}",
            f"DELETE FROM batch WHERE number = {LAST}",
            f"UPDATE account SET named_sequence = {RENAMED}, changed_sequence = {TRANSFERRED} WHERE id = '{BOB}'",
        ),
    ),
    Tampering(
        "a deed, all that tells of it, and the whole chain after it made anew",
        "",
        (
            f"UPDATE idempotency SET key = 'other' WHERE sequence = {DEPOSITED}",
            f"UPDATE audit SET idempotency_key = 'other' WHERE sequence = {DEPOSITED}",
            f"""UPDATE audit SET details = json_set(details, '$.idempotencyKey', 'other')
            WHERE sequence = {DEPOSITED}""",
        ),
        resealed=True,
    ),
)


@pytest.mark.parametrize("tampering", UNPROVABLE, ids=str)
def test_what_takes_a_secret_or_an_anchor_outside_goes_unseen(
    tampering: Tampering, unguarded: peewee.SqliteDatabase
) -> None:
    assert fault_after(tampering, unguarded) is None


# What only a rule shows, and what cannot be read.

SYSTEM_ROW = f"WHERE id = '{SYSTEM_CLIENT_ID}'"
HOUSE_ROW = "WHERE id = 'house_EUR'"
UNREADABLE = "CAST(x'ff' AS TEXT)"

RULED_OUT: Mapping[str, str] = {
    "the built-in API client deleted": f"DELETE FROM api_client {SYSTEM_ROW}",
    "the built-in API client demoted": f"UPDATE api_client SET role = 'VIEWER' {SYSTEM_ROW}",
    "the built-in API client disabled": f"UPDATE api_client SET disabled_at = 1 {SYSTEM_ROW}",
    "the record that created an API client": f"UPDATE api_client SET created_sequence = 9 WHERE id = '{TILL}'",
    "the record that issued an API key": "UPDATE api_key SET created_sequence = 9",
    "the record that placed a freeze": f"UPDATE freeze SET placed_sequence = 4 WHERE id = '{LIVE}'",
    "the reference of a house account": f"UPDATE account SET reference = 'R-2' {HOUSE_ROW}",
    "when a house account was opened": f"UPDATE account SET opened_at = 1 {HOUSE_ROW}",
    "the record that opened a house account": f"UPDATE account SET opened_sequence = 3 {HOUSE_ROW}",
    "the record that named a house account": f"UPDATE account SET named_sequence = 3 {HOUSE_ROW}",
    "a currency that no account has": "INSERT INTO currency VALUES ('XXX', 2)",
    "empty words where there were none": f"UPDATE text SET note = '' WHERE sequence = {DEPOSITED}",
}

_UNHEARD = f"what audit record {DEPOSITED} tells of cannot be read"

UNREAD: Mapping[str, tuple[str, str]] = {
    "targets that are a number": (
        f"UPDATE audit SET target_ids = '5' WHERE sequence = {REFUSED}",
        _record(REFUSED, "cannot be read"),
    ),
    "a record that is no UTF-8": (
        f"UPDATE audit SET idempotency_key = {UNREADABLE} WHERE sequence = {REFUSED}",
        _record(REFUSED, _DIFFER),
    ),
    "a salt that is not hexadecimal": (f"UPDATE text SET salt = 'x' WHERE sequence = {DEPOSITED}", _UNHEARD),
    "metadata that are no JSON": (
        "UPDATE text SET metadata = 'x' WHERE sequence = 3",
        "what audit record 3 tells of cannot be read",
    ),
    "metadata that are no pairs": (
        f"UPDATE text SET metadata = '5' WHERE sequence = {DEPOSITED}",
        _UNHEARD,
    ),
    "words that are no UTF-8": (f"UPDATE text SET note = {UNREADABLE} WHERE sequence = {DEPOSITED}", _UNHEARD),
    "an API client that is no UTF-8": (f"UPDATE freeze SET placed_by = {UNREADABLE}", _FREEZE.format(LIVE)),
}


@pytest.mark.parametrize("change", RULED_OUT)
def test_what_only_a_rule_shows_is_found(change: str, unguarded: peewee.SqliteDatabase) -> None:
    assert fault_after(Tampering(change, "", (RULED_OUT[change],)), unguarded) is not None


@pytest.mark.parametrize("change", UNREAD)
def test_tampering_is_named_even_where_rows_cannot_be_read(change: str, unguarded: peewee.SqliteDatabase) -> None:
    statement, fault = UNREAD[change]
    assert fault_after(Tampering(change, fault, (statement,)), unguarded) == fault


@pytest.mark.parametrize(
    "change", ["'x'", "'{}'", "json_remove(details, '$.result')", "json_remove(details, '$.input')"]
)
def test_resealed_details_that_cannot_be_read_are_named(change: str, unguarded: peewee.SqliteDatabase) -> None:
    statement = f"UPDATE audit SET details = {change} WHERE sequence = {DEPOSITED}"
    assert fault_after(Tampering(change, "", (statement,), resealed=True), unguarded) is not None


# Every column and every row, one at a time.

CHANGES: Mapping[type[peewee.Field], tuple[str, ...]] = {
    peewee.BigIntegerField: ("NULL", "{0} + 1", "{0} - 1", "0", "1"),
    peewee.TextField: ("NULL", "{0} || 'x'", "''", "'x'"),
}
ANOTHER = "(SELECT other.{0} FROM {1} AS other WHERE other.{0} IS NOT {1}.{0} LIMIT 1)"
"""What a column is changed to: these, and what another row has in it."""

WRITTEN = [table for table in TABLES if table is not Reversal]
"""No operation reverses yet, so there are no rows of reversals to change."""


@pytest.fixture(scope="module")
def unchecked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peewee.SqliteDatabase]:
    """Give books with more people in them and a text erased; no triggers, foreign keys or checks guard them."""
    path = tmp_path_factory.mktemp("everything") / "books.db"
    ledger = TestLedger(migrated(path))
    fill(ledger)
    vault = ledger.caller(Role.MANAGER, "vault")
    ledger.succeed(RevokeApiKey(api_key_id=vault.api_key_id or ""))
    ledger.succeed(DisableApiClient(api_client_id=vault.api_client_id))
    ledger.database.execute_sql(f"{BLANKED} WHERE sequence = {ERASED}")
    ledger.database.close()
    yield from opened_unguarded(path, ignore_check_constraints=1)


def _columns() -> Iterator[Any]:
    for table in WRITTEN:
        for field in table._meta.sorted_fields:
            name = f"{table._meta.table_name}.{field.column_name}"
            if name != "api_key.secret_digest":
                yield pytest.param(field, id=name)


def _updates(field: peewee.Field) -> Iterator[str]:
    """Yield the start of every UPDATE of a column; each leaves out rows that it would not change."""
    name, table = field.column_name, f'"{field.model._meta.table_name}"'
    for change in (*CHANGES[type(field)], ANOTHER):
        value = change.format(name, table)
        yield f"UPDATE {table} SET {name} = {value} WHERE {name} IS NOT {value} AND "


def _unfound(books: peewee.SqliteDatabase, table: type[peewee.Model], starts: Iterable[str]) -> list[str]:
    """Do each statement to each row of a table; return those whose fault was not found."""
    meta = table._meta
    keys = [field.column_name for field in meta.get_primary_keys()]
    is_row = " AND ".join(f"{key} = ?" for key in keys)
    rows = books.execute_sql(f'SELECT {", ".join(keys)} FROM "{meta.table_name}"').fetchall()
    tried = [(start, row, _try(books, start + is_row, row)) for start in starts for row in rows]
    assert any(outcome is not None for _, _, outcome in tried)
    return [f"{start}{row}: {outcome}" for start, row, outcome in tried if outcome not in {None, "found"}]


def _try(books: peewee.SqliteDatabase, statement: str, row: tuple[Any, ...]) -> str | None:
    """Return what became of a tampering; None if the schema did not allow it, or nothing changed."""
    with books.atomic() as undone:
        try:
            if not books.execute_sql(statement, row).rowcount:
                return None
            verification.verify(books)
        except FaultFoundError:
            return "found"
        except peewee.IntegrityError:
            return None
        except _BREAKS as error:
            return repr(error)
        finally:
            undone.rollback()
    return "clean"


def test_the_books_of_these_tests_have_rows_in_every_table(unchecked: peewee.SqliteDatabase) -> None:
    filled = {
        table
        for table in TABLES
        if unchecked.execute_sql(f'SELECT 1 FROM "{table._meta.table_name}" LIMIT 1').fetchone()
    }
    assert filled == set(WRITTEN)
    assert verification.verify(unchecked) == Verified(records=LAST + 4, transactions=4, accounts=7)


@pytest.mark.parametrize("field", list(_columns()))
def test_a_change_of_any_column_is_found(field: peewee.Field, unchecked: peewee.SqliteDatabase) -> None:
    assert _unfound(unchecked, field.model, _updates(field)) == []


@pytest.mark.parametrize("table", WRITTEN)
def test_the_deletion_of_any_row_is_found(table: type[peewee.Model], unchecked: peewee.SqliteDatabase) -> None:
    assert _unfound(unchecked, table, [f'DELETE FROM "{table._meta.table_name}" WHERE ']) == []


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


def moving(account_id: str, amount: Money, *, to: str, **fields: Any) -> tuple[Deposit, Withdraw, Transfer]:
    """Return a movement of each kind, with words that are kept although they are refused."""
    fields |= {"amount": amount, "description": "for nothing"}
    return (
        Deposit(account_id=account_id, **fields),
        Withdraw(account_id=account_id, **fields),
        Transfer(from_account_id=account_id, to_account_id=to, **fields),
    )


UNMET: tuple[Callable[[str], Command], ...] = (
    lambda id_: OpenAccount(currency=EUR, name=id_, metadata=(("branch", "7"),)),
    lambda id_: RenameAccount(account_id=id_, name="Ada"),
    lambda id_: FreezeAccount(account_id=id_, reason=FreezeReason.OPERATIONS, note="a call"),
    lambda id_: UnfreezeAccount(account_id=id_, note="a call"),
    lambda id_: CloseAccount(account_id=id_, note="a call"),
    lambda id_: Deposit(account_id=id_, amount=euros(1), description="wages"),
    lambda id_: Withdraw(account_id=id_, amount=euros(1), description="cash"),
    lambda id_: Transfer(from_account_id=id_, to_account_id="acct_other", amount=euros(1)),
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
    for use in (use_clients, use_accounts, use_movements, use_one_batch):
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
        if kind is not ExpireFreeze
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
    everything.database.execute_sql(BLANKED)
    assert verification.verify(everything.database) == before
    ada = everything.opened().id
    everything.succeed(RenameAccount(account_id=ada, name="Ada"))
    everything.execute(UNMET[0]("first"), key="used")
    assert verification.verify(everything.database) == Verified(
        before.records + 2, before.transactions, before.accounts + 1
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

"""Attempts on the books in raw SQL, each with the wall that must stop it.

Statements may use the named parameters of `parameters`: the ids of the populated books, and what an honest next batch
would write.
"""

# ruff: noqa: S608 - nothing here comes from outside
from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.access import SYSTEM_CLIENT_ID
from persistence.tables import TABLES
from tests.persistence import populated


@dataclass(frozen=True, slots=True)
class Attack:
    """SQL that must be refused by the wall that speaks these words, right after `given` was let through."""

    name: str
    wall: str
    sql: str
    given: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def parameters(connection: sqlite3.Connection) -> Mapping[str, Any]:
    """Return the names that attacks are written with."""
    number, sequence, at = connection.execute("SELECT max(number), max(last_sequence), max(at) FROM batch").fetchone()
    (digest,) = connection.execute("SELECT hash FROM audit WHERE sequence = ?", (sequence,)).fetchone()
    version, posted = _standing(connection, populated.FUNDED)
    house_version, house_posted = _standing(connection, "house_EUR")
    named = {name.lower(): value for name, value in vars(populated).items() if name.isupper() and name[0] != "_"}
    ids = {name: value for name, value in named.items() if isinstance(value, str)}
    return {
        "number": number + 1,
        "next": sequence + 1,
        "last": sequence,
        "at": at + 1,
        "hash": digest,
        **{name: _first(connection, operation) for name, operation in _RECORDS.items()},
        "version": version + 1,
        "posted": posted,
        "house_version": house_version + 1,
        "house_posted": house_posted,
        "house": "house_EUR",
        "system": SYSTEM_CLIENT_ID,
        **ids,
        "targets": json.dumps([*ids.values(), *_NEW]),
    }


_NEW = ("acct_new", "hold_new", "frz_new", "cli_new", "key_new", SYSTEM_CLIENT_ID)
"""What records name besides everything that is in the books; never the house, which changes by its entries."""


_RECORDS = {
    "creating": "CREATE_API_CLIENT",
    "issuing": "ISSUE_API_KEY",
    "opening": "OPEN_ACCOUNT",
    "closing": "CLOSE_ACCOUNT",
    "freezing": "FREEZE_ACCOUNT",
    "placing": "PLACE_HOLD",
    "renaming": "RENAME_ACCOUNT",
    "deposit": "DEPOSIT",
    "withdrawal": "WITHDRAW",
}
"""Names for records of closed batches: the first success of each operation."""


def _first(connection: sqlite3.Connection, operation: str) -> int:
    query = "SELECT min(sequence) FROM audit WHERE operation = ? AND outcome = 'SUCCEEDED'"
    (sequence,) = connection.execute(query, (operation,)).fetchone()
    return int(sequence)


def _standing(connection: sqlite3.Connection, account_id: str) -> tuple[int, int]:
    row = connection.execute("SELECT version, posted FROM account WHERE id = ?", (account_id,)).fetchone()
    version, posted = row
    return version, posted


# What an honest batch writes, step by step; many attacks begin like one.

AUDIT = """INSERT INTO audit VALUES
    (:next, :at, 'SUCCEEDED', 'DEPOSIT', :system, NULL, 'ADMIN', 'fresh', :targets, NULL, '{}', :hash, :hash)"""
REFUSED_AUDIT = AUDIT.replace("'SUCCEEDED'", "'REFUSED'").replace(":targets, NULL", ":targets, 'ACCOUNT_CLOSED'")


def done(operation: str, record: str = AUDIT, *, named: str = ":targets") -> str:
    """Return the record of another operation, done under no key."""
    keyless = record.replace("'fresh'", "NULL")
    return keyless.replace("'DEPOSIT'", f"'{operation}'").replace(":targets", named)


def by(whom: str, role: str, record: str = AUDIT) -> str:
    """Return the record of another client."""
    return record.replace(":system", whom).replace("'ADMIN'", f"'{role}'")


def refused(operation: str) -> str:
    """Return the record of another operation that was refused."""
    return done(operation, REFUSED_AUDIT)


DEPOSITING = done("DEPOSIT")
SECOND_AUDIT = DEPOSITING.replace(":next", ":next + 1")
NAMING_NOBODY = "'[]'"
NAMING_THE_HOUSE = "json_array(:house)"
AT_ITS_TIME = "(SELECT at FROM audit WHERE sequence = {})"

KEPT = "INSERT INTO idempotency VALUES (:system, 'DEPOSIT', 'fresh', 'SUCCEEDED', '', 1, :next)"
TRANSACTION = """INSERT INTO "transaction" VALUES (:next, 'txn_next', 'DEPOSIT', 100, 'EUR', NULL, :at)"""
CREDIT = "INSERT INTO entry VALUES (:funded, :version, :next, 100, :posted + 100, :at)"
DEBIT = "INSERT INTO entry VALUES (:house, :house_version, :next, -100, :house_posted - 100, :at)"
CREDITED = """UPDATE account SET posted = :posted + 100, version = :version, changed_sequence = :next
    WHERE id = :funded"""
DEBITED = """UPDATE account SET posted = :house_posted - 100, version = :house_version, changed_sequence = :next
    WHERE id = :house"""
BATCH = "INSERT INTO batch VALUES (:number, :next, :next, :at)"

HONEST = (AUDIT, KEPT, TRANSACTION, CREDIT, DEBIT, CREDITED, DEBITED, BATCH)

KINDS: Mapping[str, str] = {
    "DEPOSIT": "DEPOSIT",
    "WITHDRAWAL": "WITHDRAW",
    "TRANSFER": "TRANSFER",
    "CAPTURE": "CAPTURE_HOLD",
    "REVERSAL": "REVERSE_TRANSACTION",
    "SWEEP": "CLOSE_ACCOUNT",
}
"""Kinds of transaction, each with the operation that makes it."""


def of_kind(kind: str) -> str:
    """Return the transaction as one of another kind."""
    return TRANSACTION.replace("'DEPOSIT'", f"'{kind}'")


REVERSING, REVERSAL = done("REVERSE_TRANSACTION"), of_kind("REVERSAL")
UNCHECKED = "PRAGMA ignore_check_constraints = 1"


def moved(minor: int | str, whom: str) -> tuple[str, str]:
    """Return an entry of the next transaction, and its account following it."""
    return (
        f"""INSERT INTO entry
            SELECT id, version + 1, :next, {minor}, posted + {minor}, :at FROM account WHERE id = {whom}""",
        f"""UPDATE account SET posted = posted + {minor}, version = version + 1, changed_sequence = :next
            WHERE id = {whom}""",
    )


_GIVEN = (*moved(100, ":funded"), *moved(-100, ":house"))
_TAKEN = (*moved(-100, ":funded"), *moved(100, ":house"))
_PASSED_ON = (*moved(-100, ":funded"), *moved(100, ":empty"))
_REVERSED = "INSERT INTO reversal VALUES (:deposit, 2, :next, 130)"
_KEY_OF_THE_DEPOSIT = "(SELECT key FROM idempotency WHERE sequence = :deposit)"
_ABANDONING = AUDIT.replace("'DEPOSIT'", "'ABANDON_IDEMPOTENCY_KEY'")
_ABANDONED = KEPT.replace("SUCCEEDED", "ABANDONED")
_SUMS = "the entries of a transaction sum to zero, and to its amount on each side"

_CLOSING, _SWEEP = done("CLOSE_ACCOUNT"), of_kind("SWEEP").replace("100", ":posted")
_SWEPT = moved("-:posted", ":funded")
_CLOSED = """UPDATE account SET state = 'CLOSED', closed_at = :at, closed_version = version, overdraft_limit = 0,
    changed_sequence = {} WHERE id = :funded"""
_TAKES_ALL = "a sweep takes all that an account had, in the record that closes it"

SWEEPS = (
    Attack(
        "a sweep to the house",
        "a sweep is between two customers",
        BATCH,
        (_CLOSING, _SWEEP, *_SWEPT, *moved(":posted", ":house"), _CLOSED.format(":next")),
    ),
    Attack(
        "a sweep to two accounts",
        "a sweep is between two customers",
        BATCH,
        (
            _CLOSING,
            _SWEEP,
            *_SWEPT,
            *moved(":posted - 1", ":other"),
            *moved(1, ":empty"),
            _CLOSED.format(":next"),
        ),
    ),
    Attack(
        "a sweep that leaves something",
        _TAKES_ALL,
        BATCH,
        (_CLOSING, of_kind("SWEEP"), *_PASSED_ON),
    ),
    Attack(
        "a sweep out of an account that stays open",
        _TAKES_ALL,
        BATCH,
        (_CLOSING, _SWEEP, *_SWEPT, *moved(":posted", ":other")),
    ),
    Attack(
        "a sweep before the record that closes",
        _TAKES_ALL,
        BATCH.replace(":next, :next", ":next, :next + 1"),
        (
            _CLOSING,
            _CLOSING.replace(":next", ":next + 1"),
            _SWEEP,
            *_SWEPT,
            *moved(":posted", ":other"),
            _CLOSED.format(":next + 1"),
        ),
    ),
    Attack(
        "a sweep taken back",
        "a sweep is never taken back",
        """INSERT INTO reversal SELECT sequence, 1, :next, 40 FROM "transaction" WHERE kind = 'SWEEP'""",
        (REVERSING, REVERSAL.replace("100", "40")),
    ),
)

BATCHES = (
    Attack(
        "a batch number left out",
        "batches are numbered without gaps",
        "INSERT INTO batch VALUES (:number + 1, :next, :next, :at)",
        (DEPOSITING,),
    ),
    Attack(
        "a batch without a number",
        "batches are numbered without gaps",
        "INSERT INTO batch VALUES (NULL, :next, :next, :at)",
        (DEPOSITING,),
    ),
    Attack(
        "a batch that skips a record",
        "a batch begins where the last one ended",
        "INSERT INTO batch VALUES (:number, :next + 1, :next + 1, :at)",
        (DEPOSITING, SECOND_AUDIT),
    ),
    Attack(
        "a batch that claims a record of the one before",
        "a batch begins where the last one ended",
        "INSERT INTO batch VALUES (:number, :next - 1, :next, :at)",
        (DEPOSITING,),
    ),
    Attack(
        "a batch that leaves out its last record",
        "a batch ends with the last audit record",
        BATCH,
        (DEPOSITING, SECOND_AUDIT),
    ),
    Attack(
        "a batch of records to come",
        "a batch ends with the last audit record",
        "INSERT INTO batch VALUES (:number, :next, :next + 1, :at)",
        (DEPOSITING,),
    ),
    Attack(
        "a batch of nothing",
        "CHECK constraint failed: first_sequence <= last_sequence",
        "INSERT INTO batch VALUES (:number, :next, :last, :at)",
    ),
    Attack(
        "a batch at the time of the last one",
        "time does not run backwards",
        "INSERT OR REPLACE INTO batch VALUES (:number, :next, :next, :at - 1)",
        (DEPOSITING.replace(":at", ":at - 1"),),
    ),
    Attack(
        "a batch long ago",
        "time does not run backwards",
        "INSERT INTO batch VALUES (:number, :next, :next, 1)",
        (DEPOSITING.replace(":at", "1"),),
    ),
    *(
        Attack(
            f"a batch of a record {what} than itself",
            "time does not run backwards",
            "INSERT INTO batch VALUES (:number, :next, :next + 1, :at + 1)",
            (DEPOSITING.replace(":at", first), SECOND_AUDIT.replace(":at", second)),
        )
        for what, first, second in (("earlier", ":at", ":at + 1"), ("later", ":at + 1", ":at + 2"))
    ),
    Attack(
        "a transaction that does not sum to zero",
        _SUMS,
        BATCH,
        (
            DEPOSITING,
            TRANSACTION,
            *moved(100, ":funded"),
            *moved(-99, ":house"),
        ),
    ),
    Attack(
        "a transaction with one entry",
        _SUMS,
        BATCH,
        (DEPOSITING, TRANSACTION, CREDIT, CREDITED),
    ),
    Attack(
        "a transaction without entries",
        _SUMS,
        BATCH,
        (DEPOSITING, TRANSACTION),
    ),
    *(
        Attack(
            f"a transaction of {what} than its entries",
            _SUMS,
            BATCH,
            (DEPOSITING, TRANSACTION.replace("100", amount), CREDIT, DEBIT, CREDITED, DEBITED),
        )
        for what, amount in (("less", "1"), ("more", "200"))
    ),
    Attack(
        "a reversal that no original knows of",
        "money moves the way its transaction says",
        BATCH,
        (REVERSING, REVERSAL, CREDIT, DEBIT, CREDITED, DEBITED),
    ),
    Attack(
        "a transaction that turns yen into euros",
        "the entries of a transaction are in its currency",
        BATCH,
        (
            DEPOSITING,
            TRANSACTION.replace("100", "600"),
            CREDIT,
            CREDITED,
            *moved(500, ":yen"),
            *moved(-600, ":house"),
        ),
    ),
    Attack(
        "a transaction in a currency that is not its accounts'",
        "the entries of a transaction are in its currency",
        BATCH,
        (
            DEPOSITING,
            """INSERT INTO "transaction" VALUES (:next, 'txn_next', 'DEPOSIT', 100, 'JPY', NULL, :at)""",
            CREDIT,
            DEBIT,
            CREDITED,
            DEBITED,
        ),
    ),
    *(
        Attack(what, "money moves the way its transaction says", BATCH, given)
        for what, given in (
            ("a deposit that takes", (DEPOSITING, TRANSACTION, *_TAKEN)),
            ("a deposit out of another account", (DEPOSITING, TRANSACTION, *_PASSED_ON)),
            ("a withdrawal that gives", (done("WITHDRAW"), of_kind("WITHDRAWAL"), *_GIVEN)),
            ("a withdrawal into another account", (done("WITHDRAW"), of_kind("WITHDRAWAL"), *_PASSED_ON)),
            ("a transfer out of the house", (done("TRANSFER"), of_kind("TRANSFER"), *_GIVEN)),
            ("a transfer into the house", (done("TRANSFER"), of_kind("TRANSFER"), *_TAKEN)),
            ("a reversal that gives once more", (REVERSING, REVERSAL, *_GIVEN, _REVERSED)),
            (
                "a reversal that takes once more",
                (REVERSING, REVERSAL, *_TAKEN, "INSERT INTO reversal VALUES (:withdrawal, 1, :next, 100)"),
            ),
            (
                "a reversal at the cost of another",
                (REVERSING, REVERSAL, *moved(-100, ":other"), *moved(100, ":house"), _REVERSED),
            ),
        )
    ),
    *(
        Attack(f"a success {what}", "a success is kept under its key", BATCH, given)
        for what, given in (
            ("that its key knows nothing of", (AUDIT,)),
            ("under the key of another", (AUDIT.replace("'fresh'", _KEY_OF_THE_DEPOSIT),)),
            ("kept under the key that it abandons", (_ABANDONING, _ABANDONED)),
            (
                "kept under another key that it abandons",
                (_ABANDONING, _ABANDONED.replace("'DEPOSIT', 'fresh'", "'ABANDON_IDEMPOTENCY_KEY', 'other'")),
            ),
            ("with all its rows, but none for its key", tuple(row for row in HONEST if row not in (KEPT, BATCH))),
        )
    ),
    Attack(
        "an account left behind by its entry",
        "an account agrees with its last entry",
        BATCH,
        (DEPOSITING, TRANSACTION, CREDIT, DEBIT, DEBITED),
    ),
)

_CREATE = "INSERT INTO api_client VALUES ('cli_new', 'new', 'ADMIN', NULL, :next, :next)"
_CREATING = done("CREATE_API_CLIENT")

AUDITS = (
    Attack("an audit number left out", "audit records are numbered without gaps", SECOND_AUDIT),
    Attack(
        "an audit number left out, and a chain begun anew",
        "audit records are numbered without gaps",
        """INSERT INTO audit VALUES
            (:next + 1, :at, 'SUCCEEDED', 'DEPOSIT', :system, NULL, 'ADMIN', NULL, '[]', NULL, '{}',
            '0000000000000000000000000000000000000000000000000000000000000000', :hash)""",
    ),
    Attack(
        "an audit record without a number",
        "audit records are numbered without gaps",
        """INSERT INTO audit VALUES
            (NULL, :at, 'SUCCEEDED', 'DEPOSIT', :system, NULL, 'ADMIN', NULL, '[]', NULL, '{}', :hash, :hash)""",
    ),
    Attack(
        "an audit record before the first",
        "audit records are numbered without gaps",
        """INSERT INTO audit VALUES
            (0, 0, 'SUCCEEDED', 'DEPOSIT', :system, NULL, 'ADMIN', NULL, '[]', NULL, '{}', :hash, :hash)""",
    ),
    Attack(
        "an audit record chained to another",
        "an audit record is chained to the one before it",
        """INSERT INTO audit VALUES (:next, :at, 'SUCCEEDED', 'DEPOSIT', :system, NULL, 'ADMIN', NULL, '[]', NULL, '{}',
            (SELECT hash FROM audit WHERE sequence = 1), :hash)""",
    ),
    Attack(
        "an audit record that begins a chain of its own",
        "an audit record is chained to the one before it",
        """INSERT INTO audit VALUES (:next, :at, 'SUCCEEDED', 'DEPOSIT', :system, NULL, 'ADMIN', NULL, '[]', NULL, '{}',
            '0000000000000000000000000000000000000000000000000000000000000000', :hash)""",
    ),
    *(
        Attack(
            f"{role} and {operation} that succeeded",
            "nothing succeeds without a permission",
            done(operation, by("'cli_new'", role)).replace(":next", ":next + 1"),
            (_CREATING, _CREATE.replace("'ADMIN'", f"'{role}'")),
        )
        for role, operation in (
            ("TELLER", "WITHDRAW"),
            ("TELLER", "TRANSFER"),
            ("VIEWER", "DEPOSIT"),
            ("AUDITOR", "DEPOSIT"),
            ("MANAGER", "ISSUE_API_KEY"),
            ("ADMIN", "PRINT_MONEY"),
        )
    ),
    *(
        Attack(f"a success of {what}", "nothing succeeds without a permission", done(operation, by(whom, role)))
        for what, operation, whom, role in (
            ("a TELLER who says ADMIN", "WITHDRAW", ":teller", "ADMIN"),
            ("a TELLER who says MANAGER", "WITHDRAW", ":teller", "MANAGER"),
            ("a TELLER who says MANAGER, though a TELLER may", "DEPOSIT", ":teller", "MANAGER"),
            ("an ADMIN who says TELLER", "DEPOSIT", ":manager", "TELLER"),
            ("nobody", "DEPOSIT", "'cli_none'", "ADMIN"),
        )
    ),
    Attack(
        "a target that its record does not name",
        "audit targets are those of their record",
        "INSERT INTO audit_target VALUES (:yen, 1)",
    ),
    Attack(
        "a target of no record",
        "audit targets are those of their record",
        "INSERT INTO audit_target VALUES (:yen, :next)",
    ),
)

_KEY_RECORD = "an idempotency record has its audit record, in the open batch"
_REFUSED = KEPT.replace("SUCCEEDED", "REFUSED")

KEYS_DECIDED = (
    Attack(
        "a key decided anew",
        "an idempotency key is decided once",
        """REPLACE INTO idempotency SELECT api_client_id, operation, key, 'SUCCEEDED', 'forged', 1, :next
            FROM idempotency WHERE sequence = :deposit""",
        (AUDIT.replace("'fresh'", _KEY_OF_THE_DEPOSIT),),
    ),
    *(
        Attack(f"a key decided by {what}", _KEY_RECORD, sql, given)
        for what, sql, given in (
            ("no record", KEPT, ()),
            ("the record of another client", KEPT.replace(":system", ":manager"), (AUDIT,)),
            ("the record of another operation", KEPT.replace("'DEPOSIT'", "'WITHDRAW'"), (AUDIT,)),
            ("the record of another key", KEPT.replace("'fresh'", "'other'"), (AUDIT,)),
            ("the record of no key", KEPT, (AUDIT.replace("'fresh'", "NULL"),)),
            ("a success that it calls a refusal", _REFUSED, (AUDIT,)),
            ("a refusal that it calls a success", KEPT, (REFUSED_AUDIT,)),
            ("the record beside its own", KEPT.replace(":next", ":next + 1"), (AUDIT, SECOND_AUDIT)),
            ("a denial", _REFUSED, (REFUSED_AUDIT.replace("'REFUSED'", "'DENIED'"),)),
            ("a deposit that abandons it", _ABANDONED, (AUDIT,)),
            (
                "somebody else who abandons it",
                _ABANDONED.replace(":system", ":manager"),
                (done("ABANDON_IDEMPOTENCY_KEY"),),
            ),
            (
                "abandoning that was refused",
                _ABANDONED,
                (refused("ABANDON_IDEMPOTENCY_KEY"),),
            ),
            (
                "a refusal that left it unused",
                """INSERT INTO idempotency SELECT api_client_id, operation, :unused, outcome, '', 1, sequence
                    FROM audit WHERE idempotency_key = :unused""",
                (),
            ),
        )
    ),
)

_OPEN = """INSERT INTO account VALUES
    ('acct_new', 'CUSTOMER', 'EUR', 'ACTIVE', 0, 0, 0, 0, NULL, :at, :next, :next, :next, NULL, NULL)"""
_OPENING = done("OPEN_ACCOUNT")
_OPEN_HOUSE = _OPEN.replace("'acct_new', 'CUSTOMER', 'EUR'", "'house_JPY', 'HOUSE', 'JPY'")
_DEED = "an account changes only by a deed that names it, in the open batch"
_NAMING_ALL = done("DEPOSIT", named="json_array(:empty, :yen, :funded, 'acct_new', :house)")
_SOUND = "an account keeps its floor, and only an empty one closes"

_AS_ITS_DEEDS = (
    ("deposits and raises a limit", "DEPOSIT", "overdraft_limit = 9", ":funded"),
    ("deposits and sets money aside", "DEPOSIT", "held = 1", ":funded"),
    ("deposits and thaws", "DEPOSIT", "state = 'ACTIVE'", ":frozen"),
    ("freezes and thaws", "FREEZE_ACCOUNT", "state = 'ACTIVE'", ":frozen"),
    ("renames and freezes", "RENAME_ACCOUNT", "state = 'FROZEN'", ":funded"),
    ("unfreezes and freezes", "UNFREEZE_ACCOUNT", "state = 'FROZEN'", ":funded"),
    (
        "renames and closes",
        "RENAME_ACCOUNT",
        "state = 'CLOSED', closed_at = :at, closed_version = version",
        ":empty",
    ),
)

ACCOUNTS = (
    *(
        Attack(
            f"a deed that {what}",
            "an account changes only as its deeds may change it",
            f"UPDATE account SET {change}, changed_sequence = :next WHERE id = {whose}",
            (done(operation, named=f"json_array({whose})"),),
        )
        for what, operation, change, whose in _AS_ITS_DEEDS
    ),
    Attack(
        "an account over the reference of another",
        "an account is opened once",
        _OPEN.replace("NULL, :at", "'R-1', :at"),
        (_OPENING,),
    ),
    Attack(
        "an account that takes the reference of another",
        "an account is opened once",
        _OPEN.replace("NULL, :at", "'R-1', :at").replace("INSERT INTO", "REPLACE INTO"),
        (_OPENING,),
    ),
    *(
        Attack(
            f"an account opened again while {what}",
            "an account is opened once",
            _OPEN.replace("'acct_new'", whose).replace("INSERT INTO", "REPLACE INTO"),
            (_OPENING,),
        )
        for what, whose in (("closed", ":closed"), ("frozen", ":frozen"), ("in debt", ":house"))
    ),
    *(
        Attack(
            f"an account opened with {what}",
            "an account opens empty and ACTIVE",
            _OPEN.replace(old, new),
            (_OPENING,),
        )
        for what, old, new in (
            ("money", "0, 0, 0, 0", "100, 0, 0, 0"),
            ("a hold", "0, 0, 0, 0", "0, 50, 50, 0"),
            ("a version", "0, 0, 0, 0", "0, 0, 0, 1"),
            ("a freeze", "'ACTIVE'", "'FROZEN'"),
        )
    ),
    Attack(
        "an account opened CLOSED",
        "an account opens empty and ACTIVE",
        _OPEN.replace("'ACTIVE'", "'CLOSED'").replace("NULL, NULL)", ":at, 0)"),
        (_OPENING,),
    ),
    *(
        Attack(f"{what}, unchecked", "an account opens empty and ACTIVE", sql, (UNCHECKED, _OPENING))
        for what, sql in (
            ("an account opened with a limit below nothing", _OPEN.replace("0, 0, 0, 0", "0, 0, -1, 0")),
            ("an account opened with less held than nothing", _OPEN.replace("0, 0, 0, 0", "0, -1, 0, 0")),
            ("an account opened in debt", _OPEN.replace("0, 0, 0, 0", "-1, 0, 0, 0")),
            ("an account opened with an end", _OPEN.replace("NULL, NULL)", ":at, NULL)")),
            ("an account opened with a last version", _OPEN.replace("NULL, NULL)", "NULL, 9)")),
        )
    ),
    *(
        Attack(what, "a currency has one house account", sql, given)
        for what, sql, given in (
            ("a second house", _OPEN_HOUSE.replace("_JPY', 'HOUSE', 'JPY'", "_2', 'HOUSE', 'EUR'"), (DEPOSITING,)),
            ("a house among the accounts", _OPEN_HOUSE.replace("'house_JPY'", "'acct_new'"), (DEPOSITING,)),
            ("a house of another currency", _OPEN_HOUSE.replace("'house_JPY'", "'house_USD'"), (DEPOSITING,)),
            ("a house with a limit", _OPEN_HOUSE.replace("0, 0, 0, 0", "0, 0, 1, 0"), (UNCHECKED, DEPOSITING)),
            ("a bank, unchecked", _OPEN.replace("'CUSTOMER'", "'BANK'"), (UNCHECKED, DEPOSITING)),
            (
                "a customer in the place of the house",
                _OPEN.replace("'acct_new'", "'house_JPY'"),
                (done("OPEN_ACCOUNT", named="json_array('house_JPY')"),),
            ),
        )
    ),
    *(
        Attack(f"an account {what}", "an account has its audit record, in the open batch", sql, given)
        for what, sql, given in (
            ("opened by no record", _OPEN, ()),
            (
                "opened with a limit by a TELLER",
                _OPEN.replace("0, 0, 0, 0", "0, 0, 9, 0"),
                (by(":teller", "TELLER", _OPENING),),
            ),
            ("opened by a record of a closed batch", _OPEN.replace(":next", ":opening"), ()),
            ("opened by a refusal", _OPEN, (refused("OPEN_ACCOUNT"),)),
            ("opened by a deposit", _OPEN, (DEPOSITING,)),
            ("opened by a record that names another", _OPEN, (done("OPEN_ACCOUNT", named="json_array(:empty)"),)),
            ("opened before its record", _OPEN.replace(":at", ":at - 1"), (_OPENING,)),
            ("named by another record", _OPEN.replace(":next, :next, :next", ":next, :renaming, :next"), (_OPENING,)),
            ("changed by another record", _OPEN.replace(":next, NULL", ":renaming, NULL"), (_OPENING,)),
            ("of the house opened by no record", _OPEN_HOUSE, ()),
            (
                "of the house opened by a record of a closed batch",
                _OPEN_HOUSE.replace(":next", ":deposit").replace(":at", AT_ITS_TIME.format(":deposit")),
                (),
            ),
            ("of the house opened by a record to come", _OPEN_HOUSE.replace(":next", "9999"), (DEPOSITING,)),
            (
                "opened beside the record that names it",
                _OPEN,
                (done("OPEN_ACCOUNT", named="'[]'"), SECOND_AUDIT),
            ),
            ("of the house opened by a refusal", _OPEN_HOUSE, (refused("DEPOSIT"),)),
            ("of the house opened like one of a customer", _OPEN_HOUSE, (_OPENING,)),
            ("of the house opened after its record", _OPEN_HOUSE.replace(":at", ":at + 1"), (DEPOSITING,)),
        )
    ),
    Attack(
        "an account in a currency unheard of",
        "an account has a known currency",
        _OPEN.replace("'EUR'", "'XXX'"),
        (_OPENING,),
    ),
    *(
        Attack(
            f"an account changed by {what}",
            _DEED,
            f"UPDATE account SET overdraft_limit = 1000000, changed_sequence = {sequence} WHERE id = :funded",
            given,
        )
        for what, sequence, given in (
            ("no record", "9999", ()),
            ("its last record", "changed_sequence", ()),
            ("a record of a closed batch", ":deposit", ()),
            ("a record to come", ":next + 1", (done("SET_OVERDRAFT_LIMIT"),)),
            ("its last record, though another names it", "changed_sequence", (done("SET_OVERDRAFT_LIMIT"),)),
            ("a refusal", ":next", (refused("SET_OVERDRAFT_LIMIT"),)),
            ("a record that names nobody", ":next", (done("SET_OVERDRAFT_LIMIT", named="'[]'"),)),
            ("a record that names another", ":next", (done("SET_OVERDRAFT_LIMIT", named="json_array(:empty)"),)),
        )
    ),
    *(
        Attack(f"an account {what} without a word", _DEED, f"UPDATE account SET {change}")
        for what, change in (
            ("made ACTIVE", "state = 'ACTIVE' WHERE id = :frozen"),
            ("made FROZEN", "state = 'FROZEN' WHERE id = :funded"),
            ("closed", "state = 'CLOSED', closed_at = 1, closed_version = version WHERE id = :empty"),
            ("kept from its money", "held = 820 WHERE id = :funded"),
        )
    ),
    Attack("a customer who changes by an entry", _DEED, CREDITED, (done("DEPOSIT", named="'[]'"), TRANSACTION, CREDIT)),
    *(
        Attack(f"the house changed by {what}", _DEED, sql, (DEPOSITING, TRANSACTION, DEBIT))
        for what, sql in (
            ("no record", DEBITED.replace(":next", "9999")),
            ("its last entry in a closed batch", DEBITED.replace(":next", ":last")),
            ("an earlier entry of its own", DEBITED.replace(":next", ":deposit")),
        )
    ),
    Attack(
        "the house changed by its last entry but one",
        _DEED,
        """UPDATE account SET posted = :house_posted - 200, version = :house_version + 1, changed_sequence = :next
            WHERE id = :house""",
        (
            DEPOSITING,
            TRANSACTION,
            DEBIT,
            SECOND_AUDIT,
            TRANSACTION.replace(":next, 'txn_next'", ":next + 1, 'txn_later'"),
            "INSERT INTO entry VALUES (:house, :house_version + 1, :next + 1, -100, :house_posted - 200, :at)",
        ),
    ),
    Attack(
        "the house changed by the entry of another",
        _DEED,
        "UPDATE account SET changed_sequence = :next WHERE id = :house",
        (DEPOSITING, TRANSACTION, *moved(-1, ":other"), *moved(1, ":other")),
    ),
    *(
        Attack(
            f"a name from {what}",
            "a name has its audit record, in the open batch",
            f"UPDATE account SET named_sequence = {sequence}, changed_sequence = :next WHERE id = :empty",
            given,
        )
        for what, sequence, given in (
            ("no record", "9999", (DEPOSITING,)),
            ("a record to come", "9999", (done("RENAME_ACCOUNT"),)),
            ("a record of a closed batch", ":renaming", (DEPOSITING,)),
            ("a deposit", ":next", (DEPOSITING,)),
            ("a refusal", ":next + 1", (DEPOSITING, refused("RENAME_ACCOUNT").replace(":next", ":next + 1"))),
        )
    ),
    *(
        Attack(
            f"a closed account {what}",
            "a closed account never changes",
            f"UPDATE {conflict}account SET {change}, changed_sequence = :next WHERE id = :closed",
            (done("RENAME_ACCOUNT"),),
        )
        for conflict in ("", "OR REPLACE ")
        for what, change in (
            ("reopened", "state = 'ACTIVE', closed_at = NULL, closed_version = NULL"),
            ("frozen", "state = 'FROZEN', closed_at = NULL, closed_version = NULL"),
            ("closed at another time", "closed_at = 1"),
            ("renamed", "named_sequence = :next"),
        )
    ),
    *(
        Attack(
            f"an account with another {column}",
            "an account keeps its identity",
            f"UPDATE {conflict}account SET {column} = {value}, changed_sequence = :next WHERE id = {whose}",
            (_NAMING_ALL,),
        )
        for conflict in ("", "OR REPLACE ", "OR IGNORE ")
        for column, value, whose in (
            ("id", "'acct_new'", ":empty"),
            ("id", ":yen", ":empty"),
            ("kind", "'HOUSE'", ":empty"),
            ("kind", "'CUSTOMER', overdraft_limit = 1000000", ":house"),
            ("currency", "'JPY'", ":empty"),
            ("reference", "'R-2'", ":empty"),
            ("reference", "'R-1'", ":empty"),
            ("reference", "NULL", ":funded"),
            ("opened_at", "1", ":empty"),
            ("opened_sequence", "1", ":empty"),
        )
    ),
    *(
        Attack(
            f"an account changed without an entry: {change}",
            "an account agrees with its last entry",
            f"UPDATE account SET {change} WHERE id = :funded",
            (DEPOSITING,),
        )
        for change in (
            "changed_sequence = :next, posted = posted + 100",
            "changed_sequence = :next, posted = 0",
            "changed_sequence = :next, version = version + 1",
            "changed_sequence = :next, version = version - 1",
            "changed_sequence = :next, posted = posted + 100, version = version + 1",
            "changed_sequence = :next, version = 1, posted = 1000",
            "changed_sequence = :next, posted = 100 WHERE id = :empty --",
            "changed_sequence = :next, posted = 0, state = 'CLOSED', closed_at = 1, closed_version = version",
        )
    ),
    Attack(
        "a balance ahead of its entry",
        "an account agrees with its last entry",
        "UPDATE account SET posted = :posted + 101, version = :version, changed_sequence = :next WHERE id = :funded",
        (AUDIT, TRANSACTION, CREDIT),
    ),
    *(
        Attack(
            f"{what}, unchecked",
            _SOUND,
            f"UPDATE account SET changed_sequence = :next, {change}",
            (UNCHECKED, _NAMING_ALL),
        )
        for what, change in (
            ("less held than nothing", "held = -1 WHERE id = :empty"),
            ("a limit below nothing", "overdraft_limit = -1 WHERE id = :funded"),
            ("a limit below what is in use", "overdraft_limit = 29 WHERE id = :owing"),
            ("more held than there is", "held = posted + overdraft_limit + 1 WHERE id = :funded"),
            ("the house account frozen", "state = 'FROZEN' WHERE id = :house"),
            ("a hold on the house", "held = 1 WHERE id = :house"),
            ("an overdraft of the house", "overdraft_limit = 1 WHERE id = :house"),
            ("an account asleep", "state = 'ASLEEP' WHERE id = :empty"),
            ("an account closed at no version", "state = 'CLOSED', closed_at = 1 WHERE id = :empty"),
            ("an account closed at no time", "state = 'CLOSED', closed_version = version WHERE id = :empty"),
            ("an open account with an end", "closed_at = 1 WHERE id = :empty"),
            ("an open account with a last version", "closed_version = 9 WHERE id = :empty"),
            *(
                (what, f"state = 'CLOSED', closed_at = 1, closed_version = version{more} WHERE id = :{whose}")
                for what, more, whose in (
                    ("a funded account closed", "", "funded"),
                    ("the house account closed", "", "house"),
                    ("an account closed for versions to come", " + 9", "empty"),
                    ("an account closed with a hold", ", held = 1, overdraft_limit = 1", "empty"),
                    ("an account closed with an overdraft", ", overdraft_limit = 1", "empty"),
                )
            ),
        )
    ),
    Attack(
        "an overdrawn account, unchecked",
        _SOUND,
        "UPDATE account SET posted = -100, version = 1, changed_sequence = :next WHERE id = :empty",
        (
            UNCHECKED,
            AUDIT,
            TRANSACTION,
            "INSERT INTO entry VALUES (:empty, 1, :next, -100, -100, :at)",
        ),
    ),
)

_PLACE = """INSERT INTO freeze VALUES
    ('frz_new', :empty, 'ALL', 'COMPLIANCE', :at, :system, 'ADMIN', :next, :next, NULL, NULL, NULL)"""
_FREEZING, _UNFREEZING = done("FREEZE_ACCOUNT"), done("UNFREEZE_ACCOUNT")
_ONLY_RELEASED = "a freeze changes only by its release, in the open batch"
_RELEASE = """UPDATE freeze SET released_at = :at, released_by = :system, changed_sequence = :next
    WHERE id = :live_freeze"""

FREEZES = (
    *(
        Attack(
            f"a {what} freeze placed again",
            "a freeze is placed once",
            _PLACE.replace("'frz_new'", whose).replace("INSERT INTO", "REPLACE INTO"),
            (_FREEZING,),
        )
        for what, whose in (("released", ":released_freeze"), ("live", ":live_freeze"))
    ),
    *(
        Attack(
            f"a freeze of {what}",
            "a freeze is placed on an open account",
            _PLACE.replace(":empty", whose),
            (_FREEZING,),
        )
        for what, whose in (("no account", "'acct_none'"), ("a closed account", ":closed"))
    ),
    *(
        Attack(f"a freeze by {what}", "a freeze has its audit record, in the open batch", sql, given)
        for what, sql, given in (
            ("no record", _PLACE, ()),
            (
                "a record of a closed batch",
                _PLACE.replace("'frz_new'", ":frozen")
                .replace(":next", ":freezing")
                .replace(":at", AT_ITS_TIME.format(":freezing")),
                (),
            ),
            ("a deposit", _PLACE, (DEPOSITING,)),
            ("a refusal", _PLACE, (refused("FREEZE_ACCOUNT"),)),
            ("a record that names another", _PLACE, (done("FREEZE_ACCOUNT", named="json_array(:empty)"),)),
            ("a later record", _PLACE.replace(":at", ":at - 1"), (_FREEZING,)),
            ("a record to come", _PLACE.replace(":next, :next", "9999, :next"), (_FREEZING,)),
            ("nobody", _PLACE.replace(":system", "'cli_none'"), (_FREEZING,)),
            ("another than its record says", _PLACE.replace(":system", ":manager"), (_FREEZING,)),
            ("another role than its record says", _PLACE.replace("'ADMIN'", "'MANAGER'"), (_FREEZING,)),
        )
    ),
    *(
        Attack(
            f"a freeze released with {change}",
            _ONLY_RELEASED,
            _RELEASE.replace("UPDATE", f"UPDATE {conflict}").replace("SET", f"SET {change},"),
            (_UNFREEZING,),
        )
        for conflict in ("", "OR REPLACE ")
        for change in (
            "id = 'frz_new'",
            "id = :released_freeze",
            "account_id = :funded",
            "scope = 'DEBITS'",
            "reason = 'OPERATIONS'",
            "placed_at = 1",
            "placed_by = :teller",
            "placed_role = 'TELLER'",
            "placed_sequence = 1",
            "expires_at = :at + 1",
        )
    ),
    *(
        Attack(f"a freeze {what}", _ONLY_RELEASED, f"UPDATE freeze SET changed_sequence = :next, {change}", (given,))
        for given in (_UNFREEZING,)
        for what, change in (
            ("live again", "released_at = NULL, released_by = NULL WHERE id = :released_freeze"),
            ("released twice", "released_at = :at, released_by = :system WHERE id = :released_freeze"),
            ("given an end", "expires_at = :at + 1 WHERE id = :live_freeze"),
            ("changed by nothing but its number", "placed_at = placed_at WHERE id = :live_freeze"),
        )
    ),
    *(
        Attack(f"a freeze released {what}", _ONLY_RELEASED, sql, given)
        for what, sql, given in (
            ("by no record", _RELEASE, ()),
            ("by a deposit", _RELEASE, (DEPOSITING,)),
            ("by a refusal", _RELEASE, (refused("UNFREEZE_ACCOUNT"),)),
            ("by a record that names another", _RELEASE, (done("UNFREEZE_ACCOUNT", named="json_array(:frozen)"),)),
            ("by another number", _RELEASE.replace(":next", ":next - 1"), (_UNFREEZING,)),
            ("before its record", _RELEASE.replace(":at", ":at - 1"), (_UNFREEZING,)),
            ("by nobody", _RELEASE.replace(":system", "'cli_none'"), (_UNFREEZING,)),
            ("by another than its record says", _RELEASE.replace(":system", ":manager"), (_UNFREEZING,)),
        )
    ),
)

_TRANSACTION_RECORD = "a transaction has its audit record, in the open batch"
_ENTRY_RECORD = "an entry has its transaction, in the open batch"

TRANSACTIONS = (
    Attack(
        "a transaction under the id of another",
        "a transaction is written once",
        """REPLACE INTO "transaction" VALUES (:next, :reversal, 'DEPOSIT', 100, 'EUR', NULL, :at)""",
        (AUDIT,),
    ),
    Attack(
        "a transaction over another of its record",
        "a transaction is written once",
        TRANSACTION.replace("INSERT INTO", "REPLACE INTO").replace("'txn_next'", "'txn_other'"),
        (AUDIT, TRANSACTION),
    ),
    Attack("a transaction of no record", _TRANSACTION_RECORD, TRANSACTION),
    Attack("a transaction of a record to come", _TRANSACTION_RECORD, TRANSACTION.replace(":next,", "9999,"), (AUDIT,)),
    Attack("a transaction that was refused", _TRANSACTION_RECORD, TRANSACTION, (REFUSED_AUDIT,)),
    *(
        Attack(f"a transaction {what} its record", _TRANSACTION_RECORD, TRANSACTION.replace(":at", at), (AUDIT,))
        for what, at in (("before", ":at - 1"), ("after", ":at + 1"))
    ),
    Attack(
        "a transaction added to a closed batch",
        _TRANSACTION_RECORD,
        of_kind("SWEEP").replace(":next", ":closing").replace(":at", AT_ITS_TIME.format(":closing")),
    ),
    Attack(
        "a withdrawal by a TELLER who deposits",
        _TRANSACTION_RECORD,
        of_kind("WITHDRAWAL"),
        (by(":teller", "TELLER"),),
    ),
    *(
        Attack(f"a {kind} by {operation}", _TRANSACTION_RECORD, of_kind(kind), (done(operation),))
        for kind in KINDS
        for other, operation in KINDS.items()
        if other != kind
    ),
    *(
        Attack(f"a {kind} by the record of a whole batch", _TRANSACTION_RECORD, of_kind(kind), (done("EXECUTE_BATCH"),))
        for kind in KINDS
    ),
    Attack("a theft, unchecked", _TRANSACTION_RECORD, of_kind("THEFT"), (UNCHECKED, AUDIT)),
    *(
        Attack(name, wall, sql, (AUDIT, TRANSACTION))
        for name, wall, sql in (
            (
                "an entry a version ahead",
                "an entry is one version after the last, and its balance follows",
                "INSERT INTO entry VALUES (:funded, :version + 1, :next, 100, :posted + 100, :at)",
            ),
            (
                "an entry over the last one",
                "an entry is one version after the last, and its balance follows",
                "INSERT OR REPLACE INTO entry VALUES (:funded, :version - 1, :next, 100, :posted + 100, :at)",
            ),
            (
                "an entry before the first one",
                "an entry is one version after the last, and its balance follows",
                "INSERT INTO entry VALUES (:funded, 0, :next, 100, 100, :at)",
            ),
            (
                "an entry with a balance of its own",
                "an entry is one version after the last, and its balance follows",
                "INSERT INTO entry VALUES (:funded, :version, :next, 100, :posted + 101, :at)",
            ),
            (
                "an entry beyond 64 bits",
                "an entry is one version after the last, and its balance follows",
                "INSERT INTO entry VALUES (:funded, :version, :next, 9223372036854775807, 9223372036854775807, :at)",
            ),
            (
                "a first entry that is not the first",
                "an entry is one version after the last, and its balance follows",
                "INSERT INTO entry VALUES (:empty, 2, :next, 100, 100, :at)",
            ),
            (
                "an entry on a closed account",
                "an entry belongs to an account that is not closed",
                "INSERT INTO entry VALUES (:closed, 1, :next, 100, 100, :at)",
            ),
            (
                "an entry on no account",
                "an entry belongs to an account that is not closed",
                "INSERT INTO entry VALUES ('acct_none', 1, :next, 100, 100, :at)",
            ),
            (
                "an entry of no transaction",
                _ENTRY_RECORD,
                "INSERT INTO entry VALUES (:funded, :version, :next + 1, 100, :posted + 100, :at)",
            ),
            (
                "an entry added to an old transaction",
                _ENTRY_RECORD,
                CREDIT.replace(":next", ":deposit").replace(":at", AT_ITS_TIME.format(":deposit")),
            ),
            ("an entry before its transaction", _ENTRY_RECORD, CREDIT.replace(":at", ":at - 1")),
            ("an entry after its transaction", _ENTRY_RECORD, CREDIT.replace(":at", ":at + 1")),
            (
                "an entry of nothing",
                "CHECK constraint failed: amount <> 0",
                "INSERT INTO entry VALUES (:funded, :version, :next, 0, :posted, :at)",
            ),
        )
    ),
)

_OF_972 = REVERSAL.replace("100", "971")

REVERSALS = (
    Attack(
        "a reversal moved to another original",
        "a reversal is written once",
        "INSERT OR REPLACE INTO reversal SELECT :deposit + 1, 1, sequence, 30 FROM reversal",
    ),
    *(
        Attack(name, "reversals add up, one after the other", sql, (REVERSING, REVERSAL))
        for name, sql in (
            ("a reversal left out", "INSERT INTO reversal VALUES (:deposit, 3, :next, 130)"),
            ("a reversal over the last one", "INSERT OR REPLACE INTO reversal VALUES (:deposit, 1, :next, 100)"),
            ("a reversal that forgets the one before", "INSERT INTO reversal VALUES (:deposit, 2, :next, 100)"),
            ("a reversal of less than its transaction", "INSERT INTO reversal VALUES (:deposit, 2, :next, 31)"),
            ("a reversal by no transaction", "INSERT INTO reversal VALUES (:deposit, 2, :next + 1, 130)"),
        )
    ),
    Attack(
        "a reversal by a deposit",
        "reversals add up, one after the other",
        "INSERT INTO reversal VALUES (:deposit, 2, :next, 130)",
        (AUDIT, TRANSACTION),
    ),
    Attack(
        "a reversal beyond its original",
        "reversals never exceed their original",
        "INSERT INTO reversal VALUES (:deposit, 2, :next, 1001)",
        (REVERSING, _OF_972),
    ),
    Attack(
        "a reversal in another currency",
        "reversals never exceed their original",
        "INSERT INTO reversal VALUES (:deposit, 2, :next, 130)",
        (REVERSING, REVERSAL.replace("'EUR'", "'JPY'")),
    ),
    Attack(
        "a reversal of a reversal",
        "reversals never exceed their original",
        "INSERT INTO reversal VALUES (:last, 1, :next, 30)",
        (REVERSING, REVERSAL.replace("100", "30")),
    ),
    Attack(
        "a reversal of itself",
        "reversals never exceed their original",
        "INSERT INTO reversal VALUES (:next, 1, :next, 100)",
        (REVERSING, REVERSAL),
    ),
    Attack(
        "a reversal of what comes later",
        "reversals never exceed their original",
        "INSERT INTO reversal VALUES (:next + 1, 1, :next, 100)",
        (REVERSING, REVERSAL, SECOND_AUDIT, TRANSACTION.replace(":next, 'txn_next'", ":next + 1, 'txn_later'")),
    ),
    Attack(
        "a reversal of nothing",
        "reversals never exceed their original",
        "INSERT INTO reversal VALUES (1, 1, :next, 100)",
        (REVERSING, REVERSAL),
    ),
)

_KEEPS_IDENTITY = "an API client keeps its identity, and the system never changes"
_ISSUE = "INSERT INTO api_key VALUES ('key_new', :manager, :hash, :at, :next, :next, NULL, NULL)"
_ISSUING, _REVOKING = done("ISSUE_API_KEY"), done("REVOKE_API_KEY")
_ONLY_REVOKED = "an API key changes only by its revocation, in the open batch"
_REVOKE = "UPDATE api_key SET revoked_at = :at, changed_sequence = :next WHERE id = :usable_key"

ACCESS = (
    Attack("a permission more", "permissions change only with", "INSERT INTO permission VALUES ('VIEWER', 'WITHDRAW')"),
    *(
        Attack(
            f"an API client {what}",
            "an API client is created once",
            _CREATE.replace(old, new).replace("INSERT INTO", "REPLACE INTO"),
            (_CREATING,),
        )
        for what, old, new in (
            ("under the name of another", "'new'", "'manager'"),
            ("under the name of the system", "'new'", "'system'"),
            ("under the id of another", "'cli_new'", ":teller"),
            ("under the id of the system", "'cli_new'", ":system"),
        )
    ),
    *(
        Attack(f"an API client created by {what}", "an API client has its audit record, in the open batch", sql, given)
        for what, sql, given in (
            ("no record", _CREATE.replace(":next", "9999"), ()),
            ("no record, as the system was", _CREATE.replace(":next", "0"), ()),
            ("a record of a closed batch", _CREATE.replace(":next", ":creating"), ()),
            ("a deposit", _CREATE, (DEPOSITING,)),
            ("a refusal", _CREATE, (refused("CREATE_API_CLIENT"),)),
            ("a record to come", _CREATE.replace(":next, :next", "9999, :next"), (_CREATING,)),
            ("a record that names another", _CREATE, (done("CREATE_API_CLIENT", named="json_array(:teller)"),)),
        )
    ),
    *(
        Attack(
            f"an API client with {change}",
            _KEEPS_IDENTITY,
            f"UPDATE {conflict}api_client SET changed_sequence = :next, {change}",
            (done("CHANGE_API_CLIENT_ROLE"),),
        )
        for conflict in ("", "OR REPLACE ")
        for change in (
            "id = 'cli_new' WHERE id = :teller",
            "id = :manager WHERE id = :teller",
            "name = 'other' WHERE id = :teller",
            "name = 'manager' WHERE id = :teller",
            "created_sequence = 0 WHERE id = :teller",
            "created_sequence = 1 WHERE id = :system",
            "role = 'VIEWER' WHERE id = :system",
            "disabled_at = 1 WHERE id = :system",
        )
    ),
    *(
        Attack(
            f"an API client {what} by {whom}",
            "an API client changes only by a deed that names it, in the open batch",
            f"UPDATE api_client SET {change}, changed_sequence = {sequence} WHERE id = :teller",
            given,
        )
        for what, change in (("promoted", "role = 'ADMIN'"), ("disabled", "disabled_at = :at"))
        for whom, sequence, given in (
            ("no record", "9999", ()),
            ("the record that made it", "changed_sequence", ()),
            ("its last record, though another names it", "changed_sequence", (done("CHANGE_API_CLIENT_ROLE"),)),
            ("a deposit", ":next", (DEPOSITING,)),
            ("a record as made it", ":next", (_CREATING,)),
            ("a refusal", ":next", (refused("CHANGE_API_CLIENT_ROLE"),)),
            ("a record that names another", ":next", (done("DISABLE_API_CLIENT", named="json_array(:manager)"),)),
        )
    ),
    *(
        Attack(
            f"a {what} key issued again",
            "an API key is issued once",
            _ISSUE.replace("'key_new'", whose).replace("INSERT INTO", "REPLACE INTO"),
            (_ISSUING,),
        )
        for what, whose in (("revoked", ":revoked_key"), ("usable", ":usable_key"))
    ),
    *(
        Attack(f"a key of {what}", "an API key belongs to a client", _ISSUE.replace(":manager", whose), (_ISSUING,))
        for what, whose in (("the system", ":system"), ("nobody", "'cli_none'"))
    ),
    *(
        Attack(f"a key by {what}", "an API key has its audit record, in the open batch", sql, given)
        for what, sql, given in (
            ("no record", _ISSUE, ()),
            (
                "a record of a closed batch",
                _ISSUE.replace("'key_new'", ":manager")
                .replace(":next", ":issuing")
                .replace(":at", AT_ITS_TIME.format(":issuing")),
                (),
            ),
            ("a deposit", _ISSUE, (DEPOSITING,)),
            ("a refusal", _ISSUE, (refused("ISSUE_API_KEY"),)),
            ("a record that names another", _ISSUE, (done("ISSUE_API_KEY", named="json_array(:manager)"),)),
            ("a later record", _ISSUE.replace(":at", ":at - 1"), (_ISSUING,)),
            ("a record to come", _ISSUE.replace(":next, :next", "9999, :next"), (_ISSUING,)),
        )
    ),
    *(
        Attack(
            f"an API key revoked with {change}",
            _ONLY_REVOKED,
            _REVOKE.replace("UPDATE", f"UPDATE {conflict}").replace("SET", f"SET {change},"),
            (_REVOKING,),
        )
        for conflict in ("", "OR REPLACE ")
        for change in (
            "id = 'key_new'",
            "id = :revoked_key",
            "api_client_id = :teller",
            "secret_digest = :hash",
            "created_at = 1",
            "created_sequence = 1",
            "expires_at = :at",
        )
    ),
    *(
        Attack(f"an API key {what}", _ONLY_REVOKED, f"UPDATE api_key SET changed_sequence = :next, {change}", (given,))
        for given in (_REVOKING,)
        for what, change in (
            ("usable again", "revoked_at = NULL WHERE id = :revoked_key"),
            ("revoked twice", "revoked_at = :at WHERE id = :revoked_key"),
            ("that lasts longer", "expires_at = :at WHERE id = :usable_key"),
            ("changed by nothing but its number", "created_at = created_at WHERE id = :usable_key"),
        )
    ),
    *(
        Attack(f"an API key revoked {what}", _ONLY_REVOKED, sql, given)
        for what, sql, given in (
            ("by no record", _REVOKE, ()),
            ("by a deposit", _REVOKE, (DEPOSITING,)),
            ("by a refusal", _REVOKE, (refused("REVOKE_API_KEY"),)),
            ("by a record that names another", _REVOKE, (done("REVOKE_API_KEY", named="json_array(:revoked_key)"),)),
            ("by another number", _REVOKE.replace(":next", ":next - 1"), (_REVOKING,)),
            ("before its record", _REVOKE.replace(":at", ":at - 1"), (_REVOKING,)),
        )
    ),
)

_WORDS = "INSERT INTO text VALUES (:next, '', 'Eve', '', '', '')"

_WORDED = ("salt", "name", "description", "note", "metadata")

_ERASING = done("ERASE_TEXT")
_BLANK = "UPDATE text SET salt = NULL, name = NULL, description = NULL, note = NULL, metadata = NULL"
_ONLY_ERASED = "text is blanked by a later erasure of an account that it tells of, in the open batch"
_CLOSING = "INSERT INTO batch VALUES (:number, :next, :next, :at)"

TEXTS = (
    Attack("text of no record", "text has its audit record, in the open batch", _WORDS),
    Attack(
        "text of a record to come",
        "text has its audit record, in the open batch",
        _WORDS.replace(":next", "9999"),
        (AUDIT,),
    ),
    Attack(
        "text of a record of a closed batch",
        "text has its audit record, in the open batch",
        _WORDS.replace(":next", ":last"),
    ),
    Attack(
        "text written over",
        "text is written once",
        _WORDS.replace("INSERT", "REPLACE").replace("Eve", "Mallory"),
        (AUDIT, _WORDS),
    ),
    *(
        Attack(
            f"text {what}",
            "text is only ever blanked",
            f"UPDATE text SET {change} WHERE sequence = :deposit",
            (_ERASING,),
        )
        for what, change in (
            ("rewritten", "description = 'gift'"),
            ("without its salt", "salt = NULL"),
            ("of another record", "sequence = 1, salt = NULL, name = NULL, description = NULL"),
        )
    ),
    *(
        Attack(
            f"text blanked but for its {kept}",
            "text is only ever blanked",
            f"UPDATE text SET {', '.join(f'{word} = NULL' for word in _WORDED if word != kept)} WHERE {kept} <> ''",
            (_ERASING,),
        )
        for kept in _WORDED
    ),
    *(
        Attack(f"text blanked by {what}", _ONLY_ERASED, f"{_BLANK} WHERE sequence = {sequence}", given)
        for what, sequence, given in (
            ("nothing", ":deposit", ()),
            ("a deposit", ":deposit", (DEPOSITING,)),
            ("a refusal", ":deposit", (refused("ERASE_TEXT"),)),
            ("the erasure of another account", ":deposit", (done("ERASE_TEXT", named="json_array(:yen)"),)),
            ("an erasure of a closed batch", ":deposit", (_ERASING, _CLOSING)),
            ("an erasure before it", ":next + 1", (_ERASING, SECOND_AUDIT, _WORDS.replace(":next", ":next + 1"))),
        )
    ),
)

STRICTNESS = tuple(
    Attack(f"{value} where {column} is kept", f"cannot store {kind} value in {wanted} column {column}", sql)
    for column, value, kind, wanted, sql in (
        ("account.held", "'much'", "TEXT", "INTEGER", "UPDATE account SET held = 'much' WHERE id = :funded"),
        ("account.held", "0.5", "REAL", "INTEGER", "UPDATE account SET held = 0.5 WHERE id = :funded"),
        ("account.state", "x'00'", "BLOB", "TEXT", "UPDATE account SET state = x'00' WHERE id = :empty"),
        ("api_client.disabled_at", "'now'", "TEXT", "INTEGER", "UPDATE api_client SET disabled_at = 'now'"),
        ("currency.exponent", "'two'", "TEXT", "INTEGER", "INSERT INTO currency VALUES ('USD', 'two')"),
    )
)


@dataclass(frozen=True, slots=True)
class Forgery:
    """One change of one row of a table, and what its walls say to changing, deleting and overwriting rows.

    The change comes along with what an honest one would write, right after its record.
    """

    table: str
    column: str
    value: str
    row: str
    changed: str
    deleted: str
    inserted: str
    also: str = ""
    given: tuple[str, ...] = ()

    def attacks(self) -> Iterator[Attack]:
        """Try every way that SQL has of changing a row that exists."""
        (columns,) = (list(table._meta.columns) for table in TABLES if table._meta.table_name == self.table)
        names, change = ", ".join(columns), f"{self.column} = {self.value}{self.also}"
        values = ", ".join(self.value if column == self.column else column for column in columns)
        row = f'INTO "{self.table}" ({names}) SELECT {values} FROM "{self.table}" WHERE {self.row}'
        for form in ("UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE"):
            sql = f'{form} "{self.table}" SET {change} WHERE {self.row}'
            yield Attack(f"{form} {self.table}", self.changed, sql, self.given)
        for form in ("INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE", "REPLACE"):
            yield Attack(f"{form} {self.table}", self.inserted, f"{form} {row}", self.given)
        upsert = f"INSERT {row} ON CONFLICT DO UPDATE SET {change}"
        yield Attack(f"UPSERT {self.table}", self.inserted, upsert, self.given)
        yield Attack(f"DELETE {self.table}", self.deleted, f'DELETE FROM "{self.table}" WHERE {self.row}')
        yield Attack(f"DELETE all {self.table}", self.deleted, f'DELETE FROM "{self.table}"')


def _append_only(table: str, column: str, value: str, *, row: str, wall: str, inserted: str = "") -> Forgery:
    return Forgery(table, column, value, row, wall, wall, inserted or wall)


_BATCH_NUMBERS, _AUDIT_NUMBERS = "batches are numbered without gaps", "audit records are numbered without gaps"
_LOG = "the audit log is append-only"
_ADDED_UP = "a turnover follows from its entry and the one before"
FORGERIES = (
    _append_only(
        "batch", "first_sequence", "0", row="number = 1", wall="batches are append-only", inserted=_BATCH_NUMBERS
    ),
    _append_only(
        "permission", "operation", "'X'", row="role = 'TELLER' AND operation = 'DEPOSIT'", wall="permissions change"
    ),
    _append_only("audit", "details", "'{}'", row="sequence = 1", wall=_LOG, inserted=_AUDIT_NUMBERS),
    _append_only(
        "audit_target", "target_id", ":yen", row="sequence = 1", wall=_LOG, inserted="audit targets are those"
    ),
    _append_only(
        "idempotency",
        "fingerprint",
        "'forged'",
        row="sequence = :deposit",
        wall="idempotency records are append-only",
        inserted="an idempotency key is decided once",
    ),
    _append_only("currency", "exponent", "3", row="code = 'EUR'", wall="the exponent of a currency is settled once"),
    _append_only(
        "transaction",
        "amount",
        "amount + 1",
        row="sequence = :deposit",
        wall="transactions are append-only",
        inserted="a transaction is written once",
    ),
    _append_only(
        "entry",
        "created_at",
        "1",
        row="account_id = :funded AND version = 1",
        wall="entries are append-only",
        inserted="an entry is one version after the last",
    ),
    _append_only(
        "turnover",
        "credits_low",
        "credits_low + 1",
        row="account_id = :funded AND version = 1",
        wall="turnovers are append-only",
        inserted=_ADDED_UP,
    ),
    _append_only(
        "reversal",
        "cumulative",
        "1",
        row="n = 1",
        wall="reversals are append-only",
        inserted="a reversal is written once",
    ),
    Forgery(
        "account",
        "opened_at",
        "1",
        row="id = :empty",
        also=", changed_sequence = :next",
        given=(DEPOSITING,),
        changed="an account keeps its identity",
        deleted="accounts are never deleted",
        inserted="an account is opened once",
    ),
    Forgery(
        "freeze",
        "scope",
        "'DEBITS'",
        row="id = :live_freeze",
        also=", released_at = :at, released_by = :system, changed_sequence = :next",
        given=(_UNFREEZING,),
        changed=_ONLY_RELEASED,
        deleted="freezes are never deleted",
        inserted="a freeze is placed once",
    ),
    Forgery(
        "api_client",
        "name",
        "'forged'",
        row="id = :teller",
        also=", changed_sequence = :next",
        given=(done("CHANGE_API_CLIENT_ROLE"),),
        changed=_KEEPS_IDENTITY,
        deleted="API clients are never deleted",
        inserted="an API client is created once",
    ),
    Forgery(
        "api_key",
        "secret_digest",
        ":hash",
        row="id = :usable_key",
        also=", revoked_at = :at, changed_sequence = :next",
        given=(_REVOKING,),
        changed=_ONLY_REVOKED,
        deleted="API keys are never deleted",
        inserted="an API key is issued once",
    ),
    _append_only(
        "text",
        "name",
        "'forged'",
        row="name = 'Ada'",
        wall="text is only ever blanked",
        inserted="text is written once",
    ),
)

TURNOVERS = (
    Attack("a turnover of no entry", _ADDED_UP, "INSERT INTO turnover VALUES (:empty, 1, 0, 100)"),
    Attack("a turnover of an entry to come", _ADDED_UP, "INSERT INTO turnover VALUES (:funded, :version, 0, 100)"),
    Attack(
        "a turnover with billions of its own",
        _ADDED_UP,
        "REPLACE INTO turnover SELECT account_id, version, credits_high + 1, credits_low FROM turnover",
    ),
)

ROWIDS = tuple(
    Attack(f"{form} {table} SET {column}", wall, f'{form} "{table}" SET {column} = {column} + 1000')
    for form in ("UPDATE", "UPDATE OR REPLACE")
    for column in ("rowid", "_rowid_", "oid")
    for table, wall in (
        ("batch", "batches are append-only"),
        ("audit", _LOG),
        ("transaction", "transactions are append-only"),
        ("text", "text is only ever blanked"),
    )
)

ATTACKS = (
    *(attack for forgery in FORGERIES for attack in forgery.attacks()),
    *BATCHES,
    *AUDITS,
    *KEYS_DECIDED,
    *ACCOUNTS,
    *FREEZES,
    *TRANSACTIONS,
    *TURNOVERS,
    *REVERSALS,
    *SWEEPS,
    *ACCESS,
    *TEXTS,
    *STRICTNESS,
    *ROWIDS,
)

# What each CHECK alone stands against, once the triggers before it are gone.

CHECKS: Mapping[str, str] = {
    "number > 0": "UPDATE batch SET number = 0 WHERE number = 1",
    "first_sequence <= last_sequence": "UPDATE batch SET last_sequence = 0 WHERE number = 1",
    "outcome IN ('SUCCEEDED', 'REFUSED', 'DENIED')": "UPDATE audit SET outcome = 'LOST' WHERE outcome = 'REFUSED'",
    "(outcome = 'SUCCEEDED') = (error_code IS NULL)": "UPDATE audit SET error_code = 'X' WHERE sequence = 1",
    "length(hash) = 64 AND length(previous_hash) = 64": "UPDATE audit SET hash = 'short' WHERE sequence = 1",
    "outcome IN ('SUCCEEDED', 'REFUSED', 'ABANDONED')": "UPDATE idempotency SET outcome = 'DENIED'",
    "length(key) BETWEEN 1 AND 255": "UPDATE idempotency SET key = '' WHERE key = 'key-1'",
    "length(secret_digest) = 64": "UPDATE api_key SET secret_digest = 'short'",
    "length(code) = 3": "UPDATE currency SET code = 'EURO' WHERE code = 'EUR'",
    "exponent BETWEEN 0 AND 18": "UPDATE currency SET exponent = 19",
    "kind IN ('CUSTOMER', 'HOUSE')": "UPDATE account SET kind = 'BANK' WHERE id = :empty",
    "state IN ('ACTIVE', 'FROZEN', 'CLOSED')": "UPDATE account SET state = 'ASLEEP' WHERE id = :empty",
    "held >= 0 AND overdraft_limit >= 0 AND version >= 0": "UPDATE account SET held = -1 WHERE id = :empty",
    "kind = 'HOUSE' OR posted - held + overdraft_limit >= 0": "UPDATE account SET posted = -1 WHERE id = :empty",
    "kind = 'CUSTOMER' OR (state = 'ACTIVE' AND held = 0 AND overdraft_limit = 0)": (
        "UPDATE account SET state = 'FROZEN' WHERE id = :house"
    ),
    "(state = 'CLOSED') = (closed_version IS NOT NULL)": "UPDATE account SET closed_version = 0 WHERE id = :empty",
    "(state = 'CLOSED') = (closed_at IS NOT NULL)": "UPDATE account SET closed_at = 1 WHERE id = :empty",
    "state <> 'CLOSED' OR (posted = 0 AND held = 0 AND overdraft_limit = 0 AND version = closed_version)": (
        "UPDATE account SET posted = 1 WHERE id = :closed"
    ),
    "scope IN ('DEBITS', 'ALL')": "UPDATE freeze SET scope = 'CREDITS'",
    "reason IN ('CUSTOMER_REQUEST', 'SUSPECTED_FRAUD', 'COMPLIANCE', 'OPERATIONS')": "UPDATE freeze SET reason = 'FUN'",
    "expires_at IS NULL OR expires_at > placed_at": "UPDATE freeze SET expires_at = placed_at",
    "(released_at IS NULL) = (released_by IS NULL)": "UPDATE freeze SET released_by = NULL WHERE id = :released_freeze",
    "kind IN ('DEPOSIT', 'WITHDRAWAL', 'TRANSFER', 'CAPTURE', 'REVERSAL', 'SWEEP')": (
        """UPDATE "transaction" SET kind = 'THEFT'"""
    ),
    "amount > 0": """UPDATE "transaction" SET amount = 0""",
    "amount <> 0": "UPDATE entry SET amount = 0",
    "credits_low BETWEEN 0 AND 999999999": "UPDATE turnover SET credits_low = -1",
    "role IN ('VIEWER', 'AUDITOR', 'TELLER', 'MANAGER', 'ADMIN')": "UPDATE api_client SET role = 'OWNER'",
}

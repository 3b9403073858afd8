from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

import peewee
import pytest

from domain.access import PERMISSIONS, Role
from domain.accounts import AccountKind, AccountState
from domain.audit import AuditOutcome
from domain.freezes import FreezeReason, FreezeScope
from domain.holds import HoldState
from domain.idempotency import IdempotencyOutcome
from domain.transactions import TransactionKind
from persistence import database, migrations
from persistence.database import DatabaseRefusedError
from persistence.tables import TABLES, Table
from tests.support import raw

EVERYTHING = [f"{migration.number:04} {migration.name}" for migration in migrations.all_migrations()]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Give a file that two connections can open at once, with nothing in it."""
    path = tmp_path / "books.db"
    database.connect_writer(path).close()
    return path


def migrate(path: Path) -> list[str]:
    connection = database.connect_writer(path)
    try:
        return database.migrate(connection)
    finally:
        connection.close()


def test_a_fresh_file_gets_every_migration_once(empty: Path) -> None:
    assert migrate(empty) == EVERYTHING
    migrated = raw.contents_of(empty)
    assert migrate(empty) == []
    assert raw.contents_of(empty) == migrated


def test_the_header_of_a_migrated_file_says_whose_it_is_and_how_far_it_came(populated: Path) -> None:
    assert raw.query(populated, "PRAGMA user_version") == [(migrations.all_migrations()[-1].number,)]
    ((header,),) = raw.query(populated, "PRAGMA application_id")
    assert header.to_bytes(4, "big") == b"COUT"


def test_migrating_never_touches_what_the_books_hold(books: Path) -> None:
    before = raw.contents_of(books)
    migrate(books)
    assert raw.contents_of(books) == before


def test_of_starters_at_the_same_moment_one_migrates(empty: Path) -> None:
    with ThreadPoolExecutor(4) as starters:
        done = [name for names in starters.map(migrate, [empty] * 4) for name in names]
    assert done == EVERYTHING


def test_a_starter_overtaken_before_it_has_the_lock_finds_nothing_left_to_do(empty: Path) -> None:
    slow, overtaken = database.connect_writer(empty), iter([True])

    def overtake(statement: str) -> None:
        if next(overtaken, False):
            assert statement == "BEGIN"
            assert migrate(empty) == EVERYTHING

    with raw.acting(slow, overtake):
        assert database.migrate(slow) == []
    slow.close()


def test_nobody_else_can_migrate_from_before_the_history_is_read_until_the_commit(empty: Path) -> None:
    slow, other, attempts = database.connect_writer(empty), raw.connect(empty), iter(range(1000))
    other.execute("PRAGMA busy_timeout = 0")

    def intrude(statement: str) -> None:
        if statement != "BEGIN":
            next(attempts)
            with pytest.raises(other.OperationalError, match="database is locked"):
                other.execute("BEGIN IMMEDIATE")

    with raw.acting(slow, intrude):
        assert database.migrate(slow) == EVERYTHING
    assert next(attempts) > 10
    slow.close()
    other.close()


def test_a_migration_that_fails_at_any_statement_leaves_nothing_and_can_be_run_again(
    empty: Path, tmp_path: Path
) -> None:
    other, connection = database.connect_writer(tmp_path / "other.db"), database.connect_writer(empty)
    statements = raw.statements_of(other, lambda: database.migrate(other))
    nothing = raw.contents_of(empty)
    for number, statement in enumerate(statements, start=1):
        failing = raw.failing(number, peewee.OperationalError("disk I/O error"))
        with pytest.raises((peewee.OperationalError, DatabaseRefusedError)), raw.acting(connection, failing):
            database.migrate(connection)
        assert raw.contents_of(empty) == nothing, statement
    assert database.migrate(connection) == EVERYTHING
    other.close()
    connection.close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE migration SET checksum = 'edited'", "migration 1 is not the one that was applied"),
        ("INSERT INTO migration VALUES (9999, 'later', '')", "the database is newer than this program"),
    ],
)
def test_a_history_that_is_not_ours_is_neither_served_nor_continued(change: str, why: str, books: Path) -> None:
    raw.run(books, change)
    before = raw.contents_of(books)
    connection = database.connect_writer(books)
    for refuse in (database.refuse_unfit, database.migrate):
        with pytest.raises(DatabaseRefusedError, match=why):
            refuse(connection)
    connection.close()
    assert raw.contents_of(books) == before


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table._meta.table_name))
def test_a_table_has_the_columns_of_its_model(table: type[Table], populated: Path) -> None:
    kinds = {peewee.BigIntegerField: "INTEGER", peewee.TextField: "TEXT"}
    fields = [(field.column_name, kinds[type(field)], int(not field.null)) for field in table._meta.sorted_fields]
    info = 'SELECT name, type, "notnull" OR pk > 0 FROM pragma_table_info(?) ORDER BY cid'
    assert raw.query(populated, info, _name(table)) == fields


def test_every_table_has_a_model(populated: Path) -> None:
    assert {*map(_name, TABLES), "migration", "sqlite_schema"} == set(raw.contents_of(populated))


def _name(table: type[Table]) -> str:
    return str(table._meta.table_name)


def test_the_permissions_are_those_of_the_domain(populated: Path) -> None:
    expected = {(role.value, operation.value) for operation, roles in PERMISSIONS.items() for role in roles}
    assert set(raw.query(populated, "SELECT role, operation FROM permission")) == expected


CHOICES: Mapping[tuple[str, str], type[StrEnum]] = {
    ("audit", "outcome"): AuditOutcome,
    ("audit", "role"): Role,
    ("idempotency", "outcome"): IdempotencyOutcome,
    ("api_client", "role"): Role,
    ("account", "kind"): AccountKind,
    ("account", "state"): AccountState,
    ("hold", "state"): HoldState,
    ("freeze", "scope"): FreezeScope,
    ("freeze", "reason"): FreezeReason,
    ("transaction", "kind"): TransactionKind,
}


def test_a_column_takes_exactly_the_words_of_its_enum(populated: Path) -> None:
    found = {
        (table, column): set(re.findall(r"'(\w+)'", words))
        for kind, table, sql in raw.contents_of(populated)["sqlite_schema"]
        if kind == "table"
        for column, words in re.findall(r"CHECK \((\w+) IN \((.*?)\)\)", sql)
    }
    assert found == {place: {choice.value for choice in choices} for place, choices in CHOICES.items()}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (["DROP TRIGGER entry_is_never_changed"], "trigger entry_is_never_changed is missing"),
        (["DROP INDEX batch_by_time"], "index batch_by_time is missing"),
        (["DROP TABLE reversal"], "table reversal is missing"),
        (["CREATE TABLE extra (x)"], "table extra was added"),
        (["CREATE VIEW money AS SELECT posted FROM account"], "view money was added"),
        (["CREATE INDEX extra ON entry (amount)"], "index extra was added"),
        (["ALTER TABLE entry ADD COLUMN note TEXT"], "table entry was altered"),
        (
            [
                "DROP TRIGGER entry_is_never_changed",
                "CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry BEGIN SELECT 1; END",
            ],
            "trigger entry_is_never_changed was altered",
        ),
        (
            ["CREATE TRIGGER sqliteful BEFORE INSERT ON entry BEGIN SELECT RAISE(IGNORE); END"],
            "trigger sqliteful was added",
        ),
    ],
)
def test_a_schema_that_was_tampered_with_is_refused_by_name(change: list[str], named: str, books: Path) -> None:
    raw.run(books, *change)
    connection = database.connect_writer(books)
    with pytest.raises(DatabaseRefusedError, match=f"^the schema is not as it was made: .*{named}"):
        database.refuse_unfit(connection)
    connection.close()


def test_every_wall_is_missed(books: Path) -> None:
    for kind, name, _ in raw.contents_of(books)["sqlite_schema"]:
        if kind in ("trigger", "index", "view"):
            raw.run(books, f"DROP {kind} {name}")
    connection = database.connect_writer(books)
    missing = set(migrations.missing_walls(connection))
    connection.close()
    assert missing == {f"{kind.lower()} {name} is missing" for kind, name in walls()}


def walls() -> set[tuple[str, str]]:
    """Return every index, trigger and view that the migrations create, less what a later one drops."""
    sql = "".join(migration.sql for migration in migrations.all_migrations())
    steps = re.findall(r"^(CREATE|DROP) (?:UNIQUE )?(INDEX|TRIGGER|VIEW) (\w+)", sql, re.MULTILINE)
    last = {(kind, name): step for step, kind, name in steps}
    return {wall for wall, step in last.items() if step == "CREATE"}

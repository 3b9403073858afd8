"""The database keeps the promises by itself: every wall is attacked from behind the program's back."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from persistence import library, migrations
from tests.persistence import attacks, hold_attacks
from tests.persistence.attacks import HONEST, KINDS, Attack, done, of_kind, parameters
from tests.support import raw

SCHEMA = "".join(migration.sql for migration in migrations.all_migrations())
TRIGGERS = {name: sql for sql, name in re.findall(r"(CREATE TRIGGER (\w+) .*?\bEND;)\n(?! )", SCHEMA + "\n", re.DOTALL)}
REFUSALS = [(name, words) for name, sql in TRIGGERS.items() for words in re.findall(r"RAISE\(ABORT, '(.*?)'\)", sql)]

ATTACKS = (*attacks.ATTACKS, *hold_attacks.ATTACKS)
CHECKS = {**attacks.CHECKS, **hold_attacks.CHECKS}

ATTACKERS = (
    pytest.param((sqlite3, False), id="nothing-on"),
    pytest.param((sqlite3, True), id="foreign-keys-and-recursive-triggers-on"),
    pytest.param((library.sqlite3, False), id="library-of-the-server"),
)


@pytest.fixture(scope="module", params=ATTACKERS)
def victim(request: pytest.FixtureRequest, populated: Path) -> Iterator[sqlite3.Connection]:
    """Give a raw connection as an attacker would set it up; whatever a test does in it is rolled back."""
    sqlite: ModuleType
    sqlite, guarded = request.param
    connection = raw.in_memory(populated, guarded=guarded, sqlite=sqlite)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def breach(populated: Path) -> Iterator[sqlite3.Connection]:
    """Give a raw connection for tests that tear walls down; that too is rolled back."""
    connection = raw.in_memory(populated)
    yield connection
    connection.close()


def refusal(connection: sqlite3.Connection, sql: str, given: Sequence[str] = ()) -> str | None:
    """Attack, look around, and undo everything; None means that something changed."""
    values = parameters(connection)
    for statement in given:
        connection.execute(statement, values)
    before = raw.contents(connection)
    try:
        connection.execute(sql, values)
    except connection.Error as error:
        assert raw.contents(connection) == before
        return str(error)
    return None if raw.contents(connection) != before else "nothing changed"


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_is_refused_by_its_wall_and_changes_nothing(attack: Attack, victim: sqlite3.Connection) -> None:
    with raw.undone(victim):
        assert attack.wall in (refusal(victim, attack.sql, attack.given) or "")


def test_an_honest_batch_passes_every_wall(victim: sqlite3.Connection) -> None:
    with raw.undone(victim):
        values = parameters(victim)
        for statement in HONEST:
            assert victim.execute(statement, values).rowcount == 1
        assert victim.execute("SELECT max(number) FROM batch").fetchone() == (values["number"],)


@pytest.mark.parametrize("deed", hold_attacks.HONEST)
def test_a_hold_that_is_honestly_placed_or_ended_passes_every_wall(deed: str, victim: sqlite3.Connection) -> None:
    with raw.undone(victim):
        values = parameters(victim)
        for statement in hold_attacks.HONEST[deed]:
            assert victim.execute(statement, values).rowcount == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_transaction_of_each_kind_is_made_by_its_operation(kind: str, victim: sqlite3.Connection) -> None:
    with raw.undone(victim):
        assert refusal(victim, of_kind(kind), (done(KINDS[kind]),)) is None


@pytest.mark.parametrize(("trigger", "words"), REFUSALS)
def test_every_refusal_of_every_trigger_is_all_that_stops_some_attack(
    trigger: str, words: str, breach: sqlite3.Connection
) -> None:
    with raw.undone(breach):
        breach.execute(f"DROP TRIGGER {trigger}")
        breach.execute(TRIGGERS[trigger].replace(f"RAISE(ABORT, '{words}')", "'let through'"))
        assert None in [outcome(breach, attack) for attack in ATTACKS if words.startswith(attack.wall)]


def outcome(connection: sqlite3.Connection, attack: Attack) -> str | None:
    with raw.undone(connection):
        return refusal(connection, attack.sql, attack.given)


def test_every_trigger_refuses_something_but_those_that_keep_an_index() -> None:
    keeping = {"audit_targets_are_indexed", "entry_is_added_up"}
    assert set(TRIGGERS) - {trigger for trigger, _ in REFUSALS} == keeping


def test_an_audit_record_is_found_by_its_targets(victim: sqlite3.Connection) -> None:
    with raw.undone(victim):
        values = parameters(victim)
        victim.execute(HONEST[0], values)
        found = victim.execute("SELECT target_id FROM audit_target WHERE sequence = :next", values).fetchall()
        assert sorted(found) == sorted((target,) for target in json.loads(values["targets"]))


def test_every_check_is_attacked(breach: sqlite3.Connection) -> None:
    tables = [sql for kind, _, sql in raw.contents(breach)["sqlite_schema"] if kind == "table"]
    found = {check for sql in tables for check in re.findall(r"^    CHECK \((.*)\),?$", sql, re.MULTILINE)}
    assert found == set(CHECKS)


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_stands_without_any_trigger(check: str, breach: sqlite3.Connection) -> None:
    with raw.undone(breach):
        assert refusal(breach, CHECKS[check]) not in (None, "nothing changed")
        for trigger in TRIGGERS:
            breach.execute(f"DROP TRIGGER {trigger}")
        assert refusal(breach, CHECKS[check]) == f"CHECK constraint failed: {check}"


def test_every_table_is_strict(breach: sqlite3.Connection) -> None:
    kept = {name: strict for _, name, _, _, _, strict in breach.execute("PRAGMA table_list").fetchall()}
    assert {name for name in raw.tables(breach) if not kept[name]} == set()

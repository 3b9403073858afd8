"""What is remembered of API keys: nothing that anybody could have changed since."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest

from domain.access import Role
from domain.reading import Credential
from domain.services.api_clients import ChangeApiClientRole, DisableApiClient, RevokeApiKey
from persistence import credentials, database, patience
from persistence.credentials import Credentials
from tests.support.books import TestLedger

PATIENCE_MS = 1_000
NEVER = "key_00000000000000000000000000"


@pytest.fixture
def reading(ledger: TestLedger) -> Iterator[peewee.SqliteDatabase]:
    connection = database.connect_impatient_reader(Path(ledger.database.database), PATIENCE_MS)
    yield connection
    connection.close()


@pytest.fixture
def statements(reading: peewee.SqliteDatabase) -> list[str]:
    """Collect what is asked by way of Peewee."""
    asked: list[str] = []
    run: Any = reading.execute_sql

    def watched(sql: str, params: object = None) -> object:
        asked.append(sql)
        return run(sql, params)

    vars(reading)["execute_sql"] = watched
    return asked


def key_of(ledger: TestLedger) -> str:
    return str(ledger.caller(Role.TELLER).api_key_id)


def test_a_key_is_read_once_while_nothing_is_committed(
    ledger: TestLedger, reading: peewee.SqliteDatabase, statements: list[str]
) -> None:
    key_id, known = key_of(ledger), Credentials(reading)
    found = [known.find(key_id) for _ in range(3)]
    assert found[0]
    assert found == [found[0]] * 3
    assert len(statements) == 1


CHANGES: list[tuple[Callable[[TestLedger, str, str], object], Callable[[Credential], object]]] = [
    (lambda books, _, key_id: books.succeed(RevokeApiKey(api_key_id=key_id)), lambda one: one.api_key.revoked_at),
    (lambda books, id_, _: books.succeed(DisableApiClient(api_client_id=id_)), lambda one: one.api_client.disabled_at),
    (
        lambda books, id_, _: books.succeed(ChangeApiClientRole(api_client_id=id_, role=Role.AUDITOR)),
        lambda one: one.api_client.role == Role.AUDITOR,
    ),
]


@pytest.mark.parametrize(("change", "is_changed"), CHANGES, ids=["revoked", "disabled", "another role"])
def test_a_change_is_seen_at_once(
    ledger: TestLedger,
    reading: peewee.SqliteDatabase,
    change: Callable[[TestLedger, str, str], object],
    is_changed: Callable[[Credential], object],
) -> None:
    caller, known = ledger.caller(Role.TELLER), Credentials(reading)
    key_id = str(caller.api_key_id)
    before = known.find(key_id)
    change(ledger, caller.api_client_id, key_id)
    after = known.find(key_id)
    assert before
    assert not is_changed(before)
    assert after
    assert is_changed(after)


def test_a_change_is_seen_on_a_connection_opened_anew(ledger: TestLedger, reading: peewee.SqliteDatabase) -> None:
    """Each connection counts commits for itself, from the same number."""
    key_id, known = key_of(ledger), Credentials(reading)
    for revoked in (False, True):
        reading.close()
        reading.connect()
        found = known.find(key_id)
        assert found
        assert bool(found.api_key.revoked_at) is revoked
        if not revoked:
            ledger.succeed(RevokeApiKey(api_key_id=key_id))


def test_what_is_no_key_is_not_remembered(
    ledger: TestLedger, reading: peewee.SqliteDatabase, statements: list[str]
) -> None:
    known = Credentials(reading)
    assert [known.find(NEVER), known.find(NEVER)] == [None, None]
    assert len(statements) == 2


def test_no_more_keys_are_remembered_than_that(
    ledger: TestLedger, reading: peewee.SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "MOST_REMEMBERED", 2)
    keys, known = [key_of(ledger) for _ in range(5)], Credentials(reading)
    for key_id in keys * 2:
        assert known.find(key_id)
        assert len(known._known) <= 2


def test_asking_often_whether_anything_was_committed_is_no_long_statement(
    ledger: TestLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite adds up the steps of a statement that is run again and again."""
    monkeypatch.setattr(patience, "STEPS", 1)
    reading = database.connect_impatient_reader(Path(ledger.database.database), PATIENCE_MS)
    key_id, known = key_of(ledger), Credentials(reading)
    began = time.monotonic_ns()
    for seconds in range(3):
        monkeypatch.setattr(time, "monotonic_ns", lambda passed=seconds: began + passed * 2_000_000_000)
        assert known.find(key_id)
    reading.close()

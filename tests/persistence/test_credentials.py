"""What is remembered of API keys: nothing that anybody could have changed since."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

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


def found(known: Credentials, *key_ids: str) -> list[Credential | None]:
    """Return what is found of each key, each in a turn of the event loop of its own."""

    async def find() -> list[Credential | None]:
        credentials = []
        for key_id in key_ids:
            credentials.append(known.find(key_id))
            await asyncio.sleep(0)
        return credentials

    return asyncio.run(find())


def test_a_key_is_read_once_while_nothing_is_committed(
    ledger: TestLedger, reading: peewee.SqliteDatabase, statements: list[str]
) -> None:
    key_id, known = key_of(ledger), Credentials(reading)
    first, *others = found(known, key_id, key_id, key_id)
    assert first
    assert others == [first] * 2
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
    (before,) = found(known, key_id)
    change(ledger, caller.api_client_id, key_id)
    (after,) = found(known, key_id)
    assert before
    assert not is_changed(before)
    assert after
    assert is_changed(after)


def test_a_change_is_seen_by_what_arrives_in_the_turn_in_which_it_was_made(
    ledger: TestLedger, reading: peewee.SqliteDatabase
) -> None:
    key_id, known = key_of(ledger), Credentials(reading)

    async def find() -> Credential | None:
        return known.find(key_id)

    async def scene() -> tuple[Credential | None, Credential | None]:
        before = await find()
        ledger.succeed(RevokeApiKey(api_key_id=key_id))
        return before, await asyncio.create_task(find())

    before, after = asyncio.run(scene())
    assert before
    assert before.api_key.revoked_at is None
    assert after
    assert after.api_key.revoked_at


def test_what_has_arrived_together_asks_once_whether_anything_changed(
    ledger: TestLedger, reading: peewee.SqliteDatabase
) -> None:
    key_id, known = key_of(ledger), Credentials(reading)
    asked = Mock(side_effect=reading.connection)
    vars(reading)["connection"] = asked

    async def scene() -> None:
        async def find() -> Credential | None:
            return known.find(key_id)

        assert all(await asyncio.gather(*(find() for _ in range(10))))

    asyncio.run(scene())
    assert asked.call_count == 1


def test_a_change_is_seen_on_a_connection_opened_anew(ledger: TestLedger, reading: peewee.SqliteDatabase) -> None:
    """Each connection counts commits for itself, from the same number."""
    key_id, known = key_of(ledger), Credentials(reading)
    for revoked in (False, True):
        reading.close()
        reading.connect()
        (one,) = found(known, key_id)
        assert one
        assert bool(one.api_key.revoked_at) is revoked
        if not revoked:
            ledger.succeed(RevokeApiKey(api_key_id=key_id))


def test_what_is_no_key_is_not_remembered(reading: peewee.SqliteDatabase, statements: list[str]) -> None:
    assert found(Credentials(reading), NEVER, NEVER) == [None, None]
    assert len(statements) == 2


def test_no_more_keys_are_remembered_than_that(
    ledger: TestLedger, reading: peewee.SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "MOST_REMEMBERED", 2)
    keys, known = [key_of(ledger) for _ in range(5)], Credentials(reading)
    for key_id in keys * 2:
        assert found(known, key_id) != [None]
        assert len(known._known) <= 2


def test_asking_often_whether_anything_was_committed_is_no_long_statement(
    ledger: TestLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite adds up the steps of a statement that is run again and again."""
    monkeypatch.setattr(patience, "STEPS", 1)
    reading = database.connect_impatient_reader(Path(ledger.database.database), PATIENCE_MS)
    key_id, known = key_of(ledger), Credentials(reading)
    clock = Mock()
    monkeypatch.setattr(patience, "time", clock)
    for now in range(3):
        clock.monotonic_ns.return_value = now * 2 * PATIENCE_MS * 1_000_000
        assert found(known, key_id) != [None]
    reading.close()

"""A ledger on SQLite for tests: the real writer on a file of its own, with predictable surroundings."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import peewee

from domain.access import SYSTEM, Caller, Role
from domain.accounts import Account
from domain.commands import Command
from domain.money import LARGEST_BALANCE, Currency, Money
from domain.ports import Fault, Outcome, Request
from domain.services.accounts import OpenAccount
from domain.services.api_clients import CreateApiClient, IssueApiKey
from domain.services.movements import Deposit
from persistence import database
from persistence.batches import BatchWriter
from tests.support.surroundings import CountingEntropy, CountingIds, StandingClock

EUR = Currency("EUR", 2)
JPY = Currency("JPY", 0)


def euros(minor: int) -> Money:
    return Money(minor, EUR)


@dataclass
class TestLedger:
    """Runs commands through the real batch writer, each in a batch of its own unless given together."""

    __test__ = False

    database: peewee.SqliteDatabase
    clock: StandingClock = field(default_factory=StandingClock)
    ids: CountingIds = field(default_factory=CountingIds)
    entropy: CountingEntropy = field(default_factory=CountingEntropy)
    largest_movement: int = LARGEST_BALANCE

    def __post_init__(self) -> None:
        self.bound(self.largest_movement)
        self._keys = (f"key-{number}" for number in itertools.count(1))

    def bound(self, largest_movement: int) -> None:
        """Start again with another bound, as an operator would."""
        self.largest_movement = largest_movement
        self.writer = BatchWriter(
            self.database,
            clock=self.clock,
            ids=self.ids,
            entropy=self.entropy,
            largest_movement=largest_movement,
        )

    def run(self, *requests: Request) -> list[Outcome | Fault]:
        return self.writer.run(requests)

    def execute(self, command: Command, caller: Caller = SYSTEM, key: str | None = None) -> Outcome:
        (outcome,) = self.run(Request(caller, key or next(self._keys), command))
        if isinstance(outcome, Fault):
            raise outcome
        return outcome

    def succeed(self, command: Command, caller: Caller = SYSTEM, key: str | None = None) -> Any:
        outcome = self.execute(command, caller, key)
        assert outcome.is_success, outcome
        return outcome.result

    def opened(self, currency: Currency = EUR, **fields: Any) -> Account:
        account: Account = self.succeed(OpenAccount(currency=currency, name="Ada", **fields)).account
        return account

    def funded(self, minor: int, currency: Currency = EUR) -> Account:
        account = self.opened(currency)
        deposit = Deposit(account_id=account.id, amount=Money(minor, currency))
        funded: Account = self.succeed(deposit).account
        return funded

    def caller(self, role: Role, name: str | None = None) -> Caller:
        client = self.succeed(CreateApiClient(name=name or f"{role.lower()} {next(self._keys)}", role=role)).api_client
        key = self.succeed(IssueApiKey(api_client_id=client.id)).api_key
        return Caller(client.id, key.id, role)


def migrated(path: Path) -> peewee.SqliteDatabase:
    """Return a writing connection to a fresh, migrated file."""
    connection = database.connect_writer(path)
    database.migrate(connection)
    return connection

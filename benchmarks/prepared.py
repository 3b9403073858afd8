"""The file that a measurement starts from: accounts with some history, keys, one closed account."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from application import SystemClock, SystemEntropy, TypeIds
from benchmarks import books
from benchmarks.rest.books import Books, Money, digest, fresh
from benchmarks.rest.writers import in_transaction
from domain.access import Role
from persistence import database
from persistence.batches import BatchWriter

ACCOUNTS = 1_000
ENTRIES = 20
MAIN = Path(__file__).parents[1] / "main.py"
OPPONENTS = Path(__file__).parent / "opponents.sql"
FILE = "countinghouse.db"


@dataclass(frozen=True)
class Prepared:
    """A database in a folder, who may ask, and about what."""

    folder: Path
    manager_key: str
    viewer_key: str
    account_ids: list[str]
    closed_id: str

    @property
    def path(self) -> Path:
        return self.folder / FILE

    def copied_to(self, folder: Path) -> Prepared:
        """Return the same in another folder."""
        folder.mkdir(parents=True)
        shutil.copyfile(self.path, folder / FILE)
        return replace(self, folder=folder)


def prepare_own(folder: Path, accounts: int = ACCOUNTS, entries: int = ENTRIES) -> Prepared:
    """Make a file of this server: migrated, with keys issued by the command line, filled by the real writer."""
    folder.mkdir(parents=True)
    run_own(folder, "migrate")
    manager_key, viewer_key = (
        run_own(folder, "keys", "issue", "--client", role.lower(), "--role", role)
        for role in (Role.MANAGER, Role.VIEWER)
    )
    with closing(database.connect_writer(folder / FILE)) as connection:
        writer = BatchWriter(connection, clock=SystemClock(), ids=TypeIds(), entropy=SystemEntropy())
        account_ids = books.open_accounts(writer, accounts)
        books.fund(writer, account_ids, entries)
        closed_id = books.open_and_close(writer)
    return Prepared(folder, manager_key, viewer_key, account_ids, closed_id)


def run_own(folder: Path, *arguments: str) -> str:
    """Run a command of this server's command line in a folder; return what it prints."""
    command = [sys.executable, str(MAIN), *arguments]
    ran = subprocess.run(  # noqa: S603 - our own command line
        command, cwd=folder, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


def prepare_opponent(folder: Path, accounts: int = ACCOUNTS, entries: int = ENTRIES) -> Prepared:
    """Make a file of the opponents, filled by their own code."""
    folder.mkdir(parents=True)
    keys = {role: fresh("key") for role in ("MANAGER", "VIEWER")}
    account_ids = [fresh("acct") for _ in range(accounts)]
    closed_id = fresh("acct")
    with closing(Books(folder / FILE)) as opponent:
        for statement in OPPONENTS.read_text().split(";\n"):
            opponent.execute(statement)
        in_transaction(opponent, lambda: _open(opponent, keys, [*account_ids, closed_id]))
        in_transaction(opponent, lambda: _fund(opponent, keys["MANAGER"], account_ids, entries))
    return Prepared(folder, keys["MANAGER"], keys["VIEWER"], account_ids, closed_id)


def _open(opponent: Books, keys: dict[str, str], account_ids: list[str]) -> None:
    for role, key in keys.items():
        opponent.execute("INSERT INTO api_client VALUES (?, ?, ?, ?, NULL)", (fresh("cli"), role, role, digest(key)))
    opponent.execute("INSERT INTO account VALUES ('house_EUR', 'HOUSE', 'EUR', 'ACTIVE', 0, 0, 0)")
    for id_ in account_ids:
        opponent.execute("INSERT INTO account VALUES (?, 'CUSTOMER', 'EUR', 'ACTIVE', 0, 0, 0)", (id_,))
    opponent.execute("UPDATE account SET state = 'CLOSED' WHERE id = ?", (account_ids[-1],))


def _fund(opponent: Books, key: str, account_ids: list[str], times: int) -> None:
    if (manager := opponent.client_with_key(key)) is None:
        raise RuntimeError("the manager's key is not known")
    for time in range(times):
        for id_ in account_ids:
            opponent.deposit(manager, f"fund-{time}-{id_}", id_, Money(books.FUNDS, "EUR"))

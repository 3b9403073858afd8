"""A deposit, a page of history and a start, on books of a thousand transactions and of a million.

The books are made once, in .benchmarks, by the real writer (a million takes minutes): evenly over a hundred days, a
thousand transactions on ten accounts and a million on a thousand, so that every page asked for is full. Run as
`python -m benchmarks.growth`.
"""

from __future__ import annotations

import http.client
import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import click

from benchmarks.books import make
from benchmarks.contestants import CONTESTANTS, OWN
from benchmarks.dialects import GraphQL, Message
from benchmarks.prepared import FILE, run_own
from domain.access import Role
from persistence import database

ACCOUNTS_OF: Mapping[int, int] = {1_000: 10, 1_000_000: 1_000}
"""How many accounts the transactions lie on, by how many there are."""

FOLDER = Path(".benchmarks") / "growth"
ANSWER_S = 30

_PAGE = """query Page($id: ID!, $after: String) { account(id: $id) { entries(first: 20, after: $after) {
  edges { node { version amount { amount } balanceAfter { amount } createdAt transaction { id kind } } }
  pageInfo { endCursor }
} } }"""
_JOURNAL = """query Journal($after: String) { transactions(first: 20, after: $after) {
  edges { node { id kind amount { amount } createdAt } } pageInfo { endCursor }
} }"""


@dataclass
class Served:
    """A server on one of the books, and one connection to it that is kept."""

    connection: http.client.HTTPConnection
    api_key: str
    account_id: str
    middle: str | None = None
    """The cursor from which pages in the middle of the account's history go on."""

    def seconds(self, message: Message) -> float:
        """Return how long an answer takes. Raises RuntimeError for one with errors."""
        began = perf_counter()
        self.answer(message)
        return perf_counter() - began

    def find_middle(self) -> None:
        """Walk to the middle of the account's first hundred entries."""
        for _ in range(3):
            told = self.answer(self.page(self.middle))
            self.middle = told["data"]["account"]["entries"]["pageInfo"]["endCursor"]

    def page(self, after: str | None) -> Message:
        return GraphQL().ask(self.api_key, _PAGE, {"id": self.account_id, "after": after})

    def journal(self) -> Message:
        return GraphQL().ask(self.api_key, _JOURNAL, {"after": None})

    def deposit(self) -> Message:
        return GraphQL().deposit(self.api_key, secrets.token_hex(8), self.account_id)

    def answer(self, message: Message) -> Any:
        """Ask once; return the answer. Raises RuntimeError for one with errors: that is no measurement."""
        self.connection.request(message.method, message.path, message.body, dict(message.headers))
        answer = json.loads(self.connection.getresponse().read())
        if "errors" in answer or "code" in (answer["data"].get("deposit") or {}):
            raise RuntimeError(str(answer))
        return answer


QUESTIONS: Mapping[str, Callable[[Served], Message]] = {
    "deposit": Served.deposit,
    "entries of an account, first page": lambda served: served.page(None),
    "entries of an account, a page in the middle": lambda served: served.page(served.middle),
    "all transactions, first page": Served.journal,
}


def made(transactions: int) -> Path:
    """Return the folder of the books of that size; make them if there are none."""
    folder = FOLDER / str(transactions)
    folder.mkdir(parents=True, exist_ok=True)
    make(folder / FILE, transactions, ACCOUNTS_OF[transactions])
    return folder


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Run this server on books."""
    name = f"bench {secrets.token_hex(4)}"
    key = run_own(folder, "keys", "issue", "--client", name, "--role", Role.MANAGER)
    with CONTESTANTS[OWN].running(folder) as server:
        connection = http.client.HTTPConnection(server.address, timeout=ANSWER_S)
        with closing(connection):
            one = Served(connection, key, _an_account(folder / FILE))
            one.find_middle()
            yield one


def _an_account(path: Path) -> str:
    """Return the account in the middle of the customers."""
    with closing(database.connect_reader(path)) as connection:
        rows = connection.execute_sql("SELECT id FROM account WHERE kind = 'CUSTOMER' ORDER BY id").fetchall()
    return str(rows[len(rows) // 2][0])


def medians(folders: Mapping[int, Path], asked: int) -> dict[str, dict[int, float]]:
    """Ask each question of all books in turn; return the medians in seconds."""
    taken: dict[str, dict[int, list[float]]] = {name: {size: [] for size in folders} for name in QUESTIONS}
    with ExitStack() as stack:
        servers = {size: stack.enter_context(served(folder)) for size, folder in folders.items()}
        for _ in range(asked):
            for name, question in QUESTIONS.items():
                for size, server in servers.items():
                    taken[name][size].append(server.seconds(question(server)))
    return {name: {size: median(values) for size, values in by_size.items()} for name, by_size in taken.items()}


def start(folder: Path) -> float:
    """Return how long a start takes: from the command to the line that tells the address."""
    with CONTESTANTS[OWN].running(folder) as server:
        return server.seconds_to_start


def starts(folders: Mapping[str, Path], times: int) -> dict[str, float]:
    """Start on all books in turn, and on an empty file; return the medians in seconds."""
    taken: dict[str, list[float]] = {name: [] for name in folders}
    for _ in range(times):
        for name, folder in folders.items():
            taken[name].append(start(folder))
    return {name: median(values) for name, values in taken.items()}


@contextmanager
def empty() -> Iterator[Path]:
    """Give books without anything in them."""
    folder = FOLDER / "empty"
    folder.mkdir(parents=True)
    try:
        run_own(folder, "migrate")
        yield folder
    finally:
        shutil.rmtree(folder)


@click.command()
@click.option("--asked", default=300, show_default=True, help="How often each question is asked.")
@click.option("--starts", "times", default=7, show_default=True, help="How often the server is started.")
def main(asked: int, times: int) -> None:
    """Print two tables in Markdown."""
    folders = {size: made(size) for size in ACCOUNTS_OF}
    few, many = folders
    print(f"| p50, one connection | {few:,} transactions | {many:,} transactions | ratio |\n|---|---|---|---|")
    for name, by_size in medians(folders, asked).items():
        less, more = by_size.values()
        print(f"| {name} | {1000 * less:.2f} ms | {1000 * more:.2f} ms | {more / less:.2f} |")
    with empty() as nothing:
        taken = starts(
            {"nothing": nothing, **{f"{size:,} transactions": path for size, path in folders.items()}}, times
        )
    print("\n| start on | seconds | ratio |\n|---|---|---|")
    for name, seconds in taken.items():
        print(f"| {name} | {seconds:.2f} | {seconds / taken['nothing']:.2f} |")


if __name__ == "__main__":
    main()

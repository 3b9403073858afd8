"""Tellers who deposit while the disk fails, and who remember every answer that they got."""

from __future__ import annotations

import itertools
import json
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

from persistence import database, verification
from tests.endtoend.deposits import OPEN, STANDING
from tests.endtoend.server import ANSWER_S, SHUTDOWN_S, Server, ask
from tests.support.books import migrated

TELLERS = 8
MOST_ANSWERS = 3_000
"""By then a fault must have been met."""

DEPOSIT = """
mutation ($key: IdempotencyKey!, $id: ID!) {
  deposit(idempotencyKey: $key, input: {accountId: $id, amount: {amount: "0.01", currency: "EUR"}}) {
    __typename
    ... on DepositSuccess { replayed }
    ... on UserError { retry }
  }
}
"""
SUCCESS, SAME_KEY, CLOSED = "success", "same key", "closed"


class WrongAnswerError(AssertionError):
    """The server said something that it must not say, or nothing at all for too long."""


class Bank(Server):
    """A server whose books are in a folder of their own, `disk`; its log and its settings are elsewhere."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = {"port": "0", **settings}
        self.log = folder / "log"
        (folder / "disk").mkdir(exist_ok=True)
        (folder / ".env").write_text("COUNTINGHOUSE_DATABASE_URL=sqlite:///disk/countinghouse.db\n")
        migrated(self.books).close()
        self.start()

    @property
    def books(self) -> Path:
        """Return the main file."""
        return self.folder / "disk" / "countinghouse.db"

    @property
    def key(self) -> str:
        return self.books.with_suffix(".admin-key").read_text().strip()

    @property
    def has_ended(self) -> bool:
        """Tell whether the process is gone."""
        return self.process.poll() is not None

    @property
    def last_words(self) -> str:
        """Return the last line of the log."""
        return self.log.read_text().splitlines()[-1]

    def ended(self) -> int:
        """Wait for the process to end by itself; return the exit code."""
        return self.process.wait(SHUTDOWN_S)

    def start_again(self) -> None:
        """Start, if the process has ended."""
        if self.has_ended:
            self.stop()
            self.start()

    def transactions(self) -> int:
        """Prove the books of a server that has stopped; return how many transactions they have."""
        with closing(database.connect_reader(self.books)) as reading:
            return verification.verify(reading).transactions


@dataclass
class Tellers:
    """They deposit one cent each time. What was sent, what was acknowledged, and everything that was answered."""

    bank: Bank
    sent: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account_id = self.bank.ask(OPEN)["data"]["openAccount"]["account"]["id"]

    @contextmanager
    def working(self) -> Iterator[SimpleQueue[str]]:
        """Deposit and look from many threads until the end of the block; give a queue of what was answered."""
        stop, told = Event(), SimpleQueue[str]()
        with ThreadPoolExecutor(TELLERS + 1) as threads:
            working = [threads.submit(self._work, f"{len(self.sent)}-{one}", stop, told) for one in range(TELLERS)]
            working.append(threads.submit(self._look, stop))
            try:
                yield told
            finally:
                stop.set()
        for one in working:
            one.result()

    def await_answers(self, told: SimpleQueue[str], until: Callable[[], bool] = lambda: True) -> None:
        """Wait until something has happened, and for some answers more. Raises WrongAnswerError if it does not."""
        for _ in range(MOST_ANSWERS):
            if until():
                break
            told.get(timeout=2 * ANSWER_S)
        else:
            raise WrongAnswerError("the fault was never met")
        for _ in range(3 * TELLERS):
            told.get(timeout=2 * ANSWER_S)

    def deposit(self, number: int) -> None:
        """Deposit so many times, one after the other; each is acknowledged."""
        keys = [f"calm-{len(self.sent) + one}" for one in range(number)]
        self.sent += keys
        with self.bank.connection() as connection:
            assert {judged(self._asked(connection, key)) for key in keys} == {SUCCESS}
        self.acknowledged += keys

    def require_settled(self) -> None:
        """Send everything again: what was acknowledged is there, the rest happens now, and nothing twice."""
        known = set(self.acknowledged)
        with self.bank.connection() as connection:
            for key in self.sent:
                said = self._asked(connection, key)
                answer = (said["data"] or {}).get("deposit") or {}
                if answer.get("__typename") != "DepositSuccess":
                    raise WrongAnswerError(f"{key} is not settled by {said}")
                if key in known and not answer["replayed"]:
                    raise WrongAnswerError(f"{key} was acknowledged, and lost")
        self.acknowledged = list(self.sent)
        if self.standing() != len(self.sent):
            raise WrongAnswerError(f"{len(self.sent)} deposits were made, and {self.standing()} are there")

    def require_kept(self) -> None:
        """Demand the same of the server as it is, killed and started again, and of the books when it has stopped."""
        self.require_settled()
        self.bank.stop(signal.SIGKILL)
        self.bank.start()
        self.require_settled()
        assert self.bank.stop() == 0
        assert self.bank.transactions() == len(self.sent)

    def _work(self, name: str, stop: Event, told: SimpleQueue[str]) -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            key = f"{name}-{number}"
            self.sent.append(key)
            answer = self._try(key)
            if answer == SUCCESS:
                self.acknowledged.append(key)
            self.answers.append(answer)
            told.put(answer)

    def _try(self, key: str) -> str:
        try:
            with self.bank.connection() as connection:
                return judged(self._asked(connection, key))
        except TimeoutError as error:
            raise WrongAnswerError(f"{key} was never answered") from error
        except (OSError, HTTPException):
            return CLOSED

    def _look(self, stop: Event) -> None:
        """Look at the balance: it has all that was acknowledged before, and nothing that was not sent yet."""
        while not stop.is_set():
            least = len(self.acknowledged)
            try:
                found = self.standing()
            except (OSError, HTTPException, KeyError):
                continue
            if not least <= found <= len(self.sent):
                raise WrongAnswerError(f"{least} were acknowledged, {len(self.sent)} sent, and {found} are there")

    def standing(self) -> int:
        """Return how many deposits there are. Raises KeyError for an answer that says to ask again."""
        said = self.bank.ask(STANDING)
        if "errors" in said:
            raise KeyError(retry_in(said))
        account = said["data"]["accountByReference"]
        if account["posted"]["amount"] != f"{int(account['version']) / 100:.2f}":
            raise WrongAnswerError(json.dumps(account))
        return int(account["version"])

    def _asked(self, connection: HTTPConnection, key: str) -> Any:
        return ask(connection, self.bank.key, DEPOSIT, {"key": key, "id": self.account_id})


def judged(said: Any) -> str:
    """Return what an answer comes to. Raises WrongAnswerError for one that no failing disk excuses."""
    if "errors" in said:
        retry_in(said)
        return SAME_KEY
    answer = said["data"]["deposit"]
    if answer == {"__typename": "DepositSuccess", "replayed": False}:
        return SUCCESS
    if answer == {"__typename": "Unavailable", "retry": "SAME_KEY"}:
        return SAME_KEY
    raise WrongAnswerError(json.dumps(said))


def retry_in(said: Any) -> str:
    """Return the advice of an error that has no type: to ask again, whatever it was. Raises WrongAnswerError."""
    advice = {error["extensions"]["retry"] for error in said["errors"]}
    if advice != {"SAME_KEY"}:
        raise WrongAnswerError(json.dumps(said))
    return "SAME_KEY"

"""Deposits of one cent each, from many threads at once, until the server no longer answers."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from queue import SimpleQueue
from typing import Any

from tests.endtoend.server import ANSWER_S, Server, ask

THREADS = 8
TRIES = 50

OPEN = """
mutation { openAccount(idempotencyKey: "open", input: {currency: "EUR", name: "Ada", reference: "ada"}) {
  ... on OpenAccountSuccess { account { id } }
} }
"""
DEPOSIT = """
mutation ($key: IdempotencyKey!, $id: ID!) {
  deposit(idempotencyKey: $key, input: {accountId: $id, amount: {amount: "0.01", currency: "EUR"}}) {
    __typename
    ... on DepositSuccess { replayed }
  }
}
"""
STANDING = '{ accountByReference(reference: "ada") { version posted { amount } } }'


@dataclass
class Depositors:
    """What they sent, and what of that was answered as a success."""

    server: Server
    sent: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account_id = self.server.ask(OPEN)["data"]["openAccount"]["account"]["id"]

    def deposit_until(self, number: signal.Signals, answers: int) -> int:
        """Deposit until there were so many answers, then send the signal, with deposits on their way."""
        successes: SimpleQueue[str] = SimpleQueue()
        with ThreadPoolExecutor(THREADS) as threads:
            depositing = [threads.submit(self._deposit_forever, thread, successes) for thread in range(THREADS)]
            for _ in range(answers):
                self.answered.append(successes.get(timeout=ANSWER_S))
            exit_code = self.server.stop(number)
            assert not any(thread.exception() for thread in depositing)
        self.answered += [successes.get() for _ in range(successes.qsize())]
        return exit_code

    def deposit_despite(self, harm: Callable[[], None], each: int) -> None:
        """Deposit from every thread, and do harm on the way. Who gets no answer asks again under the same key."""
        successes: SimpleQueue[str] = SimpleQueue()
        with ThreadPoolExecutor(THREADS) as threads:
            depositing = [threads.submit(self._deposit_surely, thread, each, successes) for thread in range(THREADS)]
            for _ in range(THREADS):
                successes.get(timeout=ANSWER_S)
            harm()
        assert not any(thread.exception() for thread in depositing)

    def deposit_while(self, act: Callable[[], None]) -> None:
        """Deposit from every thread for as long as the act takes."""
        over = threading.Event()
        with ThreadPoolExecutor(THREADS) as threads:
            depositing = [threads.submit(self._deposit_until_over, thread, over) for thread in range(THREADS)]
            try:
                act()
            finally:
                over.set()
        assert not any(thread.exception() for thread in depositing)

    def retry(self) -> dict[str, Any]:
        """Send everything again under the same keys; return the answers by key."""
        with self.server.connection() as connection:
            return {key: self._deposit(connection, key) for key in self.sent}

    def deposit(self, key: str) -> Any:
        """Deposit once; return the answer."""
        self.sent.append(key)
        with self.server.connection() as connection:
            return self._deposit(connection, key)

    def _deposit_until_over(self, thread: int, over: threading.Event) -> None:
        with self.server.connection() as connection:
            for number in itertools.count():
                if over.is_set():
                    return
                key = f"while-{thread}-{number}"
                self.sent.append(key)
                assert self._deposit(connection, key)["__typename"] == "DepositSuccess"

    def _deposit_forever(self, thread: int, successes: SimpleQueue[str]) -> None:
        with self.server.connection() as connection:
            for number in itertools.count():
                key = f"{thread}-{number}"
                self.sent.append(key)
                try:
                    answer = self._deposit(connection, key)
                except (OSError, HTTPException, ValueError):
                    return
                if answer["__typename"] != "DepositSuccess":
                    return
                successes.put(key)

    def _deposit_surely(self, thread: int, each: int, successes: SimpleQueue[str]) -> None:
        left = [f"{thread}-{number}" for number in range(each)]
        self.sent += left
        for _ in range(TRIES):
            with suppress(OSError, HTTPException, ValueError), self.server.connection() as connection:
                while left and self._deposit(connection, left[0])["__typename"] == "DepositSuccess":
                    successes.put(left.pop(0))
            if not left:
                return
        raise AssertionError(f"no answer to {left}")

    def _deposit(self, connection: Any, key: str) -> Any:
        return ask(connection, self.server.key, DEPOSIT, {"key": key, "id": self.account_id})["data"]["deposit"]

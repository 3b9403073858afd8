"""Two ways to commit what requests decide: each alone, and all of one turn of the event loop together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from benchmarks.rest.books import Answer, Books

Decide = Callable[[], Answer]


class Alone:
    """One transaction for each request, inline on the loop: that was faster than FastAPI's pool of threads."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def run(self, decide: Decide) -> Answer:
        """Decide in a transaction of its own; answer after its commit."""
        answer: Answer = in_transaction(self._books, decide)
        return answer


class Grouped:
    """One transaction for all requests that are ready in one turn of the loop. Answers leave after the commit.

    If anything fails that is not a plain refusal, all is rolled back and each is tried alone, so that a failure spoils
    nobody else, and no savepoints are needed where nothing fails.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._waiting: list[tuple[Decide, asyncio.Future[Answer]]] = []

    async def run(self, decide: Decide) -> Answer:
        """Wait for the commit that this turn shares."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._commit)
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((decide, answer))
        return await answer

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            answers: list[Any] = in_transaction(self._books, lambda: [decide() for decide, _ in waiting])
        except Exception:  # noqa: BLE001 - whatever it is, only its culprit may suffer
            answers = [_attempt(self._books, decide) for decide, _ in waiting]
        for (_, future), answer in zip(waiting, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


def in_transaction(books: Books, decide: Callable[[], Any]) -> Any:
    """Decide and commit, or roll back and raise."""
    books.execute("BEGIN IMMEDIATE")
    try:
        answer = decide()
    except BaseException:
        books.execute("ROLLBACK")
        raise
    books.execute("COMMIT")
    return answer


def _attempt(books: Books, decide: Decide) -> Answer | Exception:
    try:
        answer: Answer = in_transaction(books, decide)
    except Exception as error:  # noqa: BLE001 - it is handed to whom it concerns
        return error
    return answer

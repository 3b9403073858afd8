"""What every contestant must do before it is measured: a fair benchmark checks its contestants."""

from __future__ import annotations

from http.client import HTTPConnection

from benchmarks.dialects import Dialect, Message, Outcome
from benchmarks.prepared import Prepared

ANSWER_S = 30


class UnfairError(Exception):
    """A contestant does not do what it is measured for."""


def send(address: str, message: Message) -> tuple[int, str]:
    """Send one request; return the status and the body."""
    connection = HTTPConnection(address, timeout=ANSWER_S)
    try:
        connection.request(message.method, message.path, message.body.encode(), dict(message.headers))
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def check(address: str, dialect: Dialect, books: Prepared) -> None:
    """Deposit, retry, misuse the key, ask as nobody, as a VIEWER, and about a closed account. Raises UnfairError."""

    def deposit(api_key: str, key: str, account_id: str) -> Outcome:
        return dialect.outcome(*send(address, dialect.deposit(api_key, key, account_id)))

    account_id, other_id = books.account_ids[:2]
    first, retried = (deposit(books.manager_key, "check-1", account_id) for _ in range(2))
    _require(first.transaction_id is not None and first.posted is not None, "a deposit is made", first)
    _require(retried == first, "a retry is answered as the first", retried)
    reused = deposit(books.manager_key, "check-1", other_id)
    _require(reused.code == "IDEMPOTENCY_KEY_REUSED", "a key is not used twice", reused)
    nobody = deposit(books.manager_key[:-1] + "_", "check-2", account_id)
    _require(nobody.code == "UNAUTHENTICATED", "a wrong key is refused", nobody)
    viewer = deposit(books.viewer_key, "check-3", account_id)
    _require(viewer.code == "FORBIDDEN", "a VIEWER may not deposit", viewer)
    closed = deposit(books.manager_key, "check-4", books.closed_id)
    _require(closed.code == "ACCOUNT_CLOSED", "a closed account refuses a deposit", closed)
    second = deposit(books.manager_key, "check-5", account_id)
    _require(_cents(second) == _cents(first) + 100, "nothing else was deposited", second)


def _cents(outcome: Outcome) -> int:
    return int((outcome.posted or "").replace(".", ""))


def _require(holds: bool, promise: str, found: Outcome) -> None:  # noqa: FBT001 - it is what is required
    if not holds:
        raise UnfairError(f"not so: {promise}: {found}")

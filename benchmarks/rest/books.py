"""The books behind the REST contestants: plain sqlite3, as a good engineer writes it by hand. No framework in here.

A movement is decided once per idempotency key, inside a transaction that its caller opens: what is stored under the key
is looked up, the account's state checked; then transaction, balances, entries, audit record and the stored answer are
written, ten short statements. A refusal is stored under its key too.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

try:
    import pysqlite3.dbapi2 as sqlite3
except ImportError:
    import sqlite3

PRAGMAS = ("journal_mode = wal", "synchronous = full", "foreign_keys = 1", "cache_size = -65536", "temp_store = memory")
HOUSE = "house_{}"


class Money(NamedTuple):
    """An amount in minor units."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks."""

    id: str
    role: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told, and stored: a status of HTTP and a body in JSON."""

    status: int
    body: str


class RefusedError(Exception):
    """The books say no."""

    def __init__(self, status: HTTPStatus, code: str) -> None:
        super().__init__(code)
        self.answer = Answer(status, json.dumps({"code": code}))


class Books:
    """One connection, which reads and writes."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
        self.execute = self._connection.execute
        for pragma in PRAGMAS:
            self.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        self._connection.close()

    def client_with_key(self, key: str) -> Client | None:
        """Find whose key that is."""
        found = self.execute(
            "SELECT id, role FROM api_client WHERE key_digest = ? AND revoked_at IS NULL", (digest(key),)
        ).fetchone()
        return Client(*found) if found else None

    def deposit(self, client: Client, key: str, account_id: str, money: Money) -> Answer:
        """Bring money in from outside. Needs an open transaction."""
        amount, currency = money

        def decide(now: int) -> dict[str, Any]:
            self._require_open(account_id, currency)
            house_id = HOUSE.format(currency)
            return self._post("DEPOSIT", {house_id: -amount, account_id: amount}, money, now)

        given = {"account": account_id, "amount": amount, "currency": currency}
        return self._once(client, "DEPOSIT", key, given, decide)

    def transfer(self, client: Client, key: str, source_id: str, target_id: str, money: Money) -> Answer:
        """Move money between two accounts. Needs an open transaction."""
        amount, currency = money

        def decide(now: int) -> dict[str, Any]:
            if source_id == target_id:
                raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "SAME_ACCOUNT")
            posted = self._require_open(source_id, currency)
            self._require_open(target_id, currency)
            if posted < amount:
                raise RefusedError(HTTPStatus.CONFLICT, "INSUFFICIENT_FUNDS")
            return self._post("TRANSFER", {source_id: -amount, target_id: amount}, money, now)

        given = {"from": source_id, "to": target_id, "amount": amount, "currency": currency}
        return self._once(client, "TRANSFER", key, given, decide)

    def account(self, account_id: str) -> dict[str, Any] | None:
        """Tell an account with its first twenty entries, oldest first."""
        found = self.execute(
            "SELECT currency, state, posted, version FROM account WHERE id = ? AND kind = 'CUSTOMER'", (account_id,)
        ).fetchone()
        if found is None:
            return None
        currency, state, posted, version = found
        rows = self.execute(
            "SELECT e.version, e.amount, e.balance_after, e.created_at, t.id, t.kind"
            ' FROM entry AS e JOIN "transaction" AS t USING (sequence)'
            " WHERE e.account_id = ? ORDER BY e.version LIMIT 20",
            (account_id,),
        )
        return {
            **_told(account_id, state, version, posted, currency),
            "entries": [
                {
                    "version": str(number),
                    "amount": written(amount, currency),
                    "balanceAfter": written(after, currency),
                    "createdAt": instant(at),
                    "transaction": {"id": id_, "kind": kind},
                }
                for number, amount, after, at, id_, kind in rows
            ],
        }

    def _once(
        self,
        client: Client,
        operation: str,
        key: str,
        given: Mapping[str, Any],
        decide: Callable[[int], dict[str, Any]],
    ) -> Answer:
        """Answer as before under the same key, or decide and remember."""
        fingerprint = digest(json.dumps(given, sort_keys=True))
        stored = self.execute(
            "SELECT fingerprint, status, answer FROM idempotency WHERE api_client_id = ? AND operation = ? AND key = ?",
            (client.id, operation, key),
        ).fetchone()
        if stored:
            return Answer(*stored[1:]) if stored[0] == fingerprint else _KEY_REUSED
        now = time.time_ns() // 1000
        try:
            answer, outcome = Answer(HTTPStatus.OK, json.dumps(decide(now))), "SUCCEEDED"
        except RefusedError as refused:
            answer, outcome = refused.answer, "REFUSED"
        targets = json.dumps([value for name, value in given.items() if name in _TARGETS])
        self.execute(
            "INSERT INTO audit (at, outcome, operation, api_client_id, idempotency_key, target_ids)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (now, outcome, operation, client.id, key, targets),
        )
        self.execute(
            "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?)",
            (client.id, operation, key, fingerprint, answer.status, answer.body),
        )
        return answer

    def _require_open(self, account_id: str, currency: str) -> int:
        """Return what the account holds. Raises RefusedError unless it may be credited in that currency."""
        found = self.execute(
            "SELECT currency, state, posted FROM account WHERE id = ? AND kind = 'CUSTOMER'", (account_id,)
        ).fetchone()
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "ACCOUNT_NOT_FOUND")
        held_in, state, posted = found
        if state != "ACTIVE":
            raise RefusedError(HTTPStatus.CONFLICT, f"ACCOUNT_{state}")
        if held_in != currency:
            raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "CURRENCY_MISMATCH")
        return int(posted)

    def _post(self, kind: str, amounts: Mapping[str, int], money: Money, now: int) -> dict[str, Any]:
        """Write a transaction, its entries and the balances; tell it and the account that it credits."""
        amount, currency = money
        id_ = fresh("txn")
        sequence = self.execute(
            'INSERT INTO "transaction" (id, kind, amount, currency, created_at) VALUES (?, ?, ?, ?, ?)',
            (id_, kind, amount, currency, now),
        ).lastrowid
        told = {}
        for account_id, signed in amounts.items():
            posted, version, state = self.execute(
                "UPDATE account SET posted = posted + ?, version = version + 1 WHERE id = ?"
                " RETURNING posted, version, state",
                (signed, account_id),
            ).fetchone()
            self.execute(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", (account_id, version, sequence, signed, posted, now)
            )
            told = _told(account_id, state, version, posted, currency)
        transaction = {"id": id_, "kind": kind, "amount": written(amount, currency), "createdAt": instant(now)}
        return {"transaction": transaction, "account": told}


_TARGETS = ("account", "from", "to")
_KEY_REUSED = Answer(HTTPStatus.CONFLICT, json.dumps({"code": "IDEMPOTENCY_KEY_REUSED"}))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fresh(prefix: str) -> str:
    """Return an id that sorts by time: milliseconds, then chance."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


def written(minor: int, currency: str) -> dict[str, str]:
    """Tell an amount of a currency that has two decimals: all that are measured do."""
    sign, absolute = "-" if minor < 0 else "", abs(minor)
    return {"amount": f"{sign}{absolute // 100}.{absolute % 100:02}", "currency": currency}


def instant(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat(timespec="microseconds")


def _told(account_id: str, state: str, version: int, posted: int, currency: str) -> dict[str, Any]:
    return {"id": account_id, "state": state, "version": str(version), "posted": written(posted, currency)}

"""A short history in which all is well, to be told otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torture.history import OK, SYSTEM, Answer, Attempt, Evidence, Read, Record, Resolution, Scope, Standing

ADMIN, MANAGER = "cli_admin", "cli_manager"
FIRST, OLD, NEW = "key_first", "key_old", "key_new"
ADA, BOB, HOLD = "acct_ada", "acct_bob", "hold_1"
ENDS = 1_000
"""When the hold runs out. Steps take ten microseconds: sent at 10 n, decided at 10 n + 3, answered at 10 n + 6."""


def active(posted: int, version: int, held: int = 0) -> Standing:
    return Standing(posted, held, posted - held, version, "ACTIVE")


class History:
    """Notes down what somebody did, as the crowd and the log both would."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.reads: list[Read] = []
        self.records: list[Record] = []
        self.resolutions: dict[Scope, Resolution] = {}

    def system(self, operation: str, *targets: str) -> None:
        self._record(Scope(SYSTEM, operation, "given"), None, targets, None)

    def did(
        self,
        operation: str,
        asked: dict[str, Any],
        *targets: str,
        by: tuple[str, str] = (MANAGER, OLD),
        code: str = OK,
        made: str | None = None,
        **standings: Standing,
    ) -> None:
        """Somebody did something, or was refused, and heard of it."""
        scope = Scope(by[0], operation, f"k{len(self.records)}")
        sent, refusal = 10 * len(self.records), None if code == OK else code
        record = self._record(scope, by[1], targets, refusal)
        stood = tuple((f"acct_{name}", standing) for name, standing in standings.items())
        answer = Answer(code, record.at, made=made, standings=stood)
        self.attempts.append(Attempt(scope, by[1], asked, sent, sent + 6, answer))

    def shown(self, account: str, standing: Standing, at: int) -> None:
        self.reads.append(Read(account, at, at + 1, standing))

    def evidence(self, **standings: Standing) -> Evidence:
        left = {f"acct_{name}": standing for name, standing in standings.items()}
        return Evidence(self.attempts, self.reads, self.records, self.resolutions, left)

    def _record(self, scope: Scope, api_key: str | None, targets: tuple[str, ...], code: str | None) -> Record:
        outcome = "SUCCEEDED" if code is None else "DENIED" if code == "FORBIDDEN" else "REFUSED"
        sequence = len(self.records) + 1
        self.records.append(Record(sequence, 10 * len(self.records) + 3, outcome, scope, api_key, targets, code))
        return self.records[-1]


def movement(amount: int, **sides: str) -> dict[str, Any]:
    return {**sides, "amount": amount, "currency": "EUR", "version": None}


def told() -> Evidence:
    """Return the history: clients, two accounts, a deposit (7), a refusal (8), a transfer (9), a hold, a revocation."""
    history, admin = History(), (ADMIN, FIRST)
    history.system("CREATE_API_CLIENT", ADMIN)
    history.system("ISSUE_API_KEY", ADMIN, FIRST)
    history.did("CREATE_API_CLIENT", {"name": "m", "role": "MANAGER"}, MANAGER, by=admin, made=MANAGER)
    history.did("ISSUE_API_KEY", {"client": MANAGER}, MANAGER, OLD, by=admin, made=OLD)
    opening = {"currency": "EUR", "overdraft": 0}
    history.did("OPEN_ACCOUNT", opening, ADA, made=ADA, ada=active(0, 0))
    history.did("OPEN_ACCOUNT", opening, BOB, made=BOB, bob=active(0, 0))
    history.did("DEPOSIT", movement(100, account=ADA), ADA, "txn_1", made="txn_1", ada=active(100, 1))
    history.did("WITHDRAW", movement(101, account=ADA), ADA, code="INSUFFICIENT_FUNDS")
    sides = {"source": ADA, "target": BOB}
    paid, got = active(70, 2), active(30, 1)
    history.did("TRANSFER", movement(30, **sides), ADA, BOB, "txn_2", made="txn_2", ada=paid, bob=got)
    hold = {"account": ADA, "amount": 50, "currency": "EUR", "expires": ENDS}
    history.did("PLACE_HOLD", hold, ADA, HOLD, made=HOLD, ada=active(70, 2, held=50))
    history.did("ISSUE_API_KEY", {"client": MANAGER}, MANAGER, NEW, by=admin, made=NEW)
    history.did("REVOKE_API_KEY", {"api_key": OLD}, OLD, by=admin)
    history.did("DEPOSIT", movement(5, account=BOB), BOB, "txn_3", by=(MANAGER, NEW), made="txn_3", bob=active(35, 2))
    history.shown(ADA, active(70, 2, held=50), at=ENDS - 10)
    history.shown(ADA, active(70, 2), at=ENDS + 10)
    return history.evidence(ada=active(70, 2), bob=active(35, 2))


def attempt_at(evidence: Evidence, place: int, change: Callable[[Attempt], Attempt]) -> Evidence:
    """Change what was sent or answered at a place of the log."""
    key = evidence.records[place - 1].scope
    return replace(evidence, attempts=[change(one) if one.scope == key else one for one in evidence.attempts])


def record_at(evidence: Evidence, place: int, **changes: Any) -> Evidence:
    """Change a record of the log."""
    records = list(evidence.records)
    records[place - 1] = replace(records[place - 1], **changes)
    return replace(evidence, records=records)

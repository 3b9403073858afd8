"""What was asked, what was answered, and when: all that the checker knows of a run.

Times are microseconds since 1970 by a clock that never steps, taken on this side of the connection. Amounts are minor
units. Inputs are plain data with short names of their own; operations.py says how each is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO

OK = "OK"
UNKNOWN = "UNKNOWN"
"""No answer came: it may have happened or not, and may happen yet."""

SYSTEM = "cli_00000000000000000000000000"
NEVER = 1 << 62
"""Later than everything."""

Input = Mapping[str, Any]


class Scope(NamedTuple):
    """Where an idempotency key counts."""

    client: str
    operation: str
    key: str


class Standing(NamedTuple):
    """How an account stood."""

    posted: int
    held: int
    available: int
    version: int
    state: str


class Answer(NamedTuple):
    """What an answer says: OK or a code; when it was decided; what was made; how the accounts stood then.

    A batch has an answer for each of its items.
    """

    code: str
    decided_at: int | None = None
    replayed: bool = False
    made: str | None = None
    standings: tuple[tuple[str, Standing], ...] = ()
    items: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request for a deed, with the key it was authenticated by, and what came of it."""

    scope: Scope
    api_key: str
    input: Input
    invoked: int
    answered: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Read:
    """An account as it was shown to somebody."""

    account: str
    invoked: int
    answered: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the audit log, as the API tells it."""

    sequence: int
    at: int
    outcome: str
    scope: Scope
    api_key: str | None
    targets: tuple[str, ...]
    code: str | None

    @property
    def is_by_system(self) -> bool:
        """Tell whether the program itself did it: what has run out ends by it, and the first key comes from it."""
        return self.scope.client == SYSTEM

    @property
    def has_moved_money(self) -> bool:
        """Tell whether a transaction came of it."""
        return self.outcome == "SUCCEEDED" and self.made("txn_") != ""

    def made(self, prefix: str) -> str:
        """Return the last of its targets of that kind, which is the one that it made; empty if there is none."""
        return next((target for target in reversed(self.targets) if target.startswith(prefix)), "")


@dataclass(frozen=True, slots=True)
class Resolution:
    """What `idempotencyRecord` says of a key: its outcome and the number of its record; None if it knows nothing."""

    outcome: str | None
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is judged."""

    attempts: list[Attempt]
    reads: list[Read]
    records: list[Record]
    resolutions: dict[Scope, Resolution]
    standings: dict[str, Standing]


class Journal:
    """Writes each line as it happens, so that a run that is cut off has left what it knew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO = path.open("w")
        self.attempts: list[Attempt] = []
        self.reads: list[Read] = []

    def attempted(self, attempt: Attempt) -> None:
        """Note a request and its answer."""
        self.attempts.append(attempt)
        scope, times = attempt.scope, (attempt.invoked, attempt.answered)
        self._write("attempt", scope, attempt.api_key, attempt.input, *times, attempt.answer)

    def read(self, read: Read) -> None:
        """Note what was shown."""
        self.reads.append(read)
        self._write("read", read.account, read.invoked, read.answered, read.standing)

    def close(self) -> None:
        """Write what is left."""
        self._file.close()

    def _write(self, *line: object) -> None:
        self._file.write(json.dumps(line) + "\n")

"""Parts of the application that fail on demand."""

from __future__ import annotations

from typing import Any

from domain.access import Caller
from domain.commands import Command, Rejection
from domain.ports import Fault, Ledger, Outcome
from domain.reading import Reader


class Breaking:
    """A reader of which one method raises."""

    def __init__(self, reader: Reader, method: str, error: Exception) -> None:
        self._reader = reader
        self._method = method
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return self._fail if name == self._method else getattr(self._reader, name)

    def _fail(self, *_: Any, **__: Any) -> None:
        raise self._error


class FaultyLedger:
    """A ledger on which a bug stops every write after the first so many."""

    def __init__(self, ledger: Ledger, good: int) -> None:
        self._ledger = ledger
        self._good = good

    async def execute(self, caller: Caller, key: str, command: Command | Rejection) -> Outcome:
        self._good -= 1
        if self._good < 0:
            raise Fault("KeyError while deciding something")
        return await self._ledger.execute(caller, key, command)

    async def settled(self) -> None:
        await self._ledger.settled()

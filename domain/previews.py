"""What a command would come to: decided as when it is executed, on an overlay that nobody keeps."""

from __future__ import annotations

from domain.access import Caller
from domain.audit import Head
from domain.commands import Command, Rejection
from domain.decisions import Batch, carry_out
from domain.ids import Prefix
from domain.instants import Instant
from domain.ports import Books, Outcome, Request


class _Forgotten:
    """Ids and entropy for what will never be seen."""

    def fresh(self, prefix: Prefix) -> str:
        return f"{prefix}_preview"

    def bytes(self, count: int) -> bytes:
        return bytes(count)


def preview(books: Books, head: Head, now: Instant, caller: Caller, command: Command | Rejection) -> Outcome:
    """Decide what a command would come to now, whatever role it takes to execute it. Writes nothing."""
    at = Instant(max(now, head.at + 1))
    if isinstance(command, Rejection):
        return Outcome(command.error, at)
    batch = Batch(books, head, at, _Forgotten(), _Forgotten())
    return carry_out(batch, Request(caller, "", command), command)

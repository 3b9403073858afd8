"""What a command would come to: decided as when it is executed, on an overlay that nobody keeps."""

from __future__ import annotations

from domain.audit import Head
from domain.commands import Rejection
from domain.decisions import Batch, carry_out
from domain.ids import Prefix
from domain.instants import Instant
from domain.money import LARGEST_BALANCE
from domain.ports import Books, Outcome, Request


class _Forgotten:
    """Ids and entropy for what will never be seen."""

    def fresh(self, prefix: Prefix) -> str:
        return f"{prefix}_preview"

    def bytes(self, count: int) -> bytes:
        return bytes(count)


def preview(
    books: Books,
    head: Head,
    now: Instant,
    request: Request,
    largest_movement: int = LARGEST_BALANCE,
) -> Outcome:
    """Decide what a request would come to now, whatever role it takes to execute it. Its key does not count."""
    at = Instant(max(now, head.at + 1))
    if isinstance(request.command, Rejection):
        return Outcome(request.command.error, at)
    batch = Batch(books, head, at, _Forgotten(), _Forgotten(), largest_movement)
    return carry_out(batch, request, request.command)

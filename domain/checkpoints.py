"""Checkpoints: signed statements of where the books were, kept in a second place, each linked to the one before it.

Whoever has the public key can tell from them whether the books still hold what they once held.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import orjson

from domain.audit import Head
from domain.instants import Instant
from domain.records import from_plain, to_bytes, to_plain

NOTHING_BEFORE = "0" * 64
"""What the first line of a file is linked to."""


class CheckpointKind(StrEnum):
    """What a checkpoint says besides where the books were."""

    BEGIN = "BEGIN"
    """From here on there are checkpoints."""
    HEAD = "HEAD"
    """The books went on."""
    ROLLBACK = "ROLLBACK"
    """The books were put back, and that was meant: checkpoints beyond `kept` count no more."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the books were: the number and the hash of the newest audit record, at the time of its batch.

    `previous` is the digest of the line before; `kept` the number of the newest checkpoint that a rollback lets stand.
    """

    kind: CheckpointKind
    sequence: int
    hash: str
    at: Instant
    previous: str
    kept: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A checkpoint as it was written: its signature in hexadecimal, and the digest that the next one is linked to."""

    checkpoint: Checkpoint
    signature: str
    digest: str


class Signer(Protocol):
    """Holds a private key."""

    def sign(self, message: bytes) -> bytes:
        """Sign a message."""
        ...


class Verifier(Protocol):
    """Holds a public key."""

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether a message was signed with the key that belongs to this one."""
        ...


class RolledBackError(Exception):
    """The books are not where the newest checkpoint says that they were: nothing may be written to them."""


def first(head: Head) -> Checkpoint:
    """Return the checkpoint that a file begins with."""
    return Checkpoint(CheckpointKind.BEGIN, head.sequence, head.hash, head.at, NOTHING_BEFORE)


def following(newest: Line, head: Head) -> Checkpoint | None:
    """Return the next checkpoint; None if the books have not moved."""
    if head.sequence == newest.checkpoint.sequence:
        return None
    return Checkpoint(CheckpointKind.HEAD, head.sequence, head.hash, head.at, newest.digest)


def rollback(newest: Line, head: Head, kept: int) -> Checkpoint:
    """Return the checkpoint that gives up all those beyond the one with the number `kept`."""
    return Checkpoint(CheckpointKind.ROLLBACK, head.sequence, head.hash, head.at, newest.digest, kept)


def written(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """Sign a checkpoint, and write it as a line of canonical JSON, without its end."""
    signature = signer.sign(_message(checkpoint)).hex()
    return to_bytes({**to_plain(checkpoint), "signature": signature})


def read(line: bytes) -> Line:
    """Read a line that was written. Raises ValueError for anything else."""
    try:
        plain = orjson.loads(line)
        checkpoint = from_plain(Checkpoint, plain)
        signature = plain["signature"]
        is_canonical = to_bytes({**to_plain(checkpoint), "signature": signature}) == line
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError("is no checkpoint") from error
    if not is_canonical:
        raise ValueError("is not as a checkpoint is written")
    return Line(checkpoint, signature, digest(line))


def digest(line: bytes) -> str:
    """Return what the next line is linked to: the SHA-256 of this one, in hexadecimal."""
    return hashlib.sha256(line).hexdigest()


def fault_in(line: Line, before: Line | None, verifier: Verifier) -> str | None:
    """Say what is wrong with a line; None if it is signed, and follows the line before it."""
    if not is_signed(line, verifier):
        return "is not signed with this key"
    if line.checkpoint.previous != (before.digest if before else NOTHING_BEFORE):
        return "is not linked to the line before it"
    if (line.checkpoint.kind is CheckpointKind.BEGIN) == (before is not None):
        return "begins where nothing begins" if before else "does not begin the file"
    if (
        before
        and line.checkpoint.kind is CheckpointKind.HEAD
        and line.checkpoint.sequence <= before.checkpoint.sequence
    ):
        return "goes back without saying so"
    return None


def is_signed(line: Line, verifier: Verifier) -> bool:
    """Tell whether a line has the signature of the key that belongs to this one."""
    try:
        return verifier.is_signed(_message(line.checkpoint), bytes.fromhex(line.signature))
    except ValueError:
        return False


def fault_of_books(newest: Checkpoint, head: Head, hash_there: str | None) -> str | None:
    """Say how the books contradict the newest checkpoint, by the hash that they have at its number; None if not."""
    if head.sequence < newest.sequence:
        return f"the books end with record {head.sequence}, and the newest checkpoint is of record {newest.sequence}"
    if hash_there != newest.hash:
        return (
            f"record {newest.sequence} is not the one that the newest checkpoint is of, and the books go on to record "
            f"{head.sequence}"
        )
    return None


def standing(lines: Iterable[Line], again: Iterable[Line]) -> Iterator[tuple[int, Line]]:
    """Yield each line that no later rollback gives up, with its number.

    Both arguments are the same lines, read one after the other, so that none is held in memory; what was added
    meanwhile is left out.
    """
    rollbacks, count = [], 0
    for count, line in enumerate(lines, 1):
        if line.checkpoint.kept is not None:
            rollbacks.append((count, line.checkpoint.kept))
    for number, line in zip(range(1, count + 1), again, strict=False):
        if all(number >= later or line.checkpoint.sequence <= kept for later, kept in rollbacks):
            yield number, line


def _message(checkpoint: Checkpoint) -> bytes:
    return to_bytes(to_plain(checkpoint))

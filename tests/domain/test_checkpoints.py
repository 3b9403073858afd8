"""What a checkpoint says, byte for byte, and what contradicts it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from domain import checkpoints
from domain.audit import BEGINNING, Head
from domain.checkpoints import Checkpoint, CheckpointKind, Line
from domain.instants import Instant

HASH = "ab" * 32


class Seal:
    """Signs so that anybody could: what is signed is all that matters here."""

    def __init__(self, name: bytes = b"ours") -> None:
        self._name = name

    def sign(self, message: bytes) -> bytes:
        return hashlib.sha256(self._name + message).digest()

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        return signature == self.sign(message)


def head(sequence: int) -> Head:
    return Head(batch=sequence, sequence=sequence, at=Instant(sequence * 10), hash=f"{sequence:064}")


def line(checkpoint: Checkpoint, seal: Seal | None = None) -> Line:
    return checkpoints.read(checkpoints.written(checkpoint, seal or Seal()))


def history(*sequences: int) -> list[Line]:
    """Return lines as a server would write them; a negative number is a rollback that keeps what is before it."""
    lines = [line(checkpoints.first(BEGINNING))]
    for sequence in sequences:
        if sequence < 0:
            lines.append(line(checkpoints.rollback(lines[-1], head(-sequence), kept=-sequence - 1)))
        elif made := checkpoints.following(lines[-1], head(sequence)):
            lines.append(line(made))
    return lines


def test_a_line_is_canonical_json_and_stays_so_for_ever() -> None:
    given = Checkpoint(CheckpointKind.ROLLBACK, 7, HASH, Instant(1_800_000_000_000_000), "cd" * 32, kept=5)
    signature = hashlib.sha256(
        b"ours" + checkpoints.written(given, Seal()).split(b',"signature"')[0] + b"}"
    ).hexdigest()
    assert checkpoints.written(given, Seal()).decode() == (
        f'{{"at":1800000000000000,"hash":"{HASH}","kept":5,"kind":"ROLLBACK","previous":"{"cd" * 32}","sequence":7,'
        f'"signature":"{signature}"}}'
    )


def test_what_was_written_is_read_again() -> None:
    for made in history(3, 9, -6):
        text = checkpoints.written(made.checkpoint, Seal())
        assert checkpoints.read(text) == made
        assert made.digest == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize(
    "text",
    [b"", b"{}", b"7", b"[]", b"\xff", b'{"kind":"BEGIN"}', b'{"kind":"END"}', b'{"kind":"BEGIN","sequence":"x"}'],
)
def test_what_is_no_checkpoint_is_not_read(text: bytes) -> None:
    with pytest.raises(ValueError, match="is no checkpoint"):
        checkpoints.read(text)


@pytest.mark.parametrize(
    "change", [(b":", b": "), (b'{"at"', b'{"a":1,"at"'), (b',"previous"', b',"kept":null,"previous"')]
)
def test_a_line_that_is_written_otherwise_is_not_read(change: tuple[bytes, bytes]) -> None:
    text = checkpoints.written(checkpoints.first(head(3)), Seal()).replace(*change, 1)
    with pytest.raises(ValueError, match="is not as a checkpoint is written"):
        checkpoints.read(text)


def test_books_that_have_not_moved_need_no_checkpoint() -> None:
    newest = history(3)[-1]
    assert checkpoints.following(newest, head(3)) is None
    assert checkpoints.following(newest, head(4)) == Checkpoint(
        CheckpointKind.HEAD, 4, head(4).hash, head(4).at, newest.digest
    )


def fault(number: int, lines: list[Line]) -> str | None:
    return checkpoints.fault_in(lines[number], lines[number - 1] if number else None, Seal())


def test_lines_that_follow_each_other_have_no_fault() -> None:
    lines = history(3, 9, -6, 8)
    assert [fault(number, lines) for number in range(len(lines))] == [None] * 5


FAULTS = {
    "is not signed with this key": lambda lines: line(lines[2].checkpoint, Seal(b"theirs")),
    "is not linked to the line before it": lambda lines: line(replace(lines[2].checkpoint, previous="0" * 64)),
    "begins where nothing begins": lambda lines: line(replace(lines[2].checkpoint, kind=CheckpointKind.BEGIN)),
    "goes back without saying so": lambda lines: line(replace(lines[2].checkpoint, sequence=3)),
}


@pytest.mark.parametrize("expected", FAULTS)
def test_a_line_that_does_not_follow_is_named(expected: str) -> None:
    lines = history(3, 9)
    lines[2] = FAULTS[expected](lines)
    assert fault(2, lines) == expected


def test_a_signature_that_is_no_hexadecimal_is_none() -> None:
    (begun,) = history()
    assert not checkpoints.is_signed(replace(begun, signature="x"), Seal())


def test_the_first_line_begins_the_file() -> None:
    made = line(Checkpoint(CheckpointKind.HEAD, 3, HASH, Instant(1), checkpoints.NOTHING_BEFORE))
    assert checkpoints.fault_in(made, None, Seal()) == "does not begin the file"


@pytest.mark.parametrize(
    ("at", "hash_there", "expected"),
    [
        (9, HASH, None),
        (12, HASH, None),
        (8, None, "the books end with record 8, and the newest checkpoint is of record 9"),
        (
            12,
            "cd" * 32,
            "record 9 is not the one that the newest checkpoint is of, and the books go on to record 12",
        ),
    ],
)
def test_books_hold_their_newest_checkpoint_or_were_rolled_back(
    at: int, hash_there: str | None, expected: str | None
) -> None:
    newest = Checkpoint(CheckpointKind.HEAD, 9, HASH, Instant(1), "0" * 64)
    assert checkpoints.fault_of_books(newest, head(at), hash_there) == expected


@pytest.mark.parametrize(
    ("sequences", "expected"),
    [
        ((3, 9), [1, 2, 3]),
        ((3, 9, -6, 8), [1, 2, 4, 5]),
        ((3, 9, -6, 8, -7, 9), [1, 2, 4, 6, 7]),
        ((3, 9, -6, 8, -2), [1, 6]),
    ],
)
def test_a_rollback_gives_up_what_lies_beyond_what_it_keeps(sequences: tuple[int, ...], expected: list[int]) -> None:
    lines = history(*sequences)
    assert [number for number, _ in checkpoints.standing(lines, lines)] == expected


def test_lines_that_were_added_meanwhile_are_left_out() -> None:
    lines = history(3, 9)
    assert [number for number, _ in checkpoints.standing(lines[:2], lines)] == [1, 2]

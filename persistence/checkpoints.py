"""The file of checkpoints: a line for each, only ever added to. It may lie on a slow disk, or on one that goes away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import structlog

from domain.checkpoints import Line, Verifier, fault_in, is_signed, read

_TAIL = 4096
"""Bytes from the end in which the last whole line is, with what is torn behind it; a line has fewer than 600."""

_log = structlog.get_logger("countinghouse")


class CheckpointsRefusedError(Exception):
    """The file of checkpoints is not as it was written, or is not there; the message says where, in one line."""


class CheckpointFile:
    """Reads and adds to the file. Both raise CheckpointsRefusedError, or OSError where it cannot be reached.

    What a crash has left behind the last whole line was never a checkpoint: it is cut off when the next one is added.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def newest(self, verifier: Verifier) -> Line | None:
        """Return the last checkpoint; None if the file was never begun."""
        try:
            with self.path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - _TAIL))
                *lines, _ = file.read().split(b"\n")
        except FileNotFoundError:
            return None
        return self._sound(lines[-1], verifier) if lines else None

    def lines(self) -> Iterator[Line]:
        """Yield every line. Raises CheckpointsRefusedError, which names the first that cannot be read."""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield read(line[:-1])
                except ValueError as error:
                    raise CheckpointsRefusedError(f"line {number} of the checkpoints {error}") from error

    def proved(self, verifier: Verifier) -> Iterator[Line]:
        """Yield every line, once its signature and its link were proved. Raises CheckpointsRefusedError."""
        before = None
        for number, line in enumerate(self.lines(), 1):
            if fault := fault_in(line, before, verifier):
                raise CheckpointsRefusedError(f"line {number} of the checkpoints {fault}")
            yield line
            before = line

    def begin(self, line: bytes) -> None:
        """Make the file. Raises CheckpointsRefusedError if it has been begun already."""
        with self.path.open("ab+") as file:
            file.seek(0)
            if b"\n" in file.read(_TAIL):
                raise CheckpointsRefusedError(f"{self.path} has been begun already")
            _write(file.fileno(), 0, line)
        _sync_folder(self.path.parent)

    def add(self, line: bytes) -> None:
        """Add a line; returns once it is on disk. Where that fails at the very end, it is in the file all the same."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            _write(descriptor, _end_of_lines(descriptor, self.path), line)
        finally:
            os.close(descriptor)

    def _sound(self, text: bytes, verifier: Verifier) -> Line:
        try:
            line = read(text)
        except ValueError as error:
            raise CheckpointsRefusedError(f"the last line of {self.path} {error}") from error
        if not is_signed(line, verifier):
            raise CheckpointsRefusedError(f"the last line of {self.path} is not signed with this key")
        return line


def _end_of_lines(descriptor: int, path: Path) -> int:
    """Return where the next line begins: behind the last whole one."""
    size = os.fstat(descriptor).st_size
    start = max(0, size - _TAIL)
    found = os.pread(descriptor, _TAIL, start).rfind(b"\n")
    if found < 0:
        raise CheckpointsRefusedError(f"{path} does not end in checkpoints")
    if (end := start + found + 1) < size:
        _log.warning("checkpoint_torn", path=str(path), bytes=size - end)
    return end


def _write(descriptor: int, end: int, line: bytes) -> None:
    """Add a line to what ends there, and wait until it is on disk. Only what is torn is cut: a file may refuse that."""
    if os.fstat(descriptor).st_size > end:
        os.ftruncate(descriptor, end)
    if os.write(descriptor, line + b"\n") != len(line) + 1:
        raise OSError("the line was not written whole")
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Have the folder remember on disk that it has a new file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

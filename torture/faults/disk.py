"""Disks that fail: by a shim before the C library, by a small file system, by a limit on what a process may write."""

from __future__ import annotations

import mmap
import os
import resource
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SHIM = Path(__file__).with_name("shim.c")
CALLS = ("none", "open", "read", "write", "sync", "truncate")
MANNERS = ("fail", "tear", "shorten", "die")
FOR_EVER = 2**31 - 1

_ORDER = struct.Struct("=6i32s")
"""As `struct order` in shim.c."""

_ORDERS = 2


@dataclass(frozen=True, slots=True)
class Order:
    """Which call fails, on files whose path ends so, with which error, and how often after how many that went well."""

    call: str
    ending: str
    error: int
    times: int = FOR_EVER
    skip: int = 0
    manner: str = "fail"


class Shim:
    """What stands between SQLite and the system in every process that was started with `environment`."""

    def __init__(self, folder: Path) -> None:
        library, control = folder / "shim.so", folder / "faults"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(SHIM), "-ldl"], check=True)  # noqa: S607 - found by PATH
        control.write_bytes(bytes(_ORDERS * _ORDER.size))
        with control.open("r+b") as file:
            self._orders = mmap.mmap(file.fileno(), _ORDERS * _ORDER.size)
        self.environment = {"LD_PRELOAD": str(library), "DISK_FAULTS": str(control)}

    def arm(self, *orders: Order) -> None:
        """Have calls fail from now on. Which call is written last, and is what tells of the rest."""
        for number, order in enumerate(orders):
            start, call = number * _ORDER.size, CALLS.index(order.call)
            rest = (MANNERS.index(order.manner), order.error, order.skip, order.times, 0, order.ending.encode())
            self._orders[start + 4 : start + _ORDER.size] = _ORDER.pack(0, *rest)[4:]
            self._orders[start : start + 4] = struct.pack("=i", call)

    def disarm(self) -> None:
        """Have nothing fail any more."""
        for start in range(0, _ORDERS * _ORDER.size, _ORDER.size):
            self._orders[start : start + 4] = bytes(4)

    def are_met(self, orders: Sequence[Order]) -> bool:
        """Tell whether a call has failed by each of the orders."""
        return all(_ORDER.unpack_from(self._orders, number * _ORDER.size)[5] for number, _ in enumerate(orders))


def can_mount() -> bool:
    """Tell whether file systems can be mounted here: by root, where it may."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0  # noqa: S607


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    """Mount a file system of its own, of so many bytes."""
    place.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", place)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S607 - found by PATH


def resize(place: Path, size: str) -> None:
    """Give a small disk another size."""
    _mount("-o", f"remount,size={size}", place)


@contextmanager
def fill(place: Path) -> Iterator[None]:
    """Leave no room on a small disk."""
    rest = place / "rest"
    with rest.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    try:
        yield
    finally:
        rest.unlink()


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """Let nobody write to a file or a folder. A mount of its own holds for root too."""
    _mount("--bind", place, place)
    _mount("-o", "remount,bind,ro", place)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)  # noqa: S607 - found by PATH


def limit_files(process: int, most_bytes: int) -> None:
    """Let a process write no file beyond so many bytes, whatever its disk has room for."""
    _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (most_bytes, most))


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)  # noqa: S607 - found by PATH

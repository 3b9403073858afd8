"""A server as a process of its own, and what the operating system says that it cost. Linux only: it reads /proc."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
STARTUP_S, SHUTDOWN_S = 120, 30
_ADDRESS = re.compile(r" is at http://([\d.]+:\d+)$")


class NotStartedError(Exception):
    """The server ended, or said nothing; the message is what it logged."""


@dataclass
class Server:
    """A running server, with the processes that it started."""

    process: subprocess.Popen[str]
    address: str
    seconds_to_start: float

    @classmethod
    def start(cls, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Server:
        """Start a server, and wait for the line that tells its address. Raises NotStartedError."""
        log = folder / "log"
        with log.open("a") as logged:
            began = time.perf_counter()
            process = subprocess.Popen(  # noqa: S603 - the contestants' own commands
                command, cwd=folder, env=dict(environment), stdout=subprocess.PIPE, stderr=logged, text=True
            )
        address = _address_told(process)
        passed = time.perf_counter() - began
        server = cls(process, address or "", passed)
        if address is None:
            server.stop()
            raise NotStartedError(log.read_text())
        return server

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes and threads, in the kernel and outside."""
        return sum(_cpu_seconds(one) for one in family(self.process.pid))

    def peak_bytes(self) -> int:
        """Return the most memory that its processes have held, each at its own time, added up."""
        return sum(_peak_bytes(one) for one in family(self.process.pid))

    def stop(self) -> None:
        """End it in good order, or by force where that fails."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(SHUTDOWN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


def _address_told(process: subprocess.Popen[str]) -> str | None:
    """Read what a server prints up to its address. One that says nothing is killed, which ends the wait."""
    watchdog = threading.Timer(STARTUP_S, process.kill)
    watchdog.start()
    try:
        for line in process.stdout or ():
            if told := _ADDRESS.search(line.rstrip()):
                return told[1]
    finally:
        watchdog.cancel()
    return None


def family(pid: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    yield pid
    try:
        children = [(task / "children").read_text() for task in (PROC / str(pid) / "task").iterdir()]
    except FileNotFoundError:
        return
    for child in " ".join(children).split():
        yield from family(int(child))


def _cpu_seconds(pid: int) -> float:
    """Return what a process has used, and its children that have ended."""
    stat = (PROC / str(pid) / "stat").read_text()
    return cpu_ticks(stat) / TICKS_PER_S


def cpu_ticks(stat: str) -> int:
    """Read utime, stime, cutime and cstime in a line of /proc/PID/stat; the name in it may hold anything."""
    after_name = stat.rpartition(")")[2].split()
    return sum(int(field) for field in after_name[11:15])


def _peak_bytes(pid: int) -> int:
    status = (PROC / str(pid) / "status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0

"""The server under torture: started, killed, stopped, held up, and started again on the same books."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

START_S, STOP_S = 60, 60
ROOT = Path(__file__).parents[1]
_READY = b"Countinghouse is at http://"


class NotServingError(Exception):
    """The server did not start, or did not stop; the message is the end of its log."""


@dataclass(slots=True)
class Server:
    """A server on the books of a folder, of the code in `root`. Nobody can connect while it has no address."""

    folder: Path
    settings: Mapping[str, str]
    root: Path = ROOT
    address: tuple[str, int] | None = None
    up: asyncio.Event = field(default_factory=asyncio.Event)
    _process: asyncio.subprocess.Process | None = None

    async def run(self, *arguments: str) -> str:
        """Run another command of the command line to its end; return what it said. Raises NotServingError."""
        process = await self._launch("main.py", *arguments, stderr=asyncio.subprocess.PIPE)
        told, complained = await process.communicate()
        if process.returncode:
            raise NotServingError(f"{' '.join(arguments)}: {complained.decode().strip()}")
        return told.decode().strip()

    async def start(self, point: str | None = None, at: int = 0) -> None:
        """Start it, told where to die if it is. Raises NotServingError."""
        with (self.folder / "log").open("a") as log:
            program = ("main.py", "serve") if point is None else ("-m", "torture.victim", point, str(at))
            self._process = await self._launch(*program, stderr=log.fileno())
        said = self._process.stdout
        assert said is not None  # noqa: S101 - it is a pipe
        try:
            line = await asyncio.wait_for(said.readline(), START_S)
        except TimeoutError:
            line = b""
        if not line.startswith(_READY):
            await self.kill()
            raise NotServingError(f"the server did not start: {self.last_words}")
        host, _, port = line.removeprefix(_READY).decode().strip().rpartition(":")
        self.address = (host, int(port))
        self.up.set()

    async def died(self, within: float) -> bool:
        """Wait for it to die by itself; tell whether it did."""
        try:
            await asyncio.wait_for(self._running.wait(), within)
        except TimeoutError:
            return False
        self._forget()
        return True

    async def kill(self) -> None:
        """End it by SIGKILL, with all that it started."""
        for process in (self._running.pid, *self.children):
            self._signal(process, signal.SIGKILL)
        await self._running.wait()
        self._forget()

    async def stop(self) -> None:
        """Ask it to stop. Raises NotServingError if it does not, or ends with anything but 0."""
        self._signal(self._running.pid, signal.SIGTERM)
        try:
            code = await asyncio.wait_for(self._running.wait(), STOP_S)
        except TimeoutError:
            await self.kill()
            raise NotServingError("the server did not stop") from None
        self._forget()
        if code:
            raise NotServingError(f"the server stopped with {code}: {self.last_words}")

    async def hold_up(self, seconds: float) -> None:
        """Let nothing happen in it for a while, so that clients lose patience."""
        for number in (signal.SIGSTOP, signal.SIGCONT):
            for process in (self._running.pid, *self.children):
                self._signal(process, number)
            await asyncio.sleep(seconds)

    def kill_child(self, place: int) -> None:
        """Kill one of the processes that it started: the first is the writer, if there is one."""
        self._signal(self.children[place % len(self.children)], signal.SIGKILL)

    @property
    def children(self) -> list[int]:
        """Return the ids of the processes that it started, oldest first."""
        listed = Path(f"/proc/{self._running.pid}/task/{self._running.pid}/children")
        return sorted(map(int, listed.read_text().split())) if listed.exists() else []

    @property
    def memory(self) -> int:
        """Return how many bytes it has resident, with all that it started."""
        pages = [
            Path(f"/proc/{process}/statm").read_text().split()[1] for process in (self._running.pid, *self.children)
        ]
        return sum(map(int, pages)) * os.sysconf("SC_PAGE_SIZE")

    @property
    def last_words(self) -> str:
        """Return the last line of the log."""
        return (self.folder / "log").read_text().rpartition("\n")[0].rpartition("\n")[2]

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None  # noqa: S101 - nobody ends what was not started
        return self._process

    def _forget(self) -> None:
        self.up.clear()
        self.address = None

    def _signal(self, process: int, number: signal.Signals) -> None:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            return

    async def _launch(self, *arguments: str, stderr: int) -> asyncio.subprocess.Process:
        others = {name: value for name, value in os.environ.items() if not name.startswith("COUNTINGHOUSE_")}
        program, *rest = arguments
        if program == "main.py":
            program = str(self.root / program)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            program,
            *rest,
            cwd=self.folder,
            env={**others, "PYTHONPATH": str(self.root), **self.settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )

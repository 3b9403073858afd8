"""The ledger in another process: workers serve, one writer decides, and a line to each worker joins them.

What is said in one turn of the event loop goes in one frame, so that a busy worker's writes arrive together.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable
from typing import Any

from domain.access import Caller
from domain.commands import Command, Rejection
from domain.errors import Unavailable
from domain.instants import Clock
from domain.ports import Fault, Outcome, Request
from persistence.batches import MOST_IN_A_BATCH
from persistence.wire import Frames, Message, frame
from persistence.writer import QueuedLedger

NOTE = 0
"""The number of what is no question and has no answer: it is for the other workers."""

FAREWELL_S = 2
"""Seconds in which a worker must have taken the last answers, when the writer ends."""


class Line(asyncio.Protocol):
    """One end of a line."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._unsent: list[Message] = []
        self._hung_up = False
        self.lost = asyncio.Event()

    @property
    def is_cut(self) -> bool:
        """Tell whether the other end hung up first."""
        return self.lost.is_set() and not self._hung_up

    async def connect(self, line: socket.socket) -> None:
        """Begin to speak and to listen."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=line)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._loop = asyncio.get_running_loop()
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.lost.set()

    def data_received(self, data: bytes) -> None:
        for number, said in self._frames.messages(data):
            self.hear(number, said)

    def hear(self, number: int, said: Any) -> None:
        """Act on what the other end says."""
        raise NotImplementedError

    def say(self, number: int, said: Any) -> None:
        """Say something, together with all else that is said in this turn of the loop."""
        if not self._unsent:
            self._begin()
        self._unsent.append((number, said))

    def _begin(self) -> None:
        """Send what will have been said by the end of this turn."""
        self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what was said. What cannot be written would keep its asker waiting for ever: so it ends the line."""
        said, self._unsent = self._unsent, []
        if said and not self.lost.is_set():
            try:
                self._transport.write(frame(said))
            except Exception:
                self._transport.abort()
                raise

    def close(self) -> None:
        """Send what was said, and hang up."""
        self._hung_up = True
        self.flush()
        self._transport.close()


class RemoteLedger(Line):
    """The ledger of `domain.ports`, decided by the writer at the other end. Without the writer all is Unavailable.

    `on_cut` is called when the writer is gone. What another worker tells, `on_note` hears.
    """

    def __init__(self, clock: Clock, on_cut: Callable[[], None], on_note: Callable[[Any], None]) -> None:
        super().__init__()
        self._clock = clock
        self._on_cut = on_cut
        self._on_note = on_note
        self._numbers = itertools.count(NOTE + 1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def execute(self, caller: Caller, key: str, command: Command | Rejection) -> Outcome:
        """Send a command to the writer and await its durable outcome. It executes although its caller may leave."""
        outcome: Outcome | Fault = await self._ask(Request(caller, key, command))
        if isinstance(outcome, Fault):
            raise outcome
        return outcome

    async def settled(self) -> None:
        """Return once everything queued so far, by whichever worker, has been decided."""
        await self._ask(None)

    def tell(self, note: Any) -> None:
        """Tell all other workers."""
        self.say(NOTE, note)

    def hear(self, number: int, said: Any) -> None:
        if number == NOTE:
            self._on_note(said)
        elif not (asked := self._waiting.pop(number)).done():
            asked.set_result(said)

    def connection_lost(self, _: Exception | None) -> None:
        super().connection_lost(_)
        for asked in self._waiting.values():
            if not asked.done():
                asked.set_result(self._unavailable())
        self._waiting.clear()
        if self.is_cut:
            self._on_cut()

    def _begin(self) -> None:
        """Send once a turn has brought nothing new: what goes together is committed together."""
        self._loop.call_soon(self._gather, 1)

    def _gather(self, seen: int) -> None:
        if seen < len(self._unsent) < MOST_IN_A_BATCH:
            self._loop.call_soon(self._gather, len(self._unsent))
        else:
            self.flush()

    def _ask(self, question: Request | None) -> asyncio.Future[Any]:
        asked = self._loop.create_future()
        if self.lost.is_set():
            asked.set_result(self._unavailable())
        else:
            number = next(self._numbers)
            self._waiting[number] = asked
            self.say(number, question)
        return asked

    def _unavailable(self) -> Outcome:
        return Outcome(Unavailable(), self._clock.now())


class WorkerLine(Line):
    """The writer's end of a line to one worker."""

    def __init__(self, ledger: QueuedLedger, all_lines: set[WorkerLine]) -> None:
        super().__init__()
        self._ledger = ledger
        self._all = all_lines

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._all.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        super().connection_lost(_)
        self._all.discard(self)

    def hear(self, number: int, said: Any) -> None:
        if number == NOTE:
            for other in self._all - {self}:
                other.say(NOTE, said)
        elif said is None:
            self._answer(number, asyncio.ensure_future(self._ledger.settled()))
        else:
            self._answer(number, self._ledger.submit(said))

    def _answer(self, number: int, answer: asyncio.Future[Any]) -> None:
        answer.add_done_callback(lambda answer: self.say(number, answer.result()))


async def attend(control: socket.socket, ledger: QueuedLedger, ended: asyncio.Event) -> None:
    """Decide for the workers whose lines come through `control`, until it is closed, or `ended` is set.

    At the end what waits is finished, and answered.
    """
    loop = asyncio.get_running_loop()
    lines: set[WorkerLine] = set()
    joining: set[asyncio.Task[None]] = set()

    def take_line() -> None:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if descriptors:
            joins = asyncio.ensure_future(WorkerLine(ledger, lines).connect(socket.socket(fileno=descriptors[0])))
            joining.add(joins)
            joins.add_done_callback(joining.discard)
        else:
            loop.remove_reader(control)
            ended.set()

    loop.add_reader(control, take_line)
    await ended.wait()
    ledger.close()
    await asyncio.sleep(0)  # lets what was decided reach the lines
    leaving = [asyncio.ensure_future(line.lost.wait()) for line in lines]
    for line in list(lines):
        line.close()
    if leaving:
        await asyncio.wait(leaving, timeout=FAREWELL_S)

"""The processes of a server: one that writes, several that serve, and this one, which starts, replaces and ends them.

It forks before any event loop, thread or connection to the database is there, and never has one itself. So it can fork
again whenever a worker is lost, and all of them share the memory of what was imported.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog

Write = Callable[[socket.socket], None]
"""Writes until its socket is closed, by which it gets a line to each worker. Raises where it cannot go on."""

Work = Callable[[socket.socket, socket.socket, int], None]
"""Serves on a listener, with a line to the writer and a place of its own, until a signal, or until the line is cut."""

_AWAITED = frozenset({signal.SIGCHLD, signal.SIGINT, signal.SIGTERM})

_log = structlog.get_logger("countinghouse")


class ProcessFailedError(Exception):
    """A process ended without being told to, and another in its place would do no better."""


class Crew:
    """A writer, and a worker for each listener.

    From here on signals wait until `run` asks for them: in this process, and in one it starts until that is ready.
    """

    def __init__(self, write: Write, work: Work, listeners: Sequence[socket.socket]) -> None:
        self._work = work
        self._listeners = listeners
        self._workers: dict[int, int] = {}
        self._is_stopping = False
        self._has_failed = False
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a signal that is ignored is not waited for everywhere
        signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
        self._control, self._controlled = socket.socketpair()
        self._write = write

    def run(self) -> None:
        """Run until a signal. Raises ProcessFailedError, once all have ended, if the writer or a worker failed.

        Workers finish what is in flight, then the writer what waits: it ends when nobody is left who could ask.
        """
        gc.collect()
        gc.freeze()  # or the first collection of each process would write to all the memory that they share
        self._writer = self._start(lambda: self._write(self._controlled), self._control, *self._listeners)
        self._controlled.close()
        for place in range(len(self._listeners)):
            self._hire(place)
        while self._workers or self._writer:
            if signal.sigwait(_AWAITED) == signal.SIGCHLD:
                self._reap()
            else:
                self._stop()
        if self._has_failed:
            raise ProcessFailedError("a process of the server failed: the log says which, and why")

    def _hire(self, place: int) -> None:
        """Start a worker, and hand the other end of its line to the writer."""
        listener, (ours, theirs) = self._listeners[place], socket.socketpair()
        others = {*self._listeners} - {listener}
        worker = self._start(lambda: self._work(listener, ours, place), self._control, theirs, *others)
        self._workers[worker] = place
        with suppress(OSError):  # that the writer is gone is noticed soon enough
            socket.send_fds(self._control, [b"+"], [theirs.fileno()])
        ours.close()
        theirs.close()

    def _start(self, act: Callable[[], None], *not_its: socket.socket) -> int:
        """Start a process that acts and ends. What is not its own is closed: a line ends when its last holder does."""
        process = os.fork()
        if not process:
            exit_code = 1
            try:
                for one in not_its:
                    one.close()
                act()
                exit_code = 0
            except BaseException as bug:  # noqa: BLE001 - nothing may go on from here as if it were the parent
                _log.critical("process_failed", exc_info=bug)
            finally:
                os._exit(exit_code)
        return process

    def _reap(self) -> None:
        """See who has ended."""
        while self._workers or self._writer:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            if process == self._writer:
                self._writer = 0
                self._has_failed |= status != 0
                self._stop()
            else:
                self._replace(process, os.waitstatus_to_exitcode(status))

    def _replace(self, worker: int, exit_code: int) -> None:
        """Start another worker in the place of one that was killed. One that failed by itself would fail again."""
        place = self._workers.pop(worker)
        if self._is_stopping:
            self._end_writer_after_workers()
            return
        _log.error("worker_ended", worker=worker, exit_code=exit_code)
        if exit_code > 0:
            self._has_failed = True
            self._stop()
        else:
            self._hire(place)

    def _stop(self) -> None:
        """Let nobody in any more, and have the workers finish."""
        self._is_stopping = True
        for listener in self._listeners:
            listener.close()
        for worker in self._workers:
            os.kill(worker, signal.SIGTERM)
        self._end_writer_after_workers()

    def _end_writer_after_workers(self) -> None:
        if not self._workers:
            self._control.close()

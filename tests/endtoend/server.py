"""The real server, in a process and a folder of its own, and a client that speaks to it over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

MAIN = Path(__file__).parents[2] / "main.py"
STARTUP_S, SHUTDOWN_S, ANSWER_S = 30, 20, 20
READY = "Countinghouse is at http://"


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment, with these settings of Countinghouse and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("COUNTINGHOUSE_")}
    return {**others, **{f"COUNTINGHOUSE_{name.upper()}": value for name, value in settings.items()}}


def command(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the command line to its end."""
    return subprocess.run(
        [sys.executable, str(MAIN), *arguments],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=STARTUP_S,
    )


class Server:
    """`main.py serve` on a free port. It can be stopped in any way, and started again on the same books."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.settings = {"port": "0", **settings}
        self.log = folder / "log"
        migrated = command(folder, "migrate")
        assert migrated.returncode == 0, migrated.stderr
        self.start()

    def start(self) -> None:
        """Start the process and wait until it answers where it says that it is."""
        with self.log.open("a") as log:
            self._start(log.fileno())

    def start_with_a_broken_log(self) -> None:
        """Start the process with a pipe for its log that nobody reads, closed before anything is logged."""
        reading, writing = os.pipe()
        os.close(reading)
        try:
            self._start(writing)
        finally:
            os.close(writing)

    def stop_at_once(self, number: signal.Signals) -> tuple[int, str]:
        """Start the process, and stop it when it has told its address; return the exit code and what it logged."""
        with TemporaryFile() as log:
            self._launch(log.fileno())
            self.address = self._first_words()
            exit_code = self.stop(number)
            log.seek(0)
            return exit_code, log.read().decode()

    def _start(self, log: int) -> None:
        self._launch(log)
        self.address = self._first_words()
        self._require_ready()

    def _launch(self, log: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(MAIN), "serve"],
            cwd=self.folder,
            env=environment(**self.settings),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code. Ending a process that has ended does nothing."""
        self.process.send_signal(number)
        try:
            return self.process.wait(SHUTDOWN_S)
        finally:
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()

    @property
    def processes(self) -> list[int]:
        """Return the ids of the processes that this one has started, oldest first."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return sorted(map(int, children.split()))

    @property
    def logged(self) -> list[dict[str, Any]]:
        """Return the log."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    @property
    def key(self) -> str:
        """Return the first ADMIN key."""
        return (self.folder / "countinghouse.admin-key").read_text().strip()

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def get(self, path: str) -> tuple[HTTPResponse, str]:
        """Get a page; return the response and its body."""
        with self.connection() as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return response, response.read().decode()

    def ask(self, query: str, key: str | None = None, variables: dict[str, Any] | None = None) -> Any:
        """Send one GraphQL request; return its answer."""
        with self.connection() as connection:
            return ask(connection, key or self.key, query, variables or {})

    @contextmanager
    def connection(self) -> Iterator[HTTPConnection]:
        connection = HTTPConnection(self.address, timeout=ANSWER_S)
        try:
            yield connection
        finally:
            connection.close()

    def _first_words(self) -> str:
        """Read the address that the server prints. A server that says nothing is killed, which ends the wait."""
        watchdog = threading.Timer(STARTUP_S, self.process.kill)
        watchdog.start()
        try:
            line = self.process.stdout.readline() if self.process.stdout else ""
        finally:
            watchdog.cancel()
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
        self.stop()
        raise AssertionError(f"the server did not start: {line} {self.log.read_text()}")

    def _require_ready(self) -> None:
        """Ask once: where an address is told, somebody listens."""
        try:
            response, _ = self.get("/readyz")
        except (OSError, HTTPException) as error:
            raise AssertionError(f"the server ended with {self.stop()}: {self.log.read_text()}") from error
        assert response.status == HTTPStatus.OK


def ask(connection: HTTPConnection, key: str, query: str, variables: dict[str, Any]) -> Any:
    """Send one GraphQL request over a connection that is kept open; return its answer."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", "/graphql", json.dumps({"query": query, "variables": variables}), headers)
    return json.loads(connection.getresponse().read())

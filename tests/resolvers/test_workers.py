"""Processes that start, fail and end, without a server in them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, signal, socket, sys
from resolvers.observe import log_to
from resolvers.workers import Crew, ProcessFailedError

def write(control):
    lines = []
    while (found := socket.recv_fds(control, 1, 1)[1]):
        lines += found
        {writing}
    print("the writer ends", flush=True)

def work(listener, line, place):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {{signal.SIGTERM}})
    {working}

log_to(sys.stderr)
with socket.create_server(("127.0.0.1", 0)) as listener:
    crew = Crew(write, work, [listener, listener])
    {before}
    try:
        crew.run()
    except ProcessFailedError:
        print("failed")
"""


def played(**parts: str) -> tuple[list[str], list[Mapping[str, object]]]:
    """Run a crew whose processes do that; return what it printed and what it logged."""
    given = {"before": "pass", "working": "signal.pause()", "writing": "pass", **parts}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(**given)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return done.stdout.splitlines(), [json.loads(line) for line in done.stderr.splitlines()]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_workers_and_then_the_writer(name: str) -> None:
    said, logged = played(before=f"os.kill(os.getpid(), signal.{name})")
    assert (said, logged) == (["the writer ends"], [])


def test_a_worker_that_failed_by_itself_ends_all() -> None:
    said, logged = played(working="signal.pause() if place == 0 else os.open('nowhere', 0)")
    assert said == ["the writer ends", "failed"]
    assert [line["event"] for line in logged] == ["process_failed", "worker_ended"]
    assert "FileNotFoundError" in str(logged[0]["exception"])


def test_a_worker_that_was_killed_is_replaced_for_as_long_as_it_takes() -> None:
    said, logged = played(writing="len(lines) > 5 and os.kill(os.getppid(), signal.SIGTERM)", working="os.abort()")
    assert said == ["the writer ends"]
    assert {(line["event"], line["exit_code"]) for line in logged} == {("worker_ended", -6)}
    assert len(logged) >= 4


def test_without_its_writer_a_crew_ends() -> None:
    said, logged = played(writing="len(lines) == 2 and os.abort()")
    assert (said, logged) == (["failed"], [])

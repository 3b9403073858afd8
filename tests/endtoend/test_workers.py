"""A server of several processes: one writes, two serve, and any of them may be killed."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.endtoend.deposits import DEPOSIT, OPEN, STANDING, Depositors
from tests.endtoend.server import SHUTDOWN_S, Server, ask, command

VIEWER = "{ viewer { name } }"
REFUSED = 'mutation { closeAccount(idempotencyKey: "x", input: {accountId: "none"}) { __typename } }'
CONNECTIONS = 64
"""Among so many, dealt out by chance, there is one to each worker."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give a server of one's own with two workers."""
    started = Server(tmp_path, workers="2", refusal_burst="1", refusals_per_second="1")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server with two workers that tests share; they leave it running, and are never refused."""
    started = Server(tmp_path_factory.mktemp("running"), workers="2")
    yield started
    started.stop()


def writer_and_workers(server: Server) -> tuple[int, list[int]]:
    writer, *workers = server.processes
    return writer, workers


def connections(server: Server, stack: ExitStack) -> dict[int, HTTPConnection]:
    """Return a connection to each worker, by its process."""
    found: dict[int, HTTPConnection] = {}
    for _ in range(CONNECTIONS):
        connection = stack.enter_context(server.connection())
        ask(connection, server.key, VIEWER, {})
        found.setdefault(server.logged[-1]["process"], connection)
    return found


def await_end(*processes: int) -> None:
    """Wait until processes have ended."""
    for process in processes:
        try:
            descriptor = os.pidfd_open(process)
        except ProcessLookupError:
            continue
        assert select.select([descriptor], [], [], SHUTDOWN_S)[0], f"process {process} goes on"
        os.close(descriptor)


def version(server: Server) -> int:
    """Return how many deposits there were."""
    return int(server.ask(STANDING)["data"]["accountByReference"]["version"])


def assert_sound(server: Server, transactions: int) -> None:
    verified = command(server.folder, "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert f" {transactions} transactions, 2 accounts" in verified.stdout


def test_what_one_worker_has_answered_the_other_one_knows(running: Server) -> None:
    with ExitStack() as stack:
        asking = connections(running, stack)
        assert set(asking) == set(writer_and_workers(running)[1])
        account_id = running.ask(OPEN)["data"]["openAccount"]["account"]["id"]
        both, before = list(asking.values()), version(running)
        for number, (one, other) in enumerate([(0, 1), (1, 0)] * 20, start=1):
            given = {"key": f"{number}", "id": account_id}
            assert ask(both[one], running.key, DEPOSIT, given)["data"]["deposit"]["replayed"] is False
            account = ask(both[other], running.key, STANDING, {})["data"]["accountByReference"]
            assert int(account["version"]) == before + number
            assert ask(both[other], running.key, DEPOSIT, given)["data"]["deposit"]["replayed"] is True


def test_only_the_writer_writes(running: Server) -> None:
    writer, _ = writer_and_workers(running)
    inode = (running.folder / "countinghouse.db-shm").stat().st_ino
    seen = list[int]()

    def look() -> None:
        while len(seen) < 20:
            locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
            seen.extend(int(one[4]) for one in locks if one[3] == "WRITE" and one[5].endswith(f":{inode}"))

    Depositors(running).deposit_despite(look, each=50)
    assert set(seen) == {writer}


def test_a_key_revoked_through_one_worker_opens_nothing_at_the_other(running: Server) -> None:
    issued = command(running.folder, "keys", "issue", "--client", "till", "--role", "TELLER").stdout.strip()
    revoking = (
        f'mutation {{ revokeApiKey(idempotencyKey: "r", input: {{apiKeyId: "key_{issued[3:29]}"}}) {{ __typename }} }}'
    )
    with ExitStack() as stack:
        one, other = connections(running, stack).values()
        assert ask(other, issued, VIEWER, {})["data"]["viewer"] == {"name": "till"}
        assert ask(one, running.key, revoking, {})["data"]["revokeApiKey"]["__typename"] == "RevokeApiKeySuccess"
        assert ask(other, issued, VIEWER, {})["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_who_was_refused_too_often_by_one_worker_is_turned_away_by_the_other(server: Server) -> None:
    def verdict(connection: HTTPConnection, question: str) -> str | None:
        answer = ask(connection, server.key, question, {})
        return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None

    with ExitStack() as stack:
        one, other = connections(server, stack).values()
        verdicts = [(verdict(one, REFUSED), verdict(other, VIEWER)) for _ in range(9)]
    assert "RATE_LIMITED" in {at_the_other for _, at_the_other in verdicts}


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost_or_done_twice(server: Server) -> None:
    writer, (first, second) = writer_and_workers(server)
    depositors = Depositors(server)
    depositors.deposit_despite(lambda: os.kill(first, signal.SIGKILL), each=25)
    await_end(first)
    assert [(line["worker"], line["exit_code"]) for line in server.logged if line["event"] == "worker_ended"] == [
        (first, -signal.SIGKILL)
    ]
    assert all(answer["replayed"] for answer in depositors.retry().values())
    with ExitStack() as stack:
        assert set(connections(server, stack)) == set(server.processes) - {writer}
    assert {second} < set(server.processes) - {writer}
    assert version(server) == len(depositors.sent)
    assert server.stop() == 0
    assert_sound(server, len(depositors.sent))


def test_without_its_writer_the_server_ends(server: Server) -> None:
    writer, workers = writer_and_workers(server)
    os.kill(writer, signal.SIGKILL)
    assert server.process.wait(SHUTDOWN_S) == 1
    await_end(*workers)
    assert server.log.read_text().endswith("Error: a process of the server failed: the log says which, and why\n")


def test_when_the_server_is_killed_its_processes_end_and_another_goes_on(server: Server) -> None:
    processes, depositors = server.processes, Depositors(server)
    assert depositors.deposit_until(signal.SIGKILL, answers=50) == -signal.SIGKILL
    await_end(*processes)
    server.start()
    answers = depositors.retry()
    assert {key for key in depositors.answered if not answers[key]["replayed"]} == set()
    assert server.stop() == 0
    assert_sound(server, len(depositors.sent))


def test_an_orderly_stop_finishes_what_was_begun(server: Server) -> None:
    processes, depositors = server.processes, Depositors(server)
    assert depositors.deposit_until(signal.SIGTERM, answers=100) == 0
    await_end(*processes)
    assert not (server.folder / "countinghouse.db-wal").exists()
    server.start()
    answers = depositors.retry()
    assert {key for key in depositors.answered if not answers[key]["replayed"]} == set()
    assert server.stop() == 0
    assert_sound(server, len(depositors.sent))


def test_a_stop_as_soon_as_the_address_is_told_ends_with_exit_code_0(server: Server) -> None:
    server.stop()
    exit_code, _ = server.stop_at_once(signal.SIGINT)
    assert exit_code == 0

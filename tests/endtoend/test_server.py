"""The server as an operator runs it: started, asked, stopped, killed, started again."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPResponse
from pathlib import Path

import pytest

from domain.services.api_clients import RevokeApiKey
from persistence import database
from tests.endtoend.deposits import STANDING, Depositors
from tests.endtoend.server import MAIN, Server, ask, command
from tests.endtoend.session import run_session, session
from tests.support.books import TestLedger

VIEWER = "{ viewer { name role } }"


def test_the_session_of_the_readme_goes_word_for_word(server: Server) -> None:
    (server.folder / ".venv").symlink_to(sys.prefix)
    (server.folder / "main.py").symlink_to(MAIN)
    _, expected = session()
    assert run_session(server.url, server.folder).splitlines() == expected.splitlines()


def test_a_started_server_says_where_it_is_and_where_its_first_key_is(server: Server) -> None:
    assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d+", server.address)
    assert server.process.stdout
    assert server.process.stdout.readline() == "The first ADMIN key is in countinghouse.admin-key\n"
    server.process.send_signal(signal.SIGTERM)
    assert server.process.stdout.read() == ""


def test_the_first_key_is_an_admins(running: Server) -> None:
    assert running.ask(VIEWER) == {"data": {"viewer": {"name": "admin", "role": "ADMIN"}}}


@pytest.mark.parametrize(("path", "body"), [("/healthz", '{"status":"alive"}'), ("/readyz", '{"status":"ready"}')])
def test_a_running_server_is_alive_and_ready(path: str, body: str, running: Server) -> None:
    response, content = running.get(path)
    assert (response.status, content) == (200, body)


EXPLORER = ("/", "/explorer/explorer.js", "/explorer/explorer.css", "/explorer/operations.json")
NOTHING = {
    "message": "There is nothing here. GraphQL is at /graphql.",
    "extensions": {"code": "NOT_FOUND", "retry": "NEVER"},
}


def explored(source: str, folder: Path) -> list[tuple[HTTPResponse, str]]:
    """Return what the addresses of the explorer answer on a server that has it from there."""
    server = Server(folder, explorer=source)
    try:
        return [server.get(path) for path in EXPLORER]
    finally:
        server.stop()


def test_the_explorer_is_served_from_where_it_was_asked_for(tmp_path: Path) -> None:
    answers = explored("cdn", tmp_path)
    assert [response.status for response, _ in answers] == [200] * len(EXPLORER)
    (response, page), *_ = answers
    assert "script-src 'self' https://unpkg.com/" in response.headers["Content-Security-Policy"]
    assert '<script src="https://unpkg.com/graphiql@' in page


def test_an_explorer_that_is_off_is_not_there(tmp_path: Path) -> None:
    for response, content in explored("off", tmp_path):
        assert (response.status, response.headers["Content-Type"]) == (404, "application/json; charset=utf-8")
        assert json.loads(content)["errors"] == [NOTHING]


@pytest.mark.parametrize("path", ["/nowhere", "/explorer", "/explorer/nowhere"])
def test_what_is_not_there_is_told_in_json(path: str, running: Server) -> None:
    response, content = running.get(path)
    assert (response.status, response.headers["Content-Type"]) == (404, "application/json; charset=utf-8")
    assert json.loads(content)["errors"] == [NOTHING]


def test_a_key_issued_beside_the_running_server_works_at_once(running: Server) -> None:
    issued = command(running.folder, "keys", "issue", "--client", "till", "--role", "TELLER")
    assert (issued.returncode, issued.stderr) == (0, "")
    assert running.ask(VIEWER, issued.stdout.strip()) == {"data": {"viewer": {"name": "till", "role": "TELLER"}}}


ISSUE = """
mutation ($key: IdempotencyKey!, $id: ID!) {
  issueApiKey(idempotencyKey: $key, input: {apiClientId: $id}) {
    ... on IssueApiKeySuccess { secret apiKey { id } }
  }
}
"""
REVOKE = 'mutation ($id: ID!) { revokeApiKey(idempotencyKey: "revoke", input: {apiKeyId: $id}) { __typename } }'


def revoked_by_a_request(server: Server, key_id: str) -> None:
    answer = server.ask(REVOKE, variables={"id": key_id})
    assert answer == {"data": {"revokeApiKey": {"__typename": "RevokeApiKeySuccess"}}}


def revoked_by_another_process(server: Server, key_id: str) -> None:
    with closing(database.connect_beside(server.folder / "countinghouse.db")) as connection:
        TestLedger(connection).succeed(RevokeApiKey(api_key_id=key_id))


@pytest.mark.parametrize("revoke", [revoked_by_a_request, revoked_by_another_process])
def test_a_key_that_was_revoked_opens_nothing_from_the_very_next_request_on(
    running: Server, revoke: Callable[[Server, str], None]
) -> None:
    id_ = running.ask("{ viewer { id } }")["data"]["viewer"]["id"]
    issued = running.ask(ISSUE, variables={"key": revoke.__name__, "id": id_})["data"]["issueApiKey"]
    with running.connection() as connection:
        for _ in range(3):
            assert ask(connection, issued["secret"], VIEWER, {})["data"]
        revoke(running, issued["apiKey"]["id"])
        (error,) = ask(connection, issued["secret"], VIEWER, {})["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_second_server_on_the_same_books_is_refused_in_one_line(running: Server) -> None:
    second = command(running.folder, "serve", port="0")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == "Error: another server has this database open\n"
    assert running.ask(VIEWER)["data"]


def test_the_books_can_be_verified_beside_the_running_server(running: Server) -> None:
    verified = command(running.folder, "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert re.fullmatch(r"verified \d+ records, \d+ transactions, \d+ accounts\n", verified.stdout)


def test_a_port_in_use_ends_the_start_in_one_line(tmp_path: Path) -> None:
    assert command(tmp_path, "migrate").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = command(tmp_path, "serve", port=str(port))
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use")


@pytest.mark.parametrize("host", ["192.0.2.1", "..", "[::1]"])
def test_a_host_that_is_not_this_one_ends_the_start_in_one_line(host: str, tmp_path: Path) -> None:
    assert command(tmp_path, "migrate").returncode == 0
    ended = command(tmp_path, "serve", host=host, port="0")
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"Error: cannot listen on {host} port 0: ")
    assert not (tmp_path / "countinghouse.admin-key").exists()


def test_what_the_server_makes_is_for_its_owner_alone(running: Server) -> None:
    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in running.folder.glob("countinghouse.*")}
    assert {"countinghouse.db", "countinghouse.admin-key"} <= made.keys()
    assert set(made.values()) == {0o600}


def test_a_log_that_nobody_reads_undoes_no_answer(server: Server) -> None:
    server.stop()
    server.start_with_a_broken_log()
    depositors = Depositors(server)
    assert [depositors.deposit(key)["__typename"] for key in ("one", "two")] == ["DepositSuccess"] * 2
    assert standing(server) == 2
    assert all(answer["replayed"] for answer in depositors.retry().values())
    assert server.stop() == 0
    verified = command(server.folder, "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert " 2 transactions, 2 accounts" in verified.stdout


def test_no_key_is_in_the_log_or_in_the_books(server: Server) -> None:
    issued = command(server.folder, "keys", "issue", "--client", "till", "--role", "TELLER").stdout.strip()
    for key in (server.key, issued, issued[:-1] + "x"):
        server.ask(VIEWER, key)
        server.ask("query ($key: String!) { accountByReference(reference: $key) { id } }", key, {"key": key})
        server.ask('{ accountByReference(reference: "' + key + '") { nothing } }', key)
        server.ask("{ accountByReference(reference: 1) { id } }", key, {"key": key})
    secrets = (server.key.encode(), issued.encode())
    kept = {path.name: path.read_bytes() for path in server.folder.iterdir() if path.suffix != ".admin-key"}
    assert kept["log"].count(b'"event":"request"') >= 8
    assert [name for name, content in kept.items() for secret in secrets if secret in content] == []


def test_what_was_answered_before_an_orderly_stop_is_there_afterwards(server: Server) -> None:
    depositors = Depositors(server)
    assert depositors.deposit_until(signal.SIGTERM, answers=100) == 0
    assert not (server.folder / "countinghouse.db-wal").exists()
    server.start()
    answers = depositors.retry()
    assert {key for key in depositors.answered if not answers[key]["replayed"]} == set()
    assert standing(server) == len(depositors.sent)


@pytest.mark.parametrize("first", [23, 100])
def test_each_deposit_happens_exactly_once_whenever_the_server_is_killed(first: int, server: Server) -> None:
    depositors = Depositors(server)
    assert depositors.deposit_until(signal.SIGKILL, answers=first) == -signal.SIGKILL
    server.start()
    before = standing(server)
    answers = depositors.retry()
    replayed = {key for key, answer in answers.items() if answer["replayed"]}
    assert {answer["__typename"] for answer in answers.values()} == {"DepositSuccess"}
    assert set(depositors.answered) <= replayed
    assert (before, standing(server)) == (len(replayed), len(depositors.sent))
    assert all(answer["replayed"] for answer in depositors.retry().values())
    verified = command(server.folder, "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert f" {len(depositors.sent)} transactions, 2 accounts" in verified.stdout


def standing(server: Server) -> int:
    """Return how many deposits the account has, and so cents."""
    account = server.ask(STANDING)["data"]["accountByReference"]
    assert account["posted"]["amount"] == f"{int(account['version']) / 100:.2f}"
    return int(account["version"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_stop_ends_with_exit_code_0(number: signal.Signals, server: Server) -> None:
    assert server.stop(number) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_as_soon_as_the_address_is_told_ends_with_exit_code_0(number: signal.Signals, server: Server) -> None:
    server.stop()
    exit_code, logged = server.stop_at_once(number)
    assert (exit_code, [json.loads(line)["event"] for line in logged.splitlines()]) == (0, ["explorer"])

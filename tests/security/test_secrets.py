"""No key is anywhere but where it was handed out: not in the log, the books, an error, nor in what `ps` shows."""

from __future__ import annotations

import base64
import io
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog

from resolvers.observe import log_to, request_log
from tests.endtoend.server import Server, command
from tests.resolvers.broken import Breaking
from tests.support.api import Api

WHO, EDGES = "{ viewer { name } }", "{ edges { cursor } }"
CLIENT = """mutation { createApiClient(idempotencyKey: "make", input: {name: "till", role: TELLER}) {
  ... on CreateApiClientSuccess { apiClient { id } } } }"""
ISSUE = """mutation ($id: ID!) { issueApiKey(idempotencyKey: "issue", input: {apiClientId: $id}) {
  ... on IssueApiKeySuccess { replayed secret } ... on UserError { code message } } }"""
KEPT = """{ auditLog(first: 100) { edges { node { operation errorCode details targetIds idempotencyKey } } }
  idempotencyRecord(operation: ISSUE_API_KEY, key: "issue") { outcome }
  apiClients(first: 100) { edges { node { name apiKeys { id } } } } }"""
BODY = json.dumps({"query": WHO})

Sent = tuple[str, str, Mapping[str, str], str]
"""A method, a path, headers and a body."""


def posted(body: object, **headers: str) -> Sent:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return "POST", "/graphql", {"Content-Type": "application/json", **named}, json.dumps(body)


def bearing(body: object, key: str) -> Sent:
    return posted(body, Authorization=f"Bearer {key}")


def asking(question: str, key: str) -> Sent:
    return bearing({"query": question, "variables": {"key": key}}, key)


def basic(key: str) -> str:
    return f"Basic {base64.b64encode(key.encode()).decode()}"


WRONG_PLACES: Mapping[str, Callable[[str], Sent]] = {
    "the URL": lambda key: ("GET", f"/graphql?key={key}&query={quote(WHO)}", {}, ""),
    "the URL of nothing": lambda key: ("GET", f"/{key}", {}, ""),
    "a parameter that is no JSON": lambda key: ("GET", f"/graphql?query=x&variables={key}", {}, ""),
    "X-API-Key": lambda key: posted({"query": WHO}, X_API_Key=key),
    "X-API-Key, with another": lambda key: posted({"query": WHO}, X_API_Key=key, Authorization=f"Bearer {key}x"),
    "a cookie": lambda key: posted({"query": WHO}, Cookie=f"key={key}"),
    "no scheme": lambda key: posted({"query": WHO}, Authorization=key),
    "another scheme": lambda key: posted({"query": WHO}, Authorization=basic(key)),
    "a scheme twice": lambda key: posted({"query": WHO}, Authorization=f"Bearer Bearer {key}"),
    "half of it": lambda key: posted({"query": WHO}, Authorization=f"Bearer {key[:60]}"),
    "another content type": lambda key: (
        "POST",
        "/graphql",
        {"Content-Type": key, "Authorization": f"Bearer {key}"},
        BODY,
    ),
    "another method": lambda key: (key[:3].upper(), "/graphql", {"Authorization": f"Bearer {key}"}, BODY),
    "a body that is no JSON": lambda key: ("POST", "/graphql", {"Authorization": f"Bearer {key}"}, key),
    "the query": lambda key: asking(key, key),
    "a field": lambda key: asking(f"{{ {key} }}", key),
    "an argument": lambda key: asking(f"{{ accountByReference({key}: 1) {{ id }} }}", key),
    "a value of an enum": lambda key: asking(
        f"{{ auditLog(filter: {{outcome: {key}}}) {{ edges {{ cursor }} }} }}", key
    ),
    "a type": lambda key: asking(f"query ($key: {key}) {{ viewer {{ id }} }}", key),
    "a directive": lambda key: asking(f"{{ viewer @{key} {{ id }} }}", key),
    "a variable of another type": lambda key: asking(
        "query ($key: Int64!) { accounts(first: $key) { edges { cursor } } }", key
    ),
    "an id": lambda key: asking("query ($key: ID!) { account(id: $key) { id } }", key),
    "a cursor": lambda key: asking(
        "query ($key: String!) { accounts(first: 1, after: $key) { edges { cursor } } }", key
    ),
    "the name of the operation": lambda key: bearing({"query": f"query {key} {WHO}", "operationName": key}, key),
    "the name of no operation": lambda key: bearing({"query": WHO, "operationName": key}, key),
    "the extensions": lambda key: bearing({"query": WHO, "extensions": {"key": key}}, key),
}


@pytest.fixture(scope="module", params=["1", "2"], ids=["one process", "workers"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server that the tests of this file share."""
    started = Server(tmp_path_factory.mktemp("server"), workers=request.param)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def issued(server: Server) -> list[str]:
    """Give the keys that were handed out: the first, one of the command line, one of a mutation that was retried."""
    beside = command(server.folder, "keys", "issue", "--client", "safe", "--role", "MANAGER").stdout.strip()
    client_id = server.ask(CLIENT)["data"]["createApiClient"]["apiClient"]["id"]
    first, again, once_more = (server.ask(ISSUE, variables={"id": client_id})["data"]["issueApiKey"] for _ in range(3))
    assert again == once_more == {"replayed": True, "secret": None}
    return [server.key, beside, first["secret"]]


def answered(server: Server, sent: Sent) -> str:
    """Return all that comes back: the head and the body."""
    method, path, headers, body = sent
    connection = HTTPConnection(server.address, timeout=20)
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    text = f"{response.status} {response.headers} {response.read().decode()}"
    connection.close()
    return text


def shows(key: str, text: str) -> bool:
    """Tell whether a text has a part of a key by which it could be guessed."""
    secret = key.rsplit("_", maxsplit=1)[-1]
    return any(secret[start : start + 16] in text.lower() for start in range(len(secret) - 16))


@pytest.mark.parametrize("place", WRONG_PLACES)
def test_a_key_that_is_sent_in_a_wrong_place_does_not_come_back(place: str, server: Server, issued: list[str]) -> None:
    for key in issued:
        for sent in (key, key[:-1] + ("0" if key[-1] != "0" else "1")):
            assert not shows(key, answered(server, WRONG_PLACES[place](sent))), place


def test_what_is_not_even_http_does_not_come_back(server: Server, issued: list[str]) -> None:
    host, _, port = server.address.partition(":")
    for key in issued:
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(f"{key} {key} {key}\r\n{key}\r\n\r\n".encode())
            assert not shows(key, connection.recv(65536).decode())


def test_no_key_is_in_what_is_kept_or_in_what_is_seen_of_the_processes(server: Server, issued: list[str]) -> None:
    for place in WRONG_PLACES.values():
        for key in issued:
            answered(server, place(key))
    told = json.dumps(server.ask(KEPT))
    kept = {path.name: path.read_bytes().decode("latin-1") for path in server.folder.iterdir() if path.is_file()}
    assert kept.pop("countinghouse.admin-key").strip() == server.key
    assert kept["log"].count('"event":"request"') > len(WRONG_PLACES)
    seen = {
        f"/proc/{process}/{name}": Path(f"/proc/{process}/{name}").read_bytes().decode("latin-1")
        for process in (server.process.pid, *server.processes)
        for name in ("cmdline", "environ", "comm")
    }
    for where, text in {"the audit log": told, **kept, **seen}.items():
        assert [key for key in issued if shows(key, text)] == [], where


@pytest.mark.parametrize("bug", ["credential", "accounts"])
def test_a_bug_is_logged_and_masked_without_the_key_of_the_request(bug: str, api: Api) -> None:
    before, stream = structlog.get_config(), io.StringIO()
    try:
        log_to(stream)
        broken = api.made_of(reader=Breaking(api.endpoint.reader, bug, KeyError("broken")), log=request_log())
        answer = broken.run('{ accounts(first: 1) { edges { cursor } } account(id: "acct_1") { id } }')
    finally:
        structlog.configure(**before)
    assert "INTERNAL_SERVER_ERROR" in answer.codes
    assert "Traceback" in stream.getvalue()
    assert api.secret[-20:] not in stream.getvalue() + answer.text + str(answer.headers)

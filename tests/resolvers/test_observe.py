"""The log: one line for every request, whatever became of it, and never in the way of an answer."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import Any, TextIO

import orjson
import pytest
import structlog
from structlog.testing import capture_logs

from domain.access import Operation
from resolvers.failures import LONGEST_NAME
from resolvers.observe import log_to, request_log
from tests.resolvers.broken import Breaking
from tests.support.api import Answer, Api

WHO = {"query": "query Mine { viewer { id } }"}
BODY = orjson.dumps(WHO)


def flooded(api: Api) -> Answer:
    for _ in range(500):
        api.endpoint.refusals.charge(api.caller, Operation.DEPOSIT)
    return api.send(BODY)


def crowded(api: Api) -> Answer:
    api.endpoint.doorway.in_flight = 10**6
    return api.send(BODY)


ENDS: dict[int, tuple[Any, bool]] = {
    200: (lambda api: api.send(BODY), True),
    400: (lambda api: api.send(b"{"), True),
    401: (lambda api: api.send(BODY, headers={"x-api-key": api.secret + "0"}), False),
    405: (lambda api: api.send(BODY, method="PUT"), False),
    413: (lambda api: api.send(b" " * 3_000_000), True),
    415: (lambda api: api.send(BODY, headers=api.headers() | {"content-type": "text/plain"}), True),
    429: (flooded, False),
    503: (crowded, False),
}
"""How a request can end, and whether it is known by then whose it was."""


@pytest.mark.parametrize("status", ENDS)
def test_every_request_is_logged_once_however_it_ends(api: Api, status: int) -> None:
    send, is_known = ENDS[status]
    with capture_logs() as logs:
        assert send(api).status == status
    (line,) = logs
    assert (line["event"], line["status"]) == ("request", status)
    who = (api.caller.api_client_id, api.caller.api_key_id) if is_known else (None, None)
    assert (line["api_client_id"], line["api_key_id"]) == who
    assert line["milliseconds"] >= 0


LONG = "N" * LONGEST_NAME
NAMES: list[tuple[dict[str, Any], str | None]] = [
    (WHO | {"operationName": "Mine"}, "Mine"),
    (WHO, "Mine"),
    ({"query": "{ viewer { id } }"}, None),
    (WHO | {"operationName": "Other"}, None),
    ({"query": "query Mine {", "operationName": "Mine"}, None),
    ({"query": "query Mine { poison }", "operationName": "Mine"}, None),
    ({"query": f"query {LONG} {{ viewer {{ id }} }}", "operationName": LONG}, LONG),
    ({"query": f"query {LONG}N {{ viewer {{ id }} }}", "operationName": LONG + "N"}, None),
]


@pytest.mark.parametrize(("body", "name"), NAMES, ids=range(len(NAMES)))
def test_a_name_is_logged_once_it_is_that_of_an_operation_and_not_too_long(
    api: Api, body: dict[str, Any], name: str | None
) -> None:
    with capture_logs() as logs:
        api.send(orjson.dumps(body))
    assert [line["operation_name"] for line in logs] == [name]


def test_a_key_pasted_as_a_name_is_not_logged(api: Api) -> None:
    body = {"query": f"query {api.secret} {{ viewer {{ id }} }}", "operationName": api.secret}
    with capture_logs() as logs:
        assert api.send(orjson.dumps(body)).status == 200
    assert api.secret not in str(logs)


# The stream


@pytest.fixture
def configured() -> Iterator[None]:
    """Let a test say where the log goes, and have it go back where it went."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def logging_to(stream: TextIO, api: Api) -> Api:
    """Return an application put together once the log has been told where to go."""
    log_to(stream)
    return api.made_of(log=request_log())


class Broken(io.StringIO):
    """A stream on a disk that is full, or into a pipe that nobody reads."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.attempts = 0

    def write(self, text: str) -> int:
        self.attempts += 1
        raise self.error

    def flush(self) -> None:
        raise self.error


@pytest.mark.usefixtures("configured")
def test_the_log_is_one_json_object_a_line(api: Api) -> None:
    stream = io.StringIO()
    api = logging_to(stream, api)
    api.send(BODY)
    api.send(BODY, method="PUT")
    lines = [orjson.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["level"], line["status"]) for line in lines] == [
        ("request", "info", 200),
        ("request", "info", 405),
    ]
    assert {line["timestamp"][-1] for line in lines} == {"Z"}
    assert {line["process"] for line in lines} == {os.getpid()}


class Pieces(io.StringIO):
    """A stream that remembers in which pieces it was written."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return super().write(text)


@pytest.mark.usefixtures("configured")
def test_a_line_is_written_in_one_piece_so_that_no_other_process_can_divide_it(api: Api) -> None:
    stream = Pieces()
    log_to(stream)
    api.made_of(log=request_log()).send(BODY)
    assert [piece[-1] for piece in stream.pieces] == ["\n"]


@pytest.mark.usefixtures("configured")
def test_a_bug_that_speaks_no_unicode_is_logged_and_masked_all_the_same(api: Api) -> None:
    stream = io.StringIO()
    answer = (
        logging_to(stream, api)
        .made_of(reader=Breaking(api.endpoint.reader, "credential", KeyError("\ud800")))
        .send(BODY)
    )
    assert (answer.status, answer.codes) == (500, ["INTERNAL_SERVER_ERROR"])
    bug, _ = (orjson.loads(line) for line in stream.getvalue().splitlines())
    assert bug["error_id"] == answer.errors[0]["extensions"]["errorId"]


BREAKAGES = [OSError(28, "No space left on device"), BrokenPipeError(), ValueError("I/O operation on closed file")]


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("error", BREAKAGES, ids=type)
def test_a_mutation_is_answered_also_where_it_cannot_be_logged(api: Api, error: Exception) -> None:
    stream = Broken(error)
    api = logging_to(stream, api)
    answer = api.mutate("openAccount", {"currency": "EUR", "name": "Ada"}, key="once")
    assert (answer.status, answer.verdict) == (200, "OpenAccountSuccess")
    assert stream.attempts >= 1
    assert api.mutate("openAccount", {"currency": "EUR", "name": "Ada"}, key="once").only["replayed"] is True

"""The open loop sends what is due, and counts every answer as what it is."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, repeat
from typing import Any

import pytest

from benchmarks import open_loop

REQUEST = b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n"
DONE, REFUSED = (200, b'{"__typename":"DepositSuccess"}'), (503, b'{"code":"OVERLOADED"}')


@contextmanager
def answering(*answers: tuple[int, bytes]) -> Iterator[str]:
    """Run a server that gives the answers in turn."""
    number = count()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            status, body = answers[next(number) % len(answers)]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_successes_and_refusals_are_told_apart() -> None:
    with answering(DONE, REFUSED) as address:
        found = open_loop.run(address, repeat(REQUEST), rate=100, seconds=0.2)
    assert (found.unanswered, found.failures) == (0, [])
    assert len(found.succeeded) + len(found.refused) == found.due
    assert len(found.succeeded) - len(found.refused) in {0, 1}  # in turns, beginning with a success
    assert found.refused_share == len(found.refused) / found.due


def test_any_other_answer_is_a_failure() -> None:
    with answering((500, b"{}")) as address:
        found = open_loop.run(address, repeat(REQUEST), rate=100, seconds=0.05)
    assert len(found.failures) == found.due
    assert found.goodput == 0


def test_a_server_that_is_not_there_is_a_failure() -> None:
    with answering(DONE) as address:
        pass
    found = open_loop.run(address, repeat(REQUEST), rate=100, seconds=0.05)
    assert found.failures


@pytest.mark.parametrize(("latencies", "told"), [([], (0, 0, 0)), ([3], (3, 3, 3)), ([1, 2, 3], (2, 2.98, 3))])
def test_percentiles_are_those_of_what_there_is(latencies: list[float], told: tuple[float, float, float]) -> None:
    assert open_loop.percentiles(latencies) == pytest.approx(told)

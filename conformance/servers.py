"""Servers that a client has to survive: one in trouble, and one of a later day."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from graphql import build_schema, graphql_sync

from tests.endtoend.server import Server, ask

CONTRACT = (Path(__file__).parents[1] / "schema" / "schema.graphql").read_text()

ADDED_TYPE = """
type AddedLater implements UserError {
  code: ErrorCode!
  message: String!
  path: [String!]
  retry: Retry!
  replayed: Boolean!
  decidedAt: DateTime!
}
"""
ADDED = {"__typename": "AddedLater", "code": "ADDED_LATER", "message": "The bank is closed today.", "retry": "NEW_KEY"}
TOLD_OF_ADDED = "ADDED_LATER: The bank is closed today. Retry: NEW_KEY."

Answer = tuple[int, dict[str, Any]]
Answering = Callable[[dict[str, Any], str], Answer | None]


def failing(code: str, retry: str) -> dict[str, Any]:
    """Return the body of an answer that fails as a whole."""
    return {"errors": [{"message": "It did not work.", "extensions": {"code": code, "retry": retry}}]}


def refusing(kind: str, code: str, retry: str) -> dict[str, Any]:
    """Return the body of an answer that refuses a deposit."""
    refusal = {"__typename": kind, "code": code, "message": "It did not work.", "path": None, "retry": retry}
    return {"data": {"deposit": refusal}}


TROUBLES: list[Answer | None] = [
    None,
    (200, {}),
    (503, failing("OVERLOADED", "SAME_KEY")),
    (200, failing("INTERNAL_SERVER_ERROR", "SAME_KEY")),
    (200, refusing("Unavailable", "UNAVAILABLE", "SAME_KEY")),
]
"""What leaves open whether anything was decided."""


def later_contract() -> str:
    """Return the contract with one more member in every union, and one more code."""
    widened = re.sub(r"^(union .+)$", r"\1 | AddedLater", CONTRACT, flags=re.MULTILINE)
    return widened.replace("enum ErrorCode {", "enum ErrorCode {\n  ADDED_LATER") + ADDED_TYPE


def of_a_later_day() -> Answering:
    """Answer every mutation with the member that was added, as any GraphQL server answers the document it is sent."""
    schema = build_schema(later_contract())
    assert schema.mutation_type
    root = dict.fromkeys(schema.mutation_type.fields, ADDED)

    def answer(call: dict[str, Any], key: str) -> Answer:
        return 200, dict(graphql_sync(schema, call["query"], root, variable_values=call["variables"]).formatted)

    return answer


def in_trouble(server: Server, troubles: list[Answer | None], seen: list[str]) -> Answering:
    """Hand every call on to a server, but answer with the troubles first. Note the idempotency key of each call."""

    def answer(call: dict[str, Any], key: str) -> Answer | None:
        seen.append(call["variables"]["key"])
        with server.connection() as connection:
            answered = ask(connection, key, call["query"], call["variables"])
        return troubles[len(seen) - 1] if len(seen) <= len(troubles) else (200, answered)

    return answer


def failing_below(server: Server, seen: list[str]) -> Answering:
    """Hand every call on to a server, and tell of a field below its answer that failed."""

    def answer(call: dict[str, Any], key: str) -> Answer:
        seen.append(call["variables"]["key"])
        with server.connection() as connection:
            answered = ask(connection, key, call["query"], call["variables"])
        return 200, answered | failing("INTERNAL_SERVER_ERROR", "SAME_KEY")

    return answer


@contextmanager
def serving(answer: Answering) -> Iterator[str]:
    """Serve on a free port; where there is no answer, hang up."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if answered := answer(call, self.headers["Authorization"].removeprefix("Bearer ")):
                status, body = answered
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Leave the tests' output to the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/graphql"
        finally:
            server.shutdown()
            thread.join()

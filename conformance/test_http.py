"""GraphQL over HTTP, as graphql-http audits it."""

from __future__ import annotations

from conformance.conftest import Run
from tests.endtoend.server import Server


def test_every_audit_of_graphql_over_http_is_ok(server: Server, run: Run) -> None:
    assert run("node", "audits.mjs", f"{server.url}/graphql", KEY=server.key) == "61 of 61 audits ok\n"

"""The whole schema under Schemathesis, with a key of full rights: whatever it sends, the server has an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.conftest import HERE, Figures, Run
from domain.services.table import SERVICES
from tests.endtoend.server import Server, command
from tests.support.api import core
from tests.support.deeds import SYSTEMS_OWN

FOLDER = HERE / "fuzzing"

OPEN = """mutation ($key: IdempotencyKey!, $currency: CurrencyCode!) {
  openAccount(idempotencyKey: $key, input: {currency: $currency, name: "Ada"}) {
    ... on OpenAccountSuccess { account { id } }
  }
}"""
CREATE = """mutation {
  createApiClient(idempotencyKey: "create", input: {name: "till", role: TELLER}) {
    ... on CreateApiClientSuccess { apiClient { id } }
  }
}"""
RECORDS = """query ($after: String) {
  auditLog(first: 100, after: $after) { edges { node { operation } } pageInfo { endCursor hasNextPage } }
}"""

ROOT_FIELDS = [*core().query_type.fields, *core().mutation_type.fields]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server of its own: the fuzzer closes accounts and disables API clients."""
    started = Server(tmp_path_factory.mktemp("fuzzed"), refusal_burst="1000000")
    yield started
    started.stop()


def known_ids(server: Server) -> list[str]:
    """Make what can be named: accounts enough to outlast being closed, and an API client."""
    given = [{"key": f"open-{number}", "currency": "EUR" if number % 4 else "JPY"} for number in range(20)]
    accounts = [server.ask(OPEN, variables=one)["data"]["openAccount"]["account"]["id"] for one in given]
    return [*accounts, server.ask(CREATE)["data"]["createApiClient"]["apiClient"]["id"]]


def recorded(server: Server) -> Counter[str]:
    """Count the records of each operation in the audit log, however it ended."""
    counted: Counter[str] = Counter()
    page: Any = {"pageInfo": {"hasNextPage": True, "endCursor": None}}
    while page["pageInfo"]["hasNextPage"]:
        page = server.ask(RECORDS, variables={"after": page["pageInfo"]["endCursor"]})["data"]["auditLog"]
        counted.update(edge["node"]["operation"] for edge in page["edges"])
    return counted


def test_no_request_of_the_whole_schema_is_an_error_of_the_server(
    fuzzed: Server, run: Run, figures: Figures, tmp_path: Path
) -> None:
    surroundings = {"KEY": fuzzed.key, "KNOWN_IDS": " ".join(known_ids(fuzzed)), "SCHEMATHESIS_HOOKS": "scalars"}
    command_line = (str(HERE / ".venv" / "bin" / "st"), "--config-file", str(FOLDER / "schemathesis.toml"))
    # In an empty folder, for what Schemathesis remembers of one run would change the next.
    said = run(*command_line, "run", f"{fuzzed.url}/graphql", cwd=tmp_path, PYTHONPATH=str(FOLDER), **surroundings)
    assert f"{len(ROOT_FIELDS)} selected / {len(ROOT_FIELDS)} total" in said
    assert '"level": "error"' not in fuzzed.log.read_text()
    records = recorded(fuzzed)
    assert {one.operation for one in SERVICES.keys() - SYSTEMS_OWN} <= records.keys()
    figures["requests of Schemathesis, each answered"] = fuzzed.log.read_text().count('"event": "request"')
    figures["records that they left in the audit log"] = records.total()


def test_the_books_are_proven_after_it(fuzzed: Server) -> None:
    verified = command(fuzzed.folder, "verify")
    assert (verified.returncode, verified.stderr) == (0, "")

"""Relay: its compiler takes the sources that the guide shows, and every example operation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conformance.conftest import GENERATED, HERE, Run
from conformance.guide import commands

CONFIG = HERE / "relay" / "relay.config.json"
OPERATIONS = sorted((HERE.parent / "examples" / "operations").glob("*.graphql"))


@pytest.fixture(scope="session")
def relay(fresh: None, run: Run) -> Path:
    """Compile what the guide shows, as it says; give the artifacts."""
    run("bash", "-ec", commands("Relay"))
    return GENERATED / "relay"


@pytest.fixture(scope="session")
def operations(fresh: None, run: Run) -> Path:
    """Compile the example operations, each in a source and under the name that Relay demands; give the artifacts."""
    sources, artifacts = GENERATED / "relay_sources", GENERATED / "relay_operations"
    for folder in (sources, artifacts):
        folder.mkdir(parents=True)
    for path in OPERATIONS:
        document = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
        named = re.sub(r"^(query|mutation) \w+", lambda found: found[0] + found[1].title(), document)
        (sources / f"{path.stem}.ts").write_text(f'import {{ graphql }} from "relay-runtime";\n\ngraphql`\n{named}`;\n')
    where = {"src": "generated/relay_sources", "artifactDirectory": "generated/relay_operations"}
    config = GENERATED / CONFIG.name
    config.write_text(json.dumps(json.loads(CONFIG.read_text()) | where))
    run("node_modules/.bin/relay-compiler", str(config))
    return artifacts


def test_relay_compiles_every_operation(operations: Path) -> None:
    compiled = {path.name.partition(".")[0] for path in operations.glob("*.graphql.ts")}
    assert {path.stem for path in OPERATIONS} == {re.sub("(Query|Mutation)$", "", name) for name in compiled}


def test_relay_pages_through_accounts_and_fetches_one_anew(relay: Path) -> None:
    page = (relay / "AccountListNextPageQuery.graphql.ts").read_text()
    account = (relay / "AccountListAccountQuery.graphql.ts").read_text()
    assert '"kind": "LinkedHandle"' in page
    assert re.search(r"query AccountListAccountQuery\(\\n  \$id: ID!\\n\) \{\\n  node\(id: \$id\)", account)

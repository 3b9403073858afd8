"""Typed clients: three generators take every example operation, and two of the clients really move money."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.cases import UNIONS, in_python, in_typescript, unhandled_in_python, unhandled_in_typescript
from conformance.conftest import GENERATED, HERE, Run, attempt
from conformance.guide import commands
from conformance.servers import (
    ADDED,
    TOLD_OF_ADDED,
    TROUBLES,
    Answer,
    failing,
    failing_below,
    in_trouble,
    later_contract,
    of_a_later_day,
    refusing,
    serving,
)
from tests.endtoend.server import Server, command

TSC = "node_modules/.bin/tsc"

STORY = """\
opened an account in state ACTIVE
deposited 100.00 EUR
deposited 100.00 EUR, as answered before
IDEMPOTENCY_KEY_REUSED: The idempotency key was used for a different input. Retry: NEVER.
INSUFFICIENT_FUNDS: The available balance is too low. Retry: NEW_KEY. It is short of 150.00 EUR.
This API client's role does not allow that.
"""

MATCHED_IN_PYTHON = ("openAccount", "deposit", "withdraw")

Program = Callable[..., str]


# Generating, as the guide says


@pytest.fixture(scope="session")
def typescript(fresh: None, run: Run) -> Program:
    """Generate and compile the TypeScript client; give a way to run its programs."""
    run("bash", "-ec", commands("TypeScript"))
    return lambda *call, **environment: run("node", "typescript/run.mjs", *call, **environment)


@pytest.fixture(scope="session")
def python(fresh: None, run: Run) -> Program:
    """Generate the Python client; give a way to run its programs."""
    run("bash", "-ec", commands("Python"))
    interpreter = ".venv/bin/python"
    return lambda *call, **environment: run(interpreter, "python/run.py", *call, PYTHONPATH="generated", **environment)


@pytest.fixture(params=["typescript", "python"])
def program(request: pytest.FixtureRequest) -> Program:
    """Give a way to run the programs of a client: the name of one, the variables it takes, and their values."""
    chosen: Program = request.getfixturevalue(request.param)
    return chosen


# Living with the server


def test_a_client_opens_deposits_retries_and_is_refused_and_denied(program: Program, server: Server) -> None:
    teller = command(server.folder, "keys", "issue", "--client", "till", "--role", "TELLER").stdout.strip()
    environment = {"URL": f"{server.url}/graphql", "ADMIN_KEY": server.key, "TELLER_KEY": teller}
    assert program("story", *environment, **environment) == STORY


OPEN = """
mutation ($key: IdempotencyKey!) {
  openAccount(idempotencyKey: $key, input: {currency: "EUR", name: "Bob"}) {
    ... on OpenAccountSuccess { account { id } }
  }
}
"""
DEPOSITED = ("deposited; replayed: false\n", "deposited 10.00 EUR\n")
REPLAYED = ("deposited; replayed: true\n", "deposited 10.00 EUR, as answered before\n")
POSTED = "query ($id: ID!) { account(id: $id) { version posted { amount } } }"


@pytest.fixture
def account(server: Server, request: pytest.FixtureRequest) -> str:
    """Open an account for one test; give its id."""
    opened = server.ask(OPEN, variables={"key": request.node.name})["data"]["openAccount"]
    account: str = opened["account"]["id"]
    return account


def pay_in(program: Program, url: str, api_key: str, account: str) -> str:
    """Deposit 10.00 EUR, as the guide shows it."""
    environment = {"URL": url, "API_KEY": api_key, "KEY": f"pay-in-{account}", "ACCOUNT_ID": account}
    return program("deposit", *environment, **environment)


def test_a_deposit_is_repeated_with_its_key_until_it_is_decided_and_made_once(
    program: Program, server: Server, account: str
) -> None:
    seen: list[str] = []
    with serving(in_trouble(server, TROUBLES, seen)) as url:
        assert pay_in(program, url, server.key, account) in REPLAYED
    assert seen == [f"pay-in-{account}"] * (len(TROUBLES) + 1)
    posted = server.ask(POSTED, variables={"id": account})["data"]["account"]
    assert posted == {"version": "1", "posted": {"amount": "10.00"}}


@pytest.mark.parametrize("answer", [(401, failing("UNAUTHENTICATED", "NEVER")), (200, failing("FORBIDDEN", "NEVER"))])
def test_what_says_never_is_not_repeated(program: Program, server: Server, account: str, answer: Answer) -> None:
    seen: list[str] = []
    with (
        serving(in_trouble(server, [answer], seen)) as url,
        pytest.raises(AssertionError, match=r"It did not work|401"),
    ):
        pay_in(program, url, server.key, account)
    assert len(seen) == 1


def test_a_success_stands_although_something_below_it_failed(program: Program, server: Server, account: str) -> None:
    """It is not repeated either: the answer is there."""
    seen: list[str] = []
    with serving(failing_below(server, seen)) as url:
        assert pay_in(program, url, server.key, account) in DEPOSITED
    assert seen == [f"pay-in-{account}"]


# When a member is missing


def checked_by_tsc(folder: Path) -> list[tuple[str, str]]:
    """Return which members tsc finds unhandled in the sources of a folder, each with its file."""
    options = {"extends": f"{HERE}/typescript/tsconfig.json", "compilerOptions": {"noEmit": True}, "include": ["*.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(options))
    return unhandled_in_typescript(attempt(TSC, "--pretty", "false", "--project", str(folder)).stdout)


def mypy(folder: Path) -> list[str]:
    """Return how to check the sources of a folder."""
    options = ["--config-file", "python/mypy.ini", "--cache-dir", str(GENERATED / ".mypy_cache")]
    return [sys.executable, "-m", "mypy", *options, *(str(path) for path in sorted(folder.glob("*.py")))]


def checked_by_mypy(folder: Path, generated: Path) -> list[tuple[str, str]]:
    """Return which members mypy finds unhandled in the sources of a folder, each with its file."""
    return unhandled_in_python(attempt(*mypy(folder), MYPYPATH=str(generated)).stdout)


def typescript_outcomes(types: str) -> str:
    """Return the source of the exhaustive switches, to stand in a folder of what is generated."""
    source = (HERE / "typescript" / "outcomes.ts").read_text()
    return source.replace("../generated/typescript", types).replace("./sending", "../../typescript/sending")


def test_typescript_does_not_compile_when_any_member_of_any_union_is_missing(typescript: Program) -> None:
    folder = GENERATED / "incomplete_typescript"
    folder.mkdir()
    source = typescript_outcomes("../typescript")
    (folder / "complete.ts").write_text(source)
    every = [(mutation, member) for mutation, members in UNIONS.items() for member in members]
    for mutation, member in every:
        (folder / f"{mutation}.{member}.ts").write_text(in_typescript(source, mutation, member))
    assert checked_by_tsc(folder) == sorted((f"{mutation}.{member}", member) for mutation, member in every)


def test_typescript_does_not_compile_when_a_member_is_added_to_any_union(later: Path) -> None:
    (later / "outcomes.ts").write_text(typescript_outcomes("./typescript"))
    assert checked_by_tsc(later) == [("outcomes", "AddedLater")] * len(UNIONS)


def test_mypy_complains_when_any_member_is_missing(python: Program) -> None:
    folder = GENERATED / "incomplete_python"
    folder.mkdir()
    source = (HERE / "python" / "outcomes.py").read_text()
    every = [(mutation, member) for mutation in MATCHED_IN_PYTHON for member in UNIONS[mutation]]
    for mutation, member in every:
        (folder / f"{mutation}_{member}.py").write_text(in_python(source, mutation, member))
    assert checked_by_mypy(folder, GENERATED) == sorted((f"{mutation}_{member}", member) for mutation, member in every)


def test_mypy_complains_when_a_member_is_added(later: Path) -> None:
    shutil.copy(HERE / "python" / "outcomes.py", later)
    assert checked_by_mypy(later, later) == [("outcomes", "AddedLater")] * len(MATCHED_IN_PYTHON)


def test_mypy_finds_nothing_to_say_of_the_python_client(python: Program, run: Run) -> None:
    assert run(*mypy(HERE / "python"), MYPYPATH=str(GENERATED)).startswith("Success")


# When a member is added later


@pytest.fixture(scope="session")
def later(typescript: Program, python: Program, run: Run) -> Path:
    """Generate both clients from the contract of a later day; give the folder."""
    folder = GENERATED / "later"
    folder.mkdir()
    contract = folder / "schema.graphql"
    contract.write_text(later_contract())
    for name in ("typescript/codegen.json", "python/ariadne-codegen.toml"):
        options = (HERE / name).read_text().replace("../schema/schema.graphql", str(contract))
        (folder / Path(name).name).write_text(options.replace('"generated', f'"{folder}'))
    run("node_modules/.bin/graphql-codegen", "--silent", "--config", str(folder / "codegen.json"))
    run(".venv/bin/ariadne-codegen", "--config", str(folder / "ariadne-codegen.toml"))
    return folder


def test_a_client_of_today_is_told_of_a_member_that_was_added_later(program: Program) -> None:
    with serving(of_a_later_day()) as url:
        assert pay_in(program, url, "key_of_nobody", "acct_of_nobody") == f"{TOLD_OF_ADDED}\n"


def test_a_python_client_of_today_cannot_read_a_value_that_was_added_to_an_enum(python: Program) -> None:
    added = 200, refusing("AccountFrozen", "ADDED_LATER", "NEW_KEY")
    with serving(lambda call, key: added) as url, pytest.raises(AssertionError, match=r"AccountFrozen\.code"):
        pay_in(python, url, "key_of_nobody", "acct_of_nobody")


EVERY_OUTCOME = """
import * as outcomes from "./generated/javascript/typescript/outcomes.js";
for (const outcome of Object.values(outcomes)) console.log(outcome(JSON.parse(process.env.ADDED)));
"""


def test_every_switch_of_today_survives_a_member_that_was_added_later(typescript: Program, run: Run) -> None:
    told = run("node", "--input-type=module", "--eval", EVERY_OUTCOME, ADDED=json.dumps(ADDED))
    assert told.splitlines() == [TOLD_OF_ADDED] * len(UNIONS)

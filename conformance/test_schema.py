"""The contract and the operations to copy, as graphql-eslint reads them; and what breaks, as graphql-inspector does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conformance.conftest import HERE, Run, attempt

ROOT = HERE.parent
DEFECTS = HERE / "defects"
LINT = (f"{HERE}/node_modules/.bin/eslint", f"--config={HERE}/eslint.config.mjs", "--max-warnings=0")
COMPARE = ("node", f"{HERE}/breaking.mjs")


# What the linter finds


@pytest.mark.parametrize("folder", ["schema", "examples"])
def test_the_linter_finds_nothing(folder: str, run: Run) -> None:
    assert run(*LINT, folder, cwd=ROOT) == ""


Findings = set[tuple[str, int, str]]


def planted() -> Findings:
    """Return what the comments of the defective files announce: file, line, rule."""
    return {
        (path.name, number, rule)
        for path in DEFECTS.rglob("*.graphql")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if not line.startswith("#")
        for rule in line.rpartition(" # ")[2].split()
        if " # " in line
    }


def test_the_linter_finds_every_defect_that_was_planted_and_nothing_else() -> None:
    done = attempt(*LINT, "--format=json", "schema", "examples", cwd=DEFECTS)
    found = {
        (Path(file["filePath"]).name, message["line"], message["ruleId"].removeprefix("@graphql-eslint/"))
        for file in json.loads(done.stdout)
        for message in file["messages"]
        if message["ruleId"]
    }
    assert done.returncode == 1
    assert found == planted()


# What breaks

RELEASED = """\
directive @requiresRole(anyOf: [Role!]!) on FIELD_DEFINITION
enum Role { TELLER ADMIN }
interface Node { id: ID! }
type Account implements Node { id: ID! name: String! version: Int! }
type Freeze implements Node { id: ID! }
type DepositSuccess { account: Account }
type AccountClosed { message: String! }
union DepositResult = DepositSuccess | AccountClosed
input DepositInput { amount: String! as: Role! = TELLER }
type Query {
  account(id: ID!): Account @requiresRole(anyOf: [TELLER, ADMIN])
  accounts(first: Int! = 20, name: String = null): [Account]
  freeze: Freeze
  old: Account @deprecated(reason: "Use account instead. Removal after 2030-01-31.")
}
type Mutation { deposit(input: DepositInput!): DepositResult }
"""

HARMLESS = {
    "name: String!": "name: String! note: String",
    "amount: String!": "amount: String! note: String = null",
    "first: Int! = 20": "first: Int! = 20, after: String = null",
    "type Query {": "type Hold implements Node { id: ID! } type Query { hold: Hold @requiresRole(anyOf: [ADMIN])",
    "[Account]": '[Account] @deprecated(reason: "Use account instead. Removal after 2031-01-31.")',
    "2030-01-31": "2030-12-31",
}

BREAKING = {
    "Account.name": ("name: String!", "name: String"),
    "Account.version": (" version: Int!", ""),
    "Freeze": ("Freeze implements Node", "Freeze"),
    "DepositInput.amount": ("amount: String!", "amount: Int!"),
    "Query.accounts(name:)": (", name: String = null", ""),
    "Query.account(of:)": ("account(id: ID!", "account(id: ID!, of: String!"),
    # What graphql-inspector calls dangerous:
    "Role.MANAGER": ("{ TELLER ADMIN }", "{ TELLER MANAGER ADMIN }"),
    "DepositResult": ("| AccountClosed", "| AccountClosed | Freeze"),
    "DepositSuccess": ("DepositSuccess {", "DepositSuccess implements Node { id: ID!"),
    "DepositInput.as": ("= TELLER", "= ADMIN"),
    "Query.accounts(first:)": ("= 20", "= 50"),
    "Query.account": ("[TELLER, ADMIN]", "[ADMIN]"),
    "Query.freeze": ("freeze: Freeze", "freeze: Freeze @requiresRole(anyOf: [ADMIN])"),
}

CHANGELOG = """\
# Changelog

## Unreleased
{}
## 0.1.0

### Breaking

- `Account.title`: is name now.
"""


class Repository:
    """A repository with a contract and a changelog, which were released together."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder, self._run = folder, run
        (folder / "schema").mkdir()
        self.write(RELEASED)
        self.git("init")
        self.git("add", ".")
        self.git("commit", "--message", "Release")

    def git(self, *words: str) -> None:
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        self._run("git", *author, *words, cwd=self.folder, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")

    def write(self, contract: str, changelog: str = CHANGELOG.format("")) -> None:
        (self.folder / "schema" / "schema.graphql").write_text(contract)
        (self.folder / "CHANGELOG.md").write_text(changelog)

    def verdict(self) -> tuple[int, list[str]]:
        done = attempt(*COMPARE, cwd=self.folder)
        return done.returncode, done.stdout.splitlines()


def changed(*edits: tuple[str, str]) -> str:
    contract = RELEASED
    for sound, other in edits:
        assert contract.count(sound) == 1, sound
        contract = contract.replace(sound, other)
    return contract


def announcing(*names: str) -> str:
    items = "".join(f"- `{name}`: changed.\n" for name in names)
    return CHANGELOG.format(f"\n### Breaking\n\n{items}")


ACCEPTED = (0, ["nothing breaks since v0.1.0 but what CHANGELOG.md announces"])
NO_TAG = (0, ["nothing is released to compare with"])
BROKEN = changed(*BREAKING.values())


@pytest.fixture
def repository(tmp_path: Path, run: Run) -> Repository:
    return Repository(tmp_path, run)


@pytest.fixture
def released(repository: Repository) -> Repository:
    repository.git("tag", "v0.1.0")
    return repository


def test_nothing_breaks_unannounced(run: Run) -> None:
    run(*COMPARE, cwd=ROOT)


def test_an_unchanged_contract_breaks_nothing(released: Repository) -> None:
    assert released.verdict() == ACCEPTED


def test_what_old_requests_need_not_know_breaks_nothing(released: Repository) -> None:
    released.write(changed(*HARMLESS.items()))
    assert released.verdict() == ACCEPTED


def test_what_breaks_unannounced_is_refused(released: Repository) -> None:
    released.write(BROKEN)
    code, faults = released.verdict()
    named = [re.match(r"breaks, and CHANGELOG.md does not say so: (\S+) \(.+\)$", fault) for fault in faults]
    assert code == 1
    assert {match[1] for match in named if match} == set(BREAKING)
    assert all(named)


def test_what_breaks_as_announced_is_accepted(released: Repository) -> None:
    released.write(BROKEN, announcing(*BREAKING))
    assert released.verdict() == ACCEPTED


def test_one_item_may_announce_several_breaks(released: Repository) -> None:
    released.write(BROKEN, announcing("`, `".join(BREAKING)))
    assert released.verdict() == ACCEPTED


def test_an_announcement_counts_under_the_heading_of_the_next_version(released: Repository) -> None:
    released.write(BROKEN, announcing(*BREAKING).replace("## Unreleased\n", "## Unreleased\n\n## 0.2.0\n"))
    assert released.verdict() == ACCEPTED


def test_an_announcement_without_a_break_is_refused(released: Repository) -> None:
    released.write(RELEASED, announcing("Account.name"))
    assert released.verdict() == (1, ["does not break, and CHANGELOG.md says it does: Account.name"])


def test_an_announcement_of_an_earlier_version_announces_nothing(released: Repository) -> None:
    released.write(changed(BREAKING["DepositResult"]), CHANGELOG.format("").replace("Account.title", "DepositResult"))
    assert released.verdict()[0] == 1


def test_a_changelog_without_the_last_version_is_refused(released: Repository) -> None:
    released.write(RELEASED, "# Changelog\n\n## Unreleased\n")
    assert released.verdict()[0] == 1


def test_the_last_tag_is_the_one_that_counts(released: Repository) -> None:
    released.write(BROKEN, CHANGELOG.format("").replace("## 0.1.0", "## 0.2.0\n\n## 0.1.0"))
    released.git("commit", "--all", "--message", "Break")
    released.git("tag", "v0.2.0")
    assert released.verdict() == (0, ["nothing breaks since v0.2.0 but what CHANGELOG.md announces"])


def test_without_a_tag_there_is_nothing_to_compare_with(repository: Repository) -> None:
    assert repository.verdict() == NO_TAG


def test_a_tag_that_names_no_version_releases_nothing(repository: Repository) -> None:
    repository.git("tag", "nightly")
    assert repository.verdict() == NO_TAG


def test_an_export_without_a_repository_has_nothing_to_compare_with(repository: Repository) -> None:
    (repository.folder / ".git").rename(repository.folder / "elsewhere")
    assert repository.verdict() == NO_TAG


def test_a_repository_that_git_cannot_read_is_no_excuse(repository: Repository) -> None:
    (repository.folder / ".git" / "HEAD").write_text("nowhere")
    assert repository.verdict()[0] == 1

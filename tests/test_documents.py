"""The documents say what the program does: settings, commands, folders, links, errors."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from domain import errors
from domain.error_codes import ErrorCode
from domain.errors import DomainError
from main import cli
from resolvers.failures import RETRIES
from resolvers.responses import GRAPHQL_RESPONSE, PLAIN_JSON, status_of
from settings import Settings

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CHANGELOG = ROOT / "CHANGELOG.md"
ERRORS = ROOT / "docs" / "errors.md"
DOCUMENTS = [README, CHANGELOG, *sorted((ROOT / "docs").rglob("*.md"))]
SOURCE = re.compile(r"^\s*```.*?^\s*```", re.DOTALL | re.MULTILINE)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def section(path: Path, title: str) -> str:
    """Return what stands under a heading of the second level."""
    _, found, rest = path.read_text().partition(f"\n## {title}\n")
    assert found, f"{named(path)} has no section {title}"
    return rest.partition("\n## ")[0]


def table(text: str) -> list[list[str]]:
    """Return the cells of the tables in a text, without their headings."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


# The README


def test_the_readme_lists_every_setting_with_its_default() -> None:
    listed = {name: default for name, default, _ in table(section(README, "Settings"))}
    fields = Settings.model_fields.items()
    assert listed == {f"COUNTINGHOUSE_{name.upper()}": str(field.default) for name, field in fields}


def commands(group: click.Group, *above: str) -> Iterator[str]:
    """Yield each command as the README writes it: its words, and its options with what they take."""
    for name, one in sorted(group.commands.items()):
        if isinstance(one, click.Group):
            yield from commands(one, *above, name)
        else:
            yield " ".join(("python main.py", *above, name, *map(written, one.params)))


def written(parameter: click.Parameter) -> str:
    """Return a parameter as the README writes it: what it takes, an option after its name."""
    takes = (parameter.name or "").upper()
    return f"{parameter.opts[0]} {takes}" if isinstance(parameter, click.Option) else takes


def test_the_readme_lists_every_command_with_its_options() -> None:
    lines = re.findall(
        r"^    (python main\.py .+?)(?: {2,}|\n {8,})\S", section(README, "The command line"), re.MULTILINE
    )
    assert sorted(lines) == sorted(commands(cli))


def test_every_command_says_what_the_readme_says_of_it() -> None:
    described = dict(
        re.findall(
            r"^    python main\.py ([a-z -]+?)(?: (?:--|[A-Z]).*?)?(?: {2,}|\n {8,})(.+)$",
            section(README, "The command line"),
            re.MULTILINE,
        )
    )
    for words, description in described.items():
        command: click.Command = cli
        for word in words.split():
            assert isinstance(command, click.Group)
            command = command.commands[word]
        help_text = " ".join((command.help or "").split())
        assert help_text.lower().startswith(description.lower()), words


def test_the_map_of_the_readme_shows_every_folder_there_is() -> None:
    shown = set(re.findall(r"^    (\S+) {2,}\S", section(README, "Where things are"), re.MULTILINE))
    folders = {f"{path.parent.relative_to(ROOT).parts[0]}/" for path in ROOT.glob("[!.]*/**/*.py")}
    assert {name for name in shown if not (ROOT / name).exists()} == set()
    assert folders | {"main.py", "docs/"} <= shown


# Links


def links(path: Path) -> Iterator[str]:
    """Yield the targets of the links in a document that lead to files of ours."""
    text = SOURCE.sub("", path.read_text())
    yield from (target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", target))


def anchors(path: Path) -> set[str]:
    """Return what the headings of a document can be reached by."""
    headings = re.findall(r"^#+ (.+)$", SOURCE.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in links(path):
        name, _, anchor = link.partition("#")
        target = (path.parent / name) if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_leads_to_the_documents() -> None:
    documents = {"docs/decisions", "docs/operating.md", "docs/errors.md", "docs/clients.md", "CHANGELOG.md"}
    assert set(links(README)) >= documents


@pytest.mark.parametrize("path", [ROOT / "docs", ROOT / "docs" / "decisions"], ids=named)
def test_every_document_of_a_folder_begins_with_its_title(path: Path) -> None:
    found = sorted(path.glob("*.md"))
    assert found
    assert [named(one) for one in found if not one.read_text().startswith("# ")] == []


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [name[:5] for name in names] == [f"{number:04}-" for number in range(1, len(names) + 1)]


@pytest.mark.parametrize(
    "path", [ROOT / "domain", ROOT / "persistence", ROOT / "resolvers", ROOT / "schema"], ids=named
)
def test_every_decision_that_the_source_names_exists(path: Path) -> None:
    for file in path.rglob("*.py"):
        for number in re.findall(r"docs/decisions/(\d{4})", file.read_text()):
            assert list((ROOT / "docs" / "decisions").glob(f"{number}-*.md")), f"{named(file)} names {number}"


# The changelog

KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Breaking"}


def headings(level: int) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+)$", CHANGELOG.read_text(), re.MULTILINE)


def test_the_changelog_begins_with_what_is_unreleased_and_knows_its_kinds() -> None:
    assert headings(2)[0] == "Unreleased"
    assert set(headings(3)) <= KINDS


def test_the_changelog_lists_versions_down_from_that_of_the_project() -> None:
    versions = [heading.partition(" - ")[0] for heading in headings(2)[1:]]
    numbers = [tuple(map(int, version.split("."))) for version in versions]
    assert numbers == sorted(set(numbers), reverse=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert versions[:1] in ([], [project])  # none is released yet


# Errors


def test_every_code_of_a_mutation_is_documented_in_order_of_precedence() -> None:
    assert [code for code, *_ in table(section(ERRORS, "In the answer of a mutation"))] == list(ErrorCode)


def test_every_code_of_a_request_is_documented_with_its_advice() -> None:
    rows = table(section(ERRORS, "In `errors[]`"))
    assert {code: retry for code, *_, retry in rows} == dict(RETRIES)


def test_every_code_of_a_request_is_documented_with_its_status() -> None:
    for code, statuses, *_ in table(section(ERRORS, "In `errors[]`")):
        kept_from_executing = {str(status_of(code, GRAPHQL_RESPONSE)), str(status_of(code, PLAIN_JSON))}
        assert kept_from_executing <= set(re.findall(r"\d{3}", statuses)) or code == "FORBIDDEN", code


def test_every_type_of_error_is_documented_with_its_code_and_its_advice() -> None:
    rows = table(section(ERRORS, "In the answer of a mutation"))
    documented = {(code, kind, retry) for code, kind, _, retry, _ in rows if re.fullmatch(r"[A-Z]\w+", kind)}
    coded = [kind for kind in vars(errors).values() if isinstance(kind, type) and "code" in vars(kind)]
    kinds = {kind for kind in coded if issubclass(kind, DomainError) and kind.code is not ErrorCode.FORBIDDEN}
    assert documented == {(kind.code.value, kind.__name__, kind.retry.value) for kind in kinds}

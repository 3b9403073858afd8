"""The rules of the house, read off the syntax tree: nothing here imports the code that it judges."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("main", "copies", "refusing", "application", "settings", "resolvers", "schema", "domain", "persistence")
TOP = frozenset({"main", "copies", "refusing", "application", "settings"})

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "copies": frozenset({"application", "refusing", "settings", "persistence"}),
    "refusing": frozenset({"settings", "resolvers", "domain", "persistence"}),
    "main": frozenset(
        {"application", "copies", "refusing", "settings", "resolvers", "schema", "domain", "persistence", "torture"}
    ),
    "application": frozenset({"settings", "resolvers", "schema", "domain", "persistence"}),
    "settings": frozenset({"resolvers", "domain", "persistence"}),
    "resolvers": frozenset({"schema", "domain"}),
    "schema": frozenset({"domain"}),
    "domain": frozenset(),
    "persistence": frozenset({"domain"}),
}
"""main -> application -> resolvers -> schema -> domain <- persistence. What is ours and not listed is for nobody."""

OWNERS: Mapping[str, frozenset[str]] = {
    "click": frozenset({"main", "copies", "refusing", "settings"}),
    "cryptography": frozenset({"persistence"}),
    "dotenv": frozenset({"settings"}),
    "graphql": frozenset({"resolvers", "schema"}),
    "iso4217": frozenset({"persistence"}),
    "orjson": frozenset({"domain", "resolvers"}),
    "peewee": frozenset({"main", "refusing", "application", "persistence"}),
    "playhouse": frozenset({"persistence"}),
    "pydantic": frozenset({"settings"}),
    "pydantic_settings": frozenset({"settings"}),
    "pysqlite3": frozenset({"persistence"}),
    "sqlite3": frozenset({"persistence"}),
    "starlette": frozenset({"application", "resolvers"}),
    "strawberry": frozenset({"application", "resolvers", "schema"}),
    "structlog": frozenset({"main", "persistence", "resolvers"}),
    "typeid": frozenset({"application"}),
    "uvicorn": frozenset({"resolvers"}),
}
"""Who may import what is not ours. Of the standard library only what is listed here has owners."""

ONLY_AT_THE_TOP = frozenset(
    {
        "os.environ",
        "os.getenv",
        "os.urandom",
        "random",
        "secrets",
        "time.time",
        "time.time_ns",
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
    }
)
"""The environment, the clock and chance: handed down, so that a test can hand down others."""

INTEGERS_ONLY = ("domain", "persistence")
"""Where money is counted."""

LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TEST = 300, 40, 30
LONG_FILES: Mapping[str, tuple[int, str]] = {
    "domain/errors.py": (430, "the closed set of refusals, declared in their order of precedence"),
}
"""Files that may be longer, up to which line, and why. Shrink these; add none without a reason."""

VAGUE_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|misc|managers?)($|_)")


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


SOURCES = [
    *sorted(ROOT / f"{layer}.py" for layer in TOP),
    *(path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))),
]
STRANGERS = sorted((ROOT / "conformance").glob("*.py"))
JUDGES = sorted(path for path in (ROOT / "torture").glob("*.py") if path.name != "victim.py")
FAULTS = sorted((ROOT / "torture" / "faults").glob("*.py"))
TESTS = [*sorted((ROOT / "tests").rglob("*.py")), *STRANGERS, *FAULTS]


# The rules, each a generator of faults in one file of one layer


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the full name of everything that is imported, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def used(tree: ast.Module) -> Iterator[str]:
    """Yield the full dotted name of everything that is used, whatever its import called it."""
    origins = dict(_origins(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            first, _, rest = ast.unparse(node).partition(".")
            yield ".".join(filter(None, (origins.get(first, first), rest)))


def _origins(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def import_faults(layer: str, tree: ast.Module) -> Iterator[str]:
    ours = {path.name.removesuffix(".py") for path in ROOT.iterdir()}
    for name in imported(tree):
        top = name.partition(".")[0]
        if top in OWNERS:
            if layer not in OWNERS[top]:
                yield f"{layer} imports {name}, which belongs to {', '.join(sorted(OWNERS[top]))}"
        elif top in ours:
            if top != layer and top not in MAY_IMPORT[layer]:
                yield f"{layer} imports {name}: imports run main -> resolvers -> schema -> domain <- persistence"
        elif top not in sys.stdlib_module_names:
            yield f"{layer} imports {name or 'by a relative path'}, which has no owner"


def surroundings_faults(layer: str, tree: ast.Module) -> Iterator[str]:
    names = {*imported(tree), *used(tree)} if layer not in TOP else set()
    for name in sorted(names):
        if any(name == forbidden or name.startswith(f"{forbidden}.") for forbidden in ONLY_AT_THE_TOP):
            yield f"{name} is used below application.py: take a Clock, an Entropy or a setting instead"


def float_faults(layer: str, tree: ast.Module) -> Iterator[str]:
    if layer not in INTEGERS_ONLY:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "float":
            yield f"line {node.lineno} says float: money is counted in whole minor units"
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"line {node.lineno} has the float {node.value}: money is counted in whole minor units"
        if layer == "domain" and isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield f"line {node.lineno} divides into a float: use //"


def print_faults(layer: str, tree: ast.Module) -> Iterator[str]:
    if "print" in used(tree):
        yield "prints: answer, log, or click.echo in main.py"


def length_faults(longest: int, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            lines = node.end_lineno - node.lineno + 1
            if lines > longest:
                yield f"{node.name} has {lines} lines, {lines - longest} too many"


def faults(layer: str, source: str) -> list[str]:
    tree = ast.parse(source)
    rules = (import_faults, surroundings_faults, float_faults, print_faults)
    return [*(fault for rule in rules for fault in rule(layer, tree)), *length_faults(LONGEST_FUNCTION, tree)]


# The files


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_source_file_keeps_the_rules(path: Path) -> None:
    assert faults(layer_of(path), path.read_text()) == []


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_a_test_fits_on_a_screen(path: Path) -> None:
    assert list(length_faults(LONGEST_TEST, ast.parse(path.read_text()))) == []


@pytest.mark.parametrize("path", [*SOURCES, *STRANGERS, *FAULTS], ids=named)
def test_a_source_file_is_short(path: Path) -> None:
    longest, _ = LONG_FILES.get(named(path), (LONGEST_FILE, ""))
    assert len(path.read_text().splitlines()) <= longest


@pytest.mark.parametrize("name", LONG_FILES)
def test_a_file_that_may_be_longer_still_is(name: str) -> None:
    longest, reason = LONG_FILES[name]
    lines = len((ROOT / name).read_text().splitlines())
    assert LONGEST_FILE < lines > longest - 20, f"{name} has {lines} lines: lower its allowance"
    assert reason


def test_every_folder_of_source_is_a_layer() -> None:
    others = {"tests", "benchmarks", "conformance", "examples", "torture"}
    found = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in ROOT.glob("[!.]*/**/*.py")}
    assert found - others == set(LAYERS) - TOP


@pytest.mark.parametrize("path", JUDGES, ids=named)
def test_who_judges_the_server_shares_no_code_with_it(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imported(ast.parse(path.read_text()))}
    assert not tops & set(LAYERS)


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=named)
def test_a_file_is_named_after_what_it_holds(path: Path) -> None:
    assert not any(VAGUE_NAMES.search(part.removesuffix(".py")) for part in path.relative_to(ROOT).parts)


# What the machine it was written on must not leave behind

KINDS = re.compile(r"(\.(py|md|toml|ini|in|txt|sql|graphql|m?js|ts|css|html|json|yml))?")
NOT_OURS = {"node_modules", "generated", "__pycache__"}
PLACES = re.compile(r"(?<![\w.$}/-])/(?:work|tmp|root|home|Users|opt)\b")
INDEXES = re.compile(r"--(?:(?:extra-)?index-url|(?:find)-links|(?:trusted)-host)|\b(?:PIP|UV)_\w*INDEX|(?:devp)i\b")


def written_files() -> Iterator[Path]:
    """Yield the files that people wrote or locked, hidden folders apart from .ci left out."""
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") for part in parts[:-1]) and parts[0] != ".ci"
        if (
            path.is_file()
            and KINDS.fullmatch(path.suffix)
            and not hidden
            and not NOT_OURS & set(parts)
            and path.name != ".env"
        ):
            yield path


@pytest.mark.parametrize("path", sorted(written_files()), ids=named)
def test_a_file_names_neither_a_machine_nor_a_package_index(path: Path) -> None:
    text = path.read_text()
    assert PLACES.findall(text) + INDEXES.findall(text) == []


# The rules themselves

BROKEN: Mapping[str, tuple[str, str]] = {
    "domain from schema": ("domain", "from schema.money import Money"),
    "domain from a framework": ("domain", "import strawberry"),
    "domain from sqlite3": ("domain", "import sqlite3"),
    "domain from what has no owner": ("domain", "import attrs"),
    "resolvers from persistence": ("resolvers", "from persistence import reader"),
    "resolvers from main": ("resolvers", "import main"),
    "persistence from resolvers": ("persistence", "def late():\n    from resolvers.http import Endpoint"),
    "schema from peewee": ("schema", "import peewee as orm"),
    "schema from resolvers": ("schema", "import resolvers.context"),
    "main from tests": ("main", "from tests.support import books"),
    "a relative import": ("domain", "from . import money"),
    "uvicorn": ("persistence", "from uvicorn import Config"),
    "pydantic": ("schema", "from pydantic import Field"),
    "starlette": ("schema", "from starlette.requests import Request"),
    "the environment": ("persistence", "import os\nPATH = os.environ['PATH']"),
    "the environment, renamed": ("persistence", "from os import getenv as read\nPATH = read('PATH')"),
    "the clock": ("persistence", "import time\nNOW = time.time()"),
    "the clock, renamed": ("resolvers", "from time import time_ns as now\nNOW = now()"),
    "the date": ("domain", "from datetime import datetime\nNOW = datetime.now()"),
    "the date, by its module": ("domain", "import datetime as dt\nNOW = dt.datetime.utcnow()"),
    "chance": ("resolvers", "import random"),
    "secrets": ("persistence", "from secrets import token_hex"),
    "entropy": ("domain", "import os\nSALT = os.urandom(16)"),
    "a float": ("domain", "def cents(text):\n    return float(text)"),
    "a float in SQL's hands": ("persistence", "RATE = 0.5"),
    "a division": ("domain", "def half(minor):\n    return minor / 2"),
    "print": ("schema", "print('here')"),
    "a long function": ("main", "def long():\n" + "    pass\n" * LONGEST_FUNCTION),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_noticed(rule: str) -> None:
    layer, source = BROKEN[rule]
    assert len(set(faults(layer, source))) >= 1


def test_what_the_rules_allow_is_not_noticed() -> None:
    assert (
        faults("main", "import os, secrets, time\nfrom persistence import reader\nNOW = time.time(), os.environ") == []
    )
    assert faults("persistence", "import time, sqlite3\nfrom domain.money import Money\nBEGAN = time.monotonic()") == []
    assert faults("domain", "from domain.money import Money\ndef half(minor):\n    return minor // 2") == []
    assert faults("resolvers", "import starlette\nfrom schema import money\nTOKENS = 0.5") == []
    assert faults("resolvers", "import time\nBEGAN = time.perf_counter()") == []

"""When plans are made, what they leave to graphql-core as a whole, and how long they are kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from graphql import DocumentNode, ExecutionResult, parse
from structlog.testing import capture_logs

from resolvers.documents import Documents
from resolvers.limits import DocumentLimits
from resolvers.plan import code
from resolvers.plan.code import Unsupported
from resolvers.plan.plan import MOST_VARIANTS, Plan, Planner
from tests.resolvers.plan.nouns import World
from tests.support.api import schema

WHO = "{ viewer { id } }"
EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "operations").glob("*.graphql"))
TWO = "query A { viewer { id } } query B { viewer { name } }"


@pytest.fixture
def documents(planner: Planner) -> Documents:
    """Return documents whose resolvers are those of `planner`."""
    return Documents(schema(), DocumentLimits())


def read(documents: Documents, text: str) -> DocumentNode:
    document = documents.read(text)
    assert not document.errors
    assert document.node
    return document.node


def run(documents: Documents, text: str, variables: Any = None, name: str | None = None) -> ExecutionResult:
    """Read and execute a document, as a request does."""
    world = World(documents._planner.core, 1, 0)
    return asyncio.run(documents.execute(read(documents, text), variables, name, world))


def plans(documents: Documents, text: str) -> dict[str | None, Plan | None]:
    return documents._plans[id(read(documents, text))]._made


# When


def test_a_document_seen_once_is_not_compiled(documents: Documents) -> None:
    run(documents, WHO)
    assert plans(documents, WHO) == {}
    assert documents._planner.length == 0


def test_a_document_seen_again_is_compiled_and_answers_the_same(documents: Documents) -> None:
    answers = [run(documents, WHO) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert isinstance(plans(documents, WHO)[None], Plan)
    assert documents._planner.length > 0


def test_each_operation_of_a_document_has_a_plan_of_its_own(documents: Documents) -> None:
    for name in ("A", "B", "A"):
        run(documents, TWO, name=name)
    assert plans(documents, TWO).keys() == {"A"}


def test_an_operation_that_there_is_not_leaves_nothing_behind(documents: Documents) -> None:
    for name in ("C", "C", "", None, None):
        assert run(documents, TWO, name=name).errors
    assert plans(documents, TWO) == {}
    assert documents._plans[id(read(documents, TWO))]._once == set()


def test_a_plan_is_compiled_for_each_choice_of_what_is_skipped_up_to_a_bound(planner: Planner) -> None:
    names = [f"b{number}" for number in range(5)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: __typename @skip(if: ${name})" for name in names)
    plan = planner.plan(parse(f"query ({declared}) {{ __typename {fields} }}"), None)
    for choice in range(MOST_VARIANTS + 2):
        given = {name: bool(choice >> place & 1) for place, name in enumerate(names)}
        begun = plan.begin(given, None)
        assert (begun is not None) == (choice < MOST_VARIANTS)
        if begun:
            asked = [name for name, is_skipped in given.items() if not is_skipped]
            assert list(asyncio.run(begun).data or ()) == ["__typename", *asked]
    assert len(plan._variants) == MOST_VARIANTS


# What is left to graphql-core

LEFT = {
    "introspection": "{ __schema { queryType { name } } }",
    "introspection beside fields": '{ viewer { id } __type(name: "Query") { name } }',
    "a directive on the operation": "query @skip(if: true) { viewer { id } }",
    "a directive that is not known": "{ viewer { id @unknown } }",
}


def begins(planner: Planner, text: str) -> bool:
    try:
        return planner.plan(parse(text), None).begin({}, World(planner.core, 1, 0)) is not None
    except Unsupported:
        return False


@pytest.mark.parametrize("what", LEFT)
def test_what_a_plan_does_not_cover_is_left_to_graphql_core(planner: Planner, what: str) -> None:
    assert not begins(planner, LEFT[what])


@pytest.mark.parametrize(("bound", "most"), [("LONGEST_SOURCE", 500), ("MOST_NAMES", 20)])
def test_what_would_be_too_long_is_left_to_graphql_core(
    planner: Planner, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(code, bound, most)
    before = planner.length
    assert not begins(planner, '{ account(id: "i") { id name state posted { amount } held { amount } } }')
    assert planner.length == before


def test_what_cannot_be_planned_is_found_out_once(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Any] = []

    def refuse(*given: Any) -> None:
        tried.append(given)
        raise Unsupported("Whatever.")

    monkeypatch.setattr(documents._planner, "plan", refuse)
    for _ in range(4):
        assert run(documents, WHO).data
    assert len(tried) == 1


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_planned(planner: Planner, path: Path) -> None:
    plan = planner.plan(parse(path.read_text()), None)
    plan._compiled((True,) * len(plan._conditions))
    assert plan.length > 0


def test_a_bug_in_compiling_keeps_nobody_from_an_answer(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Plan, "_compiled", lambda *_: 1 / 0)
    with capture_logs() as logs:
        for _ in range(4):
            assert run(documents, WHO).data
    (line,) = logs
    assert isinstance(line["exc_info"], ZeroDivisionError)


# How long


def test_plans_are_forgotten_with_their_document(documents: Documents) -> None:
    kept = Documents(schema(), DocumentLimits(), most=1)
    for _ in range(2):
        run(kept, WHO)
    assert kept._planner.length > 0
    run(kept, TWO, name="A")
    assert kept._planner.length == 0
    assert len(kept._plans) == 1


def test_documents_are_forgotten_when_their_plans_are_too_much(planner: Planner) -> None:
    small = Documents(schema(), DocumentLimits(), most_compiled=1_500)
    texts = [f"{{ a{number}: viewer {{ id name }} }}" for number in range(5)]
    for text in texts:
        for _ in range(3):
            assert run(small, text).data
        assert small._planner.length <= 1_500
    assert texts[-1] in small._known
    assert texts[0] not in small._known
    assert len(small._plans) == len(small._known)

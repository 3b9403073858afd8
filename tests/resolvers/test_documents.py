"""Documents: read once for each text, remembered within bounds, executed as Strawberry would."""

from __future__ import annotations

import pytest
from graphql import DocumentNode

from resolvers.documents import LONGEST_DOCUMENT, MOST_ERRORS, MOST_TOKENS, Documents
from tests.support.api import schema

WHO = "{ viewer { id } }"


def numbered(number: int) -> str:
    """Return a document of 30 characters."""
    return f"{{ a{number:08}: viewer {{ id }} }}".ljust(30)


def remembered(documents: Documents, text: str) -> bool:
    return text in documents._known


def test_a_text_is_read_once() -> None:
    documents = Documents(schema())
    assert documents.read(WHO) is documents.read(WHO)
    assert isinstance(documents.read(WHO).node, DocumentNode)


def test_two_texts_that_mean_the_same_are_two() -> None:
    documents = Documents(schema())
    assert documents.read(WHO) is not documents.read(WHO + " ")


@pytest.mark.parametrize("text", ["{", "{ poison }", ""])
def test_texts_that_are_wrong_take_no_place_among_those_remembered(text: str) -> None:
    documents = Documents(schema(), most=1)
    documents.read(WHO)
    assert documents.read(text).errors
    assert [remembered(documents, one) for one in (WHO, text)] == [True, False]
    assert documents._characters == len(WHO)


def test_at_most_so_many_are_remembered_the_latest_used_longest() -> None:
    documents = Documents(schema(), most=3)
    texts = [numbered(number) for number in range(4)]
    for text in (*texts[:3], texts[0], texts[3]):
        documents.read(text)
    assert [remembered(documents, text) for text in texts] == [True, False, True, True]


def test_at_most_so_many_characters_are_remembered() -> None:
    documents = Documents(schema(), most_characters=100)
    for number in range(5):
        documents.read(numbered(number))
    assert [remembered(documents, numbered(number)) for number in range(5)] == [False, False, True, True, True]
    assert documents._characters == 90


def test_a_text_beyond_all_bounds_is_read_but_not_remembered() -> None:
    documents = Documents(schema(), most_characters=10)
    assert documents.read(WHO).node
    assert (remembered(documents, WHO), documents._characters) == (False, 0)


def test_an_operation_is_found_by_its_name_or_by_being_the_only_one() -> None:
    documents = Documents(schema())
    one, two = (
        documents.read("query A { viewer { id } }"),
        documents.read("query A { viewer { id } } query B { viewer { id } }"),
    )
    found = [one.operation(None), one.operation("A"), one.operation("B"), two.operation(None), two.operation("B")]
    assert [operation is not None for operation in found] == [True, True, False, False, True]
    assert documents.read("{").operation(None) is None


LARGE = {
    "tokens": "{ viewer {" + " id" * MOST_TOKENS + " } }",
    "characters": WHO + " " * LONGEST_DOCUMENT,
    "depth": "{" * 2_000 + "}" * 2_000,
}


@pytest.mark.parametrize("what", LARGE)
def test_a_document_too_large_does_not_parse(what: str) -> None:
    assert Documents(schema()).read(LARGE[what]).node is None


def test_errors_are_few_and_suggest_nothing() -> None:
    document = Documents(schema()).read("{ viewerr { id } " + " ".join(f"p{number}" for number in range(50)) + " }")
    assert len(document.errors) <= MOST_ERRORS + 1
    assert "Did you mean" not in str(document.errors)

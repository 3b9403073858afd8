"""Documents: read once for each text, remembered within bounds, executed as Strawberry would."""

from __future__ import annotations

import pytest
from graphql import DocumentNode

from resolvers.documents import MOST_ERRORS, Documents
from resolvers.limits import DocumentLimits
from tests.support.api import schema

LIMITS = DocumentLimits()

WHO = "{ viewer { id } }"


ACCENTED = '{ accountByReference(reference: "%s") { id } }'


def numbered(number: int) -> str:
    """Return a document of 30 characters."""
    return f"{{ a{number:08}: viewer {{ id }} }}".ljust(30)


def remembered(documents: Documents, text: str) -> bool:
    return text in documents._known


def test_a_text_is_read_once() -> None:
    documents = Documents(schema(), LIMITS)
    assert documents.read(WHO) is documents.read(WHO)
    assert isinstance(documents.read(WHO).node, DocumentNode)


def test_two_texts_that_mean_the_same_are_two() -> None:
    documents = Documents(schema(), LIMITS)
    assert documents.read(WHO) is not documents.read(WHO + " ")


@pytest.mark.parametrize("text", ["{", "{ poison }", ""])
def test_texts_that_are_wrong_take_no_place_among_those_remembered(text: str) -> None:
    documents = Documents(schema(), LIMITS, most=1)
    documents.read(WHO)
    assert documents.read(text).errors
    assert [remembered(documents, one) for one in (WHO, text)] == [True, False]
    assert documents._bytes == len(WHO)


def test_at_most_so_many_are_remembered_the_latest_used_longest() -> None:
    documents = Documents(schema(), LIMITS, most=3)
    texts = [numbered(number) for number in range(4)]
    for text in (*texts[:3], texts[0], texts[3]):
        documents.read(text)
    assert [remembered(documents, text) for text in texts] == [True, False, True, True]


def test_at_most_so_many_bytes_are_remembered() -> None:
    documents = Documents(schema(), LIMITS, most_bytes=100)
    for number in range(5):
        documents.read(numbered(number))
    assert [remembered(documents, numbered(number)) for number in range(5)] == [False, False, True, True, True]
    assert documents._bytes == 90


def test_a_character_counts_as_many_bytes_as_it_has() -> None:
    documents = Documents(schema(), LIMITS, most_bytes=100)
    for accent in ("\u00e9", "\U0001f3e6"):
        documents.read(ACCENTED % (accent * 10))
        assert documents._bytes == len((ACCENTED % (accent * 10)).encode()) <= 100


def test_a_text_beyond_all_bounds_is_read_but_not_remembered() -> None:
    documents = Documents(schema(), LIMITS, most_bytes=10)
    assert documents.read(WHO).node
    assert (remembered(documents, WHO), documents._bytes) == (False, 0)


TOO_LARGE = {
    "tokens": ("{ viewer {" + " id" * LIMITS.tokens + " } }", f"at most {LIMITS.tokens} tokens."),
    "characters": (WHO + " " * LIMITS.length, f"at most {LIMITS.length} characters."),
    "levels of fields": ("{a" * 1_000 + "}" * 1_000, f"at most {LIMITS.nesting} selections"),
    "levels of values": ("{ a(b: " + "[" * 1_000 + "]" * 1_000 + ") }", f"at most {LIMITS.nesting} selections"),
}


@pytest.mark.parametrize("what", TOO_LARGE)
def test_a_document_too_large_does_not_parse_and_the_limit_is_named(what: str) -> None:
    text, limit = TOO_LARGE[what]
    document = Documents(schema(), LIMITS).read(text)
    assert document.node is None
    assert [limit in error.message for error in document.errors] == [True]


def test_errors_are_few_and_suggest_nothing() -> None:
    document = Documents(schema(), LIMITS).read(
        "{ viewerr { id } " + " ".join(f"p{number}" for number in range(50)) + " }"
    )
    assert len(document.errors) <= MOST_ERRORS + 1
    assert "Did you mean" not in str(document.errors)

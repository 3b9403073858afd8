from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InputPath, InvalidInput
from domain.text import (
    is_idempotency_key,
    is_writable,
    require_id,
    require_name,
    require_reference,
    sorted_metadata,
    sound_note,
)

PATH = ("input", "here")
Check = Callable[[str, InputPath], str | None]

LIMITS: list[tuple[Check, int]] = [
    (require_id, 64),
    (require_name, 128),
    (require_reference, 128),
    (sound_note, 500),
]


@pytest.mark.parametrize(("check", "longest"), LIMITS)
@pytest.mark.parametrize("letter", ["a", "é", "\N{MONEY BAG}"])
def test_text_has_a_longest_length_in_characters(check: Check, longest: int, letter: str) -> None:
    check(letter * longest, PATH)
    with pytest.raises(InvalidInput) as refused:
        check(letter * (longest + 1), PATH)
    assert refused.value == InvalidInput(f"The text has at most {longest} characters.", path=PATH)


@pytest.mark.parametrize("check", [check for check, _ in LIMITS])
@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "a\udfff", "\udc00\ud800"])
def test_text_that_no_database_keeps_faithfully_is_refused(check: Check, text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(text, PATH)
    assert refused.value.path == PATH
    assert str(refused.value) == "The text must not contain NUL or lone surrogates."


@pytest.mark.parametrize("check", [require_name, require_reference])
@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u2003"])
def test_names_and_references_are_not_blank(check: Check, text: str) -> None:
    with pytest.raises(InvalidInput, match="must not be blank"):
        check(text, PATH)


def test_a_reference_may_be_absent() -> None:
    require_reference(None, PATH)


@pytest.mark.parametrize(("note", "sound"), [(None, None), ("", None), (" ", " "), ("Called", "Called")])
def test_an_empty_note_is_no_note(note: str | None, sound: str | None) -> None:
    assert sound_note(note, PATH) == sound


@given(text=st.text())
def test_text_is_writable_when_it_encodes_and_has_no_nul(text: str) -> None:
    assert is_writable(text) is ("\x00" not in text)
    assert not is_writable(text + "\ud83d")


@given(pairs=st.dictionaries(st.text("abc ", min_size=1, max_size=40).filter(str.strip), st.text("xyz"), max_size=20))
def test_metadata_is_sorted_by_key(pairs: dict[str, str]) -> None:
    assert sorted_metadata(tuple(pairs.items()), PATH) == tuple(sorted(pairs.items()))


@pytest.mark.parametrize(
    "pairs",
    [
        (("k" * 40, "v" * 500),),
        tuple((f"k{number}", "") for number in range(20)),
    ],
)
def test_metadata_may_reach_its_limits(pairs: tuple[tuple[str, str], ...]) -> None:
    assert sorted_metadata(pairs, PATH) == tuple(sorted(pairs))


@pytest.mark.parametrize(
    ("pairs", "rule"),
    [
        (tuple((f"k{number}", "") for number in range(21)), "Metadata has at most 20 entries."),
        ((("k", "1"), ("k", "2")), "Metadata keys must differ."),
        ((("k" * 41, "v"),), "The text has at most 40 characters."),
        ((("k", "v" * 501),), "The text has at most 500 characters."),
        ((("", "v"),), "A metadata key must not be blank."),
        (((" ", "v"),), "A metadata key must not be blank."),
        ((("k\x00", "v"),), "The text must not contain NUL or lone surrogates."),
        ((("k", "\udead"),), "The text must not contain NUL or lone surrogates."),
    ],
)
def test_metadata_beyond_its_rules_is_refused(pairs: tuple[tuple[str, str], ...], rule: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        sorted_metadata(pairs, PATH)
    assert refused.value == InvalidInput(rule, path=PATH)


@pytest.mark.parametrize("key", ["a", "!", "~", "x" * 255, "550e8400-e29b-41d4-a716-446655440000"])
def test_an_idempotency_key_is_visible_ascii(key: str) -> None:
    assert is_idempotency_key(key)


@pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "a\x7f", "é", "x" * 256, "\x00"])
def test_anything_else_is_no_idempotency_key(key: str) -> None:
    assert not is_idempotency_key(key)

"""What callers may write in their own words, and how much of it."""

import re

from domain.errors import InputPath, InvalidInput
from domain.ids import LONGEST_ID

LONGEST_NAME = 128
LONGEST_REFERENCE = 128
LONGEST_NOTE = 500
MOST_METADATA = 20
LONGEST_METADATA_KEY = 40
LONGEST_METADATA_VALUE = 500

Metadata = tuple[tuple[str, str], ...]
"""Pairs sorted by key, each key once."""

IDEMPOTENCY_KEY_RULE = "An idempotency key is 1 to 255 visible ASCII characters."

_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


def require_id(text: str, path: InputPath) -> None:
    """Refuse what is too long to be an id of ours; whether it exists is for the books to say."""
    _require(text, longest=LONGEST_ID, path=path)


def require_name(text: str, path: InputPath) -> None:
    """Refuse a name that is blank, too long or unwritable."""
    _require(text, longest=LONGEST_NAME, path=path)
    if not text.strip():
        raise InvalidInput("A name must not be blank.", path=path)


def require_reference(text: str | None, path: InputPath) -> None:
    """Refuse a reference that is blank, too long or unwritable."""
    if text is not None:
        _require(text, longest=LONGEST_REFERENCE, path=path)
        if not text.strip():
            raise InvalidInput("A reference must not be blank.", path=path)


def require_reason(text: str, path: InputPath) -> None:
    """Refuse a reason that is blank, too long or unwritable."""
    _require(text, longest=LONGEST_NOTE, path=path)
    if not text.strip():
        raise InvalidInput("A reason must not be blank.", path=path)


def sound_note(text: str | None, path: InputPath) -> str | None:
    """Return a note or description, None for an empty one; refuse one that is too long or unwritable."""
    if text is not None:
        _require(text, longest=LONGEST_NOTE, path=path)
    return text or None


def sorted_metadata(pairs: tuple[tuple[str, str], ...], path: InputPath) -> Metadata:
    """Return the pairs sorted by key; refuse too many, too long, blank or repeated keys."""
    if len(pairs) > MOST_METADATA:
        raise InvalidInput(f"Metadata has at most {MOST_METADATA} entries.", path=path)
    if len({key for key, _ in pairs}) < len(pairs):
        raise InvalidInput("Metadata keys must differ.", path=path)
    for key, value in pairs:
        _require(key, longest=LONGEST_METADATA_KEY, path=path)
        _require(value, longest=LONGEST_METADATA_VALUE, path=path)
        if not key.strip():
            raise InvalidInput("A metadata key must not be blank.", path=path)
    return tuple(sorted(pairs))


def is_idempotency_key(text: str) -> bool:
    """Tell whether the text is 1 to 255 visible ASCII characters."""
    return _IDEMPOTENCY_KEY.fullmatch(text) is not None


def is_writable(text: str) -> bool:
    """Tell whether the text has neither NUL nor lone surrogates, which no database keeps faithfully."""
    return _UNWRITABLE.search(text) is None


def _require(text: str, *, longest: int, path: InputPath) -> None:
    if len(text) > longest:
        raise InvalidInput(f"The text has at most {longest} characters.", path=path)
    if not is_writable(text):
        raise InvalidInput("The text must not contain NUL or lone surrogates.", path=path)

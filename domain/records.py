"""Domain values as plain data, and back: the one form in which they are fingerprinted, hashed and replayed.

Form 1. Fields that are None or hold their default are left out, so a field added later changes nothing that was
written before. Money is "1050 EUR/2", instants are integers, tuples are lists, keys are camelCase and sorted. Free
text never stands in the clear: with a salt it is a digest, without one it is left out.
"""

from __future__ import annotations

import dataclasses
import hashlib
import types
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson

from domain.money import Currency, Money

FORM = 1

FREE_TEXT: Mapping[str, bool] = {"free_text": True}
"""Marks a dataclass field whose content can name people: it is kept apart from the books so that it can be erased.

References are identifiers, not free text: they stay for ever (docs/decisions/0003).
"""

SECRET: Mapping[str, bool] = {"secret": True}
"""Marks a dataclass field that has no plain form at all: it is never written, and read back as its default."""

UNWRITTEN: Mapping[str, bool] = {"unwritten": True}
"""Marks a dataclass field that goes without saying where it is read: as a secret, it is read back as its default."""


def named(key: str) -> Mapping[str, str]:
    """Mark a dataclass field that callers know by another name than its own."""
    return {"key": key}


def told_by(write: Callable[[Any], Any], read: Callable[[Any], Any]) -> Mapping[str, Callable[[Any], Any]]:
    """Mark a dataclass field whose type alone does not say how to write it. What is written as None is left out."""
    return {"write": write, "read": read}


type_hints = cache(get_type_hints)

Result = TypeVar("Result")


class _Field(NamedTuple):
    name: str
    key: str
    default: object
    is_free_text: bool
    write: Callable[[Any], Any] | None
    read: Callable[[Any], Any] | None


def to_bytes(plain: Mapping[str, Any]) -> bytes:
    """Write plain data in its canonical form: compact JSON, keys sorted, UTF-8. Integers have at most 64 bits."""
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def to_plain(value: object, salt: bytes | None = None) -> Any:
    """Turn a domain value into plain data. Raises TypeError for a type that has no form."""
    kind = type(value)
    write = _WRITERS.get(kind) or _learned(kind)
    return write(value, salt)


def from_plain(kind: Any, plain: Any) -> Any:
    """Turn plain data back into the domain type it came from; free text comes back blank.

    Raises AttributeError, KeyError, TypeError or ValueError when the data is not of that form.
    """
    if read := _READERS.get(kind):
        return read(plain)
    if (origin := get_origin(kind)) in (Union, types.UnionType):
        (some,) = (option for option in get_args(kind) if option is not type(None))
        return None if plain is None else from_plain(some, plain)
    if origin is tuple:
        item = get_args(kind)[0]
        return tuple(from_plain(item, element) for element in plain)
    if dataclasses.is_dataclass(kind):
        return _fields_from_plain(kind, plain)
    return kind(plain)


def digest(content: object, salt: bytes) -> str:
    """Return what stands for free text in the log: SHA-256(salt || JSON), in hexadecimal."""
    return hashlib.sha256(salt + orjson.dumps(content)).hexdigest()


def free_text(value: Any) -> dict[str, Any]:
    """Return the free text that a value carries, by field name; blank fields are left out."""
    present = ((name, getattr(value, name)) for name in _free_text_fields(type(value)))
    return {name: text for name, text in present if text}


def has_free_text(value: Any) -> bool:
    """Tell whether a value carries free text, be it in a value within."""
    kind = type(value)
    if kind in _WORDLESS:
        return False
    if kind is tuple:
        return any(map(has_free_text, value))
    if not dataclasses.is_dataclass(kind):
        return False
    return bool(free_text(value)) or any(has_free_text(getattr(value, name)) for name in _other_fields(kind))


def free_text_names(kind: type) -> frozenset[str]:
    """Return the names of the fields of a type that hold free text."""
    return frozenset(field.key for field in _fields(kind) if field.is_free_text)


def camel_case(name: str) -> str:
    """Write a Python name as the API writes it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _as_it_is(value: Any, _: bytes | None) -> Any:
    return value


def _items_to_plain(items: tuple[Any, ...], salt: bytes | None) -> list[Any]:
    return [to_plain(item, salt) for item in items]


def _fields_to_plain(value: Any, salt: bytes | None) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, key, default, is_free_text, write, _ in _fields(type(value)):
        content = getattr(value, name)
        if content is None or (default is not dataclasses.MISSING and content == default):
            continue
        if write:
            plain |= {key: told} if (told := write(content)) is not None else {}
        elif not is_free_text:
            plain[key] = to_plain(content, salt)
        elif salt is not None and content:
            plain[key] = digest(content, salt)
    return plain


def _fields_from_plain(kind: Any, plain: Mapping[str, Any]) -> object:
    hints = type_hints(kind)
    arguments: dict[str, Any] = {}
    for field in _fields(kind):
        if field.is_free_text:
            arguments[field.name] = _blank(hints[field.name])
        elif field.key in plain:
            read = field.read or partial(from_plain, hints[field.name])
            arguments[field.name] = read(plain[field.key])
        elif field.default is dataclasses.MISSING:
            arguments[field.name] = None
    return kind(**arguments)


def _once_for_each(read: Callable[[Any], Result]) -> Callable[[Any], Result]:
    """Work out once for each type what it takes a while to find out."""
    return cache(read)


@_once_for_each
def _fields(kind: Any) -> tuple[_Field, ...]:
    return tuple(
        _Field(
            field.name,
            field.metadata.get("key", camel_case(field.name)),
            field.default,
            "free_text" in field.metadata,
            field.metadata.get("write"),
            field.metadata.get("read"),
        )
        for field in dataclasses.fields(kind)
        if not field.metadata.keys() & {"secret", "unwritten"}
    )


@_once_for_each
def _free_text_fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in _fields(kind) if field.is_free_text)


@_once_for_each
def _other_fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in _fields(kind) if not field.is_free_text)


def _blank(kind: object) -> object:
    if kind is str:
        return ""
    return () if get_origin(kind) is tuple else None


def _write_member(member: StrEnum, _: bytes | None) -> str:
    return member._value_  # the property `value` takes five times as long


def _write_currency(currency: Currency, _: bytes | None = None) -> str:
    return f"{currency.code}/{currency.exponent}"


def _read_currency(text: str) -> Currency:
    code, _, exponent = text.partition("/")
    return Currency(code, int(exponent))


def _write_money(money: Money, _: bytes | None) -> str:
    return f"{money.minor} {money.currency.code}/{money.currency.exponent}"


def _read_money(text: str) -> Money:
    minor, _, currency = text.partition(" ")
    return Money(int(minor), _read_currency(currency))


_Writer = Callable[[Any, bytes | None], Any]

_WRITERS: dict[type, _Writer] = {
    int: _as_it_is,
    str: _as_it_is,
    types.NoneType: _as_it_is,
    tuple: _items_to_plain,
    Money: _write_money,
    Currency: _write_currency,
}
"""How each type is written; those that are not listed are learned when they are first met."""

_WORDLESS = frozenset(_WRITERS) - {tuple}
_READERS: Mapping[Any, Callable[[Any], Any]] = {Money: _read_money, Currency: _read_currency, str: str, int: int}


def _learned(kind: type) -> _Writer:
    if issubclass(kind, StrEnum):
        _WRITERS[kind] = _write_member
    elif dataclasses.is_dataclass(kind):
        _WRITERS[kind] = _fields_to_plain
    else:
        raise TypeError(f"{kind.__name__} has no plain form")
    return _WRITERS[kind]

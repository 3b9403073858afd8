"""What goes between the writer and its workers: values of the domain, many in one frame.

They are pickled, which was measured to be cheapest (docs/decisions/0020): a value as its class and its fields, which
were checked when it was made. Only the server's own processes ever hold an end of such a line; even so, nothing is
looked up there but names of the domain.
"""

from __future__ import annotations

import io
import pickle
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from operator import attrgetter
from typing import Any, ClassVar

from domain.errors import DomainError
from domain.ports import Fault

LENGTH = 4
"""Bytes before each frame that say how long it is."""

Message = tuple[int, Any]
"""A number that an answer shares with its question, and what is said."""


class ToldOfError(Exception):
    """Stands for the cause of a fault in another process: its text is the traceback there."""


def frame(messages: Sequence[Message]) -> bytes:
    """Write messages as they travel."""
    buffer = io.BytesIO(bytes(LENGTH))
    buffer.seek(LENGTH)
    pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCTIONS
    pickler.dump(messages)
    written = buffer.getbuffer()
    written[:LENGTH] = (len(written) - LENGTH).to_bytes(LENGTH)
    return bytes(written)


class Frames:
    """Puts together what a stream brings in pieces."""

    def __init__(self) -> None:
        self._unread = bytearray()

    def messages(self, data: bytes) -> Iterator[Message]:
        """Yield every message that is whole by now. Raises UnpicklingError for what no end of ours says."""
        unread = self._unread
        unread += data
        begin = LENGTH
        while len(unread) >= begin and len(unread) >= (end := begin + int.from_bytes(unread[begin - LENGTH : begin])):
            yield from _Unpickler(io.BytesIO(unread[begin:end])).load()
            begin = end + LENGTH
        del unread[: begin - LENGTH]


class _Reductions(dict[type, Callable[[Any], Any]]):
    """How a value is taken apart, by its class; worked out when the first of its class comes along."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        self[kind] = reduction = _reduction(kind)
        return reduction


def _reduction(kind: type) -> Callable[[Any], Any]:
    """Return what takes values of a class apart. Raises KeyError where pickle knows that best."""
    if issubclass(kind, Enum):
        return {member: (kind, (member.value,)) for member in kind}.__getitem__
    if issubclass(kind, Fault):
        return lambda fault: (kind, (str(fault), "".join(traceback.format_exception(fault))))
    if issubclass(kind, DomainError):
        return lambda error: (kind, (vars(error),))
    if is_dataclass(kind):
        names = [field.name for field in fields(kind)]
        parts = attrgetter(*names)
        return (lambda value: (kind, parts(value))) if len(names) > 1 else (lambda value: (kind, (parts(value),)))
    raise KeyError(kind)


_REDUCTIONS = _Reductions()


def _maker(kind: type) -> Callable[..., Any]:
    """Return what puts values of a class together again, of what `_reduction` made of them."""
    if issubclass(kind, Fault):
        return _fault
    if issubclass(kind, DomainError):
        return partial(_error, kind)
    if is_dataclass(kind) and (hasattr(kind, "__post_init__") or any(field.kw_only for field in fields(kind))):
        return partial(_value, kind, [getattr(kind, field.name).__set__ for field in fields(kind)])
    return kind


def _value(kind: type, setters: Sequence[Callable[[Any, Any], None]], *values: Any) -> Any:
    """Make a value without the checks of its constructor, which it has passed."""
    value: Any = object.__new__(kind)
    for set_field, field in zip(setters, values):  # noqa: B905 - as many, and asking would cost a third
        set_field(value, field)
    return value


def _error(kind: type[DomainError], members: dict[str, Any]) -> DomainError:
    error = kind.__new__(kind)
    vars(error).update(members)
    return error


def _fault(message: str, cause: str) -> Fault:
    fault = Fault(message)
    fault.__cause__ = ToldOfError(f"\n{cause}")
    return fault


class _Unpickler(pickle.Unpickler):
    """Knows the names of the domain, and by each what makes values of that class."""

    _makers: ClassVar[dict[tuple[str, str], Callable[..., Any]]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._makers:
            if not module.startswith("domain."):
                raise pickle.UnpicklingError(f"{module}.{name} is no name of the domain")
            self._makers[module, name] = _maker(super().find_class(module, name))
        return self._makers[module, name]

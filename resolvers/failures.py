"""Errors that are not members of a union: one formatter, a closed set of codes, nothing of the caller's echoed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from graphql import GraphQLError, ObjectFieldNode, ValueNode

from domain.errors import InputError
from domain.ports import ReadingTookTooLongError

RETRIES: Mapping[str, str] = {
    "BAD_REQUEST": "NEVER",
    "BAD_USER_INPUT": "NEVER",
    "DEADLINE_EXCEEDED": "SAME_KEY",
    "FORBIDDEN": "NEVER",
    "GRAPHQL_PARSE_FAILED": "NEVER",
    "GRAPHQL_VALIDATION_FAILED": "NEVER",
    "INTERNAL_SERVER_ERROR": "SAME_KEY",
    "METHOD_NOT_ALLOWED": "NEVER",
    "NOT_FOUND": "NEVER",
    "OPERATION_RESOLUTION_FAILURE": "NEVER",
    "OVERLOADED": "SAME_KEY",
    "PAYLOAD_TOO_LARGE": "NEVER",
    "RATE_LIMITED": "SAME_KEY",
    "UNAUTHENTICATED": "NEVER",
    "UNSUPPORTED_MEDIA_TYPE": "NEVER",
}
"""Every code that `errors[]` can carry, and what to do about it."""

LONGEST_NAME = 64
"""Characters. Longer than any name of the schema, shorter than an API key, which is a valid name too."""

_QUOTED = re.compile(r"'([^']*)'")
_NAME = re.compile(rf"[\w$@.:()\[\]! ]{{0,{LONGEST_NAME}}}", re.ASCII)

_log = structlog.get_logger("countinghouse")


def failure(code: str, message: str, **extensions: Any) -> GraphQLError:
    """Return an error with its code and the retry advice that goes with it."""
    return GraphQLError(message, extensions={"code": code, "retry": RETRIES[code], **extensions})


def bad_user_input(message: str) -> GraphQLError:
    """Return the error for an argument of a query that cannot be right."""
    return failure("BAD_USER_INPUT", message)


def rate_limited(seconds: int) -> GraphQLError:
    """Return the error for an API client that was refused too often."""
    message = "Too many requests of this API client were refused. Slow down."
    return failure("RATE_LIMITED", message, retryAfterSeconds=seconds)


def deadline_exceeded() -> GraphQLError:
    """Return the error for a query that takes too long."""
    return failure("DEADLINE_EXCEEDED", "Reading took too long. Ask for less, or ask again.")


def formatted(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """Write errors as a response carries them."""
    return [_format(error) for error in errors]


def request_failures(errors: Sequence[GraphQLError], code: str) -> list[dict[str, Any]]:
    """Write errors found before anything was executed: all of one kind."""
    return [_write(error, _told(error), code) for error in errors]


def coercion_failures(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """Write errors of variables: which rule was broken, but never the value that broke it."""
    rule = "A variable does not have the type that the operation declares."
    return [_write(error, _rule_in(error) or rule, "BAD_USER_INPUT") for error in errors]


def masked(bug: Exception) -> list[dict[str, Any]]:
    """Write the one error that tells of a bug met outside any field."""
    return [_mask(GraphQLError(""), bug)]


def _told(error: GraphQLError) -> str:
    """Return the message of an error, unless it quotes what may be more than a name of the schema's kind.

    graphql-core quotes values where it points at one, and whole inputs; what is pasted for a name can be a secret.
    """
    points_at_values = any(isinstance(node, ValueNode | ObjectFieldNode) for node in error.nodes or ())
    if points_at_values or not all(map(_NAME.fullmatch, _QUOTED.findall(error.message))):
        return _rule_in(error) or "Something here does not fit the schema."
    return error.message


def _rule_in(error: GraphQLError) -> str | None:
    """Return the rule of one of our own scalars, if that is what was broken."""
    cause = error.original_error
    ours = isinstance(cause, GraphQLError) and (cause.extensions or {}).get("code") == "BAD_USER_INPUT"
    return cause.message if ours and isinstance(cause, GraphQLError) else None


def _format(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    if isinstance(cause, InputError):
        return _write(error, str(cause), "BAD_USER_INPUT")
    if isinstance(cause, ReadingTookTooLongError):
        return _write(error, deadline_exceeded().message, "DEADLINE_EXCEEDED")
    code = str((error.extensions or {}).get("code"))
    if code in RETRIES:
        return _write(error, error.message, code)
    if cause is None or isinstance(cause, GraphQLError):
        return _write(error, _told(error), "BAD_USER_INPUT")
    return _mask(error, cause)


def log_bug(bug: Exception, path: Sequence[str | int] | None = None) -> str:
    """Write a bug into the log; return the id under which it stands there."""
    error_id = uuid.uuid4().hex
    _log.error("internal_error", error_id=error_id, path=path, exc_info=bug)
    return error_id


def _mask(error: GraphQLError, bug: Exception) -> dict[str, Any]:
    """Tell nothing of a bug but an id, under which the log tells the rest."""
    masked = _write(error, "Something went wrong on our side.", "INTERNAL_SERVER_ERROR")
    masked["extensions"]["errorId"] = log_bug(bug, error.path)
    return masked


def _write(error: GraphQLError, message: str, code: str) -> dict[str, Any]:
    written: dict[str, Any] = {"message": message}
    if error.locations:
        written["locations"] = [location.formatted for location in error.locations]
    if error.path:
        written["path"] = list(error.path)
    written["extensions"] = {**(error.extensions or {}), "code": code, "retry": RETRIES[code]}
    return written

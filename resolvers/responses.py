"""What an answer over HTTP looks like: its media type, its one status, its headers, and always JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from resolvers.failures import failure, formatted

GRAPHQL_RESPONSE = "application/graphql-response+json"
PLAIN_JSON = "application/json"

_QUALITY = re.compile(r"(?:^|;)\s*q=\"?([01](?:\.\d{0,3})?)\"?\s*(?:;|$)", re.IGNORECASE)

_STATUS: Mapping[str, int] = {
    "BAD_REQUEST": 400,
    "UNAUTHENTICATED": 401,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMITED": 429,
    "INTERNAL_SERVER_ERROR": 500,
    "DEADLINE_EXCEEDED": 503,
    "OVERLOADED": 503,
}
_HEADERS: Mapping[str, Mapping[str, str]] = {
    "UNAUTHENTICATED": {"www-authenticate": "Bearer"},
    "DEADLINE_EXCEEDED": {"retry-after": "1"},
    "OVERLOADED": {"retry-after": "1"},
}


class Answer(NamedTuple):
    """A status, headers, and a body of which nothing but its length is still to be told."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class HttpError(Exception):
    """The request was turned away before anything was executed."""

    def __init__(self, errors: list[dict[str, Any]], headers: Mapping[str, str]) -> None:
        super().__init__(errors)
        self.errors = errors
        self.headers = headers


def http_error(code: str, message: str, headers: Mapping[str, str] | None = None) -> HttpError:
    """Return the refusal of a request for one reason."""
    return HttpError(formatted([failure(code, message)]), headers or {})


@lru_cache
def negotiated(accept: str) -> str:
    """Choose the media type of the answer: the GraphQL one for those who do not like plain JSON better."""
    liked = dict(_quality(part) for part in accept.split(","))
    graphql = liked.get(GRAPHQL_RESPONSE, 0.0)
    return GRAPHQL_RESPONSE if graphql and graphql >= liked.get(PLAIN_JSON, 0.0) else PLAIN_JSON


def _quality(part: str) -> tuple[str, float]:
    """Read one media type of an Accept header, and how well it is liked: 1 unless it says otherwise."""
    media_type, _, parameters = part.partition(";")
    found = _QUALITY.search(parameters)
    return media_type.strip().lower(), float(found[1]) if found else 1.0


def status_of(code: str, media_type: str) -> int:
    """Return the status of a request that was not executed, by the code of what kept it from that.

    What has no status of its own is the document's fault or that of its variables. Plain JSON cannot tell such an
    answer from one that was executed by its media type, so there it is 200, as GraphQL over HTTP has it for clients
    of old.
    """
    return _STATUS.get(code, 400 if media_type == GRAPHQL_RESPONSE else 200)


def executed(data: Any, errors: list[dict[str, Any]], media_type: str) -> Answer:
    """Answer what was executed, with the errors met on the way."""
    content = {"data": data, "errors": errors} if errors else {"data": data}
    return Answer(200, _usual_headers(media_type), orjson.dumps(content))


def refused(errors: list[dict[str, Any]], media_type: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer what was not executed: with errors, and no data at all."""
    code = errors[0]["extensions"]["code"]
    more = {**_HEADERS.get(code, {}), **(headers or {})}
    written = (*_usual_headers(media_type), *more.items())
    return Answer(status_of(code, media_type), written, orjson.dumps({"errors": errors}))


@lru_cache
def _usual_headers(media_type: str) -> tuple[tuple[str, str], ...]:
    return (
        ("content-type", f"{media_type}; charset=utf-8"),
        ("cache-control", "no-store"),
        ("vary", "Accept"),
    )

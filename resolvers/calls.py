"""A GraphQL request as HTTP carries it: a JSON body, or the parameters of a GET; UTF-8 and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.requests import Request as Stream
from starlette.types import Receive, Scope

from resolvers.responses import PLAIN_JSON, http_error

LONGEST_ARRIVAL = 10.0
"""Seconds in which a body must have arrived: a slow one holds a place that others could have."""

MOST_PARAMETERS = 20

_UTF_8 = {"", "charset=utf-8", 'charset="utf-8"'}
_IN_JSON = ("variables", "extensions")


@dataclass
class Request:
    """One HTTP request, as ASGI tells of it, and its body where all of it came along with the head."""

    scope: Scope
    receive: Receive
    whole_body: bytearray | None = None

    def __post_init__(self) -> None:
        self._lines: dict[bytes, list[bytes]] = {}
        for name, value in self.scope["headers"]:
            self._lines.setdefault(name, []).append(value)

    def values(self, header: bytes) -> list[str]:
        """Return what each line of a header says, whose name is in lower case."""
        return [value.decode("latin-1") for value in self._lines.get(header, ())]


@dataclass(frozen=True, slots=True)
class Call:
    """One GraphQL request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    must_be_safe: bool
    """Whether it came by a method that promises to change nothing."""


async def posted_call(request: Request, most_bytes: int) -> Call:
    """Read a request from its body. Raises HttpError for what is not JSON in UTF-8, or no GraphQL request."""
    if not _is_json(_only(request, b"content-type", "")):
        raise http_error("UNSUPPORTED_MEDIA_TYPE", "The body must be application/json in UTF-8.")
    if _only(request, b"content-encoding", "identity").lower() not in {"", "identity"}:
        raise http_error("UNSUPPORTED_MEDIA_TYPE", "The body must not be compressed.")
    body = _json_in(await arrived_body(request, most_bytes), "The body is not valid JSON.")
    if not isinstance(body, dict):
        _refuse("The body must be an object with a string member query.")
    return _call_in(body, must_be_safe=False)


def call_in_url(request: Request) -> Call:
    """Read a request from the parameters of its URL. Raises HttpError if they are no GraphQL request."""
    try:
        text = request.scope["query_string"].decode("ascii")
        if text.count("&") >= MOST_PARAMETERS:
            _refuse(f"A URL has at most {MOST_PARAMETERS} parameters.")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError:
        _refuse("The parameters of the URL are not text in UTF-8.")
    given: dict[str, Any] = dict(pairs)
    if len(given) < len(pairs):
        _refuse("A parameter of the URL is given twice.")
    for name in _IN_JSON:
        if name in given:
            given[name] = _json_in(given[name], f"{name} is not valid JSON.")
    return _call_in(given, must_be_safe=True)


def _call_in(given: Mapping[str, Any], *, must_be_safe: bool) -> Call:
    """Check the members of a request. Those that GraphQL over HTTP does not know do not matter."""
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str):
        _refuse("A request needs a string member query.")
    if not isinstance(variables, dict | None) or not isinstance(given.get("extensions"), dict | None):
        _refuse("variables and extensions must be objects.")
    if not isinstance(name, str | None):
        _refuse("operationName must be a string.")
    return Call(query, variables, name or None, must_be_safe)


@lru_cache
def _is_json(content_type: str) -> bool:
    media_type, _, parameters = content_type.partition(";")
    return media_type.strip().lower() == PLAIN_JSON and parameters.strip().lower() in _UTF_8


async def arrived_body(request: Request, most: int) -> bytearray:
    """Return the body of a request. Raises HttpError for one that is too large, or does not arrive whole in time."""
    body = request.whole_body if request.whole_body is not None else await _arriving_body(request, most)
    if len(body) > most:
        raise http_error("PAYLOAD_TOO_LARGE", f"A body has at most {most} bytes.")
    return body


async def _arriving_body(request: Request, most: int) -> bytearray:
    """Return a body once it has arrived, or as much of it as shows that it is too large."""
    body = bytearray()
    try:
        async with asyncio.timeout(LONGEST_ARRIVAL):
            async for chunk in Stream(request.scope, request.receive).stream():
                body += chunk
                if len(body) > most:
                    break
    except (ClientDisconnect, TimeoutError):
        raise http_error("BAD_REQUEST", "The body did not arrive whole.") from None
    return body


def _only(request: Request, header: bytes, otherwise: str) -> str:
    """Return a header that can be sent once only. Raises HttpError for one that is there twice."""
    given = request.values(header)
    if len(given) > 1:
        raise http_error("BAD_REQUEST", f"The header {header.decode()} is there twice.")
    return given[0] if given else otherwise


def _json_in(text: bytes | bytearray | str, fault: str) -> Any:
    try:
        return orjson.loads(text)
    except (ValueError, RecursionError):
        _refuse(fault)


def _refuse(fault: str) -> NoReturn:
    raise http_error("BAD_REQUEST", fault) from None

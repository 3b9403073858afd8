"""A mutation, sent until it is decided, and answered although something below its answer failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from countinghouse_client import Client
from countinghouse_client.base_model import BaseModel
from countinghouse_client.enums import Retry
from countinghouse_client.exceptions import (
    GraphQLClientError,
    GraphQLClientGraphQLMultiError,
    GraphQLClientHttpError,
)

FIRST_PAUSE_S = 0.05


class LedgerClient(Client):
    """The generated client, for which what a mutation answered stands, whatever failed below that answer."""

    def get_data(self, response: Any) -> dict[str, Any]:
        try:
            return super().get_data(response)
        except GraphQLClientGraphQLMultiError as failure:
            if failure.data and all(failure.data.values()):
                return failure.data
            raise


Told = TypeVar("Told", bound=BaseModel)


async def persist(send: Callable[[], Awaitable[Told]], attempts: int = 6) -> Told:
    """Send the same mutation with the same key until it is known to be decided: that never acts twice."""
    for attempt in range(attempts - 1):
        try:
            told = await send()
        except (GraphQLClientError, httpx.TransportError) as failure:
            if is_decided(failure):
                raise
        else:
            if not any(getattr(answer, "retry", None) is Retry.SAME_KEY for _, answer in told):
                return told
        await asyncio.sleep(FIRST_PAUSE_S * 2**attempt)
    return await send()


def is_decided(failure: Exception) -> bool:
    """Tell whether a failure is an answer that says something other than to send the same key again."""
    match failure:
        case GraphQLClientGraphQLMultiError(errors=[error, *_]):
            return (error.extensions or {}).get("retry") != Retry.SAME_KEY
        case GraphQLClientHttpError(status_code=status):
            return status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS
        case _:
            return False

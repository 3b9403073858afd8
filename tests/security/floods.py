"""Floods of what is forbidden: from one key, from many keys of one client, in few requests of many mutations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from domain.access import Role
from domain.services.api_clients import IssueApiKey
from resolvers.admission import AdmissionLimits
from tests.support.api import Api

ALLOWED = AdmissionLimits(refusal_burst=10, refusals_per_second=2)
DEEDS = 20
"""As many mutations as a document may have."""


def forbidden(number: int, deeds: int = 1) -> str:
    """Write a document of so many mutations that a VIEWER may not perform, under keys of their own."""
    given = 'input: {currency: "EUR", name: "Ada"}'
    each = (f'm{deed}: openAccount(idempotencyKey: "{number}-{deed}", {given}) {{ id }}' for deed in range(deeds))
    return f"mutation {{ {' '.join(each)} }}".replace("{ id }", "{ __typename }")


def from_one_key(api: Api, times: int) -> None:
    for number in range(times):
        api.as_role(Role.VIEWER).run(forbidden(number))


def from_many_keys(api: Api, times: int) -> None:
    viewer = api.as_role(Role.VIEWER)
    issue = IssueApiKey(api_client_id=viewer.caller.api_client_id)
    secrets = [api.books.succeed(issue).secret for _ in range(3)]
    for number in range(times):
        headers = viewer.headers() | {"authorization": f"Bearer {secrets[number % len(secrets)]}"}
        viewer.send(orjson.dumps({"query": forbidden(number)}), headers=headers)


def in_few_requests(api: Api, times: int) -> None:
    for number in range(times // DEEDS):
        api.as_role(Role.VIEWER).run(forbidden(number, DEEDS))


def without_a_key_that_works(api: Api, times: int) -> None:
    """Send unknown keys, wrong secrets of a known one, and none."""
    wrong = (api.secret[:-1] + "~", "ch_", "", api.secret.upper(), f"{api.secret} {api.secret}")
    for number in range(times):
        headers = api.headers() | {"authorization": f"Bearer {wrong[number % len(wrong)]}"}
        assert api.send(orjson.dumps({"query": forbidden(number)}), headers=headers).status == 401


FLOODS: Mapping[str, Callable[[Api, int], None]] = {
    "from one key": from_one_key,
    "from many keys of a client": from_many_keys,
    "in few requests": in_few_requests,
}

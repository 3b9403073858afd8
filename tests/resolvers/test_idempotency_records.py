"""What became of a key: whose one may ask about, and what is told."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from domain.access import Role
from tests.support.api import Answer, Api, everything, mutation

RECORD = (
    "query ($key: IdempotencyKey!, $operation: Operation!, $whose: ID) "
    "{ idempotencyRecord(key: $key, operation: $operation, apiClientId: $whose) "
    f"{everything('IdempotencyRecord', 1)} }}"
)
MONEY = {"amount": "1.00", "currency": "EUR"}


def ask(api: Api, key: str, operation: str = "DEPOSIT", whose: Role | None = None) -> Answer:
    client_id = api.kit.callers[whose].api_client_id if whose else None
    return api.run(RECORD, {"operation": operation, "whose": client_id}, key=key)


def deposit(api: Api, key: str = "mine") -> Any:
    return api.mutate("deposit", {"accountId": api.open_account(), "amount": MONEY}, key=key).only


def test_a_key_that_nobody_used_is_null(api: Api) -> None:
    assert ask(api, "mine").only is None


def test_a_success_is_told_with_its_transaction(api: Api) -> None:
    teller = api.as_role(Role.TELLER)
    done = deposit(teller)
    record = ask(teller, "mine").only
    assert (record["outcome"], record["errorCode"], record["operation"]) == ("SUCCEEDED", None, "DEPOSIT")
    assert (record["key"], record["decidedAt"]) == ("mine", done["decidedAt"])
    assert record["transaction"]["id"] == done["transaction"]["id"]
    assert record["sequence"] == done["transaction"]["sequence"]
    assert record["targetIds"] == [done["account"]["id"], done["transaction"]["id"]]


def test_a_refusal_is_told_without_one(api: Api) -> None:
    api.mutate("deposit", {"accountId": "acct_7", "amount": MONEY}, key="mine")
    record = ask(api, "mine").only
    assert (record["outcome"], record["errorCode"]) == ("REFUSED", "ACCOUNT_NOT_FOUND")
    assert (record["transaction"], record["targetIds"]) == (None, ["acct_7"])


@pytest.mark.parametrize("used", [False, True])
def test_an_abandoned_key_says_so_unless_it_was_used(api: Api, used: bool) -> None:
    done = deposit(api) if used else None
    told = api.mutate("abandonIdempotencyKey", {"operation": "DEPOSIT", "key": "mine"}, edges=1).only["record"]
    assert told["outcome"] == ("SUCCEEDED" if used else "ABANDONED")
    assert (told["transaction"] or {}).get("id") == (done and done["transaction"]["id"])
    assert ask(api, "mine").only == told


@pytest.mark.parametrize("role", Role)
def test_a_record_is_told_to_its_client_and_to_auditors(api: Api, role: Role) -> None:
    deposit(api.as_role(Role.MANAGER))
    answer = ask(api.as_role(role), "mine", whose=Role.MANAGER)
    if role in {Role.MANAGER, Role.AUDITOR, Role.ADMIN}:
        assert answer.only["outcome"] == "SUCCEEDED"
    else:
        assert (answer.data, answer.codes) == ({"idempotencyRecord": None}, ["FORBIDDEN"])
        assert answer.errors[0]["extensions"]["requiredRoles"] == ["ADMIN", "AUDITOR"]


@pytest.mark.parametrize("role", Role)
def test_every_role_may_ask_about_its_own_keys(api: Api, role: Role) -> None:
    assert ask(api.as_role(role), "mine").only is None
    assert ask(api.as_role(role), "mine", whose=role).only is None


@pytest.mark.parametrize("role", Role)
def test_the_empty_id_is_nobody_and_so_not_oneself(api: Api, role: Role) -> None:
    api.as_role(role).mutate("abandonIdempotencyKey", {"operation": "DEPOSIT", "key": "mine"})
    answer = api.as_role(role).run(RECORD, {"operation": "DEPOSIT", "whose": ""}, key="mine")
    assert answer.data == {"idempotencyRecord": None}
    assert answer.codes == ([] if role in {Role.AUDITOR, Role.ADMIN} else ["FORBIDDEN"])


def test_the_same_key_of_another_operation_or_client_is_another(api: Api) -> None:
    deposit(api)
    assert ask(api, "mine", operation="WITHDRAW").only is None
    assert ask(api, "mine", whose=Role.TELLER).only is None


def test_the_answer_is_behind_everything_already_queued(api: Api) -> None:
    account_id = api.open_account()
    given = {"key": "mine", "input": {"accountId": account_id, "amount": MONEY}}
    bodies = [
        {"query": mutation("deposit"), "variables": given},
        {"query": RECORD, "variables": {"key": "mine", "operation": "DEPOSIT"}},
    ]

    async def both() -> list[Answer]:
        requests = (httpx.Request("POST", "http://api/graphql", headers=api.headers(), json=body) for body in bodies)
        return list(await asyncio.gather(*(api.exchange(request) for request in requests)))

    done, record = asyncio.run(both())
    assert record.only["transaction"]["id"] == done.only["transaction"]["id"]
    assert orjson.loads(done.text)["data"]

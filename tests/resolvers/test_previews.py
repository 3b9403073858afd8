"""Previews over GraphQL: for every role, in the words of the mutation, and without a trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.access import Role
from domain.freezes import FreezeReason
from domain.instants import SECOND, Instant
from domain.ports import ReadingTookTooLongError
from domain.services.freezes import FreezeAccount
from resolvers.admission import AdmissionLimits, Refusals
from tests.resolvers.broken import Breaking
from tests.support.api import Answer, Api, everything

Given = dict[str, Any]
ONE = {"amount": "1.00", "currency": "EUR"}
MANY = {"amount": "99.00", "currency": "EUR"}


def previewed(api: Api, name: str, given: Given) -> Answer:
    """Ask what a mutation would come to, and for everything that the answer holds."""
    kind = name[0].upper() + name[1:]
    return api.run(
        f"query ($input: {kind}Input!) {{ preview{kind}(input: $input) {everything('PreviewResult')} }}",
        {"input": given},
    )


def upon(**given: Any) -> Callable[[str, str], Given]:
    return lambda first, _: {"accountId": first, **given}


def between(**given: Any) -> Callable[[str, str], Given]:
    return lambda first, second: {"fromAccountId": first, "toAccountId": second, **given}


CASES: list[tuple[str, Callable[[str, str], Given]]] = [
    ("deposit", upon(amount=ONE)),
    ("deposit", upon(amount=ONE, expectedVersion="7")),
    ("deposit", upon(amount={"amount": "0.001", "currency": "EUR"})),
    ("deposit", upon(amount={"amount": "1", "currency": "JPY"})),
    ("deposit", upon(amount=ONE, reference="\0")),
    ("deposit", lambda *_: {"accountId": "acct_7", "amount": ONE}),
    ("withdraw", upon(amount=ONE)),
    ("withdraw", upon(amount=MANY)),
    ("withdraw", upon(amount=ONE, minAvailableAfter="9.01")),
    ("transfer", between(amount=ONE)),
    ("transfer", between(amount=MANY)),
    ("transfer", lambda first, _: {"fromAccountId": first, "toAccountId": first, "amount": ONE}),
]


@pytest.mark.parametrize(("name", "given"), CASES)
def test_a_preview_tells_what_the_mutation_then_does(api: Api, name: str, given: Callable[[str, str], Given]) -> None:
    first, second = api.open_account(), api.open_account()
    api.deposit(first)
    asked = given(first, second)
    told, done = previewed(api, name, asked).only, api.mutate(name, asked).only
    if told["__typename"] != "MovementPreview":
        assert told == done
        return
    sides = [done[side] for side in ("account", "fromAccount", "toAccount") if side in done]
    shown = ("posted", "available", "version")
    assert [(one["accountId"], *(one[name] for name in shown)) for one in told["accounts"]] == [
        (one["id"], *(one[name] for name in shown)) for one in sides
    ]
    assert told["asOf"] == done["decidedAt"]


@pytest.mark.parametrize("role", Role)
def test_every_role_may_preview_and_leaves_no_trace(api: Api, role: Role) -> None:
    account_id = api.open_account()
    api.deposit(account_id)
    last, before = api.last_sequence(), api.contents()
    for amount, verdict in ((ONE, "MovementPreview"), (MANY, "InsufficientFunds")):
        answer = previewed(api.as_role(role), "withdraw", {"accountId": account_id, "amount": amount})
        assert answer.verdict == verdict
    assert (api.last_sequence(), api.contents()) == (last, before)


def test_a_freeze_that_has_run_out_does_not_count_settled_or_not(api: Api) -> None:
    account_id = api.open_account()
    end = Instant(api.clock.now() + 60 * SECOND)
    api.books.succeed(FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS, expires_at=end))
    given = {"accountId": account_id, "amount": ONE}
    assert previewed(api, "deposit", given).verdict == "AccountFrozen"
    api.clock.at = end
    assert previewed(api, "deposit", given).verdict == "MovementPreview"


def test_refused_previews_are_not_held_against_the_caller(api: Api) -> None:
    strict = api.made_of(refusals=Refusals(AdmissionLimits(refusal_burst=1), api.clock))
    for _ in range(3):
        assert previewed(strict, "withdraw", {"accountId": "acct_7", "amount": ONE}).verdict == "AccountNotFound"


def test_a_preview_that_takes_too_long_is_given_up(api: Api) -> None:
    slow = api.made_of(reader=Breaking(api.endpoint.reader, "preview", ReadingTookTooLongError("interrupted")))
    answer = previewed(slow, "deposit", {"accountId": api.open_account(), "amount": ONE})
    assert (answer.status, answer.codes) == (200, ["DEADLINE_EXCEEDED"])


def test_no_preview_shows_the_house(api: Api) -> None:
    account_id = api.open_account()
    answer = previewed(api, "deposit", {"accountId": account_id, "amount": ONE})
    assert [one["accountId"] for one in answer.only["accounts"]] == [account_id]
    assert previewed(api, "deposit", {"accountId": "house_EUR", "amount": ONE}).verdict == "AccountNotFound"

"""What is turned away leaves a record all the same, and the record names whom it was about."""

from __future__ import annotations

from typing import Any

import pytest

from domain.access import Role
from domain.services.batches import MOST_TARGETS
from tests.support.api import Api, core

Given = dict[str, Any]

ONE = {"amount": "1.00", "currency": "EUR"}
LESS = {"amount": "-1.00", "currency": "EUR"}
PAST = "2007-07-07T07:07:07Z"

BAD_INPUT: list[tuple[str, Given, list[str]]] = [
    ("openAccount", {"currency": "EUR", "name": ""}, []),
    ("renameAccount", {"accountId": "acct_7", "name": ""}, ["acct_7"]),
    ("freezeAccount", {"accountId": "acct_7", "reason": "OPERATIONS", "note": "\0"}, ["acct_7"]),
    ("unfreezeAccount", {"accountId": "acct_7", "freezeId": "frz_7", "note": "\0"}, ["acct_7", "frz_7"]),
    ("unfreezeAccount", {"accountId": "acct_7", "freezeId": "x" * 65}, ["acct_7"]),
    ("unfreezeAccount", {"accountId": "", "freezeId": "x\0"}, []),
    ("closeAccount", {"accountId": "acct_7", "note": "\0"}, ["acct_7"]),
    ("closeAccount", {"accountId": "acct_7", "sweepToAccountId": "acct_8", "note": "\0"}, ["acct_7", "acct_8"]),
    ("deposit", {"accountId": "acct_7", "amount": LESS}, ["acct_7"]),
    ("deposit", {"accountId": "x" * 64, "amount": LESS}, ["x" * 64]),
    ("deposit", {"accountId": "x" * 65, "amount": LESS}, []),
    ("withdraw", {"accountId": "acct_7", "amount": LESS}, ["acct_7"]),
    ("transfer", {"fromAccountId": "acct_8", "toAccountId": "acct_7", "amount": LESS}, ["acct_8", "acct_7"]),
    ("transfer", {"fromAccountId": "acct_7", "toAccountId": "acct_7", "amount": LESS}, ["acct_7"]),
    ("setOverdraftLimit", {"accountId": "acct_7", "limit": LESS}, ["acct_7"]),
    ("placeHold", {"accountId": "acct_7", "amount": LESS}, ["acct_7"]),
    ("captureHold", {"holdId": "hold_7", "toAccountId": "acct_7", "amount": LESS}, ["hold_7", "acct_7"]),
    ("releaseHold", {"holdId": "hold_7", "note": "\0"}, ["hold_7"]),
    ("reverseTransaction", {"transactionId": "txn_7", "amount": LESS}, ["txn_7"]),
    ("createApiClient", {"name": "", "role": "TELLER"}, []),
    ("issueApiKey", {"apiClientId": "x" * 65}, []),
]
BATCH = {
    "mode": "ATOMIC",
    "items": [
        {"deposit": {"idempotencyKey": "a", "input": {"accountId": "acct_7", "amount": LESS}}},
        {
            "transfer": {
                "idempotencyKey": "b",
                "input": {"fromAccountId": "acct_8", "toAccountId": "acct_7", "amount": LESS},
            }
        },
    ],
}
DENIED: list[tuple[str, Given, list[str]]] = [
    ("openAccount", {"currency": "EUR", "name": "Ada"}, []),
    ("renameAccount", {"accountId": "acct_7", "name": "Ada"}, ["acct_7"]),
    ("freezeAccount", {"accountId": "acct_7", "reason": "OPERATIONS"}, ["acct_7"]),
    ("unfreezeAccount", {"accountId": "acct_7"}, ["acct_7"]),
    ("unfreezeAccount", {"accountId": "acct_7", "freezeId": "frz_7"}, ["acct_7", "frz_7"]),
    ("closeAccount", {"accountId": "acct_7\0"}, []),
    ("closeAccount", {"accountId": "acct_7", "sweepToAccountId": "acct_8"}, ["acct_7", "acct_8"]),
    ("deposit", {"accountId": "acct_7", "amount": ONE}, ["acct_7"]),
    ("withdraw", {"accountId": "acct_7", "amount": ONE}, ["acct_7"]),
    ("transfer", {"fromAccountId": "acct_8", "toAccountId": "acct_7", "amount": ONE}, ["acct_8", "acct_7"]),
    ("setOverdraftLimit", {"accountId": "acct_7", "limit": ONE}, ["acct_7"]),
    ("placeHold", {"accountId": "acct_7", "amount": ONE}, ["acct_7"]),
    ("captureHold", {"holdId": "hold_7", "toAccountId": "acct_7"}, ["hold_7", "acct_7"]),
    ("releaseHold", {"holdId": "hold_7"}, ["hold_7"]),
    ("reverseTransaction", {"transactionId": "txn_7"}, ["txn_7"]),
    ("executeBatch", BATCH, ["acct_7", "acct_8"]),
    ("createApiClient", {"name": "till 7", "role": "TELLER"}, []),
    ("changeApiClientRole", {"apiClientId": "cli_7", "role": "TELLER"}, ["cli_7"]),
    ("disableApiClient", {"apiClientId": "cli_7"}, ["cli_7"]),
    ("enableApiClient", {"apiClientId": "cli_7"}, ["cli_7"]),
    ("issueApiKey", {"apiClientId": "cli_7", "expiresAt": PAST}, ["cli_7"]),
    ("revokeApiKey", {"apiKeyId": "key_7"}, ["key_7"]),
    ("abandonIdempotencyKey", {"operation": "DEPOSIT", "key": "lost"}, []),
]


def test_every_mutation_is_denied_in_turn() -> None:
    assert {name for name, _, _ in DENIED} == set(core().mutation_type.fields)  # type: ignore[union-attr]


@pytest.mark.parametrize(("name", "given", "ids"), DENIED)
def test_a_denial_names_the_ids_of_its_input(api: Api, name: str, given: Given, ids: list[str]) -> None:
    last = api.last_sequence()
    assert api.as_role(Role.VIEWER).mutate(name, given).verdict == "FORBIDDEN"
    (record,) = api.audit(after=last)
    assert (record["outcome"], record["targetIds"]) == ("DENIED", ids)


@pytest.mark.parametrize(("name", "given", "ids"), BAD_INPUT)
def test_input_that_is_wrong_is_recorded_with_the_ids_in_it(api: Api, name: str, given: Given, ids: list[str]) -> None:
    last = api.last_sequence()
    assert api.mutate(name, given).verdict in {"InvalidInput", "InvalidAmount"}
    (record,) = api.audit(after=last)
    assert (record["outcome"], record["targetIds"]) == ("REFUSED", ids)


def test_a_batch_that_is_turned_away_is_found_by_a_bounded_number_of_accounts(api: Api) -> None:
    items = [
        {"deposit": {"idempotencyKey": f"i{number}", "input": {"accountId": f"acct_{number}", "amount": ONE}}}
        for number in range(MOST_TARGETS + 1)
    ]
    last = api.last_sequence()
    api.as_role(Role.VIEWER).mutate("executeBatch", {"mode": "ATOMIC", "items": items})
    (record,) = api.audit(after=last)
    assert record["targetIds"] == [f"acct_{number}" for number in range(MOST_TARGETS)]


def test_who_searches_the_log_for_an_account_finds_what_was_tried_upon_it(api: Api) -> None:
    account_id = api.open_account()
    api.as_role(Role.VIEWER).mutate("closeAccount", {"accountId": account_id})
    api.mutate("deposit", {"accountId": account_id, "amount": LESS})
    document = "query ($id: ID!) { auditLog(filter: {targetId: $id}) { edges { node { operation outcome } } } }"
    found = [edge["node"] for edge in api.run(document, {"id": account_id}).only["edges"]]
    assert [(record["operation"], record["outcome"]) for record in found] == [
        ("OPEN_ACCOUNT", "SUCCEEDED"),
        ("CLOSE_ACCOUNT", "DENIED"),
        ("DEPOSIT", "REFUSED"),
    ]

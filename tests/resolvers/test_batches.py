"""Batches over GraphQL: what is refused before it is begun, what each item is told, and what a full one may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.access import Role
from domain.services.batches import MOST_ITEMS
from resolvers.admission import AdmissionLimits, Refusals
from resolvers.documents import Documents
from resolvers.limits import DocumentLimits
from tests.support.api import Answer, Api, schema

Given = dict[str, Any]

EXAMPLE = (Path(__file__).parents[2] / "examples" / "operations" / "ExecuteBatch.graphql").read_text()
MODES = ["ATOMIC", "INDEPENDENT"]


def money(amount: str = "1.00") -> Given:
    return {"amount": amount, "currency": "EUR"}


def deposit(key: str, account_id: str, amount: str = "1.00", **fields: Any) -> Given:
    given = {"accountId": account_id, "amount": money(amount), **fields}
    return {"deposit": {"idempotencyKey": key, "input": given}}


def withdrawal(key: str, account_id: str, amount: str = "1.00") -> Given:
    return {"withdraw": {"idempotencyKey": key, "input": {"accountId": account_id, "amount": money(amount)}}}


def executed(api: Api, mode: str, *items: Given, key: str | None = None) -> Answer:
    return api.mutate("executeBatch", {"mode": mode, "items": list(items)}, key=key)


def kinds(answer: Answer) -> list[str]:
    return [item["__typename"] for item in answer.only["results"]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("number", [0, MOST_ITEMS + 1])
def test_a_batch_has_1_to_1000_items(api: Api, mode: str, number: int) -> None:
    account_id = api.open_account()
    refused = executed(api, mode, *(deposit(f"i{one}", account_id) for one in range(number)), key="k").only
    assert (refused["__typename"], refused["path"]) == ("InvalidInput", ["input", "items"])
    assert refused["message"] == "A batch has 1 to 1000 items."
    assert executed(api, mode, deposit("i", account_id), key="k").only["replayed"] is False


UNSAID: list[Given] = [
    {},
    {"deposit": None},
    deposit("a", "acct_7") | withdrawal("b", "acct_7"),
    {"refund": {}},
    {"deposit": {"input": {"accountId": "acct_7", "amount": money()}}},
    deposit("two words", "acct_7"),
    deposit("a", "acct_7", amount="1e3"),
]


@pytest.mark.parametrize("item", UNSAID, ids=str)
def test_an_item_that_is_no_single_movement_is_no_input_at_all(api: Api, item: Given) -> None:
    account_id, last = api.open_account(), api.last_sequence()
    answer = executed(api, "INDEPENDENT", deposit("fine", account_id), item)
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
    assert api.last_sequence() == last


AMOUNT, TO = ["input", "amount", "amount"], ["input", "toAccountId"]


def wrong(key: str, account_id: str) -> list[tuple[Given, str, list[str]]]:
    to_itself = {"fromAccountId": account_id, "toAccountId": account_id, "amount": money()}
    return [
        (deposit(key, account_id, "0.001"), "InvalidAmount", ["deposit", *AMOUNT]),
        (withdrawal(key, account_id, "-1"), "InvalidAmount", ["withdraw", *AMOUNT]),
        ({"transfer": {"idempotencyKey": key, "input": to_itself}}, "SameAccount", ["transfer", *TO]),
        (deposit(key, account_id, reference=" "), "InvalidInput", ["deposit", "input", "reference"]),
        (deposit(key, "acct_7"), "AccountNotFound", ["deposit", "input", "accountId"]),
        (withdrawal(key, account_id, "99"), "InsufficientFunds", ["withdraw", "input", "amount"]),
    ]


@pytest.mark.parametrize("case", range(6))
def test_what_is_wrong_with_an_item_is_told_where_it_stands(api: Api, case: int) -> None:
    account_id = api.open_account()
    item, kind, path = wrong("bad", account_id)[case]
    fine = [deposit(f"a{number}", account_id) for number in range(3)]
    refused = executed(api, "ATOMIC", *fine, item).only
    assert (refused["__typename"], refused["index"]) == ("BatchRefused", 3)
    assert (refused["path"], refused["retry"]) == (["input", "items", "3"], refused["cause"]["retry"])
    assert (refused["cause"]["__typename"], refused["cause"]["path"]) == (kind, ["input", "items", "3", *path])
    answer = executed(api, "INDEPENDENT", *fine, item)
    assert kinds(answer) == ["DepositSuccess"] * 3 + [kind]
    assert answer.only["results"][3]["path"] == ["input", "items", "3", *path]
    assert (answer.only["succeeded"], answer.only["refused"]) == (3, 1)


def test_a_key_repeated_within_under_another_input_is_refused(api: Api) -> None:
    account_id = api.open_account()
    answer = executed(api, "INDEPENDENT", deposit("a", account_id), deposit("a", account_id, "2"))
    assert kinds(answer) == ["DepositSuccess", "IdempotencyKeyReused"]
    assert answer.only["results"][1]["path"] == ["input", "items", "1", "deposit", "idempotencyKey"]
    refused = executed(api, "ATOMIC", deposit("b", account_id), deposit("b", account_id, "2")).only
    assert (refused["index"], refused["cause"]["__typename"]) == (1, "IdempotencyKeyReused")


def test_an_item_sent_again_alone_replays(api: Api) -> None:
    account_id = api.open_account()
    item = executed(api, "ATOMIC", deposit("salary", account_id)).only["results"][0]
    alone = api.mutate("deposit", {"accountId": account_id, "amount": money()}, key="salary").only
    assert (alone["transaction"]["id"], alone["replayed"]) == (item["transaction"]["id"], True)
    asked = '{ idempotencyRecord(operation: DEPOSIT, key: "salary") { outcome transaction { id } } }'
    assert api.run(asked).only == {"outcome": "SUCCEEDED", "transaction": {"id": item["transaction"]["id"]}}


def test_a_teller_may_not_send_as_a_batch_what_it_may_send_alone(api: Api) -> None:
    account_id, teller = api.open_account(), api.as_role(Role.TELLER)
    assert executed(teller, "INDEPENDENT", deposit("a", account_id)).verdict == "FORBIDDEN"
    assert teller.mutate("deposit", {"accountId": account_id, "amount": money()}).verdict == "DepositSuccess"


def test_every_refusal_in_a_batch_is_held_against_the_caller(api: Api) -> None:
    refusals = Refusals(AdmissionLimits(refusal_burst=3), api.clock)
    strict = api.made_of(refusals=refusals)
    items = [withdrawal(f"w{number}", "acct_7") for number in range(3)]
    assert executed(strict, "INDEPENDENT", *items, key="k").only["refused"] == 3
    assert executed(strict, "INDEPENDENT", *items, key="k").status == 429


def test_what_a_batch_replays_is_held_against_nobody(api: Api) -> None:
    strict = api.made_of(refusals=Refusals(AdmissionLimits(refusal_burst=2), api.clock))
    for key in ("k", "k", "l"):
        assert executed(strict, "INDEPENDENT", withdrawal("w", "acct_7"), key=key).only["refused"] == 1
    assert executed(strict, "ATOMIC", deposit("d", api.open_account())).verdict == "ExecuteBatchSuccess"


# How much a batch may ask


def test_a_full_batch_is_answered_in_the_words_of_the_example(api: Api) -> None:
    account_id = api.open_account()
    items = [deposit(f"{number}", account_id, "0.01") for number in range(MOST_ITEMS)]
    answer = api.run(EXAMPLE, {"input": {"mode": "ATOMIC", "items": items}})
    assert (answer.only["succeeded"], len(answer.only["results"])) == (MOST_ITEMS, MOST_ITEMS)
    assert answer.only["results"][-1]["account"]["available"]["amount"] == "10.00"
    again = api.run(EXAMPLE, {"input": {"mode": "ATOMIC", "items": items}}).only
    assert (again["replayed"], {item["replayed"] for item in again["results"]}) == (False, {True})


def asking(of_each: str, fragments: str = "") -> list[str]:
    """Return what is said against asking so much of each result."""
    document = f"""mutation ($key: IdempotencyKey!, $input: ExecuteBatchInput!) {{
        executeBatch(idempotencyKey: $key, input: $input) {{ ... on ExecuteBatchSuccess {{ results {{ {of_each} }} }} }}
    }} {fragments}"""
    return [error.message for error in Documents(schema(), DocumentLimits()).read(document).errors]


def test_up_to_nine_fields_may_be_asked_of_each_result() -> None:
    nine = "__typename ... on DepositSuccess { transaction { id kind sequence } account { id version state } }"
    assert asking(nine) == []
    (told,) = asking(nine.replace("state", "state name"))
    assert told == "A document may ask for at most 10000 fields in its answer, pages multiplied."


MOVED = ["DepositSuccess", "WithdrawSuccess", "TransferSuccess"]
EIGHT = "{ transaction { id kind sequence reference description } replayed decidedAt }"


def test_what_is_asked_of_types_that_exclude_each_other_costs_once() -> None:
    of_each = " ".join(f"... on {kind} {EIGHT}" for kind in MOVED)
    assert asking(f"__typename {of_each} ... on UserError {{ code message path retry }}") == []
    assert len(asking(f"__typename {of_each} ... on DepositSuccess {{ account {{ id }} }}")) == 1


def test_it_is_the_same_by_fragments_with_names() -> None:
    spreads = " ".join(f"...{kind}" for kind in MOVED)
    fragments = " ".join(f"fragment {kind} on {kind} {EIGHT}" for kind in MOVED)
    assert asking(f"__typename {spreads}", fragments) == []
    assert len(asking(f"__typename {spreads} ... {{ ...DepositSuccess }}", fragments)) == 1


def test_what_is_asked_of_every_error_counts_for_each_of_them() -> None:
    insufficient = "... on InsufficientFunds { available { amount } shortfall { amount } }"
    assert asking(f"__typename {insufficient} ... on UserError {{ code path retry }}") == []
    assert len(asking(f"__typename {insufficient} ... on UserError {{ code path retry message replayed }}")) == 1

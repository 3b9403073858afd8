"""The links between a transaction and what takes it back, followed both ways."""

from __future__ import annotations

from typing import Any

from tests.support.api import Api

LINKS = """query ($id: ID!) { transaction(id: $id) {
    kind reverses { id } reversedAmount { amount currency } reversals { edges { node { id amount { amount } } } }
} }"""


def taken_back(api: Api, transaction_id: str, amount: str) -> Any:
    given = {"transactionId": transaction_id, "amount": {"amount": amount, "currency": "EUR"}}
    return api.mutate("reverseTransaction", given, edges=1).only


def links(api: Api, transaction_id: str) -> Any:
    return api.run(LINKS, {"id": transaction_id}).only


def test_what_was_never_taken_back_says_zero_and_links_to_nothing(api: Api) -> None:
    deposit = links(api, api.deposit(api.open_account("JPY"), "10", "JPY"))
    assert (deposit["reverses"], deposit["reversals"]["edges"]) == (None, [])
    assert deposit["reversedAmount"] == {"amount": "0", "currency": "JPY"}


def test_original_and_reversals_link_to_each_other(api: Api) -> None:
    deposit_id = api.deposit(api.open_account(), "10.00")
    first, second = (taken_back(api, deposit_id, amount)["transaction"]["id"] for amount in ("2.00", "3.00"))
    deposit = links(api, deposit_id)
    assert [edge["node"]["id"] for edge in deposit["reversals"]["edges"]] == [second, first]
    assert [edge["node"]["amount"]["amount"] for edge in deposit["reversals"]["edges"]] == ["3.00", "2.00"]
    assert deposit["reversedAmount"]["amount"] == "5.00"
    for id_ in (first, second):
        reversal = links(api, id_)
        assert (reversal["kind"], reversal["reverses"]) == ("REVERSAL", {"id": deposit_id})
        assert (reversal["reversedAmount"]["amount"], reversal["reversals"]["edges"]) == ("0.00", [])


def test_a_success_tells_the_reversal_and_its_original_as_far_as_it_is_taken_back_now(api: Api) -> None:
    deposit_id = api.deposit(api.open_account(), "10.00")
    told = taken_back(api, deposit_id, "4.00")
    assert (told["original"]["id"], told["transaction"]["reverses"]["id"]) == (deposit_id, deposit_id)
    assert told["original"]["reversedAmount"]["amount"] == "4.00"
    assert told["transaction"]["kind"] == "REVERSAL"


def test_pages_of_several_transactions_are_each_their_own(api: Api) -> None:
    ids = [api.deposit(api.open_account(), "10.00") for _ in range(3)]
    for id_ in (ids[0], ids[2], ids[0], ids[2], ids[0]):
        taken_back(api, id_, "1.00")
    document = "{ transactions(filter: {kind: DEPOSIT}) { edges { node { id reversals(first: 2) {"
    document += " edges { node { reverses { id } } } pageInfo { hasNextPage } } } } } }"
    found = {edge["node"]["id"]: edge["node"]["reversals"] for edge in api.run(document).only["edges"]}
    shown = {id_: [edge["node"]["reverses"]["id"] for edge in page["edges"]] for id_, page in found.items()}
    assert shown == {ids[0]: [ids[0]] * 2, ids[1]: [], ids[2]: [ids[2]] * 2}
    assert [found[id_]["pageInfo"]["hasNextPage"] for id_ in ids] == [True, False, False]

"""Nothing that fails afterwards may erase the proof that money moved."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type

from domain.access import Role
from domain.freezes import FreezeReason, FreezeScope
from domain.services.captures import CaptureHold
from domain.services.freezes import FreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from resolvers.loaders import LoadedEdges
from tests.resolvers.broken import Breaking, FaultyLedger
from tests.support.api import Api, core, everything, mutation, roles_of
from tests.support.books import euros

pytestmark = pytest.mark.usefixtures("boundless")

EDGES = [
    "accounts",
    "transactions",
    "entry_pages",
    "freeze_pages",
    "api_clients",
    "api_keys_of",
    "turnovers",
    "present",
    "reversed_amounts",
    "reversal_pages",
    "hold_pages",
    "capture_pages",
    "holds_captured_at",
]
"""The questions to the reader that lie below a deposit."""

MONEY = {"amount": "1.00", "currency": "EUR"}


def frozen_for_debits(api: Api) -> str:
    """Return an account that was paid 5.00 out of a hold, and has given up a hold of its own."""
    account_id: str = api.books.opened().id
    hold_id = api.books.succeed(PlaceHold(account_id=api.books.funded(500).id, amount=euros(500))).hold.id
    api.books.succeed(CaptureHold(hold_id=hold_id, to_account_id=account_id))
    hold_id = api.books.succeed(PlaceHold(account_id=account_id, amount=euros(1))).hold.id
    api.books.succeed(ReleaseHold(hold_id=hold_id))
    api.books.succeed(FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS, scope=FreezeScope.DEBITS))
    return account_id


def proves(deposit: Any) -> bool:
    """Tell whether an answer holds all that proves a deposit of 1.00 onto 5.00."""
    return bool(
        deposit["transaction"]["id"].startswith("txn_")
        and deposit["transaction"]["amount"]["amount"] == "1.00"
        and [entry["balanceAfter"]["amount"] for entry in deposit["transaction"]["entries"]] == ["-6.00", "6.00"]
        and deposit["account"]["posted"]["amount"] == deposit["account"]["available"]["amount"] == "6.00"
        and (deposit["account"]["version"], deposit["replayed"]) == ("2", False)
        and deposit["decidedAt"]
    )


@pytest.mark.parametrize("method", EDGES)
def test_an_edge_that_fails_leaves_the_proof(api: Api, method: str) -> None:
    account_id = frozen_for_debits(api)
    broken = api.made_of(reader=Breaking(api.endpoint.reader, method, OSError("the disk is gone")))
    answer = broken.mutate("deposit", {"accountId": account_id, "amount": MONEY}, edges=3)
    assert answer.status == 200
    assert proves(answer.data["deposit"])
    assert set(answer.codes) == {"INTERNAL_SERVER_ERROR"}
    assert {error["path"][0] for error in answer.errors} == {"deposit"}
    assert {len(error["path"]) > 2 for error in answer.errors} == {True}
    assert "disk" not in answer.text


def test_edges_that_fail_all_at_once_leave_the_proof(api: Api) -> None:
    account_id, reader = frozen_for_debits(api), api.endpoint.reader
    for method in EDGES:
        reader = Breaking(reader, method, OSError("the disk is gone"))
    answer = api.made_of(reader=reader).mutate("deposit", {"accountId": account_id, "amount": MONEY}, edges=3)
    assert proves(answer.data["deposit"])
    assert answer.data["deposit"]["account"]["entries"] is None


def test_without_failures_the_same_question_meets_no_error(api: Api) -> None:
    answer = api.mutate("deposit", {"accountId": frozen_for_debits(api), "amount": MONEY}, edges=3)
    assert proves(answer.only)
    (freeze,) = answer.only["account"]["freezes"]["edges"]
    assert freeze["node"]["placedBy"]["apiKeys"] == []


def test_every_edge_below_a_deposit_is_broken_in_turn() -> None:
    below = {name for name in vars(LoadedEdges) if not name.startswith("_")} - {
        "transaction_at",
        "entries_of_statement",
    }
    assert len(below) == len(EDGES)


TWO = """
mutation ($one: DepositInput!, $two: DepositInput!) {
    one: deposit(idempotencyKey: "one", input: $one) %s
    two: deposit(idempotencyKey: "two", input: $two) %s
}
"""


def test_a_second_mutation_that_fails_leaves_the_result_of_the_first(api: Api) -> None:
    given = {"accountId": frozen_for_debits(api), "amount": MONEY}
    document = TWO.replace("%s", everything("DepositResult"))
    broken = api.made_of(ledger=FaultyLedger(api.endpoint.ledger, good=1))
    answer = broken.run(document, {"one": given, "two": given})
    assert proves(answer.data["one"])
    assert answer.data["two"] is None
    (error,) = answer.errors
    assert (error["path"], error["extensions"]["code"]) == (["two"], "INTERNAL_SERVER_ERROR")


def test_mutations_of_one_document_are_done_in_order(api: Api) -> None:
    given = {"accountId": frozen_for_debits(api), "amount": MONEY}
    answer = api.run(TWO.replace("%s", everything("DepositResult")), {"one": given, "two": given})
    balances = [answer.data[name]["account"]["posted"]["amount"] for name in ("one", "two")]
    assert balances == ["6.00", "7.00"]


def test_a_denied_mutation_leaves_the_results_beside_it(api: Api) -> None:
    teller = api.as_role(Role.TELLER)
    account_id = frozen_for_debits(api)
    document = (
        "mutation ($input: DepositInput!, $id: ID!) {"
        f' deposit(idempotencyKey: "k", input: $input) {everything("DepositResult")}'
        ' closeAccount(idempotencyKey: "k", input: {accountId: $id}) { __typename } }'
    )
    answer = teller.run(document, {"input": {"accountId": account_id, "amount": MONEY}, "id": account_id})
    assert proves(answer.data["deposit"])
    assert (answer.data["closeAccount"], answer.codes) == (None, ["FORBIDDEN"])


def test_a_lost_proof_is_had_again_with_the_same_key(api: Api) -> None:
    given = {"accountId": frozen_for_debits(api), "amount": MONEY}
    first = api.run(mutation("deposit"), {"input": given}, key="once").only
    assert api.mutate("deposit", given, key="once").only == first | {"replayed": True}


def test_whatever_can_fail_can_be_null() -> None:
    """Mutations, and fields that do I/O: those that are resolved, which are those that ask for a role."""
    for kind in core().type_map.values():
        for name, definition in kind.fields.items() if isinstance(kind, GraphQLObjectType) else ():
            if not kind.name.startswith("__") and roles_of(kind.name, name) is not None:
                assert not isinstance(definition.type, GraphQLNonNull), (kind.name, name)


def test_what_is_not_guarded_comes_from_memory() -> None:
    for kind in core().type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, definition in kind.fields.items():
                resolver = definition.extensions["strawberry-definition"].base_resolver
                assert (resolver is None) == (roles_of(kind.name, name) is None), (kind.name, name)
                assert get_named_type(definition.type)

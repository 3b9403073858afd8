"""A list costs as many statements as one of its elements: no edge asks the database once for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from domain.access import Caller, Role
from domain.freezes import FreezeReason, FreezeScope
from domain.services.captures import CaptureHold
from domain.services.freezes import FreezeAccount
from domain.services.holds import PlaceHold
from domain.services.movements import Deposit, Transfer
from domain.services.reversals import ReverseTransaction
from resolvers.plan.plans import Plans
from tests.support.api import Api
from tests.support.books import euros


@pytest.fixture(autouse=True, params=["by a plan", "by graphql-core"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Execute everything once, to count what it costs."""
    monkeypatch.setattr(Plans, "used", Plans._plan if request.param == "by a plan" else lambda *_: None)


@contextmanager
def counted(api: Api) -> Iterator[list[str]]:
    """Collect the statements that the reader runs."""
    statements: list[str] = []
    run: Any = api.reading.execute_sql

    def watched(*arguments: Any) -> Any:
        statements.append(arguments[0])
        return run(*arguments)

    vars(api.reading)["execute_sql"] = watched
    try:
        yield statements
    finally:
        del vars(api.reading)["execute_sql"]


def populate(api: Api, accounts: int) -> None:
    """Open accounts with four entries, two holds and two freezes each, by several callers."""
    callers: list[Caller] = [api.kit.callers[role] for role in (Role.MANAGER, Role.ADMIN)]
    hub = api.books.funded(1000)
    for number in range(accounts - 1):
        account = api.books.opened()
        caller = callers[number % 2]
        for _ in range(2):
            api.books.succeed(Deposit(account_id=account.id, amount=euros(5)), caller)
        api.books.succeed(Transfer(from_account_id=hub.id, to_account_id=account.id, amount=euros(1)), caller)
        place = PlaceHold(account_id=account.id, amount=euros(2))
        _, captured = (api.books.succeed(place, caller).hold for _ in range(2))
        api.books.succeed(CaptureHold(hold_id=captured.id, amount=euros(1), to_account_id=hub.id), caller)
        for scope in FreezeScope:
            freeze = FreezeAccount(account_id=account.id, reason=FreezeReason.OPERATIONS, scope=scope)
            api.books.succeed(freeze, caller)


def statements_for(api: Api, document: str, variables: Mapping[str, str] | None = None) -> int:
    """Count what a document asks for, once the API key has been read."""
    api.run("{ __typename }")
    with counted(api) as statements:
        answer = api.run(document, variables)
    assert not answer.errors
    assert statements
    return len(statements)


NESTED = """
    freezes(first: 2) { edges { node { id placedBy { id name apiKeys { id } } releasedBy { id } } } }
    holds(first: 2) { edges { node { account { id } transactions(first: 1) { edges { node { hold { id } } } } } } }
    entries(first: 3) {
        edges { node { transaction { id entries { account { id name } transaction { id } } } account { id } } }
    }
    balanceAt(at: "2020-01-01T00:00:00Z") { amount }
    statement(since: "2020-01-01T00:00:00Z", until: "2021-01-01T00:00:00Z") {
        closing { amount } entries(first: 3) { edges { node { account { id } } } }
    }
"""
DOCUMENTS = {
    "accounts": "{ accounts(first: 25) { edges { node { %s } } } }",
    "transactions": "{ transactions(first: 90) { edges { node { entries { account { %s } } } } } }",
    "several": "{ one: accounts(first: 25) { edges { node { %s } } } viewer { id } }",
}


@pytest.mark.usefixtures("boundless")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_twenty_accounts_cost_as_many_statements_as_three(api: Api, name: str) -> None:
    document = DOCUMENTS[name] % NESTED
    populate(api, 3)
    few = statements_for(api, document)
    populate(api, 20)
    assert statements_for(api, document) == few
    assert len(api.run("{ accounts(first: 100) { edges { cursor } } }").only["edges"]) == 23


REVERSED = """{ transactions(first: 100) { edges { node {
    reversedAmount { amount }
    reverses { id reversedAmount { amount } reversals(first: 1) { edges { node { id } } } }
    reversals(first: 2) { edges { node { id entries { account { id } } reverses { id } } } }
} } } }"""


def take_back(api: Api, transactions: int) -> None:
    """Make deposits, each taken back in three parts."""
    for _ in range(transactions):
        made = api.books.succeed(Deposit(account_id=api.books.opened().id, amount=euros(5))).transaction
        for _ in range(3):
            api.books.succeed(ReverseTransaction(transaction_id=made.id, amount=euros(1)))


@pytest.mark.usefixtures("boundless")
def test_reversals_of_twenty_transactions_cost_as_many_statements_as_those_of_three(api: Api) -> None:
    take_back(api, 3)
    few = statements_for(api, REVERSED)
    take_back(api, 17)
    assert statements_for(api, REVERSED) == few


def test_lists_of_records_and_clients_cost_the_same_whatever_their_length(api: Api) -> None:
    clients = "{ apiClients(first: %d) { edges { node { apiKeys { apiClient { id apiKeys { id } } } } } } }"
    records = "{ auditLog(first: %d) { edges { node { apiClient { id apiKeys { id } } } } } }"
    for document in (clients, records):
        assert statements_for(api, document % 6) == statements_for(api, document % 2)


def test_the_balances_of_a_list_at_one_instant_cost_one_statement(api: Api) -> None:
    populate(api, 10)
    plain = "{ accounts(first: 25) { edges { node { id } } } }"
    dated = plain.replace("id", 'id balanceAt(at: "2027-01-01T00:00:00Z") { amount }')
    extra = statements_for(api, dated) - statements_for(api, plain)
    assert extra == 3  # what the present is, where the instant lies in the log, and the balances


def test_the_same_edge_asked_for_twice_is_fetched_once(api: Api) -> None:
    account_id = api.books.funded(5).id
    once = statements_for(api, f'{{ a: account(id: "{account_id}") {{ entries {{ edges {{ cursor }} }} }} }}')
    twice = (
        f'{{ a: account(id: "{account_id}") {{ x: entries {{ edges {{ cursor }} }} entries {{ edges {{ cursor }} }} }}'
    )
    twice += f' b: account(id: "{account_id}") {{ id }} }}'
    assert statements_for(api, twice) == once


def test_a_mutation_reads_nothing_that_was_not_asked_for(api: Api) -> None:
    account_id = api.books.opened().id
    given = {"accountId": account_id, "amount": {"amount": "1.00", "currency": "EUR"}}
    with counted(api) as statements:
        assert api.mutate("deposit", given).only["transaction"]["entries"]
    assert len(statements) == 1  # the API key


PREVIEW = "query ($input: WithdrawInput!) { previewWithdraw(input: $input) { __typename } }"


def test_a_preview_reads_no_more_than_it_decides_upon(api: Api) -> None:
    account_id = api.books.funded(500).id
    given = {"accountId": account_id, "amount": {"amount": "1.00", "currency": "EUR"}}
    with counted(api) as statements:
        assert api.run(PREVIEW, {"input": given}).verdict == "MovementPreview"
    assert len(statements) == 4  # the API key, the head of the log, the account, the house

"""Balances of the past and statements: half-open, adding up, and never about what may still happen."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from domain.access import Role
from domain.freezes import FreezeReason
from domain.instants import SECOND, Instant
from domain.money import Money
from domain.services.accounts import CloseAccount
from domain.services.freezes import FreezeAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from schema.scalars import write_date_time
from tests.support.api import Api
from tests.support.books import JPY, euros

AMOUNTS = "opening { amount } credits { amount } debits { amount } closing { amount }"
STATEMENT = f"""query ($id: ID!, $since: DateTime!, $until: DateTime!, $first: Int! = 100, $after: String) {{
    account(id: $id) {{ id statement(since: $since, until: $until) {{ since until {AMOUNTS}
        entries(first: $first, after: $after) {{
            edges {{ node {{ version amount {{ amount }} createdAt }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}
}}"""
BALANCE = "query ($id: ID!, $at: DateTime!) { account(id: $id) { id balanceAt(at: $at) { amount currency } } }"


class Story:
    """An account, opened at a whole second, and one deed in each of the seconds that follow."""

    def __init__(self, api: Api) -> None:
        self.api = api
        api.clock.advance(SECOND)
        self.opened = api.clock.at
        self.id, self.other = api.books.opened().id, api.books.opened().id
        for deed in [
            Deposit(account_id=self.id, amount=euros(1000)),
            Transfer(from_account_id=self.id, to_account_id=self.other, amount=euros(300)),
            Withdraw(account_id=self.id, amount=euros(200)),
            Deposit(account_id=self.id, amount=euros(50)),
        ]:
            api.clock.advance(SECOND)
            api.books.succeed(deed)
        api.clock.advance(SECOND)

    def at(self, seconds: int, microseconds: int = 0) -> str:
        return write_date_time(Instant(self.opened + seconds * SECOND + microseconds))

    def balance(self, at: str) -> str:
        return str(self.api.run(BALANCE, {"id": self.id, "at": at}).only["balanceAt"]["amount"])

    def statement(self, since: str, until: str, **page: Any) -> Any:
        given = {"id": self.id, "since": since, "until": until, **page}
        return self.api.run(STATEMENT, given).only["statement"]


@pytest.fixture
def told(api: Api) -> Story:
    return Story(api)


def figures(statement: Any) -> tuple[str, ...]:
    return tuple(statement[name]["amount"] for name in ("opening", "credits", "debits", "closing"))


@pytest.mark.parametrize(
    ("seconds", "microseconds", "balance"),
    [
        (-9999, 0, "0.00"),
        (0, 0, "0.00"),
        (1, 0, "0.00"),
        (1, 1, "10.00"),
        (2, 0, "10.00"),
        (2, 1, "7.00"),
        (3, 1, "5.00"),
        (5, 0, "5.50"),
    ],
)
def test_a_balance_at_an_instant_is_that_of_the_entries_before_it(
    told: Story, seconds: int, microseconds: int, balance: str
) -> None:
    assert told.balance(told.at(seconds, microseconds)) == balance


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (-9999, 5, ("0.00", "10.50", "5.00", "5.50")),
        (1, 2, ("0.00", "10.00", "0.00", "10.00")),
        (2, 4, ("10.00", "0.00", "5.00", "5.00")),
        (3, 5, ("7.00", "0.50", "2.00", "5.50")),
        (3, 3, ("7.00", "0.00", "0.00", "7.00")),
        (-2, -1, ("0.00", "0.00", "0.00", "0.00")),
    ],
)
def test_a_statement_counts_from_since_up_to_until(
    told: Story, since: int, until: int, expected: tuple[str, ...]
) -> None:
    statement = told.statement(told.at(since), told.at(until))
    assert figures(statement) == expected
    assert (statement["since"], statement["until"]) == (told.at(since), told.at(until))
    made = [int(one["node"]["createdAt"] >= told.at(since)) for one in statement["entries"]["edges"]]
    assert len(made) == sum(made) == len([second for second in (1, 2, 3, 4) if since <= second < until])


def test_statements_in_a_row_meet_and_open_with_the_balance_at_their_beginning(told: Story) -> None:
    instants = [told.at(second, offset) for second in range(5) for offset in (0, 1)]
    statements = [told.statement(since, until) for since, until in pairwise(instants)]
    for earlier, later in pairwise(statements):
        assert earlier["closing"] == later["opening"]
    for statement in statements:
        opening, came, left, closing = (float(amount) for amount in figures(statement))
        assert opening + came - left == closing
        assert statement["opening"]["amount"] == told.balance(statement["since"])
    versions = [edge["node"]["version"] for one in statements for edge in one["entries"]["edges"]]
    assert versions == ["1", "2", "3", "4"]


def test_the_entries_of_a_statement_come_in_pages_and_in_order(told: Story) -> None:
    asked: dict[str, Any] = {"first": 2}
    page = told.statement(told.at(1, 1), told.at(5), **asked)["entries"]
    assert [edge["node"]["version"] for edge in page["edges"]] == ["2", "3"]
    rest = told.statement(told.at(1, 1), told.at(5), **asked, after=page["pageInfo"]["endCursor"])["entries"]
    assert [edge["node"]["version"] for edge in rest["edges"]] == ["4"]
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


def test_a_cursor_from_before_a_statement_leads_to_its_beginning(told: Story) -> None:
    first = told.statement(told.at(0), told.at(5), first=1)["entries"]["pageInfo"]["endCursor"]
    page = told.statement(told.at(3), told.at(5), after=first)["entries"]
    assert [edge["node"]["version"] for edge in page["edges"]] == ["3", "4"]


def test_what_is_past_stays_as_it_was_told(told: Story) -> None:
    before = told.statement(told.at(0), told.at(5))
    told.api.books.succeed(Deposit(account_id=told.id, amount=euros(999)))
    assert told.statement(told.at(0), told.at(5)) == before
    assert told.balance(told.at(5)) == "5.50"


def test_the_present_is_no_future_and_knows_the_last_deed(told: Story) -> None:
    told.api.books.succeed(Deposit(account_id=told.id, amount=euros(1)))
    (head,) = told.api.books.database.execute_sql("SELECT max(at) FROM batch").fetchone()
    assert told.balance(write_date_time(Instant(head + 1))) == "5.51"
    told.api.clock.advance(SECOND)
    assert told.balance(told.at(6)) == "5.51"


FUTURE = "That instant lies in the future."
BACKWARDS = "until must not lie before since."


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [((0, 0), (5, 1), FUTURE), ((5, 1), (5, 1), FUTURE), ((3, 1), (3, 0), BACKWARDS), ((9, 1), (9, 0), BACKWARDS)],
)
def test_a_statement_of_the_future_or_backwards_is_refused(
    told: Story, since: tuple[int, int], until: tuple[int, int], message: str
) -> None:
    given = {"id": told.id, "since": told.at(*since), "until": told.at(*until)}
    answer = told.api.run(STATEMENT, given)
    assert answer.data == {"account": {"id": told.id, "statement": None}}
    assert answer.codes == ["BAD_USER_INPUT"]
    assert (answer.errors[0]["message"], answer.errors[0]["path"]) == (message, ["account", "statement"])


def test_a_balance_of_the_future_is_refused(told: Story) -> None:
    answer = told.api.run(BALANCE, {"id": told.id, "at": told.at(5, 1)})
    assert answer.data == {"account": {"id": told.id, "balanceAt": None}}
    assert (answer.codes, answer.errors[0]["message"]) == (["BAD_USER_INPUT"], FUTURE)
    assert answer.errors[0]["path"] == ["account", "balanceAt"]


@pytest.mark.parametrize("after", ["", "ent:1", "YWNjOjE=", "ZW50Oi0x"])
def test_a_forged_cursor_of_a_statement_is_refused(told: Story, after: str) -> None:
    given = {"id": told.id, "since": told.at(0), "until": told.at(5), "after": after}
    answer = told.api.run(STATEMENT, given)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.data["account"]["statement"]["closing"] == {"amount": "5.50"}
    assert answer.data["account"]["statement"]["entries"] is None


@pytest.mark.parametrize("role", Role)
def test_every_role_reads_statements(told: Story, role: Role) -> None:
    told.api = told.api.as_role(role)
    assert figures(told.statement(told.at(0), told.at(5))) == ("0.00", "10.50", "5.00", "5.50")


def test_frozen_and_closed_accounts_have_statements(told: Story) -> None:
    told.api.books.succeed(FreezeAccount(account_id=told.id, reason=FreezeReason.COMPLIANCE))
    assert told.balance(told.at(5)) == "5.50"
    empty = told.api.books.opened(JPY).id
    told.api.books.succeed(Deposit(account_id=empty, amount=Money(7, JPY)))
    told.api.books.succeed(Withdraw(account_id=empty, amount=Money(7, JPY)))
    told.api.books.succeed(CloseAccount(account_id=empty))
    told.api.clock.advance(SECOND)
    told.id = empty
    assert figures(told.statement(told.at(0), told.at(6))) == ("0", "7", "7", "0")


def test_a_statement_below_a_mutation_knows_the_past(told: Story) -> None:
    document = f"""mutation ($key: IdempotencyKey!, $input: DepositInput!, $since: DateTime!, $until: DateTime!) {{
        deposit(idempotencyKey: $key, input: $input) {{ ... on DepositSuccess {{ account {{
            statement(since: $since, until: $until) {{ {AMOUNTS} }} }} }} }} }}"""
    given = {"accountId": told.id, "amount": {"amount": "1.00", "currency": "EUR"}}
    answer = told.api.run(document, {"input": given, "since": told.at(0), "until": told.at(5)})
    assert figures(answer.only["account"]["statement"]) == ("0.00", "10.50", "5.00", "5.50")

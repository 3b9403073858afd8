"""Holds as they are read: what is due counts as settled, and a balance explains itself."""

from __future__ import annotations

from typing import Any

import pytest

from domain.access import SYSTEM, Role
from domain.explanations import MOST_TOLD
from domain.freezes import FreezeReason
from domain.instants import SECOND, Instant
from domain.services.accounts import RenameAccount
from domain.services.captures import CaptureHold
from domain.services.freezes import FreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.movements import Deposit, Withdraw
from domain.services.reversals import ReverseTransaction
from schema.scalars import write_date_time
from tests.support import raw
from tests.support.api import Api, everything
from tests.support.books import euros

STATES = ("OPEN", "CAPTURED", "RELEASED", "EXPIRED")
HOLDS = "query ($id: ID!, $state: HoldState) { account(id: $id) { holds(state: $state) { edges { node { id } } } } }"
STANDING = "query ($id: ID!) { account(id: $id) { posted { amount } held { amount } available { amount } } }"
BALANCE_AT = "query ($id: ID!, $at: DateTime!) { account(id: $id) { balanceAt(at: $at) { amount } } }"
EXPLAIN = "query ($id: ID!, $at: DateTime) { explainBalance(accountId: $id, at: $at) %s }"


def held(api: Api, account_id: str, minor: int = 100, **fields: Any) -> str:
    hold_id: str = api.books.succeed(PlaceHold(account_id=account_id, amount=euros(minor), **fields)).hold.id
    return hold_id


def in_a_minute(api: Api) -> Instant:
    return Instant(api.clock.at + 60 * SECOND)


def standing(api: Api, account_id: str) -> list[str]:
    return [money["amount"] for money in api.run(STANDING, {"id": account_id}).only.values()]


def listed(api: Api, account_id: str, state: str | None = None) -> list[str]:
    edges = api.run(HOLDS, {"id": account_id, "state": state}).only["holds"]["edges"]
    return [edge["node"]["id"] for edge in edges]


def explained(api: Api, account_id: str, at: int | None = None) -> Any:
    given = {"id": account_id, "at": None if at is None else write_date_time(at)}
    return api.run(EXPLAIN % everything("BalanceExplanation"), given).only


def one_in_each_state(api: Api) -> tuple[str, dict[str, str]]:
    """Return an account of 10.00, and its holds by state. The expired one is due, and not settled."""
    account_id = api.books.funded(1000).id
    holds = {state: held(api, account_id) for state in ("OPEN", "CAPTURED", "RELEASED")}
    holds["EXPIRED"] = held(api, account_id, expires_at=in_a_minute(api))
    api.books.succeed(CaptureHold(hold_id=holds["CAPTURED"], amount=euros(30)))
    api.books.succeed(ReleaseHold(hold_id=holds["RELEASED"]))
    api.clock.advance(60 * SECOND)
    return account_id, holds


@pytest.mark.parametrize("is_settled", [False, True])
@pytest.mark.parametrize("state", STATES)
def test_holds_are_listed_by_the_state_they_are_in_settled_or_not(api: Api, state: str, *, is_settled: bool) -> None:
    account_id, holds = one_in_each_state(api)
    if is_settled:
        api.books.succeed(RenameAccount(account_id=account_id, name="Ada"))
    assert listed(api, account_id, state) == [holds[state]]
    assert listed(api, account_id) == sorted(holds.values(), reverse=True)
    shown = api.run(f'{{ node(id: "{holds[state]}") {{ ... on Hold {{ state captured {{ amount }} }} }} }}').only
    assert shown == {"state": state, "captured": {"amount": "0.30" if state == "CAPTURED" else "0.00"}}


def test_a_hold_that_has_run_out_sets_nothing_aside_from_the_very_instant(api: Api) -> None:
    account_id = api.books.funded(1000).id
    expiry = in_a_minute(api)
    held(api, account_id, 400)
    held(api, account_id, expires_at=expiry)
    api.clock.at = Instant(expiry - 1)
    assert standing(api, account_id) == ["10.00", "5.00", "5.00"]
    api.clock.at = expiry
    assert standing(api, account_id) == ["10.00", "4.00", "6.00"]
    (edge,) = api.run("{ accounts { edges { node { held { amount } } } } }").only["edges"]
    assert edge["node"]["held"]["amount"] == "4.00"


def test_what_was_read_as_expired_never_comes_back(api: Api) -> None:
    account_id = api.books.funded(1000).id
    expiry = in_a_minute(api)
    held(api, account_id, expires_at=expiry)
    api.clock.at = expiry
    assert standing(api, account_id)[1] == "0.00"
    api.clock.advance(-30 * SECOND)
    assert standing(api, account_id)[1] == "0.00"


def test_a_capture_and_its_hold_lead_to_each_other(api: Api) -> None:
    account_id, holds = one_in_each_state(api)
    document = (
        "query ($id: ID!) { node(id: $id) { ... on Hold { account { id } transactions { edges { node { %s } } } } } }"
    )
    node = "id kind hold { id state }"
    for state, hold_id in holds.items():
        shown = api.run(document % node, {"id": hold_id}).only
        assert shown["account"]["id"] == account_id
        captures = [edge["node"] for edge in shown["transactions"]["edges"]]
        assert [(one["kind"], one["hold"]["id"]) for one in captures] == [("CAPTURE", hold_id)] * (state == "CAPTURED")
    edges = api.run("{ transactions { edges { node { kind hold { id } } } } }").only["edges"]
    assert [edge["node"]["hold"] for edge in edges] == [{"id": holds["CAPTURED"]}, None]


def test_a_reversal_of_a_capture_is_none_of_its_hold(api: Api) -> None:
    hold_id = held(api, api.books.funded(1000).id)
    capture = api.books.succeed(CaptureHold(hold_id=hold_id)).transaction
    back = api.books.succeed(ReverseTransaction(transaction_id=capture.id)).transaction
    document = "query ($id: ID!) { node(id: $id) { ... on Hold { state transactions { edges { node { id } } } } } }"
    shown = api.run(document, {"id": hold_id}).only
    assert shown == {"state": "CAPTURED", "transactions": {"edges": [{"node": {"id": capture.id}}]}}
    shown = api.run(f'{{ transaction(id: "{back.id}") {{ kind hold {{ id }} reverses {{ hold {{ id }} }} }} }}').only
    assert shown == {"kind": "REVERSAL", "hold": None, "reverses": {"hold": {"id": hold_id}}}


def test_the_transactions_of_a_hold_are_paged_like_all_others(api: Api) -> None:
    hold_id = held(api, api.books.funded(1000).id)
    api.books.succeed(CaptureHold(hold_id=hold_id))
    document = "query ($id: ID!, $after: String) { node(id: $id) { ... on Hold { transactions(after: $after) { "
    document += "edges { cursor } pageInfo { hasNextPage } } } } }"
    (edge,) = api.run(document, {"id": hold_id}).only["transactions"]["edges"]
    beyond = api.run(document, {"id": hold_id, "after": edge["cursor"]}).only["transactions"]
    assert beyond == {"edges": [], "pageInfo": {"hasNextPage": False}}


def test_an_account_that_does_not_close_names_its_open_holds(api: Api) -> None:
    account_id, holds = one_in_each_state(api)
    refusal = api.mutate("closeAccount", {"accountId": account_id}).only
    assert (refusal["held"]["amount"], refusal["openHoldIds"]) == ("1.00", [holds["OPEN"]])


# Explanations


def test_a_balance_is_explained_by_what_it_is_made_of(api: Api) -> None:
    account_id, holds = one_in_each_state(api)
    freeze = FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS)
    freeze_id = api.books.succeed(freeze).freeze.id
    told = explained(api, account_id)
    amounts = {name: told[name]["amount"] for name in ("posted", "entriesTotal", "drift", "held")}
    assert amounts == {"posted": "9.70", "entriesTotal": "9.70", "drift": "0.00", "held": "1.00"}
    assert ([one["id"] for one in told["openHolds"]], told["openHoldCount"]) == ([holds["OPEN"]], 1)
    assert [one["id"] for one in told["liveFreezes"]] == [freeze_id]
    assert (told["account"]["id"], told["account"]["held"]) == (account_id, told["held"])
    assert told["sequence"] == str(api.last_sequence())
    present = api.clock.at + 1  # The next batch comes after what this one recorded.
    assert told["at"] == write_date_time(present)
    assert explained(api, account_id, present) == told


def test_a_balance_that_has_passed_is_explained_as_it_was(api: Api) -> None:
    account_id = api.books.funded(1000).id
    expiry = in_a_minute(api)
    freeze = FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS, expires_at=expiry)
    placed = [held(api, account_id, 400, expires_at=expiry), held(api, account_id)]
    outcome = api.books.execute(freeze)
    then, sequence = outcome.decided_at + 1, api.last_sequence()
    api.books.succeed(ReleaseHold(hold_id=placed[1]))
    api.clock.at = expiry
    api.books.succeed(Withdraw(account_id=account_id, amount=euros(900)))
    told = explained(api, account_id, then)
    assert [told[name]["amount"] for name in ("posted", "entriesTotal", "held")] == ["10.00", "10.00", "5.00"]
    assert [(one["id"], one["state"]) for one in told["openHolds"]] == [(placed[0], "EXPIRED"), (placed[1], "RELEASED")]
    assert [one["id"] for one in told["liveFreezes"]] == [outcome.result.freeze.id]
    assert (told["sequence"], told["at"]) == (str(sequence), write_date_time(then))
    after = explained(api, account_id, expiry)
    assert (after["held"]["amount"], after["openHolds"], after["liveFreezes"]) == ("0.00", [], [])
    # What has run out at an instant is over at it; what was posted at it comes after.
    assert after["posted"]["amount"] == "10.00"
    assert explained(api, account_id, expiry + 1)["posted"]["amount"] == "1.00"


def test_before_it_was_opened_an_account_had_nothing(api: Api) -> None:
    account_id = api.books.funded(1000).id
    told = explained(api, account_id, 0)
    assert [told[name]["amount"] for name in ("posted", "entriesTotal", "drift", "held")] == ["0.00"] * 4
    assert told["sequence"] == "0"


def test_an_explanation_shows_a_page_of_holds_and_counts_them_all(api: Api) -> None:
    account_id = api.books.funded(1000).id
    ids = [held(api, account_id, 1) for _ in range(MOST_TOLD + 3)]
    told = explained(api, account_id)
    assert [one["id"] for one in told["openHolds"]] == ids[:MOST_TOLD]
    assert (told["openHoldCount"], told["held"]["amount"]) == (len(ids), "1.03")


def test_a_balance_that_was_tampered_with_drifts(api: Api) -> None:
    account_id = api.books.funded(1000).id
    triggers = [name for kind, name, _ in api.books.database.execute_sql(raw.SCHEMA).fetchall() if kind == "trigger"]
    for trigger in triggers:
        api.books.database.execute_sql(f"DROP TRIGGER {trigger}")
    api.books.database.execute_sql("UPDATE account SET posted = posted + 7 WHERE id = ?", (account_id,))
    told = explained(api, account_id)
    assert (told["posted"]["amount"], told["entriesTotal"]["amount"], told["drift"]["amount"]) == (
        "10.07",
        "10.00",
        "0.07",
    )


@pytest.mark.parametrize("account_id", ["acct_7", "house_EUR", "hold_1", ""])
def test_there_is_nothing_to_explain_of_what_is_no_account(api: Api, account_id: str) -> None:
    api.books.funded(1000)
    assert api.run(EXPLAIN % "{ sequence }", {"id": account_id}).only is None


def test_the_future_cannot_be_explained_and_the_present_can(api: Api) -> None:
    account_id, now = api.books.funded(1000).id, api.clock.at + 5 * SECOND
    api.clock.advance(5 * SECOND)
    assert explained(api, account_id, now)["posted"]["amount"] == "10.00"
    answer = api.run(EXPLAIN % "{ sequence }", {"id": account_id, "at": write_date_time(now + 1)})
    assert (answer.data, answer.codes) == ({"explainBalance": None}, ["BAD_USER_INPUT"])


def test_an_instant_is_explained_as_its_balance_is_told(api: Api) -> None:
    """Half-open, as everything: what was recorded at the instant itself does not count yet."""
    account_id = api.books.funded(1000).id
    for amount in (100, 20, 3):
        api.books.succeed(Deposit(account_id=account_id, amount=euros(amount)))
    moments = [at + around for (at,) in api.books.database.execute_sql("SELECT at FROM batch") for around in (-1, 0, 1)]
    assert {explained(api, account_id, at)["posted"]["amount"] for at in moments} > {"10.00", "11.00", "11.20"}
    for at in moments:
        told, shown = explained(api, account_id, at), {"id": account_id, "at": write_date_time(at)}
        balance = api.run(BALANCE_AT, shown).only["balanceAt"]["amount"]
        assert told["posted"]["amount"] == told["entriesTotal"]["amount"] == balance


def test_what_shares_its_instant_with_the_present_changes_nothing_that_was_explained(api: Api) -> None:
    account_id, now = api.books.funded(1000).id, api.clock.at + 5 * SECOND
    api.clock.advance(5 * SECOND)
    before = explained(api, account_id, now)
    api.books.succeed(Deposit(account_id=account_id, amount=euros(500)))
    after = explained(api, account_id, now)
    assert (after["posted"], after["sequence"]) == (before["posted"], before["sequence"])


def test_an_explanation_is_one_look_at_the_books(api: Api) -> None:
    """A batch that another process commits in between is not seen in parts."""
    account_id = api.books.funded(1000).id
    deposit = Deposit(account_id=account_id, amount=euros(500))

    def intrude(statement: str) -> None:
        if 'FROM "entry"' in statement and api.last_sequence() == before:
            api.books.execute(deposit, SYSTEM)

    before = api.last_sequence()
    with raw.acting(api.reading, intrude):
        told = api.endpoint.reader.balance_explanation(account_id, None)
    assert told
    assert (told.posted, told.entries_total, told.sequence) == (euros(1000), euros(1000), before)
    assert api.last_sequence() > before


@pytest.mark.parametrize("role", Role)
def test_every_role_reads_holds_and_explanations(api: Api, role: Role) -> None:
    account_id, holds = one_in_each_state(api)
    reading = api.as_role(role)
    assert listed(reading, account_id, "OPEN") == [holds["OPEN"]]
    assert explained(reading, account_id)["drift"]["amount"] == "0.00"

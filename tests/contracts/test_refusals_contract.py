"""Which refusal is the answer when several apply, and what is told of accounts that nobody may know."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from domain.access import Operation, Role
from domain.commands import Command, Rejection
from domain.error_codes import ErrorCode
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotEmpty,
    AccountNotFound,
    ApiClientDisabled,
    CurrencyMismatch,
    DomainError,
    Forbidden,
    IdempotencyKeyReused,
    InsufficientFunds,
    InvalidInput,
    LimitExceeded,
    NotPermitted,
    PreconditionFailed,
    ReferenceTaken,
)
from domain.freezes import FreezeReason
from domain.instants import Instant
from domain.money import LARGEST_BALANCE
from domain.ports import Outcome, Request
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import DisableApiClient, IssueApiKey, RevokeApiKey
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import closed_account, created_client, frozen, frozen_account
from tests.support.books import EUR, JPY, euros

ACCOUNTS: Mapping[str, Callable[[AnyLedger], str]] = {
    "missing": lambda _: "acct_missing",
    "closed": closed_account,
    "frozen": frozen_account,
    "foreign": lambda ledger: ledger.opened(JPY).id,
    "empty": lambda ledger: ledger.opened().id,
    "full": lambda ledger: ledger.funded(LARGEST_BALANCE).id,
}


@pytest.mark.parametrize(
    ("source", "target", "expected_version", "refusal"),
    [
        ("closed", "missing", 99, AccountNotFound),
        ("missing", "closed", 99, AccountNotFound),
        ("frozen", "closed", 99, AccountClosed),
        ("closed", "frozen", 99, AccountClosed),
        ("foreign", "frozen", 99, AccountFrozen),
        ("frozen", "foreign", 99, AccountFrozen),
        ("empty", "foreign", 99, CurrencyMismatch),
        ("foreign", "full", 99, CurrencyMismatch),
        ("empty", "full", 99, PreconditionFailed),
        ("empty", "full", None, LimitExceeded),
        ("empty", "empty", None, InsufficientFunds),
    ],
)
def test_the_refusal_highest_in_precedence_is_the_answer(
    ledger: AnyLedger, source: str, target: str, expected_version: int | None, refusal: type[DomainError]
) -> None:
    command = Transfer(
        from_account_id=ACCOUNTS[source](ledger),
        to_account_id=ACCOUNTS[target](ledger),
        amount=euros(10),
        expected_version=expected_version,
    )
    assert type(ledger.execute(command).result) is refusal


@pytest.mark.parametrize("refused", ["missing", "closed", "frozen"])
def test_a_refused_transfer_says_which_of_its_accounts_is_the_matter(ledger: AnyLedger, refused: str) -> None:
    account_id, other_id = ACCOUNTS[refused](ledger), ledger.funded(10).id
    out = Transfer(from_account_id=account_id, to_account_id=other_id, amount=euros(1))
    into = Transfer(from_account_id=other_id, to_account_id=account_id, amount=euros(1))
    results = [ledger.execute(command).result for command in (out, into)]
    assert [result.path for result in results] == [("input", "fromAccountId"), ("input", "toAccountId")]
    assert [result.account_id for result in results] == [account_id] * 2


def test_the_precedence_is_the_order_of_the_codes() -> None:
    classes: list[type[DomainError]] = [
        InvalidInput,
        Forbidden,
        IdempotencyKeyReused,
        AccountNotFound,
        AccountClosed,
        AccountFrozen,
        CurrencyMismatch,
        PreconditionFailed,
        LimitExceeded,
        InsufficientFunds,
    ]
    order = list(ErrorCode)
    assert sorted(classes, key=lambda kind: order.index(kind.code)) == classes


def test_wrong_input_comes_before_the_caller_and_the_key(ledger: AnyLedger) -> None:
    viewer, error = ledger.caller(Role.VIEWER), InvalidInput("A name must not be blank.")
    ledger.run(Request(viewer, "k", Rejection(Operation.RENAME_ACCOUNT, error)))
    (outcome,) = ledger.run(Request(viewer, "k", Rejection(Operation.RENAME_ACCOUNT, error)))
    assert isinstance(outcome, Outcome)
    assert outcome.result == error


def test_the_caller_comes_before_the_key_and_the_key_before_the_books(ledger: AnyLedger) -> None:
    ledger.caller(Role.ADMIN)
    teller = ledger.caller(Role.TELLER)
    ledger.execute(Deposit(account_id=ledger.opened().id, amount=euros(1)), teller, "k")
    other = Deposit(account_id="acct_missing", amount=euros(1))
    assert type(ledger.execute(other, teller, "k").result) is IdempotencyKeyReused
    ledger.succeed(RevokeApiKey(api_key_id=teller.api_key_id or ""))
    assert type(ledger.execute(other, teller, "k").result) is Forbidden


def _release_compliance(ledger: AnyLedger) -> Command:
    return UnfreezeAccount(account_id=frozen_account(ledger, reason=FreezeReason.COMPLIANCE))


def _close_frozen_with_money(ledger: AnyLedger) -> Command:
    account_id = ledger.funded(1).id
    frozen(ledger, account_id)
    return CloseAccount(account_id=account_id)


def _freeze_missing_into_the_past(_: AnyLedger) -> Command:
    return FreezeAccount(account_id="acct_missing", reason=FreezeReason.OPERATIONS, expires_at=Instant(1))


def _issue_to_missing_into_the_past(_: AnyLedger) -> Command:
    return IssueApiKey(api_client_id="cli_missing", expires_at=Instant(1))


def _issue_to_disabled_at_the_limit(ledger: AnyLedger) -> Command:
    client_id = created_client(ledger)
    for _ in range(10):
        ledger.succeed(IssueApiKey(api_client_id=client_id))
    ledger.succeed(DisableApiClient(api_client_id=client_id))
    return IssueApiKey(api_client_id=client_id)


def _open_with_overdraft_and_taken_reference(ledger: AnyLedger) -> Command:
    ledger.opened(reference="crm-7")
    return OpenAccount(currency=EUR, name="Ada", reference="crm-7", overdraft_limit=euros(1))


@pytest.mark.parametrize(
    ("situation", "role", "refusal"),
    [
        (_freeze_missing_into_the_past, Role.MANAGER, InvalidInput),
        (_issue_to_missing_into_the_past, Role.ADMIN, InvalidInput),
        (_open_with_overdraft_and_taken_reference, Role.TELLER, NotPermitted),
        (_open_with_overdraft_and_taken_reference, Role.MANAGER, ReferenceTaken),
        (_release_compliance, Role.MANAGER, NotPermitted),
        (_close_frozen_with_money, Role.MANAGER, NotPermitted),
        (_close_frozen_with_money, Role.ADMIN, AccountNotEmpty),
        (_issue_to_disabled_at_the_limit, Role.ADMIN, ApiClientDisabled),
    ],
)
def test_precedence_holds_for_the_other_deeds_too(
    ledger: AnyLedger, situation: Callable[[AnyLedger], Command], role: Role, refusal: type[DomainError]
) -> None:
    command = situation(ledger)
    assert type(ledger.execute(command, ledger.caller(role)).result) is refusal


NAMING_AN_ACCOUNT: Mapping[str, Callable[[str, str], Command]] = {
    "rename": lambda account_id, _: RenameAccount(account_id=account_id, name="Ada"),
    "freeze": lambda account_id, _: FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS),
    "unfreeze": lambda account_id, _: UnfreezeAccount(account_id=account_id),
    "close": lambda account_id, _: CloseAccount(account_id=account_id),
    "deposit": lambda account_id, _: Deposit(account_id=account_id, amount=euros(1)),
    "withdraw": lambda account_id, _: Withdraw(account_id=account_id, amount=euros(1)),
    "transfer from": lambda account_id, other: Transfer(
        from_account_id=account_id, to_account_id=other, amount=euros(1)
    ),
    "transfer to": lambda account_id, other: Transfer(from_account_id=other, to_account_id=account_id, amount=euros(1)),
}


@pytest.mark.parametrize("deed", NAMING_AN_ACCOUNT)
@pytest.mark.parametrize("account_id", ["house_EUR", "house_JPY", "acct_missing", ""])
def test_a_house_account_is_as_unknown_as_one_that_does_not_exist(
    ledger: AnyLedger, deed: str, account_id: str
) -> None:
    customer = ledger.funded(100)
    house = ledger.books.account("house_EUR")
    outcome = ledger.execute(NAMING_AN_ACCOUNT[deed](account_id, customer.id))
    assert type(outcome.result) is AccountNotFound
    assert outcome.result.account_id == account_id
    assert ledger.books.account("house_EUR") == house

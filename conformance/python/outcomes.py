"""What became of a mutation, in a sentence: mypy proves that every member of these unions has its case."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol, assert_never

from countinghouse_client import Deposit, OpenAccount, Withdraw
from countinghouse_client.enums import ErrorCode, Retry
from pydantic import ValidationError

BESIDE_AN_ERROR = "an answer is missing only beside an error of the request, and the client raises that"


class Success(Protocol):
    """What every success has."""

    replayed: bool


class UserError(Protocol):
    """What every refusal has."""

    code: ErrorCode
    message: str
    retry: Retry


class Money(Protocol):
    """An amount in a currency."""

    amount: Decimal
    currency: str


def open_account(told: OpenAccount) -> str:
    answer = told.open_account
    assert answer, BESIDE_AN_ERROR
    match answer.typename__:
        case "OpenAccountSuccess":
            return done(answer, f"opened an account in state {answer.account.state.value}")
        case "InvalidInput" | "InvalidAmount" | "NotPermitted" | "ReferenceTaken":
            return refused(answer)
        case "IdempotencyKeyReused" | "IdempotencyKeyAbandoned" | "Overloaded" | "Unavailable":
            return refused(answer)
        case never:
            assert_never(never)


def deposit(told: Deposit) -> str:
    answer = told.deposit
    assert answer, BESIDE_AN_ERROR
    match answer.typename__:
        case "DepositSuccess":
            return done(answer, f"deposited {money(answer.transaction.amount)}")
        case "InvalidInput" | "InvalidAmount" | "CurrencyMismatch" | "PreconditionFailed" | "LimitExceeded":
            return refused(answer)
        case "AccountNotFound" | "AccountClosed" | "AccountFrozen":
            return refused(answer)
        case "IdempotencyKeyReused" | "IdempotencyKeyAbandoned" | "Overloaded" | "Unavailable":
            return refused(answer)
        case never:
            assert_never(never)


def withdraw(told: Withdraw) -> str:
    answer = told.withdraw
    assert answer, BESIDE_AN_ERROR
    match answer.typename__:
        case "WithdrawSuccess":
            return done(answer, f"withdrew {money(answer.transaction.amount)}")
        case "InvalidInput" | "InvalidAmount" | "CurrencyMismatch" | "PreconditionFailed" | "LimitExceeded":
            return refused(answer)
        case "AccountNotFound" | "AccountClosed":
            return refused(answer)
        case "IdempotencyKeyReused" | "IdempotencyKeyAbandoned" | "Overloaded" | "Unavailable":
            return refused(answer)
        case "AccountFrozen":
            return refused(answer, f"frozen for {answer.scope.value}")
        case "InsufficientFunds":
            return refused(answer, f"short of {money(answer.shortfall)}")
        case never:
            assert_never(never)


def added_later(unreadable: ValidationError) -> str:
    """Tell what was added to the union later: no class was generated for it, but the error holds it as it came."""
    error = unreadable.errors()[0]
    if error["type"] != "union_tag_invalid":
        raise unreadable
    answer = error["input"]
    return f"{answer['code']}: {answer['message']} Retry: {answer['retry']}."


def done(answer: Success, what: str) -> str:
    return f"{what}, as answered before" if answer.replayed else what


def refused(answer: UserError, detail: str = "") -> str:
    told = f"{answer.code.value}: {answer.message} Retry: {answer.retry.value}."
    return f"{told} It is {detail}." if detail else told


def money(sum_of_money: Money) -> str:
    return f"{sum_of_money.amount} {sum_of_money.currency}"

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import COMMON_REFUSALS, Command
from domain.error_codes import ErrorCode, Retry
from domain.errors import (
    DomainError,
    Forbidden,
    IdempotencyKeyAbandoned,
    IdempotencyKeyReused,
    InputError,
    InvalidInput,
    Refusal,
    SameAccount,
)
from domain.services.table import SERVICES
from tests.domain.known_errors import CONCRETE
from tests.domain.strategies import filled

# The public order of the codes: it is the precedence, and the first that applies is the answer.
PRECEDENCE = """
    INVALID_INPUT INVALID_AMOUNT SAME_ACCOUNT FORBIDDEN NOT_PERMITTED LAST_ADMIN
    IDEMPOTENCY_KEY_REUSED IDEMPOTENCY_KEY_ABANDONED
    ACCOUNT_NOT_FOUND TRANSACTION_NOT_FOUND HOLD_NOT_FOUND FREEZE_NOT_FOUND API_CLIENT_NOT_FOUND API_KEY_NOT_FOUND
    REFERENCE_TAKEN NAME_TAKEN ACCOUNT_CLOSED ACCOUNT_FROZEN ACCOUNT_NOT_FROZEN AMBIGUOUS_FREEZE ACCOUNT_NOT_EMPTY
    HOLD_NOT_OPEN NOT_REVERSIBLE API_CLIENT_DISABLED API_KEY_LIMIT CURRENCY_MISMATCH PRECONDITION_FAILED
    LIMIT_EXCEEDED INSUFFICIENT_FUNDS BATCH_REFUSED OVERLOADED UNAVAILABLE
"""

TIME_CAN_CURE = {
    ErrorCode.LAST_ADMIN,
    ErrorCode.ACCOUNT_FROZEN,
    ErrorCode.ACCOUNT_NOT_FROZEN,
    ErrorCode.ACCOUNT_NOT_EMPTY,
    ErrorCode.API_CLIENT_DISABLED,
    ErrorCode.API_KEY_LIMIT,
    ErrorCode.PRECONDITION_FAILED,
    ErrorCode.LIMIT_EXCEEDED,
    ErrorCode.INSUFFICIENT_FUNDS,
    ErrorCode.BATCH_REFUSED,
}
NOTHING_WAS_DECIDED = {ErrorCode.OVERLOADED, ErrorCode.UNAVAILABLE}


def test_the_codes_are_declared_in_order_of_precedence() -> None:
    assert [code.value for code in ErrorCode] == PRECEDENCE.split()


def test_a_code_is_spelled_as_its_name() -> None:
    assert all(code.name == code.value for code in ErrorCode)


def test_every_error_has_a_code_of_its_own_that_is_its_name() -> None:
    assert len({kind.code for kind in CONCRETE}) == len(CONCRETE)
    for kind in CONCRETE:
        assert kind.code.value == re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).upper()


def test_only_the_bases_have_no_code() -> None:
    bases = {InputError, Refusal}
    assert set(DomainError.__subclasses__()) - set(CONCRETE) == bases


@pytest.mark.parametrize("kind", CONCRETE)
def test_each_error_says_whether_to_try_again(kind: type[DomainError]) -> None:
    if kind.code in NOTHING_WAS_DECIDED:
        assert kind.retry is Retry.SAME_KEY
    else:
        assert kind.retry is (Retry.NEW_KEY if kind.code in TIME_CAN_CURE else Retry.NEVER)


@pytest.mark.parametrize("kind", CONCRETE)
@settings(max_examples=10)
@given(data=st.data())
def test_a_message_is_a_fixed_sentence_without_data(kind: type[DomainError], data: st.DataObject) -> None:
    error = data.draw(filled(kind))
    assert str(error) == (error.rule if isinstance(error, InvalidInput) else kind.message)
    assert re.fullmatch(r"[A-Z][^{}%]*\.", kind.message)


def test_the_rule_of_an_invalid_input_is_its_message() -> None:
    assert str(InvalidInput()) == InvalidInput.message
    assert str(InvalidInput("A name must not be blank.")) == "A name must not be blank."


def test_errors_are_values() -> None:
    assert SameAccount(path=("input",)) == SameAccount(path=("input",))
    assert SameAccount(path=("input",)) != SameAccount()
    assert len({SameAccount(), SameAccount(), Forbidden()}) == 2


def test_errors_are_raised_and_caught_by_their_bases() -> None:
    with pytest.raises(InputError):
        raise SameAccount
    with pytest.raises(DomainError, match="may not"):
        raise Forbidden


@pytest.mark.parametrize("command", SERVICES, ids=lambda kind: kind.__name__)
def test_a_command_declares_input_errors_and_refusals_only(command: type[Command]) -> None:
    assert all(issubclass(kind, InputError | Refusal) for kind in command.refusals)


def test_any_command_may_meet_a_used_key() -> None:
    assert {IdempotencyKeyReused, IdempotencyKeyAbandoned} == COMMON_REFUSALS

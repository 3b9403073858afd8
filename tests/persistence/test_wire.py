from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from domain.access import SYSTEM, Role
from domain.errors import InsufficientFunds, InvalidAmount, NotPermitted
from domain.ports import Fault, Outcome, Request
from domain.services.movements import Deposit
from persistence.wire import Frames, Message, frame
from tests.support.books import euros
from tests.support.surroundings import NOON

DEPOSIT = Deposit(account_id="acct_1", amount=euros(1), metadata=(("shop", "1"), ("till", "2")))
REFUSALS = [
    InsufficientFunds(euros(1), euros(2), path=("input", "amount")),
    InvalidAmount(2, euros(9)),
    NotPermitted((Role.MANAGER, Role.ADMIN)),
]
MESSAGES: list[Message] = [
    (1, Request(SYSTEM, "key", DEPOSIT)),
    (2, None),
    *((3, Outcome(refusal, NOON, replayed=True)) for refusal in REFUSALS),
]


def read(*pieces: bytes) -> list[Message]:
    frames = Frames()
    return [message for piece in pieces for message in frames.messages(piece)]


def test_what_is_read_is_what_was_written() -> None:
    assert read(frame(MESSAGES)) == MESSAGES
    assert [str(read(frame([(1, refusal)]))[0][1]) for refusal in REFUSALS] == [str(refusal) for refusal in REFUSALS]


@pytest.mark.parametrize("size", [1, 3, 64, 1000])
def test_frames_may_arrive_in_any_pieces(size: int) -> None:
    stream = b"".join([frame(MESSAGES), frame([]), frame(MESSAGES[:1])])
    assert read(*(stream[at : at + size] for at in range(0, len(stream), size))) == [*MESSAGES, *MESSAGES[:1]]


def test_a_fault_tells_where_it_happened() -> None:
    fault = Fault("broken")
    with pytest.raises(ZeroDivisionError) as met:
        _ = 1 // 0
    fault.__cause__ = met.value
    ((_, told),) = read(frame([(1, fault)]))
    assert (type(told), str(told)) == (Fault, "broken")
    assert "in test_a_fault_tells_where_it_happened" in str(told.__cause__)
    assert "ZeroDivisionError: integer division or modulo by zero" in str(told.__cause__)


@pytest.mark.parametrize("stranger", [Path("here"), print, pytest.approx])
def test_nothing_is_looked_up_but_names_of_the_domain(stranger: Any) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is no name of the domain"):
        read(frame([(1, stranger)]))

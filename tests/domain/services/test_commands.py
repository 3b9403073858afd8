"""What no command can be made of, and what every command says about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from domain.access import Operation, Role
from domain.commands import Command
from domain.errors import InputError, InvalidAmount, InvalidInput, SameAccount
from domain.freezes import FreezeReason
from domain.money import LARGEST_BALANCE
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import (
    ChangeApiClientRole,
    CreateApiClient,
    DisableApiClient,
    EnableApiClient,
    IssueApiKey,
    RevokeApiKey,
)
from domain.services.batches import MOST_ITEMS, BatchItem, BatchMode, ExecuteBatch
from domain.services.captures import CaptureHold
from domain.services.erasures import EraseText
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.idempotency_keys import KEYLESS, AbandonIdempotencyKey
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from domain.services.rollbacks import AcceptRollback
from domain.services.table import SERVICES
from tests.support.books import EUR, JPY, euros

LONG_ID, LONG_NAME, LONG_NOTE, NUL = "x" * 65, "x" * 129, "x" * 501, "a\x00b"
OVERSIZED = euros(LARGEST_BALANCE + 1)
ONE = euros(1)
ITEM = BatchItem.of("k", Deposit(account_id="acct_1", amount=ONE))


def rollback(reason: str) -> AcceptRollback:
    return AcceptRollback(lost_sequence=2, lost_hash="f", kept_sequence=1, kept_hash="a", reason=reason)


REFUSED: list[tuple[Callable[[], Command], type[InputError], str]] = [
    (lambda: OpenAccount(currency=EUR, name=" "), InvalidInput, "name"),
    (lambda: OpenAccount(currency=EUR, name=LONG_NAME), InvalidInput, "name"),
    (lambda: OpenAccount(currency=EUR, name="Ada", reference=""), InvalidInput, "reference"),
    (lambda: OpenAccount(currency=EUR, name="Ada", metadata=(("", "v"),)), InvalidInput, "metadata"),
    (lambda: OpenAccount(currency=EUR, name="Ada", overdraft_limit=euros(-1)), InvalidAmount, "overdraftLimit"),
    (lambda: OpenAccount(currency=EUR, name="Ada", overdraft_limit=OVERSIZED), InvalidAmount, "overdraftLimit"),
    (lambda: RenameAccount(account_id=LONG_ID, name="Ada"), InvalidInput, "accountId"),
    (lambda: RenameAccount(account_id="acct_1", name=NUL), InvalidInput, "name"),
    (lambda: FreezeAccount(account_id=LONG_ID, reason=FreezeReason.OPERATIONS), InvalidInput, "accountId"),
    (
        lambda: FreezeAccount(account_id="acct_1", reason=FreezeReason.OPERATIONS, note=LONG_NOTE),
        InvalidInput,
        "note",
    ),
    (lambda: UnfreezeAccount(account_id=LONG_ID), InvalidInput, "accountId"),
    (lambda: UnfreezeAccount(account_id="acct_1", freeze_id=LONG_ID), InvalidInput, "freezeId"),
    (lambda: UnfreezeAccount(account_id="acct_1", note=NUL), InvalidInput, "note"),
    (lambda: CloseAccount(account_id=LONG_ID), InvalidInput, "accountId"),
    (lambda: CloseAccount(account_id="acct_1", note=LONG_NOTE), InvalidInput, "note"),
    (lambda: CloseAccount(account_id="acct_1", sweep_to_account_id="acct_1", note=NUL), InvalidInput, "note"),
    (lambda: CloseAccount(account_id="acct_1", sweep_to_account_id=LONG_ID), InvalidInput, "sweepToAccountId"),
    (lambda: CloseAccount(account_id="acct_1", sweep_to_account_id="acct_1"), SameAccount, "sweepToAccountId"),
    (lambda: SetOverdraftLimit(account_id=LONG_ID, limit=OVERSIZED), InvalidInput, "accountId"),
    (lambda: Deposit(account_id=LONG_ID, amount=ONE), InvalidInput, "accountId"),
    (lambda: Deposit(account_id="acct_1", amount=ONE, reference=LONG_NAME), InvalidInput, "reference"),
    (lambda: Deposit(account_id="acct_1", amount=ONE, description=NUL), InvalidInput, "description"),
    (lambda: Withdraw(account_id="acct_1", amount=ONE, metadata=(("k", NUL),)), InvalidInput, "metadata"),
    (lambda: Transfer(from_account_id="acct_1", to_account_id="acct_1", amount=ONE), SameAccount, "toAccountId"),
    (lambda: Transfer(from_account_id=LONG_ID, to_account_id="acct_2", amount=ONE), InvalidInput, "fromAccountId"),
    (lambda: Transfer(from_account_id="acct_1", to_account_id=LONG_ID, amount=ONE), InvalidInput, "toAccountId"),
    (lambda: PlaceHold(account_id=LONG_ID, amount=ONE), InvalidInput, "accountId"),
    (lambda: PlaceHold(account_id="acct_1", amount=ONE, description=NUL), InvalidInput, "description"),
    (lambda: CaptureHold(hold_id=LONG_ID), InvalidInput, "holdId"),
    (lambda: CaptureHold(hold_id="hold_1", to_account_id=LONG_ID), InvalidInput, "toAccountId"),
    (lambda: CaptureHold(hold_id="hold_1", note=LONG_NOTE), InvalidInput, "note"),
    (lambda: ReleaseHold(hold_id=NUL), InvalidInput, "holdId"),
    (lambda: ReleaseHold(hold_id="hold_1", note=NUL), InvalidInput, "note"),
    (lambda: ReverseTransaction(transaction_id=LONG_ID, amount=OVERSIZED), InvalidInput, "transactionId"),
    (lambda: ReverseTransaction(transaction_id="txn_1", description=NUL), InvalidInput, "description"),
    (lambda: ExecuteBatch(mode=BatchMode.ATOMIC, items=()), InvalidInput, "items"),
    (lambda: ExecuteBatch(mode=BatchMode.ATOMIC, items=(ITEM,) * (MOST_ITEMS + 1)), InvalidInput, "items"),
    (lambda: CreateApiClient(name="", role=Role.VIEWER), InvalidInput, "name"),
    (lambda: ChangeApiClientRole(api_client_id=LONG_ID, role=Role.VIEWER), InvalidInput, "apiClientId"),
    (lambda: DisableApiClient(api_client_id=NUL), InvalidInput, "apiClientId"),
    (lambda: EnableApiClient(api_client_id=LONG_ID), InvalidInput, "apiClientId"),
    (lambda: IssueApiKey(api_client_id=LONG_ID), InvalidInput, "apiClientId"),
    (lambda: RevokeApiKey(api_key_id=LONG_ID), InvalidInput, "apiKeyId"),
    (lambda: AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="two words"), InvalidInput, "key"),
    (lambda: EraseText(account_id=LONG_ID), InvalidInput, "accountId"),
    (lambda: rollback(" "), InvalidInput, "reason"),
    (lambda: rollback(LONG_NOTE), InvalidInput, "reason"),
    (lambda: rollback(NUL), InvalidInput, "reason"),
    *(
        (lambda operation=operation: AbandonIdempotencyKey(of_operation=operation, key="k"), InvalidInput, "operation")
        for operation in sorted(KEYLESS)
    ),
]


@pytest.mark.parametrize(("make", "error", "field"), REFUSED)
def test_a_command_that_could_never_be_right_cannot_be_made(
    make: Callable[[], Command], error: type[InputError], field: str
) -> None:
    with pytest.raises(InputError) as refused:
        make()
    assert type(refused.value) is error
    assert refused.value.path == ("input", field)


MOVEMENTS: list[Callable[..., Command]] = [
    lambda **fields: Deposit(account_id="acct_1", **fields),
    lambda **fields: Withdraw(account_id="acct_1", **fields),
    lambda **fields: Transfer(from_account_id="acct_1", to_account_id="acct_2", **fields),
]
BOUNDED = [*MOVEMENTS, lambda **fields: ReverseTransaction(transaction_id="txn_1", **fields)]


HOLDS: list[Callable[..., Command]] = [
    lambda **fields: PlaceHold(account_id="acct_1", **fields),
    lambda **fields: CaptureHold(hold_id="hold_1", **fields),
]


@pytest.mark.parametrize("move", [*BOUNDED, *HOLDS])
@pytest.mark.parametrize("minor", [0, -1, LARGEST_BALANCE + 1])
def test_only_a_positive_bounded_amount_moves(move: Callable[..., Command], minor: int) -> None:
    with pytest.raises(InvalidAmount) as refused:
        move(amount=euros(minor))
    assert refused.value == InvalidAmount(2, euros(LARGEST_BALANCE), path=("input", "amount", "amount"))


@pytest.mark.parametrize("minor", [-1, LARGEST_BALANCE + 1])
def test_an_overdraft_limit_is_bounded_and_not_negative(minor: int) -> None:
    with pytest.raises(InvalidAmount) as refused:
        SetOverdraftLimit(account_id="acct_1", limit=euros(minor))
    assert refused.value == InvalidAmount(2, euros(LARGEST_BALANCE), path=("input", "limit", "amount"))


@pytest.mark.parametrize("move", MOVEMENTS)
@pytest.mark.parametrize(
    ("name", "words"), [("reference", LONG_NAME), ("description", LONG_NOTE), ("metadata", (("", "v"),))]
)
def test_wrong_words_are_told_before_a_wrong_amount(move: Callable[..., Command], name: str, words: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        move(amount=OVERSIZED, **{name: words})
    assert refused.value.path == ("input", name)


EMPTY: list[tuple[Command, str]] = [
    (OpenAccount(currency=EUR, name="Ada", overdraft_limit=euros(0)), "overdraft_limit"),
    (FreezeAccount(account_id="acct_1", reason=FreezeReason.OPERATIONS, note=""), "note"),
    (UnfreezeAccount(account_id="acct_1", note=""), "note"),
    (CloseAccount(account_id="acct_1", note=""), "note"),
    *((move(amount=ONE, description=""), "description") for move in (*BOUNDED, HOLDS[0])),
    (CaptureHold(hold_id="hold_1", note=""), "note"),
    (ReleaseHold(hold_id="hold_1", note=""), "note"),
]


@pytest.mark.parametrize(("command", "field"), EMPTY)
def test_what_says_nothing_is_as_if_it_were_not_there(command: Command, field: str) -> None:
    assert getattr(command, field) is None


@pytest.mark.parametrize("move", BOUNDED)
@pytest.mark.parametrize("minor", [1, LARGEST_BALANCE])
def test_the_bounds_themselves_may_move(move: Callable[..., Command], minor: int) -> None:
    assert move(amount=euros(minor)).operation in Operation


@pytest.mark.parametrize("move", MOVEMENTS)
def test_metadata_is_kept_sorted(move: Callable[..., Any]) -> None:
    assert move(amount=ONE, metadata=(("b", "2"), ("a", "1"))).metadata == (("a", "1"), ("b", "2"))


def test_a_command_cannot_be_changed() -> None:
    command = RenameAccount(account_id="acct_1", name="Ada")
    with pytest.raises(FrozenInstanceError):
        command.name = "Grace"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("command", "accounts", "moved", "targets"),
    [
        (OpenAccount(currency=EUR, name="Ada"), (), (), ()),
        (CloseAccount(account_id="acct_1"), ("acct_1",), ("acct_1",), ("acct_1",)),
        (Deposit(account_id="acct_1", amount=ONE), ("acct_1",), ("acct_1", "house_EUR"), ("acct_1",)),
        (
            Transfer(from_account_id="acct_1", to_account_id="acct_2", amount=ONE),
            ("acct_1", "acct_2"),
            ("acct_1", "acct_2"),
            ("acct_1", "acct_2"),
        ),
        (PlaceHold(account_id="acct_1", amount=ONE), ("acct_1",), ("acct_1",), ("acct_1",)),
        (CaptureHold(hold_id="hold_1"), (), (), ("hold_1",)),
        (CaptureHold(hold_id="hold_1", to_account_id="acct_2"), ("acct_2",), ("acct_2",), ("hold_1", "acct_2")),
        (CaptureHold(hold_id="x", to_account_id="x"), ("x",), ("x",), ("x",)),
        (ReleaseHold(hold_id="hold_1"), (), (), ("hold_1",)),
        (ExecuteBatch(mode=BatchMode.ATOMIC, items=(ITEM, ITEM)), (), (), ("acct_1",)),
        (IssueApiKey(api_client_id="cli_1"), (), (), ("cli_1",)),
        (RevokeApiKey(api_key_id="key_1"), (), (), ("key_1",)),
        (AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="k"), (), (), ()),
    ],
)
def test_a_command_says_which_accounts_it_names_and_loads_and_what_it_is_about(
    command: Command, accounts: tuple[str, ...], moved: tuple[str, ...], targets: tuple[str, ...]
) -> None:
    assert (command.account_ids, command.moved_ids, command.target_ids) == (accounts, moved, targets)


def test_only_a_batch_is_made_of_commands() -> None:
    assert ExecuteBatch(mode=BatchMode.ATOMIC, items=(ITEM,)).parts == (("k", ITEM.deposit),)
    assert Deposit(account_id="acct_1", amount=ONE).parts == ()


def test_the_key_of_an_item_is_a_key_like_any_other() -> None:
    items = (ITEM, BatchItem.of("two words", Withdraw(account_id="acct_1", amount=ONE)))
    with pytest.raises(InvalidInput) as refused:
        ExecuteBatch(mode=BatchMode.INDEPENDENT, items=items)
    assert refused.value.path == ("input", "items", "1", "withdraw", "idempotencyKey")


@pytest.mark.parametrize("members", [{}, {"deposit": ITEM.deposit, "withdraw": ITEM.deposit}])
def test_an_item_is_one_movement(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        assert BatchItem("k", **members).command


def _upper_snake(name: str) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").upper()


@pytest.mark.parametrize("command", SERVICES, ids=lambda kind: kind.__name__)
def test_one_name_runs_through_command_operation_service_and_success(command: type[Command]) -> None:
    service = SERVICES[command]
    assert command.operation.value == _upper_snake(command.__name__)
    assert service.perform.__name__ == command.operation.value.lower()
    assert service.success.__name__ == f"{command.__name__}Success"


def test_no_two_commands_share_an_operation() -> None:
    assert len({command.operation for command in SERVICES}) == len(SERVICES)


def test_a_withdrawal_in_another_currency_loads_the_house_of_that_currency() -> None:
    assert Withdraw(account_id="acct_1", amount=euros(1)).moved_ids[-1] == "house_EUR"
    assert "house_JPY" in Withdraw(account_id="acct_1", amount=type(ONE)(1, JPY)).moved_ids

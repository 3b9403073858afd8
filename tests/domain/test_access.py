from __future__ import annotations

import hmac
import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import (
    KEYS_PER_CLIENT,
    PERMISSIONS,
    SYSTEM,
    SYSTEM_CLIENT_ID,
    ApiClient,
    ApiKey,
    Operation,
    Role,
    api_key_id_in,
    mint_secret,
    secret_digest,
    secret_matches,
)
from domain.instants import Instant
from tests.support.surroundings import CountingEntropy

KEY_ID = "key_01jt5kq2mzf8s9v3x4y7b6c0de"

TABLE = {
    # operation                VIEWER AUDITOR TELLER MANAGER ADMIN
    Operation.OPEN_ACCOUNT: ". . T M A",
    Operation.RENAME_ACCOUNT: ". . T M A",
    Operation.DEPOSIT: ". . T M A",
    Operation.ABANDON_IDEMPOTENCY_KEY: ". . T M A",
    Operation.SET_OVERDRAFT_LIMIT: ". . . M A",
    Operation.FREEZE_ACCOUNT: ". . . M A",
    Operation.UNFREEZE_ACCOUNT: ". . . M A",
    Operation.CLOSE_ACCOUNT: ". . . M A",
    Operation.WITHDRAW: ". . . M A",
    Operation.TRANSFER: ". . . M A",
    Operation.REVERSE_TRANSACTION: ". . . M A",
    Operation.PLACE_HOLD: ". . . M A",
    Operation.CAPTURE_HOLD: ". . . M A",
    Operation.RELEASE_HOLD: ". . . M A",
    Operation.EXECUTE_BATCH: ". . . M A",
    Operation.CREATE_API_CLIENT: ". . . . A",
    Operation.CHANGE_API_CLIENT_ROLE: ". . . . A",
    Operation.DISABLE_API_CLIENT: ". . . . A",
    Operation.ENABLE_API_CLIENT: ". . . . A",
    Operation.ISSUE_API_KEY: ". . . . A",
    Operation.REVOKE_API_KEY: ". . . . A",
    Operation.EXPIRE_HOLD: ". . . . A",
    Operation.EXPIRE_FREEZE: ". . . . A",
    Operation.ERASE_TEXT: ". . . . A",
    Operation.ACCEPT_ROLLBACK: ". . . . A",
}


@pytest.mark.parametrize("operation", Operation)
def test_each_operation_has_its_roles(operation: Operation) -> None:
    expected = {role for role, mark in zip(Role, TABLE[operation].split(), strict=True) if mark != "."}
    assert PERMISSIONS[operation] == expected


def test_the_table_of_permissions_is_complete() -> None:
    assert PERMISSIONS.keys() == set(Operation) == TABLE.keys()


def test_only_the_system_is_the_system() -> None:
    assert ApiClient(SYSTEM_CLIENT_ID, "system", Role.ADMIN).is_system
    assert not ApiClient("cli_1", "system", Role.ADMIN).is_system
    assert (SYSTEM.api_client_id, SYSTEM.api_key_id, SYSTEM.role) == (SYSTEM_CLIENT_ID, None, Role.ADMIN)


def test_a_client_is_enabled_until_it_is_disabled() -> None:
    assert ApiClient("cli_1", "till", Role.TELLER).is_enabled
    assert not ApiClient("cli_1", "till", Role.TELLER, disabled_at=Instant(0)).is_enabled


@pytest.mark.parametrize(
    ("expires_at", "revoked_at", "usable"),
    [(None, None, True), (11, None, True), (10, None, False), (9, None, False), (None, 3, False), (11, 3, False)],
)
def test_a_key_is_usable_until_it_is_revoked_or_expires(
    expires_at: Instant | None, revoked_at: Instant | None, *, usable: bool
) -> None:
    key = ApiKey("key_1", "cli_1", Instant(1), expires_at, revoked_at)
    assert key.is_usable(Instant(10)) is usable


def test_a_client_may_hold_ten_keys() -> None:
    assert KEYS_PER_CLIENT == 10


def test_a_secret_names_its_key_and_carries_256_bits_and_a_checksum() -> None:
    secret = mint_secret(KEY_ID, CountingEntropy(0xABC))
    # Issued secrets are in the hands of callers: neither the layout nor the CRC-32 can ever change.
    assert secret == "ch_01jt5kq2mzf8s9v3x4y7b6c0de_" + f"{0xABD:064x}" + "8554590c"
    assert api_key_id_in(secret) == KEY_ID


def test_two_secrets_of_one_key_differ() -> None:
    entropy = CountingEntropy()
    assert mint_secret(KEY_ID, entropy) != mint_secret(KEY_ID, entropy)


@given(place=st.integers(0, 101), letter=st.sampled_from(string.digits + string.ascii_lowercase + "_"))
def test_a_mistyped_letter_is_refused_without_a_look_up(place: int, letter: str) -> None:
    secret = mint_secret(KEY_ID, CountingEntropy())
    typo = secret[:place] + letter + secret[place + 1 :]
    assert api_key_id_in(typo) == (KEY_ID if typo == secret else None)


@given(place=st.integers(0, 100))
def test_two_letters_swapped_are_refused(place: int) -> None:
    secret = mint_secret(KEY_ID, CountingEntropy(0xDEADBEEF))
    swapped = secret[:place] + secret[place + 1] + secret[place] + secret[place + 2 :]
    assert api_key_id_in(swapped) == (KEY_ID if swapped == secret else None)


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda secret: f" {secret}",
        lambda secret: f"{secret}\n",
        lambda secret: secret[:-1],
        lambda secret: secret.removeprefix("ch_"),
    ],
)
def test_a_secret_in_another_form_is_refused(change: Callable[[str], str]) -> None:
    assert api_key_id_in(change(mint_secret(KEY_ID, CountingEntropy()))) is None


@given(text=st.text())
def test_no_text_at_all_breaks_the_reading_of_secrets(text: str) -> None:
    assert api_key_id_in(text) is None
    assert api_key_id_in(f"ch_{text}") is None


def test_a_secret_is_stored_as_its_sha_256() -> None:
    assert secret_digest("ch_x") == "814828c0581e88aa976419e60c7fa86956ec72003a00c6d3701ef74a1b1eff72"


def test_a_secret_matches_its_digest_and_no_other() -> None:
    secret, other = (mint_secret(KEY_ID, entropy) for entropy in [CountingEntropy()] * 2)
    assert secret_matches(secret, secret_digest(secret))
    assert not secret_matches(other, secret_digest(secret))
    assert not secret_matches(secret, "")


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(first: str, second: str) -> bool:
        compared.append((first, second))
        return first == second

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert not secret_matches("ch_x", "0" * 64)
    assert compared == [(secret_digest("ch_x"), "0" * 64)]

"""What a key stands for: the canonical form of every command, its fingerprint, and how two inputs differ."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Operation, Role
from domain.commands import Command, Rejection
from domain.errors import SameAccount
from domain.freezes import FreezeReason, FreezeScope
from domain.idempotency import differing_fields, fingerprint
from domain.instants import Instant
from domain.money import Currency, Money
from domain.records import to_bytes, to_plain
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import (
    ChangeApiClientRole,
    CreateApiClient,
    DisableApiClient,
    EnableApiClient,
    IssueApiKey,
    RevokeApiKey,
)
from domain.services.batches import BatchItem, BatchMode, ExecuteBatch
from domain.services.captures import CaptureHold
from domain.services.erasures import EraseText
from domain.services.freezes import ExpireFreeze, FreezeAccount, UnfreezeAccount
from domain.services.holds import ExpireHold, PlaceHold, ReleaseHold
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from domain.services.rollbacks import AcceptRollback
from domain.services.table import SERVICES
from tests.support.books import EUR, JPY, euros

KWD = Currency("KWD", 3)
SALT = bytes(range(16))
AT = Instant(1_800_000_000_000_000)

# Form 1, byte for byte. Books in use hold fingerprints of these bytes and compare retries with them years later, and
# the audit log has hashed them. If one of these rows ever has to change, a client that repeats an old request is told
# that it reused its key, or is answered with another request's outcome. So they never change: a new field of a command
# is left out while it has its default, and anything else needs a form 2 beside this one.
GOLDEN: list[tuple[Command, str, str]] = [
    (
        OpenAccount(currency=EUR, name="Ada"),
        '{"currency":"EUR/2","name":"f732361b5ae13d884449ae526dde0496d8b5f45839bd2ed76ec570da5ac1778c"}',
        "f503e02b12d5e6f894c7cdb8a3c461a7fb010c545e924b5905a923ecb13e7c14",
    ),
    (
        OpenAccount(
            currency=EUR, name="Zoë", reference="crm-7", overdraft_limit=euros(5_000), metadata=(("a", "1"), ("b", "2"))
        ),
        (
            '{"currency":"EUR/2","metadata":"a83d38613e938df3869df81a2648c8f738dbcb3035606ae920b97bedff0f2b4e",'
            '"name":"b87336388a7bf1ce0bf72c00772b314e7d02029bc582a491a426cb86cd3ce547",'
            '"overdraftLimit":"5000 EUR/2","reference":"crm-7"}'
        ),
        "13489589bca3077b6c7777e64d7e8403c0cda9f571aa2947934a1bed4e525bff",
    ),
    (
        RenameAccount(account_id="acct_1", name="Grace"),
        '{"accountId":"acct_1","name":"bb03d782642e9992a14bca0775f471b9dc2bd155dd40ca66f63bb2a14deb79fc"}',
        "3e9c4e3371a1038607363007b4fcc4a062310afc0864e4b9929106eba2733446",
    ),
    (
        ExecuteBatch(
            mode=BatchMode.INDEPENDENT,
            items=(
                BatchItem.of("a", Deposit(account_id="acct_1", amount=euros(1), description="Pay")),
                BatchItem.of("b", Withdraw(account_id="acct_1", amount=euros(2))),
                BatchItem.of("c", Transfer(from_account_id="acct_1", to_account_id="acct_2", amount=euros(3))),
                BatchItem.of("d", Rejection(Operation.TRANSFER, SameAccount(path=("input", "toAccountId")), ("x",))),
            ),
        ),
        (
            '{"items":[{"deposit":{"accountId":"acct_1","amount":"1 EUR/2",'
            '"description":"12aeb9be8d297a28cd3b902173ca1b96f67a4eca0b242bda930c3ee09251ce28"},'
            '"idempotencyKey":"a"},{"idempotencyKey":"b","withdraw":{"accountId":"acct_1",'
            '"amount":"2 EUR/2"}},{"idempotencyKey":"c","transfer":{"amount":"3 EUR/2",'
            '"fromAccountId":"acct_1","toAccountId":"acct_2"}},{"idempotencyKey":"d",'
            '"rejected":{"error":{"path":["input","toAccountId"]},"operation":"TRANSFER",'
            '"targetIds":["x"]}}],"mode":"INDEPENDENT"}'
        ),
        "3b5842f82a0e2cd17bc76f5ada5a339212a586ab0ae3dccfad10c0eed4ba3de8",
    ),
    (
        FreezeAccount(account_id="acct_1", reason=FreezeReason.COMPLIANCE),
        '{"accountId":"acct_1","reason":"COMPLIANCE"}',
        "ab4a3d916bc50c1d945bd0a4c1d9a4a1a34eb1b0ba3bca3ff34ced4ceb337681",
    ),
    (
        FreezeAccount(
            account_id="acct_1",
            reason=FreezeReason.SUSPECTED_FRAUD,
            scope=FreezeScope.DEBITS,
            note="Stolen card",
            expires_at=AT,
        ),
        (
            '{"accountId":"acct_1","expiresAt":1800000000000000,'
            '"note":"1e4dc4a59775db8ccb0e7efc5fb368114dc4d39faee8140a940d590aee90cdda",'
            '"reason":"SUSPECTED_FRAUD","scope":"DEBITS"}'
        ),
        "1ec28a4f6ff17852a97a7a30e9c69eb7753e7a4111643231129e5cd829bda601",
    ),
    (
        UnfreezeAccount(account_id="acct_1"),
        '{"accountId":"acct_1"}',
        "861539a39523eaebef8a9e4a18a2d3d3e077a0ba8a064aecdd755f3397194dda",
    ),
    (
        UnfreezeAccount(account_id="acct_1", freeze_id="frz_1", note="Cleared"),
        (
            '{"accountId":"acct_1","freezeId":"frz_1",'
            '"note":"cd267215a2bb32b8c034380982ad4a64b50bd664975d2f5de0005e0c25b7631f"}'
        ),
        "d6241a2b985cc4ef4e4787671d1132aaabf4da3e39f1ff9b9ccce3f8ee035892",
    ),
    (
        ExpireFreeze(account_id="acct_1", freeze_id="frz_1"),
        '{"accountId":"acct_1","freezeId":"frz_1"}',
        "c782c2b017439545e2a3f615192991be078067d2b801d3e8f4de94be412794e2",
    ),
    (
        EraseText(account_id="acct_1"),
        '{"accountId":"acct_1"}',
        "861539a39523eaebef8a9e4a18a2d3d3e077a0ba8a064aecdd755f3397194dda",
    ),
    (
        AcceptRollback(lost_sequence=9, lost_hash="f0", kept_sequence=7, kept_hash="a0", reason="the disk failed"),
        '{"keptHash":"a0","keptSequence":7,"lostHash":"f0","lostSequence":9,"reason":"the disk failed"}',
        "35f8ba7d87deb6c9ad6dbadd4731bfbb16c3749eaf0769d3342ce99bee3c848f",
    ),
    (
        CloseAccount(account_id="acct_1"),
        '{"accountId":"acct_1"}',
        "861539a39523eaebef8a9e4a18a2d3d3e077a0ba8a064aecdd755f3397194dda",
    ),
    (
        CloseAccount(account_id="acct_1", note="Moved away"),
        '{"accountId":"acct_1","note":"4061f2af9975ef5061cc0407e1fbe14297341016e7fea626b53618288b04ea31"}',
        "f00a7251f55f41a014e830aef7ae69395c5047061d818b963f5f5c15498bd96a",
    ),
    (
        CloseAccount(account_id="acct_1", sweep_to_account_id="acct_2"),
        '{"accountId":"acct_1","sweepToAccountId":"acct_2"}',
        "4298841ca3e84c8c7dce0ab70522866ae40173e3349b961bf226a81a8dfc4d4e",
    ),
    (
        SetOverdraftLimit(account_id="acct_1", limit=euros(0)),
        '{"accountId":"acct_1","limit":"0 EUR/2"}',
        "baa31d5cc683db773986dc51da8d4f17a90a2ccbde35979091cc543c328cc4c8",
    ),
    (
        Deposit(account_id="acct_1", amount=euros(1_050)),
        '{"accountId":"acct_1","amount":"1050 EUR/2"}',
        "d10de357afec73d12efe9dcf72f35a20b3e7ebe2c3078139e38cc38600e0cc0e",
    ),
    (
        Deposit(
            account_id="acct_1",
            amount=Money(1_200, JPY),
            reference="inv-1",
            description="Salary",
            metadata=(("a", "1"), ("b", "2")),
            expected_version=0,
        ),
        (
            '{"accountId":"acct_1","amount":"1200 JPY/0",'
            '"description":"65051ab3b7df57b7ce7b8269e65d8bf0ed286355422c20d2f4dcb6ae12319676",'
            '"expectedVersion":0,"metadata":"a83d38613e938df3869df81a2648c8f738dbcb3035606ae920b97bedff0f2b4e",'
            '"reference":"inv-1"}'
        ),
        "2e112c0b6859bb824544d2f23e2894e19b32e83a3b2200add79c7fbd69ffa5de",
    ),
    (
        Withdraw(account_id="acct_1", amount=euros(1_050)),
        '{"accountId":"acct_1","amount":"1050 EUR/2"}',
        "d10de357afec73d12efe9dcf72f35a20b3e7ebe2c3078139e38cc38600e0cc0e",
    ),
    (
        Withdraw(
            account_id="acct_1",
            amount=Money(3_140, KWD),
            reference="atm-9",
            description="Cash",
            expected_version=7,
            min_available_after=Money(0, KWD),
        ),
        (
            '{"accountId":"acct_1","amount":"3140 KWD/3",'
            '"description":"b950b2f7f04211b8f5974ecd0ca253a8da26a9d3d016eff3d6b6f03967cf0b16",'
            '"expectedVersion":7,"minAvailableAfter":"0 KWD/3","reference":"atm-9"}'
        ),
        "e1c8cae44eb3a63fa928ab4bd9073658e99d1eeffc0e71f1ab2b7176fa1101ad",
    ),
    (
        Transfer(from_account_id="acct_1", to_account_id="acct_2", amount=euros(1)),
        '{"amount":"1 EUR/2","fromAccountId":"acct_1","toAccountId":"acct_2"}',
        "68c0af0fb2f857bbbf41d0c02f880ebb9409a6c2a7de62ec3c5592c5d22493a2",
    ),
    (
        Transfer(
            from_account_id="acct_1",
            to_account_id="acct_2",
            amount=euros(4_000_000_000_000_000_000),
            description="Rent",
            metadata=(("month", "May"),),
            expected_version=1,
            min_available_after=euros(-5),
        ),
        (
            '{"amount":"4000000000000000000 EUR/2",'
            '"description":"95ac2b33bbebe3b17c41ee2c4ddc95eb846d08a3f09da3f8a7f95c7c9d0ec57f",'
            '"expectedVersion":1,"fromAccountId":"acct_1",'
            '"metadata":"322da42409c60eb63c9f687475f1f301406ad693d2ad51b8fa1068c76efcb090",'
            '"minAvailableAfter":"-5 EUR/2","toAccountId":"acct_2"}'
        ),
        "1db2d0b351cf1f17b84cde7e321d20d443ec436a2110df50696b35145bf1bf90",
    ),
    (
        ReverseTransaction(transaction_id="txn_1"),
        '{"transactionId":"txn_1"}',
        "d82eaec650239e1f9f286b605e82b77bd139e1172ea93f5bbb01464b1a39178c",
    ),
    (
        ReverseTransaction(transaction_id="txn_1", amount=euros(1_050), description="Wrong customer"),
        (
            '{"amount":"1050 EUR/2",'
            '"description":"b4cefe8c1137104ba46062360b41a1314b2964c6e4840df3ddb42667181058e9",'
            '"transactionId":"txn_1"}'
        ),
        "37ea183a99924a8d0b4b752571b78d3a172282a7d88c5e400c513455ccedf591",
    ),
    (
        CreateApiClient(name="till 4", role=Role.TELLER),
        '{"name":"till 4","role":"TELLER"}',
        "13a58b6711ca03a3e76d16a1f23eb34bb4c598a0608a7e9c44a6a5358acdff48",
    ),
    (
        ChangeApiClientRole(api_client_id="cli_1", role=Role.AUDITOR),
        '{"apiClientId":"cli_1","role":"AUDITOR"}',
        "af3255c6bcd24269212bf79e616be92c14c0f8e88ab86a51df9899eef01e33c4",
    ),
    (
        DisableApiClient(api_client_id="cli_1"),
        '{"apiClientId":"cli_1"}',
        "b2bbc0bece4e06249b0ab679580192a4c150cf7a9169a3e0c40dd7ab5cd919fa",
    ),
    (
        EnableApiClient(api_client_id="cli_1"),
        '{"apiClientId":"cli_1"}',
        "b2bbc0bece4e06249b0ab679580192a4c150cf7a9169a3e0c40dd7ab5cd919fa",
    ),
    (
        IssueApiKey(api_client_id="cli_1"),
        '{"apiClientId":"cli_1"}',
        "b2bbc0bece4e06249b0ab679580192a4c150cf7a9169a3e0c40dd7ab5cd919fa",
    ),
    (
        IssueApiKey(api_client_id="cli_1", expires_at=AT),
        '{"apiClientId":"cli_1","expiresAt":1800000000000000}',
        "5e27c383cd797a11c60454b7da49c6c7e55c93f67061422415abd0c540cd2c49",
    ),
    (
        RevokeApiKey(api_key_id="key_1"),
        '{"apiKeyId":"key_1"}',
        "8fcf9f6fff49a3b18feec15b5299ed83644087569635f92392fa21f45d929443",
    ),
    (
        AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="lost"),
        '{"key":"lost","operation":"DEPOSIT"}',
        "0d1b366feaaea346626b002962c0cde8664832e8de61146d90c55aea7291c209",
    ),
    (
        PlaceHold(account_id="acct_1", amount=euros(1_050)),
        '{"accountId":"acct_1","amount":"1050 EUR/2"}',
        "d10de357afec73d12efe9dcf72f35a20b3e7ebe2c3078139e38cc38600e0cc0e",
    ),
    (
        PlaceHold(
            account_id="acct_1",
            amount=Money(1_200, JPY),
            description="Hotel",
            expires_at=AT,
            expected_version=3,
            min_available_after=Money(5, JPY),
        ),
        (
            '{"accountId":"acct_1","amount":"1200 JPY/0",'
            '"description":"c0fcbb5de535dfa60f9ca9212b3cb26538d12be6cdecc1d8d238f1f6a6964285",'
            '"expectedVersion":3,"expiresAt":1800000000000000,"minAvailableAfter":"5 JPY/0"}'
        ),
        "b44fe124461d63760839b734ba9499842e5c0f23024d35cfc0e565f202c9706d",
    ),
    (
        CaptureHold(hold_id="hold_1"),
        '{"holdId":"hold_1"}',
        "943763dc1ce917acf1d2f0f4619d35cb144be8b7c4ee11ee0c5370ab13070422",
    ),
    (
        CaptureHold(hold_id="hold_1", amount=euros(7), to_account_id="acct_2", note="Signed for"),
        (
            '{"amount":"7 EUR/2","holdId":"hold_1",'
            '"note":"e64d5aef6b239bef90d2e905a5d4129e3163c35efd362199f13827b6ec5a0710","toAccountId":"acct_2"}'
        ),
        "91575ad7c8485ebc93bc81671a9468b3b4968496aab46041b6af34b8e2f0e1f1",
    ),
    (
        ReleaseHold(hold_id="hold_1"),
        '{"holdId":"hold_1"}',
        "943763dc1ce917acf1d2f0f4619d35cb144be8b7c4ee11ee0c5370ab13070422",
    ),
    (
        ReleaseHold(hold_id="hold_1", note="Cancelled"),
        '{"holdId":"hold_1","note":"979fd054703ac5b842523bffdcfc4a65dc9af21d52e018f4cb419e73f3902725"}',
        "4798d44af9c0c5e37997078e3a749d51588c10586929d76b7eb1192d80f59f78",
    ),
    (
        ExpireHold(account_id="acct_1", hold_id="hold_1"),
        '{"accountId":"acct_1","holdId":"hold_1"}',
        "adb0d25281d3810ca0a701a05f5a178bf5a382f45895859d8dc4f98c742069e0",
    ),
]


@pytest.mark.parametrize(("command", "canonical", "mark"), GOLDEN, ids=lambda value: type(value).__name__)
def test_the_canonical_form_of_a_command_never_changes(command: Command, canonical: str, mark: str) -> None:
    plain = to_plain(command, SALT)
    assert to_bytes(plain) == canonical.encode()
    assert fingerprint(plain) == mark


def test_every_command_has_golden_vectors() -> None:
    assert {type(command) for command, _, _ in GOLDEN} == SERVICES.keys()


def test_a_fingerprint_is_the_sha_256_of_the_canonical_bytes() -> None:
    assert fingerprint({"b": 1, "a": "é"}) == hashlib.sha256('{"a":"é","b":1}'.encode()).hexdigest()


def test_another_salt_makes_another_fingerprint() -> None:
    command = RenameAccount(account_id="acct_1", name="Ada")
    assert fingerprint(to_plain(command, b"one")) != fingerprint(to_plain(command, b"two"))


inputs = st.dictionaries(st.text(max_size=3), st.integers(0, 3), max_size=6)


@given(first=inputs, second=inputs)
def test_differing_fields_are_those_changed_added_and_left_out(first: dict[str, int], second: dict[str, int]) -> None:
    differing = differing_fields(first, second)
    assert list(differing) == sorted(set(differing))
    assert set(differing) == {name for name, _ in first.items() ^ second.items()}
    assert differing == differing_fields(second, first)
    assert bool(differing) == (fingerprint(first) != fingerprint(second))

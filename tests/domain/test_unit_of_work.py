from __future__ import annotations

from dataclasses import replace

import pytest

from domain.access import SYSTEM, ApiClient, ApiKey, Operation, Role
from domain.accounts import Account, AccountState
from domain.decisions import Batch
from domain.errors import AccountNotFound
from domain.freezes import Freeze, FreezeReason, FreezeScope
from domain.idempotency import Decision, IdempotencyOutcome, IdempotencyRecord, IdempotencyScope
from domain.instants import Instant
from domain.services.movements import Deposit, deposit
from domain.unit_of_work import Staged
from tests.support.books import EUR, JPY, euros
from tests.support.memory import MemoryLedger

PATH = ("input", "accountId")


def _batch(ledger: MemoryLedger) -> Batch:
    return Batch(ledger.books, ledger.head, Instant(ledger.head.at + 1), ledger.ids, ledger.entropy)


def _freeze(account: Account) -> Freeze:
    return Freeze(
        "frz_new", account.id, FreezeScope.ALL, FreezeReason.OPERATIONS, None, Instant(1), "cli_1", Role.ADMIN
    )


def test_what_a_command_stages_hides_what_the_batch_and_the_books_hold() -> None:
    ledger = MemoryLedger()
    account = ledger.funded(100)
    batch = _batch(ledger)
    work = batch.unit_of_work(SYSTEM)
    assert work.account(account.id) == account
    batch.staged.accounts[account.id] = replace(account, version=8)
    assert work.account(account.id) == replace(account, version=8)
    work.stage_account(replace(account, version=9))
    assert work.account(account.id) == replace(account, version=9)
    assert batch.account(account.id) == replace(account, version=8)


def test_what_is_not_absorbed_was_never_staged() -> None:
    ledger = MemoryLedger()
    account = ledger.funded(100)
    batch = _batch(ledger)
    dropped, kept = batch.unit_of_work(SYSTEM), batch.unit_of_work(SYSTEM)
    dropped.stage_account(replace(account, version=8))
    kept.stage_renamed_account(replace(account, name="Grace"))
    batch.staged.absorb(kept.staged)
    fresh = batch.unit_of_work(SYSTEM)
    assert fresh.account(account.id) == replace(account, name="Grace")
    assert ledger.books.account(account.id) == account


def test_a_part_of_a_command_sees_the_parts_before_it_and_stays_apart_until_it_is_absorbed() -> None:
    ledger = MemoryLedger()
    account = ledger.funded(100)
    batch = _batch(ledger)
    work = batch.unit_of_work(SYSTEM)
    outcomes = [work.decide(key, Deposit(account_id=account.id, amount=euros(1))) for key in ("a", "b", "a")]
    assert [outcome.result.account.posted.minor for outcome in outcomes] == [101, 102, 101]
    assert [outcome.replayed for outcome in outcomes] == [False, False, True]
    assert [record.sequence for record in work.parts.audit] == [batch.sequence + 1, batch.sequence + 2]
    assert (work.account(account.id), batch.account(account.id)) == (account, account)
    assert work.staged == Staged()


def test_absorbing_takes_over_every_kind_of_row() -> None:
    batch, work = Staged(), Staged()
    for name in Staged.__slots__:
        rows = getattr(work, name)
        rows.append(name) if isinstance(rows, list) else rows.update({name: name})
    batch.absorb(work)
    assert batch == work


def test_freezes_are_seen_through_all_layers_and_released_ones_are_gone() -> None:
    ledger = MemoryLedger()
    account = ledger.opened()
    batch = _batch(ledger)
    freeze = _freeze(account)
    batch.staged.accounts[account.id] = replace(account, state=AccountState.FROZEN)
    batch.staged.freezes[freeze.id] = freeze
    work = batch.unit_of_work(SYSTEM)
    another = replace(freeze, id="frz_newer")
    work.stage_placed_freeze(another)
    work.stage_placed_freeze(replace(freeze, id="frz_elsewhere", account_id="acct_other"))
    assert work.unreleased_freezes(account.id) == [freeze, another]
    work.stage_freeze(replace(freeze, released_at=Instant(2)))
    assert work.unreleased_freezes(account.id) == [another]
    assert work.freeze(freeze.id) == replace(freeze, released_at=Instant(2))
    work.stage_account(account)
    assert work.unreleased_freezes(account.id) == ()


def test_clients_keys_and_decisions_are_seen_through_all_layers() -> None:
    batch = _batch(MemoryLedger())
    work = batch.unit_of_work(SYSTEM)
    client, key = ApiClient("cli_1", "till", Role.ADMIN), ApiKey("key_1", "cli_1", Instant(1))
    scope = IdempotencyScope("cli_1", Operation.DEPOSIT, "k")
    decision = Decision(IdempotencyRecord(scope, IdempotencyOutcome.ABANDONED, 1, Instant(1)))
    work.stage_created_api_client(client)
    work.stage_issued_api_key(key, "digest")
    work.stage_decision(decision)
    assert (work.api_client("cli_1"), work.api_key("key_1")) == (client, key)
    assert (work.admins(), work.api_keys_of("cli_1")) == ([client], [key])
    batch.staged.absorb(work.staged)
    later = batch.unit_of_work(SYSTEM)
    assert (later.api_client("cli_1"), later.api_key("key_1"), later.decision(scope)) == (client, key, decision)
    assert later.api_client_id_with_name("till") == "cli_1"


def test_a_house_account_is_opened_at_its_first_use_and_once() -> None:
    work = _batch(MemoryLedger()).unit_of_work(SYSTEM)
    house = work.house_account(EUR)
    assert work.staged.created == {house.id: work.sequence}
    work.stage_account(replace(house, posted=euros(-5)))
    assert work.house_account(EUR).posted == euros(-5)
    assert work.house_account(JPY).id != house.id


def test_every_row_tells_by_which_record_it_was_staged_last() -> None:
    ledger = MemoryLedger()
    account, client, key = ledger.opened(), ApiClient("cli_1", "till", Role.ADMIN), ApiKey("key_1", "cli_1", Instant(1))
    batch = _batch(ledger)
    earlier = batch.unit_of_work(SYSTEM)
    earlier.stage_placed_freeze(_freeze(account))
    earlier.stage_created_api_client(client)
    earlier.stage_issued_api_key(key, "digest")
    batch.staged.absorb(earlier.staged)
    later = batch.unit_of_work(SYSTEM)
    later.sequence += 1
    later.stage_account(replace(account, version=8))
    later.stage_freeze(replace(_freeze(account), released_at=Instant(2)))
    later.stage_api_client(replace(client, disabled_at=Instant(2)))
    later.stage_api_key(replace(key, revoked_at=Instant(2)))
    batch.staged.absorb(later.staged)
    created = ("frz_new", "cli_1", "key_1")
    assert batch.staged.created == dict.fromkeys(created, earlier.sequence)
    assert batch.staged.changed == dict.fromkeys((account.id, *created), later.sequence)


@pytest.mark.parametrize("account_id", ["house_EUR", "acct_missing", ""])
def test_only_customers_accounts_are_given_out(account_id: str) -> None:
    ledger = MemoryLedger()
    account = ledger.funded(100)
    work = _batch(ledger).unit_of_work(SYSTEM)
    assert work.customer_account(account.id, PATH) == account
    with pytest.raises(AccountNotFound) as refused:
        work.customer_account(account_id, PATH)
    assert refused.value == AccountNotFound(account_id, path=PATH)


def test_a_freeze_that_is_due_counts_no_more_even_where_nothing_settled_it() -> None:
    ledger = MemoryLedger()
    account = ledger.funded(100)
    work = _batch(ledger).unit_of_work(SYSTEM)
    work.stage_account(replace(account, state=AccountState.FROZEN))
    work.stage_placed_freeze(replace(_freeze(account), expires_at=work.now))
    assert (len(work.unreleased_freezes(account.id)), work.live_freezes(account.id)) == (1, [])
    assert deposit(work, Deposit(account_id=account.id, amount=euros(5))).account.posted == euros(105)

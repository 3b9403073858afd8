from __future__ import annotations

from pathlib import Path

import pytest

from domain.access import Role
from domain.ports import Request
from domain.services.api_clients import ChangeApiClientRole
from domain.services.movements import Deposit
from persistence.books import Books, read_head
from persistence.provisioning import Provisioner
from persistence.system import SystemLedger
from tests.support.books import TestLedger, euros


def provisioner(ledger: TestLedger) -> Provisioner:
    system = SystemLedger(ledger.database, clock=ledger.clock, ids=ledger.ids, entropy=ledger.entropy)
    return Provisioner(Books(ledger.database), system, ledger.clock)


def test_a_place_where_no_key_can_be_left_costs_no_key(ledger: TestLedger, tmp_path: Path) -> None:
    (tmp_path / "x.admin-key").mkdir()
    with pytest.raises(IsADirectoryError):
        provisioner(ledger).leave_first_key(tmp_path / "x.admin-key")
    assert not Books(ledger.database).admins()
    assert provisioner(ledger).leave_first_key(tmp_path / "y.admin-key")
    assert not list(tmp_path.glob("*.new"))


def test_who_is_promoted_may_act_in_the_same_batch(ledger: TestLedger) -> None:
    account, viewer, admin = ledger.opened(), ledger.caller(Role.VIEWER), ledger.caller(Role.ADMIN)
    promotion = ChangeApiClientRole(api_client_id=viewer.api_client_id, role=Role.TELLER)
    deposit = Deposit(account_id=account.id, amount=euros(500))
    before = read_head(ledger.database).batch
    promoted, deposited = ledger.run(Request(admin, "promote", promotion), Request(viewer, "act", deposit))
    assert (getattr(promoted, "is_success", None), getattr(deposited, "is_success", None)) == (True, True)
    assert read_head(ledger.database).batch == before + 1

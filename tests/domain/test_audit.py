from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Operation, Role
from domain.audit import (
    BEGINNING,
    GENESIS_HASH,
    AuditOutcome,
    AuditRecord,
    Head,
    Unsealed,
    chained,
    fault_in,
    seal,
)
from domain.error_codes import ErrorCode
from domain.instants import Instant

PREDECESSOR = Head(batch=3, sequence=6, at=Instant(1000), hash="ab" * 32)
OUTCOME = Unsealed(
    at=Instant(2000),
    outcome=AuditOutcome.REFUSED,
    operation=Operation.WITHDRAW,
    api_client_id="cli_1",
    api_key_id="key_1",
    role=Role.MANAGER,
    idempotency_key="k",
    target_ids=("acct_1", "acct_2"),
    error_code=ErrorCode.INSUFFICIENT_FUNDS,
    facts={"input": {"amount": "5 EUR/2"}, "error": {"shortfall": "1 EUR/2"}},
)
RECORD = seal(OUTCOME, 7, PREDECESSOR.hash)


def test_a_record_is_sealed_in_these_bytes_for_ever() -> None:
    # The bytes are hashed and the hashes are chained: another layout would break every log that exists.
    assert RECORD.details == (
        '{"apiClientId":"cli_1","apiKeyId":"key_1","at":2000,"error":{"shortfall":"1 EUR/2"},'
        '"errorCode":"INSUFFICIENT_FUNDS","form":1,"idempotencyKey":"k","input":{"amount":"5 EUR/2"},'
        '"operation":"WITHDRAW","outcome":"REFUSED","role":"MANAGER","sequence":7,"targetIds":["acct_1","acct_2"]}'
    )
    assert RECORD.hash == hashlib.sha256(bytes.fromhex("ab" * 32) + RECORD.details.encode()).hexdigest()
    assert RECORD.previous_hash == PREDECESSOR.hash


def test_the_log_begins_with_nothing() -> None:
    assert (BEGINNING.batch, BEGINNING.sequence, BEGINNING.at, BEGINNING.hash) == (0, 0, 0, GENESIS_HASH)
    assert fault_in(seal(OUTCOME, 1, GENESIS_HASH), BEGINNING) is None


def test_a_record_as_it_was_sealed_has_no_fault() -> None:
    assert fault_in(RECORD, PREDECESSOR) is None


def test_the_columns_of_a_record_are_those_of_its_outcome() -> None:
    for name in ("at", "outcome", "operation", "api_client_id", "api_key_id", "role", "idempotency_key", "target_ids"):
        assert getattr(RECORD, name) == getattr(OUTCOME, name)
    assert (RECORD.sequence, RECORD.error_code) == (7, OUTCOME.error_code)


HASH = "does not match its hash"
COLUMNS = "has columns that differ from its sealed details"


TAMPERING: list[tuple[dict[str, Any], str]] = [
    ({"sequence": 8}, "follows record 6: records are missing"),
    ({"sequence": 6}, "follows record 6: records are missing"),
    ({"previous_hash": "cd" * 32}, "is not chained to the record before it"),
    ({"details": RECORD.details.replace("5 EUR/2", "6 EUR/2")}, HASH),
    ({"details": RECORD.details + " "}, HASH),
    ({"hash": "cd" * 32}, HASH),
    ({"at": 999}, "is older than the record before it"),
    ({"at": 2001}, COLUMNS),
    ({"outcome": AuditOutcome.SUCCEEDED}, COLUMNS),
    ({"operation": Operation.DEPOSIT}, COLUMNS),
    ({"api_client_id": "cli_2"}, COLUMNS),
    ({"api_key_id": "key_2"}, COLUMNS),
    ({"api_key_id": None}, COLUMNS),
    ({"role": Role.ADMIN}, COLUMNS),
    ({"idempotency_key": "other"}, COLUMNS),
    ({"idempotency_key": None}, COLUMNS),
    ({"target_ids": ("acct_1",)}, COLUMNS),
    ({"target_ids": ("acct_2", "acct_1")}, COLUMNS),
    ({"error_code": ErrorCode.ACCOUNT_FROZEN}, COLUMNS),
    ({"error_code": None}, COLUMNS),
]


@pytest.mark.parametrize(("change", "fault"), TAMPERING)
def test_every_kind_of_tampering_is_named(change: dict[str, Any], fault: str) -> None:
    assert fault_in(replace(RECORD, **change), PREDECESSOR) == fault


def test_no_field_of_a_record_can_be_tampered_with() -> None:
    assert {name for change, _ in TAMPERING for name in change} == set(AuditRecord.__slots__)


@given(place=st.integers(0, len(RECORD.details) - 1), letter=st.characters(codec="utf-8"))
def test_no_letter_of_the_details_can_change_unnoticed(place: int, letter: str) -> None:
    details = RECORD.details[:place] + letter + RECORD.details[place + 1 :]
    expected = None if details == RECORD.details else HASH
    assert fault_in(replace(RECORD, details=details), PREDECESSOR) == expected


def test_a_record_forged_with_its_own_hash_breaks_the_next_one() -> None:
    successor = seal(OUTCOME, 8, RECORD.hash)
    details = RECORD.details.replace("5 EUR/2", "6 EUR/2")
    forged = replace(RECORD, details=details, hash=chained(RECORD.previous_hash, details.encode()))
    assert fault_in(forged, PREDECESSOR) is None
    head = Head(batch=4, sequence=7, at=forged.at, hash=forged.hash)
    assert fault_in(successor, head) == "is not chained to the record before it"


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_record_left_out_is_missed(missing: int) -> None:
    head, faults, records = BEGINNING, [], []
    for sequence in range(1, 5):
        records.append(seal(OUTCOME, sequence, head.hash))
        head = Head(1, sequence, OUTCOME.at, records[-1].hash)
    del records[missing]
    head = BEGINNING
    for record in records:
        faults.append(fault_in(record, head))
        head = Head(1, record.sequence, record.at, record.hash)
    assert [fault for fault in faults if fault] == [f"follows record {missing}: records are missing"]


def test_records_of_one_batch_share_its_time() -> None:
    assert fault_in(RECORD, replace(PREDECESSOR, at=OUTCOME.at)) is None


def test_the_systems_own_deeds_have_no_key() -> None:
    record = seal(replace(OUTCOME, api_key_id=None, idempotency_key=None, error_code=None), 7, PREDECESSOR.hash)
    details = json.loads(record.details)
    assert (details["apiKeyId"], details["idempotencyKey"], details["errorCode"]) == (None, None, None)
    assert fault_in(record, PREDECESSOR) is None

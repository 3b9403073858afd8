"""What the audit log tells of the books, compared with the books: nothing more, nothing less, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import peewee

from domain.access import SYSTEM_CLIENT_ID, Operation
from domain.audit import AuditOutcome, AuditRecord
from domain.error_codes import ErrorCode
from domain.idempotency import IdempotencyOutcome, fingerprint
from domain.records import FORM, digest, free_text_names, to_plain
from domain.services.table import SERVICES
from persistence import queries, rows, tables
from persistence.books import read_transactions
from persistence.statements import Statement, array, each

_KEEPS_NO_KEY = frozenset(
    {
        ErrorCode.INVALID_INPUT,
        ErrorCode.INVALID_AMOUNT,
        ErrorCode.SAME_ACCOUNT,
        ErrorCode.IDEMPOTENCY_KEY_REUSED,
        ErrorCode.IDEMPOTENCY_KEY_ABANDONED,
    }
)
"""Refusals that leave no idempotency record: decided without the books, or about a key that has one."""

_DECISIONS_AT = Statement(
    tables.Idempotency.select(
        tables.Idempotency.sequence,
        tables.Idempotency.api_client_id,
        tables.Idempotency.operation,
        tables.Idempotency.key,
        tables.Idempotency.outcome,
        tables.Idempotency.fingerprint,
        tables.Idempotency.form,
    ).where(tables.Idempotency.sequence.in_(each("sequences")))
)
_TEXT_AT = Statement(tables.Text.select().where(tables.Text.sequence.in_(each("sequences"))))

Plain = dict[str, Any]


class FaultFoundError(Exception):
    """The first row that is not as it must be."""


Told = tuple[Plain, int]
"""A noun, and the number of the record that told of it last."""


class Retelling:
    """Hears the log record by record, and holds what it tells against the rows.

    What never changes is compared at once; what changes is remembered as it was last told, and compared at the end.
    """

    def __init__(self, database: peewee.Database) -> None:
        self._database = database
        self._told: dict[str, dict[str, Told]] = {kind: {} for kind in _NOUNS}
        self._counted = {"transaction": 0, "idempotency": 0, "text": 0}

    @property
    def transactions(self) -> int:
        """Return how many transactions the log tells of."""
        return self._counted["transaction"]

    @property
    def accounts(self) -> int:
        """Return how many accounts the log tells of, those of the house included."""
        return len(self._told["account"]) + len(self._told["house account"])

    def hear(self, records: Sequence[AuditRecord]) -> None:
        """Take in the next records. Raises FaultFoundError for the first row that they contradict."""
        details = [(record, json.loads(record.details)) for record in records]
        for record, told in details:
            if record.outcome is AuditOutcome.SUCCEEDED:
                self._hear_success(record.sequence, told)
        self._prove_movements(details)
        self._prove_decisions(details)
        self._prove_texts(details)

    def prove_complete(self) -> None:
        """Raise FaultFoundError unless every row is as the log left it, and there is none it does not know."""
        for kind, read in _NOUNS.items():
            told, actual = self._told[kind], read(self._database)
            for id_ in sorted(told.keys() | actual.keys()):
                if told.get(id_) != actual.get(id_):
                    raise FaultFoundError(f"{kind} {id_} is not as it was last recorded")
        for table, told_of in self._counted.items():
            (there,) = self._database.execute_sql(_COUNTS[table]).fetchone()
            if there != told_of:
                raise FaultFoundError(f"table {table} has {there} rows, and the log tells of {told_of}")

    def _hear_success(self, sequence: int, told: Plain) -> None:
        for id_, change in told["accounts"].items():
            if id_.startswith("house_"):
                self._told["house account"][id_] = change["after"], sequence
        for name, value in told["result"].items():
            for noun in value if isinstance(value, list) else [value]:
                if kind := _KINDS.get(name):
                    self._told[kind][noun["id"]] = noun, sequence

    def _prove_movements(self, details: Sequence[tuple[AuditRecord, Plain]]) -> None:
        """Every movement is there as it was recorded, and so is what a reversal says that it takes back."""
        made = {
            record.sequence: told["result"][name]
            for record, told in details
            for name in ("transaction", "sweep")
            if _tells(told, name)
        }
        reversed_by = {
            record.sequence: told["result"]["original"] for record, told in details if _tells(told, "original")
        }
        originals = [original["sequence"] for original in reversed_by.values()]
        actual = _transactions_at(self._database, [*made, *originals])
        for sequence, movement in made.items():
            if actual[sequence] != movement:
                raise FaultFoundError(f"the transaction of audit record {sequence} is not the one that was recorded")
        for sequence, original in reversed_by.items():
            if actual[original["sequence"]] != original:
                raise FaultFoundError(f"audit record {sequence} takes back what was never done")
        self._counted["transaction"] += len(made)

    def _prove_decisions(self, details: Sequence[tuple[AuditRecord, Plain]]) -> None:
        """Every key has the decision that the log tells of, under the fingerprint of the input that was recorded."""
        sequences = array([record.sequence for record, _ in details])
        found = set(_DECISIONS_AT(self._database, sequences=sequences))
        expected = {row for record, told in details for row in _decisions(record, told)}
        for sequence, *_ in sorted(found ^ expected):
            raise FaultFoundError(f"the idempotency record of audit record {sequence} is not the one that was decided")
        self._counted["idempotency"] += len(expected)

    def _prove_texts(self, details: Sequence[tuple[AuditRecord, Plain]]) -> None:
        """Every text that was not erased has the digests that were sealed."""
        kept = {record.sequence: _sealed_words(record, told) for record, told in details}
        sealed = {sequence: words for sequence, words in kept.items() if words is not None}
        found = {row[0]: row[1:] for row in _TEXT_AT(self._database, sequences=array(list(sealed)))}
        for sequence, words in sealed.items():
            if sequence not in found or not _is_sealed(found[sequence], words):
                raise FaultFoundError(f"the text of audit record {sequence} is not the one that was sealed")
        self._counted["text"] += len(sealed)


def _tells(told: Plain, name: str) -> bool:
    return name in told.get("result", {})


def _decisions(record: AuditRecord, told: Plain) -> Iterator[tuple[Any, ...]]:
    """Yield the idempotency rows that a record must have: its own key's, and one for a key it abandoned unseen."""
    if record.idempotency_key is None or record.outcome is AuditOutcome.DENIED or record.error_code in _KEEPS_NO_KEY:
        return
    own = (record.operation.value, record.idempotency_key, record.outcome.value, fingerprint(told["input"]))
    yield (record.sequence, record.api_client_id, *own, FORM)
    known = told.get("result", {}).get("record")
    if known and known["outcome"] == IdempotencyOutcome.ABANDONED.value and known["sequence"] == record.sequence:
        abandoned = (known["scope"]["operation"], known["scope"]["key"], known["outcome"], "")
        yield (record.sequence, record.api_client_id, *abandoned, FORM)


def _sealed_words(record: AuditRecord, told: Plain) -> Plain | None:
    """Return the digests of a record's own free text; None if it kept no text, and not a salt for its parts either."""
    if record.outcome is AuditOutcome.DENIED or record.error_code in _KEEPS_NO_KEY:
        return None
    if not _has_words(told["input"], record.operation):
        return None
    return {name: told["input"][name] for name in _WORDS[record.operation] if name in told["input"]}


def _has_words(given: Plain, operation: Operation) -> bool:
    """Tell whether an input has free text, be it in an item of a batch."""
    parts = ((part, _NAMED[name]) for item in given.get("items", ()) for name, part in item.items() if name in _NAMED)
    return bool(_WORDS[operation] & given.keys()) or any(_has_words(*part) for part in parts)


def _is_sealed(row: Sequence[Any], sealed: Plain) -> bool:
    salt, *columns = row
    if salt is None:
        return all(word is None for word in columns)
    words = dict(zip(("name", "description", "note", "metadata"), columns, strict=True))
    words["metadata"] = None if words["metadata"] is None else json.loads(words["metadata"])
    digests = {name: digest(word, bytes.fromhex(salt)) for name, word in words.items() if word is not None}
    return digests == sealed


def _transactions_at(database: peewee.Database, sequences: list[int]) -> dict[int, Plain | None]:
    """Return the transactions of these numbers as plain data; None for one that is missing, or no transaction."""
    found = queries.TRANSACTIONS_AT(database, sequences=array(sequences))
    try:
        plain = {one.sequence: to_plain(one) for one in read_transactions(database, found)}
    except ValueError:
        if len(sequences) == 1:
            return {sequences[0]: None}
        middle = len(sequences) // 2
        return _transactions_at(database, sequences[:middle]) | _transactions_at(database, sequences[middle:])
    return {sequence: plain.get(sequence) for sequence in sequences}


def _accounts(database: peewee.Database) -> dict[str, Told]:
    query = queries.accounts(tables.Account.changed_sequence).where(tables.Account.kind == "CUSTOMER")
    return _nouns(database, query, rows.account)


def _house_accounts(database: peewee.Database) -> dict[str, Told]:
    found = database.execute_sql(
        "SELECT id, changed_sequence, state, posted, held, overdraft_limit, version FROM account "
        "WHERE kind <> 'CUSTOMER'"
    )
    names = ("state", "posted", "held", "overdraftLimit", "version")
    return {id_: (dict(zip(names, standing, strict=True)), changed) for id_, changed, *standing in found.fetchall()}


def _holds(database: peewee.Database) -> dict[str, Told]:
    return _nouns(database, queries.holds(tables.Hold.changed_sequence), rows.hold)


def _freezes(database: peewee.Database) -> dict[str, Told]:
    return _nouns(database, queries.freezes(tables.Freeze.changed_sequence), rows.freeze)


def _api_clients(database: peewee.Database) -> dict[str, Told]:
    query = queries.api_clients(tables.ApiClient.changed_sequence).where(tables.ApiClient.id != SYSTEM_CLIENT_ID)
    return _nouns(database, query, rows.api_client)


def _api_keys(database: peewee.Database) -> dict[str, Told]:
    return _nouns(database, queries.api_keys(tables.ApiKey.changed_sequence), rows.api_key)


def _nouns(database: peewee.Database, query: Any, read: Callable[[rows.Row], Any]) -> dict[str, Told]:
    """Return every noun of a kind by id; one that cannot be read is told as nothing, which no record ever did."""
    nouns: dict[str, Told] = {}
    for changed, id_, *columns in Statement(query)(database):
        try:
            nouns[id_] = to_plain(read((id_, *columns))), changed
        except ValueError:
            nouns[id_] = {}, changed
    return nouns


_NOUNS: Mapping[str, Callable[[peewee.Database], dict[str, Told]]] = {
    "account": _accounts,
    "house account": _house_accounts,
    "hold": _holds,
    "freeze": _freezes,
    "API client": _api_clients,
    "API key": _api_keys,
}
_KINDS = {
    "account": "account",
    "fromAccount": "account",
    "toAccount": "account",
    "accounts": "account",
    "sweptTo": "account",
    "hold": "hold",
    "freeze": "freeze",
    "releasedFreezes": "freeze",
    "apiClient": "API client",
    "apiKey": "API key",
}
"""Under which names the results of mutations tell of which noun."""

_WORDS = {kind.operation: free_text_names(kind) for kind in SERVICES}
_NAMED = {operation.lower(): operation for operation in _WORDS}
_COUNTS = {
    "transaction": 'SELECT count(*) FROM "transaction"',
    "idempotency": "SELECT count(*) FROM idempotency",
    "text": "SELECT count(*) FROM text",
}

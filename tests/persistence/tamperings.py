"""The table of tamperings: what is changed, and the fault by which `verify` must name it."""

# ruff: noqa: S608 - nothing here comes from outside
from __future__ import annotations

from collections.abc import Mapping

from domain.access import SYSTEM_CLIENT_ID
from tests.persistence.tampering import (
    ABANDONED,
    ADA,
    BOB,
    CAPTURED_HOLD,
    CLOSED,
    DENIED,
    DEPOSITED,
    EXPIRED_HOLD,
    FROZEN,
    KEY,
    LAST,
    LAST_BATCH,
    LIVE,
    OPEN_HOLD,
    REFUSED,
    RELEASED,
    RELEASED_HOLD,
    RENAMED,
    REVERSED,
    REVERSED_AGAIN,
    SWEPT,
    TILL,
    TRANSFER,
    TRANSFERRED,
    YEN,
    Tampering,
)


def _record(sequence: int, fault: str) -> str:
    return f"audit record {sequence} {fault}"


_DIFFER = "has columns that differ from its sealed details"
_ACCOUNT, _FREEZE, _CLIENT, _API_KEY = (
    f"{kind} {{}} is not as it was last recorded" for kind in ("account", "freeze", "API client", "API key")
)
_UNNAMED = "account {} is not named or opened by the record that says so"
_NOT_RECORDED = "the transaction of audit record {} is not the one that was recorded"
_DECIDED = "the idempotency record of audit record {} is not the one that was decided"
_SEALED = f"the text of audit record {DEPOSITED} is not the one that was sealed"
_MADE_BY_NONE = "{} was not made by the record that says so"
_TIMELESS = "an entry of account {} belongs to no transaction, or has another time"

IN_THE_LOG = (
    *(
        Tampering(change, _record(sequence, fault), (f"UPDATE audit SET {assignment} WHERE sequence = {sequence}",))
        for change, sequence, assignment, fault in (
            (
                "a byte of the details",
                DEPOSITED,
                "details = replace(details, '1000', '1001')",
                "does not match its hash",
            ),
            ("a byte of a hash", DEPOSITED, "hash = 'g' || substr(hash, 2)", "does not match its hash"),
            ("the end of the chain", LAST, f"hash = '{'0' * 64}'", "does not match its hash"),
            ("a link", DEPOSITED, f"previous_hash = '{'0' * 64}'", "is not chained to the record before it"),
            ("who did it", DEPOSITED, "api_client_id = 'cli_other'", _DIFFER),
            ("with which API key", DENIED, "api_key_id = NULL", _DIFFER),
            ("in which role", DENIED, "role = 'VIEWER'", _DIFFER),
            ("what was done", DEPOSITED, "operation = 'WITHDRAW'", _DIFFER),
            ("how it ended", DEPOSITED, "outcome = 'DENIED', error_code = 'FORBIDDEN'", _DIFFER),
            ("why it was refused", REFUSED, "error_code = 'ACCOUNT_FROZEN'", _DIFFER),
            ("to whom it was done", DEPOSITED, f"target_ids = '[\"{BOB}\"]'", _DIFFER),
            ("under which key", DEPOSITED, "idempotency_key = 'other'", _DIFFER),
            ("when", LAST, "at = at + 1", _DIFFER),
            ("the order of times", DEPOSITED, "at = 5", "is older than the record before it"),
            ("an operation that there is not", REFUSED, "operation = 'STEAL'", "cannot be read"),
            ("an error code that there is not", REFUSED, "error_code = 'NONE'", "cannot be read"),
            ("targets that are no list", REFUSED, "target_ids = 'everyone'", "cannot be read"),
        )
    ),
    Tampering(
        "a record deleted",
        _record(5, "follows record 3: records are missing"),
        ("DELETE FROM audit WHERE sequence = 4",),
    ),
    Tampering(
        "the first record deleted",
        _record(2, "follows record 0: records are missing"),
        ("DELETE FROM audit WHERE sequence = 1",),
    ),
    Tampering(
        "the last records cut off",
        _record(19, "is missing from the end of its batch"),
        ("DELETE FROM audit WHERE sequence > 18",),
    ),
    Tampering("every record deleted", _record(1, "is missing from the end of its batch"), ("DELETE FROM audit",)),
    Tampering(
        "two records swapped",
        _record(REFUSED, "is not chained to the record before it"),
        (
            f"UPDATE audit SET sequence = -{DENIED} WHERE sequence = {DENIED}",
            f"UPDATE audit SET sequence = {DENIED} WHERE sequence = {REFUSED}",
            f"UPDATE audit SET sequence = {REFUSED} WHERE sequence = -{DENIED}",
        ),
    ),
    Tampering(
        "a record repeated at the end",
        _record(LAST + 1, "is not chained to the record before it"),
        (
            "CREATE TEMP TABLE copied AS SELECT * FROM audit ORDER BY sequence DESC LIMIT 1",
            "UPDATE copied SET sequence = sequence + 1",
            "INSERT INTO audit SELECT * FROM copied",
        ),
    ),
    Tampering(
        "a deposit resealed as a larger one",
        _NOT_RECORDED.format(DEPOSITED),
        ("UPDATE audit SET details = replace(details, '1000', '1001')",),
        resealed=True,
    ),
    Tampering(
        "a deposit resealed as a deed of nobody who may",
        _record(DEPOSITED, "succeeded without a permission"),
        (
            f"UPDATE audit SET role = 'VIEWER' WHERE sequence = {DEPOSITED}",
            f"UPDATE audit SET details = json_set(details, '$.role', 'VIEWER') WHERE sequence = {DEPOSITED}",
        ),
        resealed=True,
    ),
    Tampering(
        "the end rewritten, with a record added",
        _DECIDED.format(LAST + 1),
        (
            "CREATE TEMP TABLE copied AS SELECT * FROM audit ORDER BY sequence DESC LIMIT 1",
            f"UPDATE copied SET sequence = sequence + 1, details = replace(details, ':{LAST}', ':{LAST + 1}')",
            "INSERT INTO audit SELECT * FROM copied",
        ),
        resealed=True,
    ),
)

IN_BATCHES_AND_PERMISSIONS = (
    Tampering(
        "a batch deleted",
        "batch 4 does not begin where the one before it ended",
        ("DELETE FROM batch WHERE number = 3",),
    ),
    Tampering(
        "the last batch deleted",
        _record(LAST, "belongs to no batch"),
        (f"DELETE FROM batch WHERE number = {LAST_BATCH}",),
    ),
    Tampering(
        "the end of a batch",
        "batch 5 does not begin where the one before it ended",
        ("UPDATE batch SET last_sequence = 5 WHERE number = 4",),
    ),
    Tampering(
        "the number of a batch",
        "batch 99 does not begin where the one before it ended",
        (f"UPDATE batch SET number = 99 WHERE number = {LAST_BATCH}",),
    ),
    Tampering(
        "the batch of records to come",
        _record(LAST + 1, "is missing from the end of its batch"),
        (f"UPDATE batch SET last_sequence = {LAST + 1} WHERE number = {LAST_BATCH}",),
    ),
    Tampering(
        "when a batch was made",
        f"batch {LAST_BATCH} does not have the time of its records",
        (f"UPDATE batch SET at = at + 1 WHERE number = {LAST_BATCH}",),
    ),
    Tampering(
        "a permission added",
        "permission TELLER WITHDRAW differs from the program's",
        ("INSERT INTO permission (role, operation) VALUES ('TELLER', 'WITHDRAW')",),
    ),
    Tampering(
        "a permission deleted",
        "permission ADMIN DEPOSIT differs from the program's",
        ("DELETE FROM permission WHERE role = 'ADMIN' AND operation = 'DEPOSIT'",),
    ),
)

IN_ENTRIES = (
    Tampering(
        "a balance after",
        _NOT_RECORDED.format(DEPOSITED),
        (f"UPDATE entry SET balance_after = 1001 WHERE sequence = {DEPOSITED} AND account_id = '{ADA}'",),
    ),
    *(
        Tampering(
            change,
            _NOT_RECORDED.format(DEPOSITED),
            (f"{sql} WHERE sequence = {DEPOSITED} AND account_id = '{ADA}'",),
        )
        for change, sql in (
            ("an amount", "UPDATE entry SET amount = amount + 1"),
            ("an entry deleted", "DELETE FROM entry"),
            ("an entry moved to another transaction", "UPDATE entry SET sequence = 9"),
        )
    ),
    Tampering("when an entry was made", _TIMELESS.format(ADA), ("UPDATE entry SET created_at = 1",)),
    Tampering(
        "an entry moved to another account",
        _NOT_RECORDED.format(DEPOSITED),
        (f"UPDATE entry SET account_id = '{CLOSED}' WHERE sequence = {DEPOSITED} AND account_id = '{ADA}'",),
    ),
    Tampering(
        "an entry of no transaction",
        _TIMELESS.format(YEN),
        (
            "CREATE TEMP TABLE copied AS SELECT * FROM entry WHERE account_id = '" + YEN + "'",
            f"UPDATE copied SET version = 2, sequence = {LAST}, amount = 1, balance_after = 8",
            "INSERT INTO entry SELECT * FROM copied",
        ),
    ),
    Tampering(
        "an entry numbered anew",
        _NOT_RECORDED.format(TRANSFERRED),
        (f"UPDATE entry SET version = 9 WHERE sequence = {TRANSFERRED} AND account_id = '{ADA}'",),
    ),
)

_ADDED_UP = f"what came to account {ADA} does not follow from its entries"
_FIRST_OF_ADA = f"WHERE account_id = '{ADA}' AND version = 1"

IN_TURNOVERS = (
    *(
        Tampering(change, _ADDED_UP, (f"{sql} {_FIRST_OF_ADA}",))
        for change, sql in (
            ("what came with an entry", "UPDATE turnover SET credits_low = credits_low + 1"),
            ("the billions that came", "UPDATE turnover SET credits_high = 9223372036854775807"),
            ("what came deleted", "DELETE FROM turnover"),
            ("what came moved to another entry", "UPDATE turnover SET version = 9"),
        )
    ),
    Tampering(
        "all that came to an account, by as much",
        _ADDED_UP,
        (f"UPDATE turnover SET credits_low = credits_low + 1 WHERE account_id = '{ADA}'",),
    ),
    Tampering(
        "what came with no entry",
        f"what came to account {ADA} belongs to no entry",
        (f"INSERT INTO turnover VALUES ('{ADA}', 9, 0, 0)",),
    ),
)

_BOTH_SIDES = (
    "UPDATE entry SET amount = amount * 2, balance_after = balance_after * 2 WHERE sequence = 12",
    "UPDATE account SET posted = posted * 2 WHERE currency = 'JPY'",
)
_UNKNOWN_MOVEMENT = (
    f"""INSERT INTO "transaction" (sequence, id, kind, amount, currency, created_at)
    SELECT {LAST}, 'txn_unknown', kind, 9, currency, 0 FROM "transaction" WHERE sequence = 12""",
    f"""INSERT INTO entry (account_id, version, sequence, amount, balance_after, created_at)
    SELECT id, version + 1, {LAST}, iif(kind = 'HOUSE', -9, 9), posted + iif(kind = 'HOUSE', -9, 9), 0
    FROM account WHERE currency = 'JPY'""",
    "UPDATE account SET version = version + 1, posted = posted + iif(kind = 'HOUSE', -9, 9) WHERE currency = 'JPY'",
    """INSERT INTO turnover SELECT * FROM credited
    WHERE (account_id, version) NOT IN (SELECT account_id, version FROM turnover)""",
)

IN_TRANSACTIONS = (
    *(
        Tampering(
            f"its {column}",
            _NOT_RECORDED.format(DEPOSITED),
            (f"""UPDATE "transaction" SET {column} = {value} WHERE sequence = {DEPOSITED}""",),
        )
        for column, value in {
            "id": "'txn_other'",
            "kind": "'TRANSFER'",
            "amount": "1001",
            "currency": "'JPY'",
            "reference": "'second'",
            "created_at": "created_at + 1",
        }.items()
    ),
    Tampering(
        "a transaction deleted",
        _NOT_RECORDED.format(DEPOSITED),
        (f"""DELETE FROM "transaction" WHERE sequence = {DEPOSITED}""",),
    ),
    Tampering("both sides of a movement and both balances", _NOT_RECORDED.format(12), _BOTH_SIDES),
    Tampering(
        "the same, with its amount",
        _NOT_RECORDED.format(12),
        (*_BOTH_SIDES, """UPDATE "transaction" SET amount = amount * 2 WHERE sequence = 12"""),
    ),
    Tampering(
        "a reversal that never was",
        _NOT_RECORDED.format(9),
        (f"INSERT INTO reversal VALUES ({DEPOSITED}, 1, 9, 500)",),
    ),
    Tampering(
        "a reversal by no transaction",
        f"reversal of transaction {DEPOSITED} is no reversal of it",
        (f"INSERT INTO reversal VALUES ({DEPOSITED}, 1, 1, 500)",),
    ),
    Tampering(
        "a reversal forgotten",
        _NOT_RECORDED.format(REVERSED),
        (f"DELETE FROM reversal WHERE sequence = {REVERSED}",),
    ),
    Tampering(
        "a reversal of something else",
        _NOT_RECORDED.format(REVERSED_AGAIN),
        (f"UPDATE reversal SET original = {DEPOSITED} WHERE sequence = {REVERSED_AGAIN}",),
    ),
    Tampering(
        "a reversal resealed as one of something that was never done",
        f"audit record {REVERSED} takes back what was never done",
        (
            f"""UPDATE audit SET details = json_set(details, '$.result.original.amount', '51 EUR/2')
            WHERE sequence = {REVERSED}""",
        ),
        resealed=True,
    ),
    *(
        Tampering(
            change,
            f"the reversals of transaction {TRANSFERRED} do not add up, or exceed it",
            (f"UPDATE reversal SET {assignment} WHERE sequence = {REVERSED_AGAIN}",),
        )
        for change, assignment in (
            ("how often it was reversed", "n = 3"),
            ("how much of it is taken back", "cumulative = 31"),
            ("so that more of it may be taken back", "cumulative = 10"),
        )
    ),
    Tampering(
        "a sweep passed off as a transfer",
        _NOT_RECORDED.format(SWEPT),
        (f"""UPDATE "transaction" SET kind = 'TRANSFER' WHERE sequence = {SWEPT}""",),
    ),
    Tampering(
        "a transfer passed off as a sweep",
        f"sweep {TRANSFER} is not all that was left on an account that closed",
        (
            f"DELETE FROM reversal WHERE original = {TRANSFERRED}",
            f"""UPDATE audit SET details = json_remove(details, '$.result.transaction.reverses')
            WHERE sequence IN ({REVERSED}, {REVERSED_AGAIN})""",
            f"""UPDATE "transaction" SET kind = 'SWEEP' WHERE sequence = {TRANSFERRED}""",
            f"""UPDATE audit SET details = json_set(details, '$.result.transaction.kind', 'SWEEP')
            WHERE sequence = {TRANSFERRED}""",
            f"""UPDATE audit SET details = json_set(details, '$.result.original.kind', 'SWEEP')
            WHERE sequence IN ({REVERSED}, {REVERSED_AGAIN})""",
        ),
        resealed=True,
    ),
    Tampering(
        "a reversal of a sweep",
        f"the reversals of transaction {TRANSFERRED} do not add up, or exceed it",
        (
            f"""UPDATE "transaction" SET kind = 'SWEEP' WHERE sequence = {TRANSFERRED}""",
            f"""UPDATE audit SET details = json_set(details, '$.result.transaction.kind', 'SWEEP')
            WHERE sequence = {TRANSFERRED}""",
            f"""UPDATE audit SET details = json_set(details, '$.result.original.kind', 'SWEEP')
            WHERE sequence IN ({REVERSED}, {REVERSED_AGAIN})""",
        ),
        resealed=True,
    ),
    Tampering("a movement that the log does not know", _ACCOUNT.format(YEN), _UNKNOWN_MOVEMENT),
    Tampering(
        "a movement between accounts that the log does not know",
        f"account {YEN} does not agree with its entries",
        _UNKNOWN_MOVEMENT[:2],
    ),
)

_SETS_ASIDE = "account {} does not set aside what its open holds add up to"

IN_ACCOUNTS = (
    *(
        Tampering(change, fault.format(id_), (f"UPDATE account SET {assignment} WHERE id = '{id_}'",))
        for change, id_, assignment, fault in (
            ("its balance", ADA, "posted = posted + 1", "account {} does not agree with its entries"),
            ("its version", ADA, "version = version + 1", "account {} does not agree with its entries"),
            ("what is held", ADA, "held = held + 1", _SETS_ASIDE),
            ("its overdraft limit", ADA, "overdraft_limit = 100000", _ACCOUNT),
            ("freezing it without a freeze", ADA, "state = 'FROZEN'", "account {} does not agree with its freezes"),
            ("thawing it despite its freeze", FROZEN, "state = 'ACTIVE'", "account {} does not agree with its freezes"),
            (
                "closing it",
                BOB,
                "state = 'CLOSED', posted = 0, closed_at = 1, closed_version = version",
                "account {} does not agree with its entries",
            ),
            ("opening it again", CLOSED, "state = 'ACTIVE', closed_at = NULL, closed_version = NULL", _ACCOUNT),
            ("another currency of it", BOB, "currency = 'JPY'", _NOT_RECORDED.format(TRANSFERRED)),
            ("making it a house account", BOB, "kind = 'HOUSE'", "account {} is no house account of its currency"),
            ("another currency of it while unused", CLOSED, "currency = 'JPY'", _ACCOUNT),
            ("its reference", ADA, "reference = 'R-2'", _ACCOUNT),
            ("when it was opened", BOB, "opened_at = 1", _ACCOUNT),
            ("when it was closed", CLOSED, "closed_at = 1", _ACCOUNT),
            ("by what it was last changed", BOB, "changed_sequence = 3", _ACCOUNT),
            ("the name of another account", BOB, "named_sequence = 3", _UNNAMED),
            ("the record that opened it", BOB, "opened_sequence = 3", _UNNAMED),
            (
                "a currency that nobody knows",
                CLOSED,
                "currency = 'XXX'",
                "account {} and its currency are not known together",
            ),
        )
    ),
    Tampering(
        "another id of an account",
        _UNNAMED.format("acct_other"),
        (f"UPDATE account SET id = 'acct_other' WHERE id = '{CLOSED}'",),
    ),
    Tampering("a busy account deleted", _NOT_RECORDED.format(DEPOSITED), (f"DELETE FROM account WHERE id = '{ADA}'",)),
    Tampering("a quiet account deleted", _ACCOUNT.format(CLOSED), (f"DELETE FROM account WHERE id = '{CLOSED}'",)),
    Tampering(
        "an account added",
        _UNNAMED.format("acct_other"),
        (
            "CREATE TEMP TABLE copied AS SELECT * FROM account WHERE id = '" + CLOSED + "'",
            "UPDATE copied SET id = 'acct_other'",
            "INSERT INTO account SELECT * FROM copied",
        ),
    ),
    Tampering(
        "a freeze deleted under a FROZEN account",
        f"account {FROZEN} does not agree with its freezes",
        (f"DELETE FROM freeze WHERE account_id = '{FROZEN}'",),
    ),
    Tampering(
        "a freeze released",
        f"account {FROZEN} does not agree with its freezes",
        (f"UPDATE freeze SET released_at = 1, released_by = 'cli_x' WHERE account_id = '{FROZEN}'",),
    ),
    Tampering(
        "the decimals of a currency",
        _NOT_RECORDED.format(DEPOSITED),
        ("UPDATE currency SET exponent = 3 WHERE code = 'EUR'",),
    ),
)

_THIS_KEY = f"sequence = {DEPOSITED}"

IN_IDEMPOTENCY_KEYS = (
    *(
        Tampering(change, _DECIDED.format(DEPOSITED), (f"UPDATE idempotency SET {assignment} WHERE {_THIS_KEY}",))
        for change, assignment in (
            ("another key", "key = 'other'"),
            ("another operation of a key", "operation = 'WITHDRAW'"),
            ("another API client of a key", "api_client_id = 'cli_other'"),
            ("another outcome of a key", "outcome = 'REFUSED'"),
            ("another fingerprint of a key", "fingerprint = 'other'"),
            ("another form of a key", "form = 2"),
            ("a used key abandoned", "outcome = 'ABANDONED'"),
        )
    ),
    Tampering(
        "a key forgotten, so that its deed can be done again",
        _DECIDED.format(DEPOSITED),
        (f"DELETE FROM idempotency WHERE {_THIS_KEY}",),
    ),
    Tampering(
        "an abandoned key forgotten", _DECIDED.format(ABANDONED), ("DELETE FROM idempotency WHERE key = 'lost'",)
    ),
    Tampering(
        "another key abandoned",
        _DECIDED.format(ABANDONED),
        ("UPDATE idempotency SET key = 'found' WHERE key = 'lost'",),
    ),
    Tampering(
        "a key that nobody used",
        _DECIDED.format(DEPOSITED),
        (f"INSERT INTO idempotency VALUES ('cli_other', 'DEPOSIT', 'new', 'REFUSED', '', 1, {DEPOSITED})",),
    ),
    Tampering(
        "a key of a record to come",
        "table idempotency has 33 rows, and the log tells of 32",
        (f"INSERT INTO idempotency VALUES ('cli_other', 'DEPOSIT', 'new', 'REFUSED', '', 1, {LAST + 1})",),
    ),
)

IN_FREEZES = (
    *(
        Tampering(change, _FREEZE.format(LIVE), (f"UPDATE freeze SET {assignment} WHERE id = '{LIVE}'",))
        for change, assignment in (
            ("a smaller freeze", "scope = 'DEBITS'"),
            ("a freeze that a MANAGER may lift", "reason = 'OPERATIONS'"),
            ("a freeze that runs out", "expires_at = placed_at + 1"),
            ("who placed a freeze", "placed_by = 'cli_other', placed_role = 'TELLER'"),
            ("by what a freeze was last changed", "changed_sequence = 3"),
        )
    ),
    Tampering("a released freeze deleted", _FREEZE.format(RELEASED), (f"DELETE FROM freeze WHERE id = '{RELEASED}'",)),
    Tampering(
        "a freeze that nobody placed",
        _MADE_BY_NONE.format("frz_other"),
        (
            f"CREATE TEMP TABLE copied AS SELECT * FROM freeze WHERE id = '{RELEASED}'",
            "UPDATE copied SET id = 'frz_other'",
            "INSERT INTO freeze SELECT * FROM copied",
        ),
    ),
)

_HOLD = "hold {} is not as it was last recorded"
_IN_TIME = "hold {} expired before its time, or did something else after it"
_UNPAID = "hold {} is captured, and nothing was paid"
_CAPTURE = "capture txn_00000000000000000000000009 is not of one hold, out of its account"

IN_HOLDS = (
    *(
        Tampering(change, fault.format(id_), (f"UPDATE hold SET {assignment} WHERE id = '{id_}'",))
        for change, id_, assignment, fault in (
            ("a larger hold", OPEN_HOLD, "amount = 41", _SETS_ASIDE.format(ADA)),
            ("a hold that ended larger", RELEASED_HOLD, "amount = 41", _HOLD),
            ("a hold given up", OPEN_HOLD, "state = 'RELEASED'", _SETS_ASIDE.format(ADA)),
            ("a hold that is open again", RELEASED_HOLD, "state = 'OPEN'", _SETS_ASIDE.format(ADA)),
            ("a hold that expired and comes back", EXPIRED_HOLD, "state = 'OPEN'", _SETS_ASIDE.format(ADA)),
            ("a release that was an expiry", RELEASED_HOLD, "state = 'EXPIRED', expires_at = placed_at + 1", _HOLD),
            ("an expiry that was a release", EXPIRED_HOLD, "state = 'RELEASED'", _IN_TIME),
            ("an expiry before its time", EXPIRED_HOLD, "expires_at = expires_at + 2000000", _IN_TIME),
            ("a capture after its time", CAPTURED_HOLD, "expires_at = placed_at + 1", _IN_TIME),
            ("another part of a hold", CAPTURED_HOLD, "captured = 31", _CAPTURE),
            ("a captured hold of another account", CAPTURED_HOLD, f"account_id = '{BOB}'", _CAPTURE),
            ("a capture that was a release", CAPTURED_HOLD, "state = 'RELEASED', captured = 0", _CAPTURE),
            ("a release that was a capture", RELEASED_HOLD, "state = 'CAPTURED', captured = 1", _UNPAID),
            ("by what a hold was last changed", RELEASED_HOLD, "changed_sequence = 3", _HOLD),
            ("when a hold was placed", OPEN_HOLD, "placed_at = 1", _HOLD),
            ("a hold that runs out", OPEN_HOLD, f"expires_at = {2**60}", _HOLD),
        )
    ),
    Tampering(
        "an ended hold deleted", _HOLD.format(RELEASED_HOLD), (f"DELETE FROM hold WHERE id = '{RELEASED_HOLD}'",)
    ),
    Tampering("a captured hold deleted", _CAPTURE, (f"DELETE FROM hold WHERE id = '{CAPTURED_HOLD}'",)),
    Tampering(
        "a hold that nobody placed",
        _MADE_BY_NONE.format("hold_other"),
        (
            f"CREATE TEMP TABLE copied AS SELECT * FROM hold WHERE id = '{RELEASED_HOLD}'",
            "UPDATE copied SET id = 'hold_other'",
            "INSERT INTO hold SELECT * FROM copied",
        ),
    ),
)

IN_ACCESS = (
    *(
        Tampering(change, _CLIENT.format(TILL), (f"{sql} WHERE id = '{TILL}'",))
        for change, sql in (
            ("an API client promoted", "UPDATE api_client SET role = 'ADMIN'"),
            ("an API client disabled", "UPDATE api_client SET disabled_at = 1"),
            ("another name of an API client", "UPDATE api_client SET name = 'safe'"),
            ("by what an API client was last changed", "UPDATE api_client SET changed_sequence = 9"),
            ("an API client deleted", "DELETE FROM api_client"),
        )
    ),
    *(
        Tampering(change, _API_KEY.format(KEY), (sql,))
        for change, sql in (
            ("an API key of another client", "UPDATE api_key SET api_client_id = 'cli_other'"),
            ("an API key revoked", "UPDATE api_key SET revoked_at = 1"),
            ("an API key that runs out", "UPDATE api_key SET expires_at = 1"),
            ("when an API key was issued", "UPDATE api_key SET created_at = 1"),
            ("by what an API key was last changed", "UPDATE api_key SET changed_sequence = 9"),
            ("an API key deleted", "DELETE FROM api_key"),
        )
    ),
    Tampering(
        "a digest that is none",
        f"API key {KEY} has a digest that no secret has",
        (f"UPDATE api_key SET secret_digest = 'G' || substr(secret_digest, 2) WHERE id = '{KEY}'",),
    ),
    Tampering(
        "an API client that nobody created",
        _MADE_BY_NONE.format("cli_new"),
        ("INSERT INTO api_client VALUES ('cli_new', 'new', 'ADMIN', NULL, 1, 1)",),
    ),
    Tampering(
        "an API key that nobody issued",
        _MADE_BY_NONE.format("key_new"),
        (f"INSERT INTO api_key VALUES ('key_new', '{TILL}', '{'0' * 64}', 1, 2, 2, NULL, NULL)",),
    ),
)

BLANKED = "UPDATE text SET salt = NULL, name = NULL, description = NULL, note = NULL, metadata = NULL"

IN_WORDS = (
    *(
        Tampering(change, _SEALED, (f"{sql} WHERE sequence = {DEPOSITED}",))
        for change, sql in (
            ("words rewritten, not blanked", "UPDATE text SET description = 'theft'"),
            ("words blanked, not their salt", "UPDATE text SET description = NULL"),
            ("a salt blanked, not its words", "UPDATE text SET salt = NULL"),
            ("words that were never said", "UPDATE text SET note = 'urgent'"),
            ("words deleted", "DELETE FROM text"),
        )
    ),
    Tampering(
        "words blanked by no erasure",
        f"the text of audit record {DEPOSITED} was blanked by no erasure",
        (f"{BLANKED} WHERE sequence = {DEPOSITED}",),
    ),
    Tampering(
        "words of nobody",
        "table text has 18 rows, and the log tells of 17",
        (f"INSERT INTO text (sequence, salt, note) VALUES ({REFUSED}, '00', 'theft')",),
    ),
    *(
        Tampering(change, f"the index of targets does not agree with audit record {DEPOSITED}", (sql,))
        for change, sql in (
            ("a record that an auditor does not find", f"DELETE FROM audit_target WHERE sequence = {DEPOSITED}"),
            ("a record that an auditor finds wrongly", f"INSERT INTO audit_target VALUES ('{BOB}', {DEPOSITED})"),
        )
    ),
)

TAMPERINGS = (
    *IN_THE_LOG,
    *IN_BATCHES_AND_PERMISSIONS,
    *IN_ENTRIES,
    *IN_TURNOVERS,
    *IN_TRANSACTIONS,
    *IN_ACCOUNTS,
    *IN_IDEMPOTENCY_KEYS,
    *IN_FREEZES,
    *IN_HOLDS,
    *IN_ACCESS,
    *IN_WORDS,
)


# What no proof can show. Each of these is asserted to go unseen, so that the list stays true.

UNPROVABLE = (
    Tampering(
        "an API key with another secret, of which only the digest is anywhere",
        "",
        (f"UPDATE api_key SET secret_digest = '{'0' * 64}'",),
    ),
    Tampering(
        "the end of the log cut off with its batch and all that it tells, which is the file as it was before",
        "",
        (
            *(f"DELETE FROM {table} WHERE sequence = {LAST}" for table in ("audit", "audit_target", "text")),
            f"DELETE FROM idempotency WHERE sequence = {LAST}",
            f"DELETE FROM batch WHERE number = {LAST_BATCH}",
            f"UPDATE account SET named_sequence = {RENAMED}, changed_sequence = {SWEPT} WHERE id = '{BOB}'",
        ),
    ),
    Tampering(
        "a deed, all that tells of it, and the whole chain after it made anew",
        "",
        (
            f"UPDATE idempotency SET key = 'other' WHERE sequence = {DEPOSITED}",
            f"UPDATE audit SET idempotency_key = 'other' WHERE sequence = {DEPOSITED}",
            f"""UPDATE audit SET details = json_set(details, '$.idempotencyKey', 'other')
            WHERE sequence = {DEPOSITED}""",
        ),
        resealed=True,
    ),
)


# What only a rule shows, and what cannot be read.

SYSTEM_ROW = f"WHERE id = '{SYSTEM_CLIENT_ID}'"
HOUSE_ROW = "WHERE id = 'house_EUR'"
UNREADABLE = "CAST(x'ff' AS TEXT)"

RULED_OUT: Mapping[str, str] = {
    "the built-in API client deleted": f"DELETE FROM api_client {SYSTEM_ROW}",
    "the built-in API client demoted": f"UPDATE api_client SET role = 'VIEWER' {SYSTEM_ROW}",
    "the built-in API client disabled": f"UPDATE api_client SET disabled_at = 1 {SYSTEM_ROW}",
    "the record that created an API client": f"UPDATE api_client SET created_sequence = 9 WHERE id = '{TILL}'",
    "the record that issued an API key": "UPDATE api_key SET created_sequence = 9",
    "the record that placed a hold": f"UPDATE hold SET placed_sequence = 4 WHERE id = '{OPEN_HOLD}'",
    "the record that placed a freeze": f"UPDATE freeze SET placed_sequence = 4 WHERE id = '{LIVE}'",
    "the reference of a house account": f"UPDATE account SET reference = 'R-2' {HOUSE_ROW}",
    "when a house account was opened": f"UPDATE account SET opened_at = 1 {HOUSE_ROW}",
    "the record that opened a house account": f"UPDATE account SET opened_sequence = 3 {HOUSE_ROW}",
    "the record that named a house account": f"UPDATE account SET named_sequence = 3 {HOUSE_ROW}",
    "a currency that no account has": "INSERT INTO currency VALUES ('XXX', 2)",
    "empty words where there were none": f"UPDATE text SET note = '' WHERE sequence = {DEPOSITED}",
}

_UNHEARD = f"what audit record {DEPOSITED} tells of cannot be read"

UNREAD: Mapping[str, tuple[str, str]] = {
    "targets that are a number": (
        f"UPDATE audit SET target_ids = '5' WHERE sequence = {REFUSED}",
        _record(REFUSED, "cannot be read"),
    ),
    "a record that is no UTF-8": (
        f"UPDATE audit SET idempotency_key = {UNREADABLE} WHERE sequence = {REFUSED}",
        _record(REFUSED, _DIFFER),
    ),
    "a salt that is not hexadecimal": (f"UPDATE text SET salt = 'x' WHERE sequence = {DEPOSITED}", _UNHEARD),
    "metadata that are no JSON": (
        "UPDATE text SET metadata = 'x' WHERE sequence = 3",
        "what audit record 3 tells of cannot be read",
    ),
    "metadata that are no pairs": (
        f"UPDATE text SET metadata = '5' WHERE sequence = {DEPOSITED}",
        _UNHEARD,
    ),
    "words that are no UTF-8": (f"UPDATE text SET note = {UNREADABLE} WHERE sequence = {DEPOSITED}", _UNHEARD),
    "an API client that is no UTF-8": (f"UPDATE freeze SET placed_by = {UNREADABLE}", _FREEZE.format(LIVE)),
}

-- The books of the opponents, as a good engineer keeps them: double entry, an audit log, idempotency records. What they
-- leave out, and Countinghouse has: hash chains, walls of triggers, holds, freezes, free text kept apart.

CREATE TABLE api_client (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    key_digest TEXT NOT NULL UNIQUE,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id        TEXT PRIMARY KEY,
    kind      TEXT NOT NULL,
    currency  TEXT NOT NULL,
    state     TEXT NOT NULL,
    posted    INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    CHECK (kind = 'HOUSE' OR posted >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE "transaction" (
    sequence   INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    currency   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    CHECK (amount > 0)
) STRICT;

CREATE TABLE entry (
    account_id    TEXT NOT NULL REFERENCES account (id),
    version       INTEGER NOT NULL,
    sequence      INTEGER NOT NULL REFERENCES "transaction" (sequence),
    amount        INTEGER NOT NULL,
    balance_after INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    sequence        INTEGER PRIMARY KEY,
    at              INTEGER NOT NULL,
    outcome         TEXT NOT NULL,
    operation       TEXT NOT NULL,
    api_client_id   TEXT NOT NULL REFERENCES api_client (id),
    idempotency_key TEXT NOT NULL,
    target_ids      TEXT NOT NULL
) STRICT;

CREATE TABLE idempotency (
    api_client_id TEXT NOT NULL REFERENCES api_client (id),
    operation     TEXT NOT NULL,
    key           TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    status        INTEGER NOT NULL,
    answer        TEXT NOT NULL,
    PRIMARY KEY (api_client_id, operation, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_by_transaction ON entry (sequence);

-- What statements and filters need, so that an answer costs one seek and its page, however long the history.

-- All that came to an account up to each of its entries: an index of statements, kept by trigger from entry. What left
-- it follows: credits less balance. A sum over a history can outgrow 64 bits where no balance can, therefore it has two
-- parts: credits = credits_high * 10^9 + credits_low.

CREATE TABLE turnover (
    account_id   TEXT NOT NULL,
    version      INTEGER NOT NULL,
    credits_high INTEGER NOT NULL,
    credits_low  INTEGER NOT NULL,
    PRIMARY KEY (account_id, version),
    CHECK (credits_low BETWEEN 0 AND 999999999)
) STRICT, WITHOUT ROWID;

-- What is there already, added up.

INSERT INTO turnover
SELECT account_id, version, high + low / 1000000000, low % 1000000000
FROM (
    SELECT account_id, version,
        sum(max(amount, 0) / 1000000000) OVER account_entries AS high,
        sum(max(amount, 0) % 1000000000) OVER account_entries AS low
    FROM entry
    WINDOW account_entries AS (PARTITION BY account_id ORDER BY version)
);

-- What each entry makes of the turnover before it.

CREATE VIEW credited AS
    SELECT
        e.account_id,
        e.version,
        coalesce(t.credits_high, 0) + (coalesce(t.credits_low, 0) + max(e.amount, 0)) / 1000000000 AS credits_high,
        (coalesce(t.credits_low, 0) + max(e.amount, 0)) % 1000000000 AS credits_low
    FROM entry AS e
    LEFT JOIN turnover AS t ON t.account_id = e.account_id AND t.version = e.version - 1;

CREATE TRIGGER entry_is_added_up AFTER INSERT ON entry BEGIN
    INSERT INTO turnover (account_id, version, credits_high, credits_low)
        SELECT account_id, version, credits_high, credits_low FROM credited
        WHERE account_id = NEW.account_id AND version = NEW.version;
END;

CREATE TRIGGER turnover_follows_its_entry BEFORE INSERT ON turnover BEGIN
    SELECT RAISE(ABORT, 'a turnover follows from its entry and the one before') WHERE NOT EXISTS (
        SELECT 1 FROM credited
        WHERE account_id = NEW.account_id AND version = NEW.version
            AND credits_high = NEW.credits_high AND credits_low = NEW.credits_low
    );
END;
CREATE TRIGGER turnover_is_never_changed BEFORE UPDATE ON turnover
    BEGIN SELECT RAISE(ABORT, 'turnovers are append-only'); END;
CREATE TRIGGER turnover_is_never_deleted BEFORE DELETE ON turnover
    BEGIN SELECT RAISE(ABORT, 'turnovers are append-only'); END;

-- Filters that had no index, or one that led past too much. An index on the state of active accounts would be
-- rewritten with every movement; what is not active hardly moves.

DROP INDEX account_not_active;
CREATE INDEX account_by_state ON account (state, opened_sequence) WHERE state <> 'ACTIVE';
CREATE INDEX account_by_currency ON account (currency, opened_sequence);
CREATE INDEX transaction_by_currency ON "transaction" (currency, sequence, amount);

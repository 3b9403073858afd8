-- Erasure: the words about an account are blanked by a deed of their own, and never without one.
--
-- What the command line does and no caller may: erasing, and accepting that the books were put back to an earlier state.

DROP TRIGGER permission_is_never_added;
INSERT INTO permission (role, operation) VALUES
    ('ADMIN', 'ERASE_TEXT'),
    ('ADMIN', 'ACCEPT_ROLLBACK');
CREATE TRIGGER permission_is_never_added BEFORE INSERT ON permission
    BEGIN SELECT RAISE(ABORT, 'permissions change only with the schema'); END;

-- Which records tell of an account: those that name it, or a hold or a transaction of it; whoever names a freeze names
-- its account. To be asked for the records of an account; to ask for the accounts of a record leads past all of them.

CREATE VIEW told_of AS
    SELECT target_id AS account_id, sequence FROM audit_target
    UNION ALL
    SELECT account_id, t.sequence FROM hold CROSS JOIN audit_target AS t ON t.target_id = hold.id
    UNION ALL
    SELECT account_id, t.sequence
    FROM entry
    CROSS JOIN "transaction" AS moved ON moved.sequence = entry.sequence
    CROSS JOIN audit_target AS t ON t.target_id = moved.id;

-- Which records have lost their words, by what the log tells.

CREATE VIEW erased AS
    SELECT told_of.sequence
    FROM audit AS deed
    CROSS JOIN json_each(deed.target_ids) AS account
    CROSS JOIN told_of ON told_of.account_id = account.value AND told_of.sequence < deed.sequence
    WHERE deed.operation = 'ERASE_TEXT' AND deed.outcome = 'SUCCEEDED';

DROP TRIGGER text_is_only_blanked;
CREATE TRIGGER text_is_only_blanked BEFORE UPDATE ON text BEGIN
    SELECT RAISE(ABORT, 'text is only ever blanked')
        WHERE NEW.sequence <> OLD.sequence OR NEW.salt IS NOT NULL OR NEW.name IS NOT NULL
            OR NEW.description IS NOT NULL OR NEW.note IS NOT NULL OR NEW.metadata IS NOT NULL;
    SELECT RAISE(ABORT, 'text is blanked by a later erasure of an account that it tells of, in the open batch')
        WHERE NOT EXISTS (
            SELECT 1 FROM audit AS deed
            CROSS JOIN json_each(deed.target_ids) AS erased
            WHERE deed.sequence > (SELECT sequence FROM closed) AND deed.sequence > OLD.sequence
                AND deed.outcome = 'SUCCEEDED' AND +deed.operation = 'ERASE_TEXT' AND erased.value IN (
                    SELECT value FROM audit, json_each(target_ids) WHERE sequence = OLD.sequence
                    UNION ALL
                    SELECT account_id FROM audit, json_each(target_ids) CROSS JOIN hold ON hold.id = value
                    WHERE sequence = OLD.sequence
                    UNION ALL
                    SELECT account_id
                    FROM audit, json_each(target_ids)
                    CROSS JOIN "transaction" AS moved ON moved.id = value
                    CROSS JOIN entry ON entry.sequence = moved.sequence
                    WHERE audit.sequence = OLD.sequence
                )
        );
END;

// The books behind the Node contestants: better-sqlite3 with prepared statements, and the same rows as benchmarks/rest/books.py.
//
// A movement is decided once per idempotency key, inside a transaction that its caller opens. A refusal is stored under
// its key too. What is stored is the member of the union that GraphQL answers, as JSON.

import { createHash, randomBytes } from "node:crypto";
import Database from "better-sqlite3";

const PRAGMAS = ["journal_mode = wal", "synchronous = full", "foreign_keys = 1", "cache_size = -65536", "temp_store = memory"];

export const digest = (text) => createHash("sha256").update(text).digest("hex");

/** An id that sorts by time: milliseconds, then chance. */
const fresh = (prefix) => `${prefix}_${Date.now().toString(16).padStart(12, "0")}${randomBytes(10).toString("hex")}`;

/** An amount of a currency that has two decimals: all that are measured do. */
export const money = (minor, currency) => {
  const absolute = Math.abs(minor);
  const cents = String(absolute % 100).padStart(2, "0");
  return { amount: `${minor < 0 ? "-" : ""}${Math.floor(absolute / 100)}.${cents}`, currency };
};

export const instant = (microseconds) => new Date(microseconds / 1000).toISOString();

const told = (id, state, version, posted, currency) => ({ id, state, version: String(version), posted: money(posted, currency) });

class Refused extends Error {
  constructor(typename, code) {
    super(code);
    this.member = { __typename: typename, code, message: code };
  }
}

const KEY_REUSED = { __typename: "IdempotencyKeyReused", code: "IDEMPOTENCY_KEY_REUSED", message: "The key was used for another request." };
const CLOSED_TO = { CLOSED: "AccountClosed", FROZEN: "AccountFrozen" };

export class Books {
  constructor(path) {
    this.database = new Database(path);
    for (const pragma of PRAGMAS) this.database.pragma(pragma);
    const prepare = (text) => this.database.prepare(text);
    this.client = prepare("SELECT id, role FROM api_client WHERE key_digest = ? AND revoked_at IS NULL");
    this.stored = prepare("SELECT fingerprint, answer FROM idempotency WHERE api_client_id = ? AND operation = ? AND key = ?");
    this.standing = prepare("SELECT currency, state, posted, version FROM account WHERE id = ? AND kind = 'CUSTOMER'");
    this.insertTransaction = prepare('INSERT INTO "transaction" (id, kind, amount, currency, created_at) VALUES (?, ?, ?, ?, ?)');
    this.change = prepare("UPDATE account SET posted = posted + ?, version = version + 1 WHERE id = ? RETURNING posted, version, state");
    this.insertEntry = prepare("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)");
    this.insertAudit = prepare(
      "INSERT INTO audit (at, outcome, operation, api_client_id, idempotency_key, target_ids) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.insertIdempotency = prepare("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?)");
    this.oldest = prepare(
      `SELECT e.version, e.amount, e.balance_after, e.created_at, t.id, t.kind
       FROM entry AS e JOIN "transaction" AS t USING (sequence) WHERE e.account_id = ? ORDER BY e.version LIMIT ?`,
    ).raw();
  }

  clientWithKey(key) {
    return this.client.get(digest(key));
  }

  deposit(client, key, { accountId, amount, currency }) {
    return this.#once(client, "DEPOSIT", key, [accountId], amount, currency, (now) => {
      this.#requireOpen(accountId, currency);
      const [transaction, , account] = this.#post("DEPOSIT", [[`house_${currency}`, -amount], [accountId, amount]], amount, currency, now);
      return { __typename: "DepositSuccess", replayed: false, transaction, account };
    });
  }

  transfer(client, key, { fromAccountId, toAccountId, amount, currency }) {
    return this.#once(client, "TRANSFER", key, [fromAccountId, toAccountId], amount, currency, (now) => {
      if (fromAccountId === toAccountId) throw new Refused("SameAccount", "SAME_ACCOUNT");
      const posted = this.#requireOpen(fromAccountId, currency);
      this.#requireOpen(toAccountId, currency);
      if (posted < amount) throw new Refused("InsufficientFunds", "INSUFFICIENT_FUNDS");
      const [transaction, fromAccount, toAccount] = this.#post(
        "TRANSFER", [[fromAccountId, -amount], [toAccountId, amount]], amount, currency, now,
      );
      return { __typename: "TransferSuccess", replayed: false, transaction, fromAccount, toAccount };
    });
  }

  account(id) {
    const found = this.standing.get(id);
    return found ? { ...told(id, found.state, found.version, found.posted, found.currency), currency: found.currency } : null;
  }

  /** The first entries of an account, oldest first, each with its transaction: one statement. */
  entries(accountId, currency, first) {
    return this.oldest.all(accountId, first).map(([version, amount, after, at, id, kind]) => ({
      version: String(version),
      amount: money(amount, currency),
      balanceAfter: money(after, currency),
      createdAt: instant(at),
      transaction: { id, kind },
    }));
  }

  #once(client, operation, key, targets, amount, currency, decide) {
    const fingerprint = digest(JSON.stringify([targets, amount, currency]));
    const stored = this.stored.get(client.id, operation, key);
    if (stored) return stored.fingerprint === fingerprint ? { ...JSON.parse(stored.answer), replayed: true } : KEY_REUSED;
    const now = Date.now() * 1000;
    let [member, outcome] = [null, "SUCCEEDED"];
    try {
      member = decide(now);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      [member, outcome] = [error.member, "REFUSED"];
    }
    this.insertAudit.run(now, outcome, operation, client.id, key, JSON.stringify(targets));
    this.insertIdempotency.run(client.id, operation, key, fingerprint, 200, JSON.stringify(member));
    return member;
  }

  #requireOpen(id, currency) {
    const found = this.standing.get(id);
    if (!found) throw new Refused("AccountNotFound", "ACCOUNT_NOT_FOUND");
    if (found.state !== "ACTIVE") throw new Refused(CLOSED_TO[found.state], `ACCOUNT_${found.state}`);
    if (found.currency !== currency) throw new Refused("CurrencyMismatch", "CURRENCY_MISMATCH");
    return found.posted;
  }

  #post(kind, amounts, amount, currency, now) {
    const id = fresh("txn");
    const sequence = this.insertTransaction.run(id, kind, amount, currency, now).lastInsertRowid;
    const accounts = amounts.map(([accountId, signed]) => {
      const { posted, version, state } = this.change.get(signed, accountId);
      this.insertEntry.run(accountId, version, sequence, signed, posted, now);
      return told(accountId, state, version, posted, currency);
    });
    return [{ id, kind, amount: money(amount, currency), createdAt: instant(now) }, ...accounts];
  }
}

// The Node contestants: Fastify and mercurius with its compiler (jit) on, over better-sqlite3; one process, no log.
//
// It takes the very documents that Countinghouse takes: schema.graphql is the part of Countinghouse's schema that they
// need. For each request: the key is hashed and looked up, the role checked; then see books.mjs. Documents are parsed,
// validated and compiled once (mercurius keeps them by their text), and the field `entries` reads all it shows by one
// statement, without a loader.
//
// What it leaves out: records of denied requests, hash chains, limits of rate, size and depth, freezes with scopes, an
// erasable text, pages beyond the first, any wall in the database but one CHECK.
// Run as `node server.mjs FILE alone|grouped`.

import { readFileSync } from "node:fs";
import Fastify from "fastify";
import mercurius from "mercurius";
import { Books } from "./books.mjs";
import { Alone, Grouped } from "./writers.mjs";

const { ErrorWithProps } = mercurius;
const DEPOSITORS = new Set(["TELLER", "MANAGER", "ADMIN"]);
const MOVERS = new Set(["MANAGER", "ADMIN"]);
const AMOUNT = /^(\d{1,15})(?:\.(\d{1,2}))?$/;
const LONGEST_KEY = 255;

const [path, way] = process.argv.slice(2);
const books = new Books(path);
const writer = new { alone: Alone, grouped: Grouped }[way](books);

/** Read an amount in major units as minor ones. */
const minor = (text) => {
  const [, whole, cents = ""] = AMOUNT.exec(text) ?? [];
  const amount = Number(whole) * 100 + Number(cents.padEnd(2, "0"));
  if (!(amount > 0)) throw new ErrorWithProps("The amount is none.", { code: "INVALID_AMOUNT" });
  return amount;
};

const require = (client, roles, key) => {
  if (!roles.has(client.role)) throw new ErrorWithProps("Not for this role.", { code: "FORBIDDEN" });
  if (!key || key.length > LONGEST_KEY) throw new ErrorWithProps("The key has 1 to 255 characters.", { code: "BAD_USER_INPUT" });
};

const resolvers = {
  Query: {
    account: (_, { id }) => books.account(id),
  },
  Account: {
    entries: (account, { first }) => ({ edges: books.entries(account.id, account.currency, Math.min(first, 100)).map((node) => ({ node })) }),
  },
  Mutation: {
    deposit: (_, { idempotencyKey, input: { accountId, amount } }, { client }) => {
      require(client, DEPOSITORS, idempotencyKey);
      const given = { accountId, amount: minor(amount.amount), currency: amount.currency };
      return writer.run(() => books.deposit(client, idempotencyKey, given));
    },
    transfer: (_, { idempotencyKey, input: { fromAccountId, toAccountId, amount } }, { client }) => {
      require(client, MOVERS, idempotencyKey);
      const given = { fromAccountId, toAccountId, amount: minor(amount.amount), currency: amount.currency };
      return writer.run(() => books.transfer(client, idempotencyKey, given));
    },
  },
  DepositResult: { resolveType: (member) => member.__typename },
  TransferResult: { resolveType: (member) => member.__typename },
  UserError: { resolveType: (member) => member.__typename },
};

const app = Fastify({ logger: false });
const unauthenticated = { errors: [{ message: "An API key is needed.", extensions: { code: "UNAUTHENTICATED" } }] };

app.addHook("onRequest", (request, reply, done) => {
  const [scheme, key] = (request.headers.authorization ?? "").split(" ");
  request.client = scheme === "Bearer" ? books.clientWithKey(key) : undefined;
  if (request.client) done();
  else reply.code(401).send(unauthenticated);
});
app.register(mercurius, {
  schema: readFileSync(new URL("schema.graphql", import.meta.url), "utf8"),
  resolvers,
  jit: 1,
  context: (request) => ({ client: request.client }),
});

await app.listen({ host: "127.0.0.1", port: 0, backlog: 2048 });
console.log(`Node is at http://127.0.0.1:${app.server.address().port}`);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    app.server.closeAllConnections();
    books.database.close();
    process.exit(0);
  });
}

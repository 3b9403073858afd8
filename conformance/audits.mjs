// The audits of GraphQL over HTTP by graphql-http, against a running server: KEY=... node audits.mjs URL
//
// Prints every audit that is not ok, then how many are. Exits with 1 unless all are.

import { auditServer } from "graphql-http";

const [url] = process.argv.slice(2);
const fetchFn = (input, init) =>
  fetch(input, { ...init, headers: { ...init?.headers, Authorization: `Bearer ${process.env.KEY}` } });

const results = await auditServer({ url, fetchFn });
const others = results.filter(({ status }) => status !== "ok");
for (const { status, id, name, reason } of others) console.log(`${status} ${id} ${name}: ${reason}`);
console.log(`${results.length - others.length} of ${results.length} audits ok`);
process.exitCode = others.length ? 1 : 0;

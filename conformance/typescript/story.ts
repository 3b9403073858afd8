// Opens an account, deposits, retries, and is refused and denied, against a running server; throws unless all is so.

import { DepositDocument, OpenAccountDocument, WithdrawDocument } from "../generated/typescript/graphql.js";
import * as outcomes from "./outcomes.js";
import { connect, RequestError } from "./sending.js";

/** Live it with an ADMIN's key and a TELLER's; return it, a sentence for each deed. */
export async function story(url: string, adminKey: string, tellerKey: string): Promise<string[]> {
  const mutate = connect(url, adminKey);
  const opened = await mutate(OpenAccountDocument, { key: "ts-open", input: { currency: "EUR", name: "Ada" } });
  expect(opened.__typename === "OpenAccountSuccess");
  const accountId = opened.account.id;

  const payIn = (amount: string) =>
    mutate(DepositDocument, { key: "ts-pay-in", input: { accountId, amount: { amount, currency: "EUR" } } });
  const first = await payIn("100.00");
  const retried = await payIn("100.00");
  const reused = await payIn("250.00");
  expect(first.__typename === "DepositSuccess" && !first.replayed);
  expect(retried.__typename === "DepositSuccess" && retried.replayed);
  expect(retried.transaction.id === first.transaction.id);
  expect(reused.__typename === "IdempotencyKeyReused");

  const payOut = { key: "ts-pay-out", input: { accountId, amount: { amount: "250.00", currency: "EUR" } } };
  const refused = await mutate(WithdrawDocument, payOut);
  expect(refused.__typename === "InsufficientFunds" && refused.shortfall.amount === "150.00");

  const denied = await connect(url, tellerKey)(WithdrawDocument, payOut).catch((error: unknown) => error);
  expect(denied instanceof RequestError && denied.code === "FORBIDDEN" && denied.retry === "NEVER");

  const deposits = [first, retried, reused].map(outcomes.deposit);
  return [outcomes.openAccount(opened), ...deposits, outcomes.withdraw(refused), denied.message];
}

function expect(holds: boolean): asserts holds {
  if (!holds) throw new Error("the server answered otherwise");
}

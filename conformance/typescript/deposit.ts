// A deposit, as the guide shows it.

import { DepositDocument } from "../generated/typescript/graphql.js";
import { connect, persist } from "./sending.js";

export async function deposit(url: string, apiKey: string, key: string, accountId: string): Promise<string> {
  const mutate = connect(url, apiKey);
  const input = { accountId, amount: { amount: "10.00", currency: "EUR" } };
  const answer = await persist(() => mutate(DepositDocument, { key, input }));
  switch (answer.__typename) {
    case "DepositSuccess":
      return `deposited ${answer.transaction.amount.amount} EUR${answer.replayed ? ", as answered before" : ""}`;
    default: // every other member is a UserError, those added later too
      return `${answer.code}: ${answer.message} Retry: ${answer.retry}.`;
  }
}

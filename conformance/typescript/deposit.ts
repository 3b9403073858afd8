// A deposit, as the guide shows it.

import { DepositDocument } from "../generated/typescript/graphql.js";
import { connect, persist } from "./sending.js";

export async function deposit(url: string, apiKey: string, key: string, accountId: string): Promise<string> {
  const input = { accountId, amount: { amount: "10.00", currency: "EUR" } };
  const mutate = connect(url, apiKey);
  const answer = await persist(() => mutate(DepositDocument, { key, input }));
  if (answer.__typename === "DepositSuccess") return `deposited; replayed: ${answer.replayed}`;
  return `${answer.code}: ${answer.message} Retry: ${answer.retry}.`; // all others are UserErrors, later ones too
}

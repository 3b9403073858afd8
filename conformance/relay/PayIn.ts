// A deposit for Relay: what is refused, now or by a member added later, is under one alias.

import { graphql } from "relay-runtime";
import type { PayInMutation$data } from "../generated/relay/PayInMutation.graphql.js";

export const payIn = graphql`
  mutation PayInMutation($key: IdempotencyKey!, $input: DepositInput!) {
    deposit(idempotencyKey: $key, input: $input) {
      ... on DepositSuccess @alias(as: "success") { account { ...AccountList_account } }
      ... on UserError @alias(as: "refusal") { code message retry }
    }
  }
`;

/** Tell what became of it. */
export function outcome({ deposit }: PayInMutation$data): string {
  if (deposit?.success) return "deposited";
  return deposit?.refusal ? `${deposit.refusal.code}: ${deposit.refusal.message}` : "see errors[]";
}

// A mutation over HTTP, typed by its document, and sent until it is decided.

import type { DocumentTypeDecoration } from "@graphql-typed-document-node/core";
import type { Retry } from "../generated/typescript/graphql.js";

const LONGEST_WAIT_MS = 10_000;
const FIRST_PAUSE_MS = 50;

/** A generated document: its text, and the types of its answer and its variables. */
type Document<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { toString(): string };

/** What the one root field of a mutation answers. It is null only beside an error of the request, and that is thrown. */
export type Answer<Data> = NonNullable<Data[keyof Data]>;

/** How to send one mutation. */
export type Mutate = <Data, Variables>(
  document: Document<Data, Variables>,
  variables: Variables,
) => Promise<Answer<Data>>;

/** An error of the request itself, as `errors[]` tells it. */
export class RequestError extends Error {
  constructor(message: string, readonly code: string, readonly retry: Retry) {
    super(message);
  }
}

/** Return how an API client, by its key, sends mutations to a server. */
export function connect(url: string, apiKey: string): Mutate {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${apiKey}` };
  return async <Data, Variables>(document: Document<Data, Variables>, variables: Variables) => {
    const body = JSON.stringify({ query: document.toString(), variables });
    const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(LONGEST_WAIT_MS) });
    const { data, errors } = await response.json();
    const [answer] = Object.values(data ?? {});
    if (!answer) throw new RequestError(errors[0].message, errors[0].extensions.code, errors[0].extensions.retry);
    return answer as Answer<Data>;
  };
}

/** Send the same mutation with the same key until it is known to be decided: that never acts twice. */
export async function persist<Result extends object>(send: () => Promise<Result>, attempts = 6): Promise<Result> {
  for (let attempt = 0; attempt < attempts - 1; attempt++) {
    try {
      const answer = await send();
      if (!("retry" in answer && answer.retry === "SAME_KEY")) return answer;
    } catch (failure) {
      if (failure instanceof RequestError && failure.retry !== "SAME_KEY") throw failure;
    }
    await new Promise((resume) => setTimeout(resume, FIRST_PAUSE_MS * 2 ** attempt));
  }
  return send();
}

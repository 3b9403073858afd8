"use strict";

// GraphiQL on this server's own endpoint. The API key goes into the Headers pane and is not kept: a key that moves money
// has no place in a browser's storage. GraphiQL's history keeps headers even where they are not to be persisted, so all
// it remembers is in memory here and gone with the page. The key of each new intention must be fresh: the first is made
// here.

const remembered = new Map();
const memory = {
  get length() { return remembered.size; },
  getItem: (name) => remembered.get(name) ?? null,
  setItem: (name, value) => { remembered.set(name, String(value)); },
  removeItem: (name) => { remembered.delete(name); },
  clear: () => { remembered.clear(); },
};

const key = crypto.randomUUID ? crypto.randomUUID() : String(Date.now());

const welcome = `# Put your API key into the Headers pane below, then run one of these.

query Accounts {
  accounts(first: 10) {
    edges { node { id name state posted { amount currency } available { amount } } }
  }
}

mutation OpenAccount {
  openAccount(idempotencyKey: "${key}", input: { currency: "EUR", name: "Ada" }) {
    __typename
    ... on OpenAccountSuccess { account { id state } replayed }
    ... on UserError { code message retry }
  }
}
`;

ReactDOM.createRoot(document.getElementById("explorer")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
    defaultQuery: welcome,
    defaultHeaders: JSON.stringify({ Authorization: "Bearer ch_..." }, null, 2),
    shouldPersistHeaders: false,
    storage: memory,
    defaultEditorToolsVisibility: "headers",
  }),
);

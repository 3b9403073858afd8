"use strict";

// GraphiQL on this server's own endpoint. The API key is in its field and nowhere else: not in GraphiQL's headers, which
// it would keep in its history, and not in the browser's storage, where a key that moves money has no place.

const keyField = document.getElementById("key");
const note = document.getElementById("note");
const root = ReactDOM.createRoot(document.getElementById("explorer"));

const NOTES = {
  noKey: "Put your API key into its field at the top. It is kept in the memory of this page only.",
  wrongKey: "This API key is none that works.",
  ready: "Run a mutation twice with one idempotency key, and it happens once: the second answer is a replay.",
  replayed: "A replay: this idempotency key was used before, and nothing happened again. A new intention needs a new key.",
  failed: "The result has errors, which say why.",
  noAnswer: "No answer came. Run it again with the same idempotency key: it happens once.",
  query: "Only a mutation takes an idempotency key.",
  noObject: "The variables are not a JSON object.",
  noIds: "The variables have no id that is only begun, such as acct_.",
  idsMissing: "An id is still missing: no answer had another one of its kind yet. Make one, or list them, and fill in again.",
};

const tell = (name) => { note.textContent = NOTES[name]; };

// With this GraphiQL may make its <style> elements: see the policy in page.py.
globalThis.__webpack_nonce__ = document.currentScript.nonce;

// What GraphiQL remembers is gone with the page. It begins with as much room for the variables as for the operation.
const remembered = new Map([["graphiql:secondaryEditorFlex", "1"]]);
const memory = {
  get length() { return remembered.size; },
  getItem: (name) => remembered.get(name) ?? null,
  setItem: (name, value) => { remembered.set(name, String(value)); },
  removeItem: (name) => { remembered.delete(name); },
  clear: () => { remembered.clear(); },
};

// Idempotency keys. Over plain HTTP from another machine browsers have no randomUUID, but its randomness.

const freshKey = () => crypto.randomUUID?.()
  ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const written = (value) => JSON.stringify(value, null, 2);

const parsed = (text) => { try { return JSON.parse(text); } catch { return undefined; } };

const tabOf = ({ query, isMutation, variables }) => ({
  query,
  variables: written(isMutation ? { key: freshKey(), ...variables } : variables),
});

// Ids, those of the newest answer first, so that the next operation can be about what the last one made. Left out are the
// system's own, and the caller's: its client, and its key, whose secret has the id's letters in it. Nobody is to lock
// himself out unawares.

const BEGUN = /"([a-z]+_)"/g;
let seenIds = [];
let ownClientId = null;

const rememberIds = (answer) => {
  const ids = Array.from(written(answer).matchAll(/"([a-z]+_[0-9a-z]{26})"/g), ([, id]) => id);
  seenIds = [...new Set([...ids, ...seenIds])];
};

const isOwn = (id) => id === ownClientId || keyField.value.includes(id.split("_")[1]);
const isOfTheSystem = (id) => /_0+$/.test(id);

// Ids sort by age. Of two accounts the older one comes first and so pays: it is the one that has money.
const filled = (text) => {
  const begun = Array.from(text.matchAll(BEGUN), ([, prefix]) => prefix);
  const free = seenIds.filter((id) => !text.includes(id) && !isOwn(id) && !isOfTheSystem(id));
  const newest = (prefix) => free.filter((id) => id.startsWith(prefix));
  const chosen = [...new Set(begun)].flatMap(
    (prefix) => newest(prefix).slice(0, begun.filter((other) => other === prefix).length).sort(),
  );
  return text.replace(BEGUN, (placeholder, prefix) => {
    const at = chosen.findIndex((id) => id.startsWith(prefix));
    return at < 0 ? placeholder : JSON.stringify(chosen.splice(at, 1)[0]);
  });
};

// Asking. Without a key nothing is sent, nor with one that no header can carry: nothing would be answered.

const ask = async (apiKey, parameters) => {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      "Accept": "application/graphql-response+json",
      "Authorization": `Bearer ${apiKey}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify(parameters),
  });
  return response.json();
};

const hasReplay = ({ data }) => Object.values(data ?? {}).some((result) => result?.replayed === true);

const noteOn = (answer) => {
  if (answer.errors?.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED")) return "wrongKey";
  if (answer.errors) return "failed";
  return hasReplay(answer) ? "replayed" : "ready";
};

const failure = (name) => {
  tell(name);
  return { errors: [{ message: NOTES[name] }] };
};

const fetcherWith = (apiKey) => async (parameters) => {
  if (!apiKey) return failure("noKey");
  if (!/^[!-~]+$/.test(apiKey)) return failure("wrongKey");
  const answer = await ask(apiKey, parameters).catch(() => null);
  if (!answer) return failure("noAnswer");
  rememberIds(answer);
  tell(noteOn(answer));
  return answer;
};

// The page. GraphiQL hands its editors to components within it only: this one shows nothing and passes them on.

let editors;
const Editors = () => { editors = GraphiQL.React.useEditorContext(); return null; };

const render = (fetcher, schema, tabs) => {
  const settings = {
    fetcher,
    schema,
    defaultTabs: tabs,
    defaultEditorToolsVisibility: "variables",
    isHeadersEditorEnabled: false,
    shouldPersistHeaders: false,
    storage: memory,
  };
  root.render(React.createElement(GraphiQL, settings, React.createElement(Editors)));
};

const clearResult = () => {
  editors.responseEditor.setValue("");
  editors.updateActiveTabValues({ response: null });
};

// A tab that came with the page cannot be closed: nothing but loading the page again would bring it back.
const keepOpen = (count) => {
  const { sheet } = document.querySelector("link[href='/explorer/explorer.css']");
  sheet.insertRule(`.graphiql-container .graphiql-tab:nth-child(-n + ${count}) {
    & .graphiql-tab-close { display: none }
    & .graphiql-tab-button { padding-right: 8px }
  }`);
};

const setFreshKey = () => {
  if (!/^\s*mutation\b/m.test(editors.queryEditor.getValue())) return tell("query");
  const variables = parsed(editors.variableEditor.getValue() || "{}");
  if (variables?.constructor !== Object) return tell("noObject");
  editors.variableEditor.setValue(written({ ...variables, key: freshKey() }));
  tell("ready");
};

const fillInIds = () => {
  const before = editors.variableEditor.getValue();
  const after = filled(before);
  if (after !== before) editors.variableEditor.setValue(after);
  if (after.match(BEGUN)) tell("idsMissing");
  else tell(after === before ? "noIds" : "ready");
};

const begin = async () => {
  const files = await Promise.all(["schema.graphql", "operations.json"].map((name) => fetch(`/explorer/${name}`)));
  const schema = GraphiQL.GraphQL.buildSchema(await files[0].text());
  const tabs = (await files[1].json()).map(tabOf);

  // A key is tried at once. What an earlier one was answered is no longer the result.
  const useKey = async () => {
    const fetcher = fetcherWith(keyField.value.trim());
    render(fetcher, schema, tabs);
    clearResult();
    const { data } = await fetcher({ query: "query Viewer { viewer { id } }" });
    ownClientId = data?.viewer?.id;
  };
  keyField.addEventListener("change", useKey);
  document.getElementById("fresh-key").addEventListener("click", setFreshKey);
  document.getElementById("fill-in-ids").addEventListener("click", fillInIds);
  keepOpen(tabs.length);
  tell("noKey");
  render(fetcherWith(""), schema, tabs);
};

begin();

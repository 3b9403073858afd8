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
  query: "Only a mutation takes an idempotency key.",
  notJson: "The variables are not JSON.",
  noIds: "There is no id to fill in, or none of its kind was in an answer yet.",
};

const tell = (name) => { note.textContent = NOTES[name]; };

// With this GraphiQL may make its <style> elements: see the policy in page.py.
globalThis.__webpack_nonce__ = document.currentScript.nonce;

// What GraphiQL remembers is gone with the page.
const remembered = new Map();
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

const written = (variables) => JSON.stringify(variables, null, 2);

const tabOf = ({ query, isMutation, variables }) => ({
  query,
  variables: written(isMutation ? { key: freshKey(), ...variables } : variables),
});

// Ids, those of the newest answer first, so that the next operation can be about what the last one made.

let seenIds = [];

const rememberIds = (text) => {
  const ids = Array.from(text.matchAll(/"([a-z]+_[0-9a-z]{26})"/g), ([, id]) => id);
  seenIds = [...new Set([...ids, ...seenIds])];
};

const filled = (text) => {
  const left = [...seenIds];
  return text.replace(/"([a-z]+_)"/g, (placeholder, prefix) => {
    const at = left.findIndex((id) => id.startsWith(prefix));
    return at < 0 ? placeholder : JSON.stringify(left.splice(at, 1)[0]);
  });
};

// Asking. Without a key nothing is sent: nothing would be answered.

const hasReplay = ({ data }) => Object.values(data ?? {}).some((result) => result?.replayed === true);

const fetcherWith = (apiKey) => async (parameters) => {
  if (!apiKey) return { errors: [{ message: NOTES.noKey }] };
  const response = await fetch("/graphql", {
    method: "POST",
    headers: {
      "Accept": "application/graphql-response+json",
      "Authorization": `Bearer ${apiKey}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify(parameters),
  });
  const text = await response.text();
  const answer = JSON.parse(text);
  rememberIds(text);
  tell(response.status === 401 ? "wrongKey" : hasReplay(answer) ? "replayed" : "ready");
  return answer;
};

// The page. GraphiQL hands its editors to components within it only: this one shows nothing and passes them on.

let editors;
const Editors = () => { editors = GraphiQL.React.useEditorContext(); return null; };

const render = (tabs) => {
  const apiKey = keyField.value.trim();
  tell(apiKey ? "ready" : "noKey");
  const settings = {
    fetcher: fetcherWith(apiKey),
    schema: apiKey ? undefined : null, // undefined: asked for anew with each key; null: there is none
    schemaDescription: true,
    inputValueDeprecation: true,
    defaultTabs: tabs,
    defaultEditorToolsVisibility: "variables",
    isHeadersEditorEnabled: false,
    shouldPersistHeaders: false,
    storage: memory,
  };
  root.render(React.createElement(GraphiQL, settings, React.createElement(Editors)));
};

const setFreshKey = () => {
  if (!/^\s*mutation\b/m.test(editors.queryEditor.getValue())) return tell("query");
  try {
    const variables = JSON.parse(editors.variableEditor.getValue() || "{}");
    editors.variableEditor.setValue(written({ ...variables, key: freshKey() }));
    tell("ready");
  } catch {
    tell("notJson");
  }
};

const fillInIds = () => {
  const before = editors.variableEditor.getValue();
  const after = filled(before);
  if (after === before) return tell("noIds");
  editors.variableEditor.setValue(after);
};

const begin = async () => {
  const response = await fetch("/explorer/operations.json");
  const tabs = (await response.json()).map(tabOf);
  keyField.addEventListener("change", () => render(tabs));
  document.getElementById("fresh-key").addEventListener("click", setFreshKey);
  document.getElementById("fill-in-ids").addEventListener("click", fillInIds);
  render(tabs);
};

begin();

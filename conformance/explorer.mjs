// The explorer in Chromium: `load` opens it, `use` goes on as its user would, and `err` does what can go wrong. What was seen
// is printed as JSON. The API key comes in KEY, and one that may only look in VIEWER; what the page asks of the CDN is answered from the folder in CDN, if there is one.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [tour, url] = process.argv.slice(2);
const { KEY, VIEWER, CDN, CHROMIUM = "/usr/bin/chromium" } = process.env;
const ARGUMENTS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  "--host-resolver-rules=MAP books.test 127.0.0.1", // a name for this machine that browsers do not trust as they do localhost
];
const TYPES = { css: "text/css", js: "text/javascript" };

const answerAsCdn = async (route) => {
  const path = new URL(route.request().url()).pathname;
  const headers = { "Access-Control-Allow-Origin": "*", "Content-Type": TYPES[path.split(".").at(-1)] };
  await route.fulfill({ headers, body: await readFile(join(CDN, path)) });
};

const watched = async (context) => {
  const page = await context.newPage();
  const seen = { requests: [], said: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && seen.said.push(message.text()));
  page.on("pageerror", (error) => seen.said.push(String(error)));
  if (CDN) await page.route("https://unpkg.com/**", answerAsCdn);
  return [page, seen];
};

const load = async (page) => {
  await page.goto(url, { waitUntil: "networkidle" });
  return { page: await page.locator("main").innerText(), note: await note(page) };
};

const editorText = (page, section) => page.locator(section).first().evaluate((editor) => editor.CodeMirror.getValue());
const result = (page) => editorText(page, ".result-window .CodeMirror");
const variables = (page) => editorText(page, ".graphiql-editor-tool .CodeMirror");
const note = (page) => page.getByRole("status").innerText();
const setVariables = (page, text) =>
  page.locator(".graphiql-editor-tool .CodeMirror").evaluate((editor, value) => editor.CodeMirror.setValue(value), text);
const press = (page, name) => page.getByRole("button", { name }).click();

/** Opens a tab, and waits until GraphiQL has read its operation, which is a moment later. */
const open = async (page, name) => {
  await page.locator(".graphiql-tab").getByRole("button", { name, exact: true }).click();
  await page.waitForFunction(
    (expected) => document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.operationName === expected,
    name,
  );
};

/** Runs the operation of the open tab, waits until the very answer that came is shown, and returns it. */
const run = async (page) => {
  const [response] = await Promise.all([page.waitForResponse("**/graphql"), press(page, /^Execute query/)]);
  const answer = await response.json();
  await page.waitForFunction(
    (shown) => document.querySelector(".result-window .CodeMirror").CodeMirror.getValue() === shown,
    JSON.stringify(answer, null, 2),
  );
  const [outcome] = Object.values(answer.data ?? {});
  return { type: outcome?.__typename, replayed: outcome?.replayed, note: await note(page) };
};

/** Runs what nothing comes of: no answer is waited for. */
const runInVain = async (page) => {
  await press(page, /^Execute query/);
  await page.waitForFunction(() => document.querySelector(".result-window .CodeMirror").CodeMirror.getValue());
  return { result: await result(page), note: await note(page) };
};

/** Enters a key and waits until the page says something else. */
const enterKey = async (page, key) => {
  const before = await note(page);
  await page.getByLabel("API key").fill(key);
  await page.getByLabel("API key").press("Enter");
  await page.waitForFunction((old) => document.getElementById("note").textContent !== old, before);
  return note(page);
};

const fillIn = async (page, name) => {
  await open(page, name);
  await press(page, "Fill in ids");
  return { variables: await variables(page), note: await note(page) };
};

const readDocumentation = async (page) => {
  await press(page, "Show Documentation Explorer");
  await page.getByRole("link", { name: "Mutation", exact: true }).click();
  const text = await page.locator(".graphiql-plugin").innerText();
  await press(page, "Hide Documentation Explorer");
  return text;
};

const lookAtSettings = async (page) => {
  await press(page, "Open settings dialog");
  const text = await page.getByRole("dialog").innerText();
  const styles = await page.locator("head style").count();
  await page.keyboard.press("Escape");
  return { text, styles };
};

/** Transfers between two accounts: the ids are asked for when there is one of them, and again when there are two. */
const transfer = async (page) => {
  await open(page, "Transfer");
  const begun = await variables(page);
  const one = await fillIn(page, "Transfer");
  await setVariables(page, begun);
  await open(page, "OpenAccount");
  await press(page, "New idempotency key");
  await run(page);
  const two = await fillIn(page, "Transfer");
  return { one, two, ...(await run(page)) };
};

const manageAccess = async (page) => {
  await open(page, "ApiClients");
  await run(page);
  const own = { client: await fillIn(page, "ChangeApiClientRole"), key: await fillIn(page, "RevokeApiKey") };
  await open(page, "CreateApiClient");
  await run(page);
  return { own, other: await fillIn(page, "ChangeApiClientRole") };
};

const closable = async (page) => {
  await page.locator(".graphiql-tab").getByRole("button", { name: "Viewer", exact: true }).hover();
  return page.locator(".graphiql-tab-close").filter({ visible: true }).count();
};

/** Opens the documentation in a narrow window; returns which part of its height the tabs have, and whether they scroll. */
const squeeze = async (page) => {
  await page.setViewportSize({ width: 700, height: 800 });
  await press(page, "Show Documentation Explorer");
  const tabs = page.locator(".graphiql-tabs");
  return tabs.evaluate((list) => ({ part: list.clientHeight / innerHeight, scrolls: list.scrollHeight > list.clientHeight }));
};

/** Goes from the key to the editors by keyboard alone; returns how often Tab was pressed. */
const tabToEditor = async (page) => {
  await page.getByLabel("API key").focus();
  for (let stops = 1; stops < 100; stops += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.closest(".CodeMirror") !== null)) return stops;
    if (await page.evaluate(() => document.activeElement.matches("header a"))) await page.keyboard.press("Enter");
  }
  return null;
};

const kept = async (page) => {
  const { cookies, origins } = await page.context().storageState({ indexedDB: true });
  const inSession = await page.evaluate(() => ({ ...sessionStorage }));
  return JSON.stringify({ cookies, origins, inSession, url: page.url() });
};

const use = async (page) => {
  const seen = { withoutKey: await runInVain(page), documentation: await readDocumentation(page) };
  await enterKey(page, KEY);
  seen.settings = await lookAtSettings(page);
  seen.panes = await page.locator(".graphiql-editor-tools").innerText();
  await open(page, "OpenAccount");
  seen.opened = { ...(await run(page)), variables: await variables(page) };
  await fillIn(page, "Deposit");
  seen.first = { ...(await run(page)), variables: await variables(page) };
  seen.again = { ...(await run(page)), variables: await variables(page) };
  await press(page, "New idempotency key");
  seen.renewed = { ...(await run(page)), variables: await variables(page) };
  seen.transfer = await transfer(page);
  seen.access = await manageAccess(page);
  seen.kept = await kept(page);
  seen.closable = { given: await closable(page) };
  await press(page, "New tab");
  seen.closable.added = await closable(page);
  seen.stops = await tabToEditor(page);
  seen.squeezed = await squeeze(page);
  return seen;
};

const err = async (page) => {
  const seen = { wrong: { entered: await enterKey(page, "ch_wrong"), ...(await runInVain(page)) } };
  await enterKey(page, KEY);
  seen.right = { result: await result(page) };
  await open(page, "Accounts");
  await open(page, "Viewer");
  seen.right.later = await result(page);

  seen.unsendable = { entered: await enterKey(page, "ключ"), ...(await runInVain(page)) };
  await enterKey(page, VIEWER);
  await open(page, "OpenAccount");
  seen.forbidden = await run(page);

  await setVariables(page, "[1]");
  await press(page, "New idempotency key");
  seen.noObject = { variables: await variables(page), note: await note(page) };

  await open(page, "Accounts");
  await page.route("**/graphql", (route) => route.abort());
  seen.noAnswer = await runInVain(page);
  return seen;
};

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
try {
  const [page, seen] = await watched(await browser.newContext());
  seen.loaded = { ...(await load(page)), said: [...seen.said], requests: [...seen.requests] };
  if (tour === "use") seen.used = await use(page);
  if (tour === "err") seen.went = await err(page);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}

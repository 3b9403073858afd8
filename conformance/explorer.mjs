// The explorer in Chromium: `load` opens it, `use` goes on as its user would. What was seen is printed as JSON.
// The API key comes in KEY; what the page asks of the CDN is answered from the folder in CDN, if there is one.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [tour, url] = process.argv.slice(2);
const { KEY, CDN, CHROMIUM = "/usr/bin/chromium" } = process.env;
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
  return { page: await page.locator("main").innerText(), note: await page.getByRole("status").innerText() };
};

const editorText = (page, section) => page.locator(section).first().evaluate((editor) => editor.CodeMirror.getValue());
const result = (page) => editorText(page, ".result-window .CodeMirror");
const variables = (page) => editorText(page, ".graphiql-editor-tool .CodeMirror");
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
  const [outcome] = Object.values(answer.data);
  return { type: outcome.__typename, replayed: outcome.replayed, note: await page.getByRole("status").innerText() };
};

const runWithoutKey = async (page) => {
  await press(page, /^Execute query/);
  await page.waitForFunction(() => document.querySelector(".result-window .CodeMirror").CodeMirror.getValue());
  return result(page);
};

const enterKey = async (page) => {
  await page.getByLabel("API key").fill(KEY);
  await Promise.all([page.waitForResponse("**/graphql"), page.getByLabel("API key").press("Enter")]);
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

const kept = async (page) => {
  const { cookies, origins } = await page.context().storageState({ indexedDB: true });
  const inSession = await page.evaluate(() => ({ ...sessionStorage }));
  return JSON.stringify({ cookies, origins, inSession, url: page.url() });
};

const use = async (page) => {
  const seen = { withoutKey: await runWithoutKey(page) };
  await enterKey(page);
  seen.documentation = await readDocumentation(page);
  seen.settings = await lookAtSettings(page);
  seen.panes = await page.locator(".graphiql-editor-tools").innerText();
  await open(page, "OpenAccount");
  seen.opened = await run(page);
  await open(page, "Deposit");
  await press(page, "Fill in ids");
  seen.first = { ...(await run(page)), variables: await variables(page) };
  seen.again = { ...(await run(page)), variables: await variables(page) };
  await press(page, "New idempotency key");
  seen.renewed = { ...(await run(page)), variables: await variables(page) };
  seen.kept = await kept(page);
  return seen;
};

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
try {
  const [page, seen] = await watched(await browser.newContext());
  seen.loaded = { ...(await load(page)), said: [...seen.said], requests: [...seen.requests] };
  if (tour === "use") seen.used = await use(page);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}

// Refuses to break the contract in silence: compares schema/schema.graphql with that of the last tag, and what breaks
// clients with what CHANGELOG.md announces. Run it in the folder that holds both: node conformance/breaking.mjs
//
// Exits with 1 if something breaks that is not announced, or is announced and does not break.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { ChangeType, CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const SCHEMA = "schema/schema.graphql";
const CHANGELOG = "CHANGELOG.md";

// Deciding

// What graphql-inspector calls dangerous breaks clients of this API. A generated client raises on a union member or an
// enum value it does not know; a changed default changes what yesterday's requests mean, under keys they have used; a
// changed @requiresRole changes who is let in. Only what a caller may leave out, and a new reason or date for a
// deprecation, leave everything as it was.
const HARMLESS = new Set([ChangeType.InputFieldAdded, ChangeType.FieldArgumentAdded]);

const isBreaking = ({ type, path, criticality: { level } }) =>
  level === CriticalityLevel.Breaking ||
  (level === CriticalityLevel.Dangerous && !HARMLESS.has(type) && !path.includes("@deprecated"));

// The path of a change as a schema coordinate: Query.accounts.first is Query.accounts(first:), a directive counts where
// it stands, and what has no path is the schema itself.
const coordinate = (path = "schema") =>
  path.replace(/\.@.*$/, "").replace(/^(\w+\.\w+|@\w+)\.(\w+)$/, "$1($2:)");

const broken = (changes) =>
  changes.filter(isBreaking).map(({ path, message }) => ({ name: coordinate(path), message }));

// Each item under `### Breaking` begins with what it breaks: - `Account.name`, `DepositResult`: what to do about it.
// What stands above the last version is not released yet, even if the next one has its heading already.
function announced(changelog, version) {
  const [unreleased, released] = changelog.split(new RegExp(`^## ${version.replaceAll(".", "\\.")}(?= |$).*$`, "m"));
  if (released === undefined) throw new Error(`${CHANGELOG} has no section ${version}`);
  const lists = unreleased.split(/^##+ /m).filter((section) => section.startsWith("Breaking\n"));
  const heads = lists.join().match(/^- `[^`]+`(, `[^`]+`)*/gm) ?? [];
  return heads.flatMap((head) => head.split("`").filter((_, place) => place % 2));
}

function verdict(found, names) {
  const silent = found.filter(({ name }) => !names.includes(name));
  const stale = names.filter((one) => !found.some(({ name }) => name === one));
  return [
    ...silent.map(({ name, message }) => `breaks, and ${CHANGELOG} does not say so: ${name} (${message})`),
    ...stale.map((name) => `does not break, and ${CHANGELOG} says it does: ${name}`),
  ];
}

// Asking git

const git = (...words) => execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

// An export has no repository and a shallow clone no tags; any other failure of git must not pass for either.
const lastTag = () =>
  existsSync(".git") && git("tag", "--merged", "HEAD", "v[0-9]*") ? git("describe", "--tags", "--match", "v[0-9]*", "--abbrev=0").trim() : null;

async function faultsSince(tag) {
  const before = buildSchema(git("show", `${tag}:${SCHEMA}`));
  const now = buildSchema(readFileSync(SCHEMA, "utf8"));
  const names = announced(readFileSync(CHANGELOG, "utf8"), tag.replace(/^v/, ""));
  return verdict(broken(await diff(before, now)), names);
}

const tag = lastTag();
const faults = tag ? await faultsSince(tag) : [];
for (const fault of faults) console.log(fault);
if (!tag) console.log("nothing is released to compare with");
else if (!faults.length) console.log(`nothing breaks since ${tag} but what ${CHANGELOG} announces`);
process.exitCode = faults.length ? 1 : 0;

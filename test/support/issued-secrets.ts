/**
 * Every test file of the Worker ends with a search for the secrets that it was given: in D1, in the objects' storage and
 * in what was logged. Worker, objects and tests share one isolate here, and so one console.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { objectOf } from "./object-of.ts";
import { type Finding, latin1, SecretSearch } from "./secret-search.ts";
import { TEST_ADMIN_TOKEN, TEST_SIGNING_KEYS } from "./test-env.ts";

export const issued = new SecretSearch();
issued.add("ADMIN_TOKEN", TEST_ADMIN_TOKEN);
for (const key of TEST_SIGNING_KEYS.split(",")) {
  issued.add("SIGNING_KEYS", key.slice(key.indexOf(":") + 1));
}

const METHODS = ["debug", "error", "info", "log", "trace", "warn"] as const;

const logged: string[] = [];
let isShown = true;

/** From now on what is logged is kept, beside being shown. */
export function listenToConsole(): void {
  for (const method of METHODS) {
    const original = console[method];
    console[method] = (...values: unknown[]) => {
      logged.push(values.map(textOf).join(" "));
      if (isShown) original.apply(console, values);
    };
  }
}

/** What is found of the secrets issued so far, wherever something may have been kept. */
export async function searchEverywhere(): Promise<Finding[]> {
  const index = await indexText();
  const objects = await Promise.all(sessionIds(index).map(objectText));
  return [logged.join("\n"), index, ...objects].flatMap((text) => issued.search(text));
}

/** For a test that leaks on purpose: nobody sees what `act` logs. */
export function unseen(act: () => void): void {
  isShown = false;
  act();
  isShown = true;
}

export function forgetLogged(): void {
  logged.length = 0;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.message} ${value.stack}`;
  return JSON.stringify(value) ?? String(value);
}

async function indexText(): Promise<string> {
  const { results: tables } = await env.INDEX_DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  ).all<{ name: string }>();
  if (tables.length === 0) return "";
  const rows = await env.INDEX_DB.batch(
    tables.map(({ name }) => env.INDEX_DB.prepare(`SELECT * FROM "${name}"`)),
  );
  return rows
    .map(({ results }) => cellsOf(results.map((row) => Object.values(row as object))))
    .join("\n");
}

/** Of all sessions that the index knows. */
function sessionIds(index: string): string[] {
  return [...new Set(index.match(/(?<![\w-])[\w-]{32}(?![\w-])/g))];
}

function objectText(id: string): Promise<string> {
  return runInDurableObject(objectOf(id), (_, { storage: { sql } }) =>
    sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
      .toArray()
      .filter(({ name }) => !name.startsWith("_cf_"))
      .map(({ name }) => cellsOf([...sql.exec(`SELECT * FROM "${name}"`).raw()]))
      .join("\n"),
  );
}

function cellsOf(rows: readonly (readonly unknown[])[]): string {
  return rows.map((row) => row.map(cellText).join("\t")).join("\n");
}

function cellText(cell: unknown): string {
  if (cell instanceof ArrayBuffer) return latin1(new Uint8Array(cell));
  // D1 gives a blob as an array of its bytes.
  return Array.isArray(cell) ? latin1(new Uint8Array(cell as number[])) : String(cell);
}

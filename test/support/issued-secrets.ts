/**
 * Every test file of the Worker ends with a search for the secrets that it was given: in D1, in the objects' storage and
 * in what was logged. Worker, objects and tests share one isolate here, and so one console.
 */
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { bucketText } from "./bucket.ts";
import { indexText } from "./index-database.ts";
import { tablesOf } from "./object-storage.ts";
import { type Finding, SecretSearch } from "./secret-search.ts";
import { TEST_ADMIN_TOKEN, TEST_SIGNING_KEYS } from "./test-env.ts";

export const issued = new SecretSearch();
issued.add("ADMIN_TOKEN", TEST_ADMIN_TOKEN);
for (const key of TEST_SIGNING_KEYS.split(",")) {
  issued.add("SIGNING_KEYS", key.slice(key.indexOf(":") + 1));
}

const METHODS = ["debug", "error", "info", "log", "trace", "warn"] as const;

/** Objects; each has files open. */
const AT_ONCE = 50;

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
  const index = await indexText(() => true);
  const ids = await listDurableObjectIds(env.SESSIONS);
  const found = [logged.join("\n"), index, await bucketText()].flatMap((text) =>
    issued.search(text),
  );
  for (let first = 0; first < ids.length; first += AT_ONCE) {
    const some = ids.slice(first, first + AT_ONCE).map((id) => env.SESSIONS.get(id));
    const tables = await Promise.all(some.map((object) => tablesOf(object, () => true)));
    found.push(...tables.flatMap((text) => issued.search(text)));
  }
  return found;
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

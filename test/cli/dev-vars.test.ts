import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureDevVars } from "../../src/cli/dev-vars.ts";

const MODULE = new URL("../../src/cli/dev-vars.ts", import.meta.url).href;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dev-vars-test-"));
  file = join(folder, ".dev.vars");
});

afterEach(() => rmSync(folder, { recursive: true }));

test("makes secrets that only the owner can read, once", () => {
  const made = ensureDevVars(file);

  expect(made.SIGNING_KEYS).toMatch(/^1:[\w-]{43}$/);
  expect(made.ADMIN_TOKEN).toMatch(/^[\w-]{43}$/);
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(ensureDevVars(file)).toEqual(made);
  expect(readdirSync(folder)).toEqual([".dev.vars"]);
});

test("lets webhooks point to this machine, in a file of before too, and not where that is refused", () => {
  ensureDevVars(file);
  expect(readFileSync(file, "utf8")).toMatch(/^LOCAL_WEBHOOKS=allowed$/m);

  const before = "ADMIN_TOKEN=mine\nSIGNING_KEYS=1:abc";
  writeFileSync(file, before);
  for (let start = 1; start <= 2; start++) ensureDevVars(file);
  expect(readFileSync(file, "utf8")).toBe(`${before}\nLOCAL_WEBHOOKS=allowed\n`);

  const refused = `${before}\nLOCAL_WEBHOOKS=refused\n`;
  writeFileSync(file, refused);
  ensureDevVars(file);
  expect(readFileSync(file, "utf8")).toBe(refused);
});

test("starts that race for the file get the same secrets", async () => {
  const script = `import { ensureDevVars } from ${JSON.stringify(MODULE)};
    console.log(JSON.stringify(ensureDevVars(${JSON.stringify(file)})));`;
  const start = () =>
    promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  const outputs = await Promise.all(Array.from({ length: 6 }, start));

  expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1);
  expect(readdirSync(folder)).toEqual([".dev.vars"]);
});

test("leaves a file alone that somebody wrote, and names what it lacks", () => {
  writeFileSync(file, "ADMIN_TOKEN='mine'\n");

  expect(() => ensureDevVars(file)).toThrow(/has no SIGNING_KEYS/);
  writeFileSync(file, "ADMIN_TOKEN='mine'\nSIGNING_KEYS=1:abc\nOTHER=1\n");
  expect(ensureDevVars(file)).toEqual({ ADMIN_TOKEN: "mine", SIGNING_KEYS: "1:abc" });
});

/** What is logged goes through one module, as one line of JSON an event. */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { inRequest, log } from "../src/log.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const root = fileURLToPath(new URL("..", import.meta.url));

/** What the Worker is made of: the command line talks to people. */
const SOURCES = ["src", "objects"]
  .flatMap((folder) =>
    readdirSync(posix.join(root, folder), { recursive: true, encoding: "utf8" }).map((name) =>
      posix.join(folder, name.replaceAll("\\", "/")),
    ),
  )
  .filter((path) => path.endsWith(".ts") && !path.startsWith("src/cli/"));

const bare = (text: string) => /\bconsole\b/.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ""));

test("nothing but the log writes to the console", () => {
  const found = SOURCES.filter((path) => bare(readFileSync(posix.join(root, path), "utf8")));
  expect(found).toEqual(["src/log.ts"]);
  expect(bare('console.error("x")')).toBe(true);
  expect(bare("// console.error")).toBe(false);
});

const NOBODY = {
  requestId: "r-1",
  operation: undefined,
  team: undefined,
  teamNumber: undefined,
  isLong: false,
  error: undefined,
};

test("an event is a line of JSON, with its request's id also after the answer", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  log.warn({ event: "alone", count: 1, team: undefined });
  await inRequest(NOBODY, async () => {
    await Promise.resolve();
    setTimeout(() => log.warn({ event: "behind it" }), 1);
  });
  await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(2));
  expect(warn.mock.calls).toEqual([
    ['{"event":"alone","count":1}'],
    ['{"event":"behind it","requestId":"r-1"}'],
  ]);
});

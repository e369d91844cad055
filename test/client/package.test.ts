/**
 * `durable-sessions/client` and `durable-sessions/solid` as they are published: they can be imported, their types are
 * found, and they stay as small as was promised.
 */
import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { gzippedBytes } from "./bundle.ts";
import { InstalledPackage } from "./installed-package.ts";

/** Bytes of minified JavaScript, gzipped. The core is what it has come to, and twice what it is to be: 7,168. */
const BUDGETS = {
  core: 15_750,
  solid: 1_024,
  isValid: 1_000,
};

vi.setConfig({ testTimeout: 60_000 });

let installed: InstalledPackage;

beforeAll(async () => {
  installed = await InstalledPackage.install();
}, 120_000);

afterAll(() => installed?.remove());

describe("the package", () => {
  test("has no fault that publint knows", async () => {
    const { messages } = await publint({ pack: { tarball: installed.tarball.buffer } });
    expect(messages).toEqual([]);
  });

  test("has types wherever an import from ES modules looks for them", async () => {
    const analysis = await checkPackage(createPackageFromTarballData(installed.tarball));
    if (!analysis.types) {
      expect.unreachable("There are no types.");
    }
    expect(Object.keys(analysis.entrypoints)).toEqual(["./client", "./server", "./solid"]);
    const ours = analysis.problems.filter(
      (problem) =>
        // CommonJS, and TypeScript's resolution from before `exports`: both are not supported.
        problem.kind !== "CJSResolvesToESM" &&
        !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    );
    expect(ours).toEqual([]);
  });

  test("runs in Node", async () => {
    const exports = await installed.run(`
      import * as client from "durable-sessions/client";
      import * as solid from "durable-sessions/solid";
      console.log(JSON.stringify([typeof client.createSessionClient, Object.keys(solid)]));
    `);
    expect(JSON.parse(exports)).toEqual([
      "function",
      ["createEnhancedSession", "useEnhancedSession"],
    ]);
  });

  test.each(["nodenext", "bundler"])("is typed for %s", async (resolution) => {
    const options =
      resolution === "nodenext"
        ? ["--module", "nodenext"]
        : ["--module", "esnext", "--moduleResolution", "bundler"];
    const program = `
      import type { ChatMessage, Session } from "durable-sessions/client";
      import { createSessionClient, RequestError } from "durable-sessions/client";
      import { useEnhancedSession } from "durable-sessions/solid";
      const client = createSessionClient({ baseUrl: "https://chat.example", teamId: "demo" });
      export const id: Promise<string> = client.createSession();
      const { sessionId, isValid, sessionData, messages, error } = useEnhancedSession({
        teamId: "demo", autoCreate: true, autoRefresh: true, refreshInterval: 30, crossTabSync: true,
      });
      export const seen: [string | undefined, boolean, Session | undefined, readonly ChatMessage[]] =
        [sessionId(), isValid(), sessionData(), messages()];
      export const retryable: boolean = error() instanceof RequestError;
      // @ts-expect-error: types that were not found would take it.
      client.createSession(1);
    `;
    expect(await installed.complaints(program, options)).toBe("");
  });
});

describe("what it costs to load", () => {
  test(`createSessionClient: at most ${BUDGETS.core} bytes`, async () => {
    const { atOnce, later } = await installed.bundle(
      'export { createSessionClient } from "durable-sessions/client";',
    );
    show({
      "createSessionClient, at once": gzippedBytes(atOnce),
      ...Object.fromEntries(later.map((chunk) => [`${chunk.name}, later`, gzippedBytes([chunk])])),
    });
    expect(gzippedBytes(atOnce)).toBeLessThanOrEqual(BUDGETS.core);
    const chunk = (name: string) => gzippedBytes(later.filter((one) => one.name === name));
    expectDocumented({
      "`createSessionClient`": gzippedBytes(atOnce),
      "the device's description": chunk("device-info") + chunk("device-scope"),
      "the parser of user agents": chunk("user-agent"),
      "the fingerprint": chunk("fingerprint"),
      "the legacy import": chunk("legacy-upgrade"),
      files: chunk("files"),
    });
    const files = atOnce.flatMap(({ modules }) => Object.keys(modules));
    expect(files.filter((file) => file.endsWith("/client.js"))).toHaveLength(1);
    expect(files.filter((file) => /operator-client|async-storage/.test(file))).toEqual([]);
  });

  test(`the Solid layer: at most ${BUDGETS.solid} bytes beside the core`, async () => {
    const { atOnce, later } = await installed.bundle('export * from "durable-sessions/solid";', [
      "solid-js",
      "core/index.js",
    ]);
    show({ "the Solid layer": gzippedBytes(atOnce) });
    expect(atOnce[0]?.imports.toSorted()).toEqual(["core/index.js", "solid-js"]);
    expect(later).toEqual([]);
    expect(gzippedBytes(atOnce)).toBeLessThanOrEqual(BUDGETS.solid);
    expectDocumented({ "`durable-sessions/solid`": gzippedBytes(atOnce) });
  });

  test(`isValid alone: at most ${BUDGETS.isValid} bytes`, async () => {
    const { atOnce, later } = await installed.bundle(
      'export { isValid } from "durable-sessions/client";',
    );
    expect(later).toEqual([]);
    expect(gzippedBytes(atOnce)).toBeLessThanOrEqual(BUDGETS.isValid);
  });
});

/** Rounded as people read it: a change of some bytes is no other figure. */
const DOCUMENTED_TO_WITHIN_BYTES = 512;

/** What docs/client.md says of each part's size. */
function expectDocumented(sizes: Readonly<Record<string, number>>): void {
  const markdown = readFileSync(new URL("../../docs/client.md", import.meta.url), "utf8");
  for (const [part, size] of Object.entries(sizes)) {
    const [row = ""] = markdown.split("\n").filter((line) => line.startsWith(`| ${part} | `));
    const documented = Number(row.split(" | ")[1]?.replace(",", ""));
    expect(Math.abs(documented - size), `docs/client.md: ${part}`).toBeLessThan(
      DOCUMENTED_TO_WITHIN_BYTES,
    );
  }
}

/** Seen with `--silent=false`, and where a test fails. */
function show(sizes: Readonly<Record<string, number>>): void {
  console.table(sizes);
}

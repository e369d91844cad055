import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

const CONFIG = fileURLToPath(
  new URL("../../../client/pages/widget-script.config.ts", import.meta.url),
);

/** What a page pays before anybody has opened the chat. */
const MAX_BYTES = 3_072;

test("the widget's script is one small file", async () => {
  const result = await build({
    configFile: CONFIG,
    mode: "production",
    logLevel: "error",
    build: { write: false },
  });
  const files = "output" in result ? result.output : [];
  expect(files.map(({ fileName }) => fileName)).toEqual(["widget.js"]);
  const [file] = files;
  const code = file?.type === "chunk" ? file.code : "";
  expect(code).toContain("DurableSessions");
  // As a classic script, or it would leave its names with the page.
  expect(code).toMatch(/^\(function\(\)\{/);
  expect(gzipSync(code, { level: 9 }).byteLength).toBeLessThanOrEqual(MAX_BYTES);
});

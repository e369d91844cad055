import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERROR_STATUS, type FrameErrorCode } from "../../src/protocol/errors.ts";

const document = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

/** The cells of every row that begins with a code. */
const rows = [...document.matchAll(/^\| `(\w+)` \|(.*)\|$/gm)].map(([, code = "", rest = ""]) => ({
  code,
  cells: rest.split("|").map((cell) => cell.trim()),
}));

const withStatus = rows.filter(({ cells }) => /^\d{3}$/.test(cells[0] ?? ""));

test("docs/errors.md names every code with its status, and no other", () => {
  const documented = Object.fromEntries(
    withStatus.map(({ code, cells }) => [code, Number(cells[0])]),
  );
  expect(documented).toEqual(ERROR_STATUS);
  expect(withStatus).toHaveLength(Object.keys(ERROR_STATUS).length);
});

test("docs/errors.md names the codes that only frames carry", () => {
  const onlyInFrames: Record<Exclude<FrameErrorCode, keyof typeof ERROR_STATUS>, true> = {
    unknown_type: true,
    invalid_frame: true,
    frame_too_large: true,
  };
  const others = rows.filter((row) => !withStatus.includes(row)).map(({ code }) => code);
  expect(others.sort()).toEqual(Object.keys(onlyInFrames).sort());
});

test("each has a cause and a remedy", () => {
  for (const { code, cells } of rows) {
    const [cause, remedy] = cells.slice(-2);
    expect(cause, code).toMatch(/\w.*\.$/);
    expect(remedy, code).toMatch(/\w.*\.$/);
  }
});

import { describe, expect, it } from "vitest";
import type { Bundle } from "./bundle.ts";
import { bundle, gzippedBytes } from "./bundle.ts";

const names = (chunks: Bundle["atOnce"]) => chunks.map(({ fileName }) => fileName);

describe("what loading costs, minified and gzipped", () => {
  it("the fingerprint is at most 2 KiB, in one file", async () => {
    const { atOnce, later } = await bundle("client/core/fingerprint.ts");
    expect(names(atOnce)).toEqual(["entry.js"]);
    expect(later).toEqual([]);
    expect(gzippedBytes(atOnce)).toBeLessThanOrEqual(2048);
  });

  it("the device's description is at most 2 KiB; the parser of user agents is loaded apart from it", async () => {
    const { atOnce, later } = await bundle("client/core/device-info.ts");
    expect(names(atOnce)).toEqual(["entry.js"]);
    expect(names(later)).toEqual(["user-agent.js"]);
    expect(gzippedBytes(atOnce)).toBeLessThanOrEqual(2048);
  });

  it("the question for consent is at most 300 bytes", async () => {
    const { atOnce, later } = await bundle("client/core/fingerprint-consent.ts");
    expect(names(atOnce)).toEqual(["entry.js"]);
    expect(names(later)).toEqual(["fingerprint.js"]);
    expect(gzippedBytes(atOnce)).toBeLessThanOrEqual(300);
  });
});

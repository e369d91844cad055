import { describe, expect, it } from "vitest";
import { bundle, gzippedSize } from "./bundle.ts";

describe("what loading costs, minified and gzipped", () => {
  it("the fingerprint is at most 2 KiB, in one file", async () => {
    const built = await bundle("client/core/fingerprint.ts");
    expect([...built.files.keys()]).toEqual(["entry.js"]);
    expect(gzippedSize(built)).toBeLessThanOrEqual(2048);
  });

  it("the device's description is at most 2 KiB; the parser of user agents is loaded apart from it", async () => {
    const built = await bundle("client/core/device-info.ts");
    expect(built.eager).toEqual(["entry.js"]);
    expect([...built.files.keys()].sort()).toEqual(["entry.js", "user-agent.js"]);
    expect(gzippedSize(built)).toBeLessThanOrEqual(2048);
  });

  it("the question for consent is at most 300 bytes", async () => {
    const built = await bundle("client/core/fingerprint-consent.ts");
    expect(built.eager).toEqual(["entry.js"]);
    expect([...built.files.keys()].sort()).toEqual(["entry.js", "fingerprint.js"]);
    expect(gzippedSize(built)).toBeLessThanOrEqual(300);
  });
});

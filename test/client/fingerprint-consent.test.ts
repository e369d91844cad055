import { describe, expect, it, vi } from "vitest";
import {
  type FingerprintOption,
  fingerprintIfAllowed,
} from "../../client/core/fingerprint-consent.ts";

const FINGERPRINT = "f".repeat(64);

function loader() {
  return vi.fn(async () => ({ readFingerprint: async () => FINGERPRINT }));
}

describe("the fingerprint is loaded and read", () => {
  it.each<[string, FingerprintOption]>([
    ["where it is on", true],
    ["where the visitor says so", () => true],
    ["where the visitor says so later", async () => true],
  ])("%s", async (_when, option) => {
    expect(await fingerprintIfAllowed(option, {}, loader())).toBe(FINGERPRINT);
  });

  it("in a place without a navigator it is asked for all the same", async () => {
    expect(await fingerprintIfAllowed(true, undefined, loader())).toBe(FINGERPRINT);
  });
});

describe("nothing of it is loaded", () => {
  it.each<[string, FingerprintOption]>([
    ["where it is off", false],
    ["where the visitor says no", () => false],
    ["where the visitor says no later", async () => false],
    ["where the question fails", () => Promise.reject(new Error("dismissed"))],
    [
      "where the question throws",
      () => {
        throw new Error("no dialog");
      },
    ],
    ["where the answer is none", (() => undefined) as unknown as FingerprintOption],
    ["where the answer is not a plain yes", (() => "later") as unknown as FingerprintOption],
  ])("%s", async (_when, option) => {
    const load = loader();
    expect(await fingerprintIfAllowed(option, {}, load)).toBeUndefined();
    expect(load).not.toHaveBeenCalled();
  });

  it("under Global Privacy Control, and nobody is asked", async () => {
    const load = loader();
    const ask = vi.fn(() => true);
    const navigator = { globalPrivacyControl: true };
    expect(await fingerprintIfAllowed(ask, navigator, load)).toBeUndefined();
    expect(await fingerprintIfAllowed(true, navigator, load)).toBeUndefined();
    expect(ask).not.toHaveBeenCalled();
    expect(load).not.toHaveBeenCalled();
  });
});

it("a part that cannot be loaded is no error", async () => {
  const load = () => Promise.reject(new Error("offline"));
  expect(await fingerprintIfAllowed(true, {}, load)).toBeUndefined();
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeviceNavigator, DeviceScope } from "../../client/core/device-scope.ts";
import { globalDeviceScope } from "../../client/core/device-scope.ts";
import { readFingerprint } from "../../client/core/fingerprint.ts";
import { fingerprintField } from "../../src/schemas/requests.ts";
import {
  fakeCanvases,
  fakeScope,
  type Noise,
  noiseByColor,
  noiseByPosition,
  noiseByShift,
} from "./fake-device.ts";
import { userAgentOf } from "./user-agents.ts";

const { sha256 } = globalDeviceScope();

const LAPTOP: DeviceNavigator = {
  userAgent: userAgentOf("Chrome on Linux"),
  platform: "Linux x86_64",
  vendor: "Google Inc.",
  languages: ["de-DE", "de", "en-US"],
  hardwareConcurrency: 8,
  maxTouchPoints: 0,
};

const PHONE: DeviceNavigator = {
  ...LAPTOP,
  userAgent: userAgentOf("Chrome on an Android phone"),
  platform: "Linux armv81",
  maxTouchPoints: 5,
};

const SURROUNDINGS = {
  screen: { width: 1920, height: 1080 },
  timeZone: () => "Europe/Berlin",
  createCanvas: fakeCanvases({ card: "Apple M1" }).createCanvas,
  sha256,
} satisfies Partial<DeviceScope>;

async function fingerprint(
  navigator: DeviceNavigator,
  changed: Partial<DeviceScope> = {},
): Promise<string> {
  const found = await readFingerprint(fakeScope(navigator, { ...SURROUNDINGS, ...changed }));
  if (found === undefined) throw new Error("There is no fingerprint.");
  return found;
}

function card(name: string): Partial<DeviceScope> {
  return { createCanvas: fakeCanvases({ card: name }).createCanvas };
}

describe("the fingerprint", () => {
  it("is a SHA-256 in hexadecimal, which the server takes", async () => {
    const found = await fingerprint(LAPTOP);
    expect(found).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprintField.safeParse(found).success).toBe(true);
  });

  it.each<[string, DeviceNavigator, Partial<DeviceScope>]>([
    ["a second reading", LAPTOP, {}],
    [
      "an update of the browser",
      { ...LAPTOP, userAgent: userAgentOf("Chrome on Linux").replace("131", "132") },
      {},
    ],
    ["another order of languages", { ...LAPTOP, languages: ["en-GB", "de", "en"] }, {}],
    ["a second screen", LAPTOP, { screen: { width: 2560, height: 1440 } }],
    ["a screen that can be touched", { ...LAPTOP, maxTouchPoints: 10 }, {}],
  ])("stays over %s", async (_what, navigator, changed) => {
    expect(await fingerprint(navigator, changed)).toBe(await fingerprint(LAPTOP));
  });

  it("stays when a phone is turned", async () => {
    expect(await fingerprint(PHONE, { screen: { width: 915, height: 412 } })).toBe(
      await fingerprint(PHONE, { screen: { width: 412, height: 915 } }),
    );
  });

  it.each([
    [
      "ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6 (Core Profile) Mesa 22.0.5)",
      "ANGLE (Intel, Mesa Intel(R) UHD Graphics 620 (KBL GT2), OpenGL 4.6 (Core Profile) Mesa 24.1.0)",
    ],
    [
      "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11-27.21.14.5671)",
      "ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)",
    ],
    [
      "AMD Radeon RX 580 Series (polaris10, LLVM 15.0.7, DRM 3.49, 6.2.0-26-generic)",
      "AMD Radeon RX 580 Series (polaris10, LLVM 17.0.6, DRM 3.57, 6.8.0-45-generic)",
    ],
  ])("stays over an update of the driver of %s", async (before, after) => {
    expect(await fingerprint(LAPTOP, card(after))).toBe(await fingerprint(LAPTOP, card(before)));
  });

  it("is another for another of any component", async () => {
    const found = await Promise.all([
      fingerprint(LAPTOP),
      fingerprint({ ...LAPTOP, platform: "Win32" }),
      fingerprint({ ...LAPTOP, vendor: "" }),
      fingerprint({ ...LAPTOP, languages: ["fr"] }),
      fingerprint({ ...LAPTOP, hardwareConcurrency: 4 }),
      fingerprint(LAPTOP, { timeZone: () => "Europe/Paris" }),
      fingerprint(LAPTOP, card("Apple M2")),
      fingerprint(LAPTOP, {
        createCanvas: fakeCanvases({ card: "Apple M1", glyphs: "b" }).createCanvas,
      }),
      fingerprint(PHONE, { screen: { width: 412, height: 915 } }),
      fingerprint(PHONE, { screen: { width: 390, height: 844 } }),
    ]);
    expect(new Set(found).size).toBe(found.length);
  });
});

describe("in a browser that makes noise of drawings", () => {
  const noisy = (noise: Noise): Partial<DeviceScope> => ({
    createCanvas: fakeCanvases({ noise }).createCanvas,
  });

  it.each([
    ["by position", noiseByPosition],
    ["by colour", noiseByColor],
    ["by shifting all colours", noiseByShift],
  ])("%s, it is the same in every session", async (_how, noise) => {
    const first = await fingerprint(LAPTOP, noisy(noise(0)));
    expect(await fingerprint(LAPTOP, noisy(noise(1)))).toBe(first);
    expect(first).not.toBe(await fingerprint(LAPTOP));
  });

  it("it leaves out what such browsers make up too", async () => {
    const scope = noisy(noiseByPosition(0));
    expect(await fingerprint({ ...LAPTOP, hardwareConcurrency: 2 }, scope)).toBe(
      await fingerprint(LAPTOP, scope),
    );
  });

  it.each<[string, () => unknown]>([
    [
      "refuses to draw",
      () => {
        throw new Error("refused");
      },
    ],
    ["has nothing to draw with", () => ({ getContext: () => null })],
  ])("it is there in one that %s", async (_how, create) => {
    const createCanvas = create as NonNullable<DeviceScope["createCanvas"]>;
    expect(await fingerprint(LAPTOP, { createCanvas })).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("there is none", () => {
  it("under Global Privacy Control, where nothing is drawn either", async () => {
    const { createCanvas, made } = fakeCanvases();
    const scope = fakeScope(
      { ...LAPTOP, globalPrivacyControl: true },
      { ...SURROUNDINGS, createCanvas },
    );
    expect(await readFingerprint(scope)).toBeUndefined();
    expect(made()).toBe(0);
  });

  it.each<[string, Partial<DeviceScope>]>([
    ["on a page that was not opened over TLS", { sha256: undefined }],
    ["outside a page", { createCanvas: undefined }],
    ["where nothing is known of the browser", { navigator: undefined }],
    ["where the digest fails", { sha256: () => Promise.reject(new Error("refused")) }],
  ])("%s", async (_where, changed) => {
    const scope = { ...fakeScope(LAPTOP, SURROUNDINGS), ...changed };
    expect(await readFingerprint(scope)).toBeUndefined();
  });

  it("in Node", async () => {
    expect(await readFingerprint()).toBeUndefined();
  });
});

it("whatever the browser says, it is a SHA-256 or none", async () => {
  const anything = fc.anything({ withBigInt: true });
  const navigator = fc.record(
    {
      userAgent: anything,
      platform: anything,
      vendor: anything,
      languages: fc.oneof(fc.array(fc.string()), anything),
      hardwareConcurrency: anything,
    },
    { requiredKeys: [] },
  );
  const anyScope = fc.record({
    navigator: fc.oneof(navigator, anything),
    screen: anything,
    timeZone: anything.map((value) => () => value),
    createCanvas: fc.oneof(
      fc.constant(SURROUNDINGS.createCanvas),
      anything.map((value) => () => value),
      anything,
    ),
    sha256: fc.constant(sha256),
  });
  const seen = { some: 0, none: 0 };
  await fc.assert(
    fc.asyncProperty(anyScope, async (scope) => {
      const found = await readFingerprint(scope as unknown as DeviceScope);
      seen[found === undefined ? "none" : "some"]++;
      expect(found ?? "0".repeat(64)).toMatch(/^[0-9a-f]{64}$/);
    }),
    { numRuns: 300 },
  );
  expect(seen.some).toBeGreaterThan(0);
  expect(seen.none).toBeGreaterThan(0);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDeviceInfo } from "../../client/core/device-info.ts";
import type {
  Brand,
  ClientHints,
  DeviceScope,
  HighEntropyValues,
} from "../../client/core/device-scope.ts";
import { globalDeviceScope } from "../../client/core/device-scope.ts";
import { deviceInfoSchema } from "../../src/schemas/fields.ts";
import { fakeScope, NOTHING } from "./fake-device.ts";
import { USER_AGENTS, userAgentOf } from "./user-agents.ts";

describe("by the user agent", () => {
  it.each(USER_AGENTS)("$what", async ({ userAgent, maxTouchPoints, expected }) => {
    const navigator = { userAgent, ...(maxTouchPoints !== undefined && { maxTouchPoints }) };
    expect(await readDeviceInfo(fakeScope(navigator))).toEqual(expected);
  });
});

interface Sample {
  readonly what: string;
  readonly hints: ClientHints;
  readonly expected: object;
  /** Of the same browser, where the server makes the same of it. */
  readonly sameAs?: string;
}

const brands = (...versions: [string, string][]): Brand[] =>
  versions.map(([brand, version]) => ({ brand, version }));

const CHROME = brands(["Google Chrome", "131"], ["Chromium", "131"], ["Not_A Brand", "24"]);
const FULL_CHROME = brands(
  ["Google Chrome", "131.0.6778.86"],
  ["Chromium", "131.0.6778.86"],
  ["Not_A Brand", "24.0.0.0"],
);

function hinting(low: ClientHints, high: HighEntropyValues = {}): ClientHints {
  return { mobile: false, ...low, getHighEntropyValues: async () => high };
}

const SAMPLES: readonly Sample[] = [
  {
    what: "Chrome on Windows",
    hints: hinting(
      { brands: CHROME, platform: "Windows" },
      { fullVersionList: FULL_CHROME, platformVersion: "15.0.0", formFactors: ["Desktop"] },
    ),
    expected: {
      browser: "Chrome",
      browserVersion: "131.0.6778.86",
      os: "Windows",
      osVersion: "11",
      deviceType: "desktop",
    },
    sameAs: "Chrome on Windows",
  },
  {
    what: "Chrome on a Mac",
    hints: hinting({ brands: CHROME, platform: "macOS" }, { platformVersion: "15.1.0" }),
    expected: {
      browser: "Chrome",
      browserVersion: "131",
      os: "macOS",
      osVersion: "15.1",
      deviceType: "desktop",
    },
    sameAs: "Chrome on a Mac",
  },
  {
    what: "Chrome on Linux",
    hints: hinting({ brands: CHROME, platform: "Linux" }, { platformVersion: "6.8.0" }),
    expected: { browser: "Chrome", browserVersion: "131", os: "Linux", deviceType: "desktop" },
    sameAs: "Chrome on Linux",
  },
  {
    what: "Chrome on an Android phone",
    hints: hinting(
      { brands: CHROME, platform: "Android", mobile: true },
      { platformVersion: "14.0.0", formFactors: ["Mobile"] },
    ),
    expected: {
      browser: "Chrome",
      browserVersion: "131",
      os: "Android",
      osVersion: "14",
      deviceType: "mobile",
    },
    sameAs: "Chrome on an Android phone",
  },
  {
    what: "Chrome on an Android tablet",
    hints: hinting({ brands: CHROME, platform: "Android" }),
    expected: { browser: "Chrome", browserVersion: "131", os: "Android", deviceType: "tablet" },
    sameAs: "Chrome on an Android tablet",
  },
  {
    what: "Edge, with Windows 10",
    hints: hinting(
      {
        brands: brands(["Chromium", "131"], ["Not A(Brand", "8"], ["Microsoft Edge", "131"]),
        platform: "Windows",
      },
      { platformVersion: "10.0.0" },
    ),
    expected: {
      browser: "Microsoft Edge",
      browserVersion: "131",
      os: "Windows",
      osVersion: "10",
      deviceType: "desktop",
    },
    sameAs: "Edge",
  },
  {
    what: "Opera",
    hints: hinting({
      brands: brands(["Not?A_Brand", "99"], ["Opera", "115"], ["Chromium", "130"]),
      platform: "Windows",
    }),
    expected: { browser: "Opera", browserVersion: "115", os: "Windows", deviceType: "desktop" },
    sameAs: "Opera",
  },
  {
    what: "Samsung Internet",
    hints: hinting({
      brands: brands(["Samsung Internet", "27.0"], ["Not-A.Brand", "8"], ["Chromium", "125"]),
      platform: "Android",
      mobile: true,
    }),
    expected: {
      browser: "Samsung Internet for Android",
      browserVersion: "27.0",
      os: "Android",
      deviceType: "mobile",
    },
    sameAs: "Samsung Internet",
  },
  {
    what: "Yandex Browser, which names two brands",
    hints: hinting({
      brands: brands(["Yowser", "2.5"], ["Chromium", "130"], ["YaBrowser", "24.12"]),
      platform: "Windows",
    }),
    expected: {
      browser: "Yandex Browser",
      browserVersion: "24.12",
      os: "Windows",
      deviceType: "desktop",
    },
    sameAs: "Yandex Browser",
  },
  {
    what: "a WebView on an Android phone",
    hints: hinting({
      brands: brands(["Not:A-Brand", "8"], ["Android WebView", "120"], ["Chromium", "120"]),
      platform: "Android",
      mobile: true,
    }),
    expected: { browser: "Chrome", browserVersion: "120", os: "Android", deviceType: "mobile" },
    sameAs: "a WebView on an Android phone",
  },
  {
    what: "Brave, which the header does not name",
    hints: hinting({
      brands: brands(["Brave", "131"], ["Chromium", "131"], [" Not A;Brand", "99"]),
      platform: "macOS",
    }),
    expected: { browser: "Brave", browserVersion: "131", os: "macOS", deviceType: "desktop" },
  },
  {
    what: "a browser that is not known here",
    hints: hinting({
      brands: brands(["Chromium", "131"], ["Garden Browser", "7"], [";Not A Brand", "99"]),
      platform: "Linux",
    }),
    expected: {
      browser: "Garden Browser",
      browserVersion: "7",
      os: "Linux",
      deviceType: "desktop",
    },
  },
  {
    what: "a car",
    hints: hinting({ brands: CHROME, platform: "Android" }, { formFactors: ["Automotive"] }),
    expected: { browser: "Chrome", browserVersion: "131", os: "Android", deviceType: "other" },
  },
];

describe("by Client Hints", () => {
  it.each(SAMPLES)("$what", async ({ hints, expected }) => {
    expect(await readDeviceInfo(fakeScope({ userAgentData: hints }))).toEqual(expected);
  });

  it.each(SAMPLES.filter((sample) => sample.sameAs !== undefined))(
    "$what has the names that its user agent has",
    async ({ hints, sameAs = "" }) => {
      const { browser, os, deviceType } = await readDeviceInfo(
        fakeScope({ userAgent: userAgentOf(sameAs) }),
      );
      expect(await readDeviceInfo(fakeScope({ userAgentData: hints }))).toMatchObject({
        browser,
        os,
        deviceType,
      });
    },
  );

  const low: ClientHints = { brands: CHROME, mobile: false, platform: "macOS" };
  const answer = { browser: "Chrome", browserVersion: "131", os: "macOS", deviceType: "desktop" };

  it.each<[string, ClientHints]>([
    ["are refused", { ...low, getHighEntropyValues: () => Promise.reject(new Error("denied")) }],
    ["are not there", low],
  ])("does without the further ones where they %s", async (_what, userAgentData) => {
    expect(await readDeviceInfo(fakeScope({ userAgentData }))).toEqual(answer);
  });

  it("does not wait for the further ones for ever, and leaves no timer", async () => {
    const userAgentData = { ...low, getHighEntropyValues: () => new Promise<never>(() => {}) };
    const timers: { ms: number; callback: () => void; cancelled: boolean }[] = [];
    const after: DeviceScope["after"] = (ms, callback) => {
      const timer = { ms, callback, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    };
    const read = readDeviceInfo(fakeScope({ userAgentData }, { after }));
    expect(timers).toMatchObject([{ ms: 200, cancelled: false }]);
    timers[0]?.callback();
    expect(await read).toEqual(answer);
    expect(timers).toMatchObject([{ cancelled: true }]);
  });

  it.each<[string, ClientHints]>([
    ["no brand", { brands: [], platform: "Windows" }],
    ["no system", { brands: CHROME, platform: "" }],
    ["only made-up brands", { brands: brands(["Not/A)Brand", "8"]), platform: "Windows" }],
  ])("asks the user agent where they give %s", async (_what, userAgentData) => {
    const userAgent = userAgentOf("Opera");
    expect(await readDeviceInfo(fakeScope({ userAgentData, userAgent }))).toMatchObject({
      browser: "Opera",
      os: "Windows",
    });
  });
});

describe("screen, time zone and languages", () => {
  it("are as the browser says", async () => {
    const scope = fakeScope(
      { languages: ["de-DE", "de", "en"] },
      { screen: { width: 412.4, height: 915 }, timeZone: () => "Europe/Berlin" },
    );
    expect(await readDeviceInfo(scope)).toEqual({
      screen: { width: 412, height: 915 },
      timeZone: "Europe/Berlin",
      languages: ["de-DE", "de", "en"],
    });
  });

  it("are left out where nothing is known", async () => {
    expect(await readDeviceInfo(NOTHING)).toEqual({});
  });

  it("are left out where they are implausible", async () => {
    const scope = fakeScope(
      { languages: ["x".repeat(36), ""] },
      { screen: { width: 0, height: 5 } },
    );
    expect(await readDeviceInfo(scope)).toEqual({});
  });

  it("are read of what there is in Node", async () => {
    const { timeZone } = await readDeviceInfo(globalDeviceScope());
    expect(timeZone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });
});

describe("whatever the browser says", () => {
  const anything = fc.oneof(
    { weight: 3, arbitrary: fc.string({ maxLength: 80, unit: "binary" }) },
    fc.string({ minLength: 30, maxLength: 600 }),
    fc.anything(),
  );
  const brand = fc.record({ brand: anything, version: anything }, { requiredKeys: [] });
  const anyBrands = fc.oneof(fc.array(brand, { maxLength: 4 }), anything);
  const platform = fc.oneof(fc.constantFrom("Windows", "macOS", "Android", "Linux"), anything);
  const hints = fc.record({
    brands: anyBrands,
    mobile: anything,
    platform,
    getHighEntropyValues: fc.oneof(
      fc
        .record({ fullVersionList: anyBrands, platformVersion: anything, formFactors: anything })
        .map((values) => async () => values),
      anything.map((reason) => () => Promise.reject(reason)),
      anything,
    ),
  });
  const userAgent = fc.oneof(
    fc
      .tuple(fc.constantFrom(...USER_AGENTS), anything)
      .map(([one, tail]) => one.userAgent + String(typeof tail === "string" ? tail : "")),
    anything,
  );
  const anyScope = fc.record({
    navigator: fc.oneof(
      fc.record(
        {
          userAgentData: fc.oneof(hints, anything),
          userAgent,
          languages: fc.oneof(fc.array(anything, { maxLength: 40 }), anything),
          maxTouchPoints: anything,
        },
        { requiredKeys: [] },
      ),
      anything,
    ),
    screen: fc.oneof(fc.record({ width: fc.double(), height: fc.double() }), anything),
    timeZone: anything.map((value) => () => value),
    after: fc.constant(NOTHING.after),
  });

  it("the server takes what is made of it", async () => {
    await fc.assert(
      fc.asyncProperty(anyScope, async (scope) => {
        const { success, error } = deviceInfoSchema.safeParse(
          await readDeviceInfo(scope as unknown as DeviceScope),
        );
        expect(error).toBeUndefined();
        expect(success).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("it may throw at any question", async () => {
    const refusal = () => {
      throw new Error("guarded");
    };
    const throwing = new Proxy({}, { get: refusal, ownKeys: refusal, has: refusal });
    const scope = { ...NOTHING, navigator: throwing, screen: throwing, timeZone: refusal };
    expect(await readDeviceInfo(scope as unknown as DeviceScope)).toEqual({});
  });
});

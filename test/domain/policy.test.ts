import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY, isOriginAllowed, originPatterns } from "../../src/domain/policy.ts";

const ALLOWED = ["https://shop.example", "https://shop.example:8443", "http://localhost:*"];

describe("origins", () => {
  test.each([
    "https://shop.example",
    "https://shop.example:8443",
    "http://localhost",
    "http://localhost:1",
    "http://localhost:65535",
  ])("%s may", (origin) => {
    expect(isOriginAllowed(origin, ALLOWED)).toBe(true);
  });

  test.each([
    "",
    "null",
    "*",
    "https://",
    "https://shop.example/",
    "https://shop.example.evil.example",
    "https://evil-shop.example",
    "https://evil.example/https://shop.example",
    "https://www.shop.example",
    "https://SHOP.example",
    "https://shop.example:443",
    "https://shop.example:84430",
    "https://shop.example@evil.example",
    "http://shop.example",
    "https://shop.exampl",
    "https://shop.example, https://shop.example",
    "http://localhost:",
    "http://localhost:3000.evil.example",
    "http://localhost:3000@evil.example",
    "http://localhost:3000/",
    "http://localhost.evil.example:3000",
    "http://evil.localhost:3000",
    "https://localhost:3000",
    "http://127.0.0.1:3000",
    "http://localhost:123456",
  ])("%j may not", (origin) => {
    expect(isOriginAllowed(origin, ALLOWED)).toBe(false);
  });

  test("none may where none is listed", () => {
    expect(DEFAULT_POLICY.allowedOrigins).toEqual([]);
    for (const origin of ["https://shop.example", "http://localhost:3000", "null"]) {
      expect(isOriginAllowed(origin, [])).toBe(false);
    }
  });

  test("of this machine are 127.0.0.1's too, where those are listed", () => {
    expect(isOriginAllowed("http://127.0.0.1:8787", ["http://127.0.0.1:*"])).toBe(true);
    expect(isOriginAllowed("http://localhost:8787", ["http://127.0.0.1:*"])).toBe(false);
  });

  test("only a port stands for another: whatever else is allowed is listed letter by letter", () => {
    const anyOrigin = fc.oneof(
      fc.domain().map((host) => `https://${host}`),
      fc.string(),
      fc.integer({ min: 0, max: 99_999 }).map((port) => `http://localhost:${port}`),
    );
    fc.assert(
      fc.property(anyOrigin, (origin) => {
        const patterns = originPatterns(origin);
        expect(patterns[0]).toBe(origin);
        expect(patterns.slice(1)).toEqual(
          /^http:\/\/localhost(:\d{1,5})?$/.test(origin) ? ["http://localhost:*"] : [],
        );
      }),
    );
  });
});

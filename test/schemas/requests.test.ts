import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { fieldErrors } from "../../src/schemas/field-errors.ts";
import { newTeamMessageSchema } from "../../src/schemas/fields.ts";
import {
  createSessionSchema,
  createTeamKeySchema,
  createTeamSchema,
  fingerprintField,
  idempotencyKeySchema,
  messagesQuerySchema,
  pageQuerySchema,
  socketQuerySchema,
  teamIdField,
  updateTeamSchema,
} from "../../src/schemas/requests.ts";

const isGood = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

/** The JSON Pointers of what is wrong. */
function paths(schema: z.ZodType, value: unknown): string[] {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : fieldErrors(parsed.error).map(({ path }) => path);
}

describe("team ids", () => {
  test.each(["a", "0", "blawby-ai", "a--b", "a".repeat(48)])("%s", (id) => {
    expect(isGood(teamIdField, id)).toBe(true);
  });

  test.each(["", "-a", "a-", "A", "a_b", "a.b", "ä", "a b", "a\n", "a".repeat(49), 1, null])(
    "not %j",
    (id) => {
      expect(isGood(teamIdField, id)).toBe(false);
    },
  );
});

describe("origins of a policy", () => {
  const isOrigin = (origin: unknown) =>
    isGood(createTeamSchema, { id: "t", name: "T", allowedOrigins: [origin] });

  test.each([
    "https://shop.example",
    "http://shop.example:8080",
    "https://xn--bcher-kva.example",
    "http://localhost:*",
    "http://127.0.0.1:*",
    "http://localhost:3000",
  ])("%s", (origin) => {
    expect(isOrigin(origin)).toBe(true);
  });

  test.each([
    "*",
    "null",
    "",
    "shop.example",
    "https://shop.example/",
    "https://shop.example/page",
    "https://shop.example:443",
    "https://SHOP.example",
    "https://user@shop.example",
    "https://*.shop.example",
    "https://localhost:*",
    "http://localhost:*/",
    "http://localhost.evil.example:*",
    "ftp://shop.example",
    "file://",
    "javascript:alert(1)",
    "https://a.example https://b.example",
    `https://${"a".repeat(260)}.example`,
    7,
  ])("not %j", (origin) => {
    expect(isOrigin(origin)).toBe(false);
  });
});

describe("numbers in queries", () => {
  test("are digits there and numbers in a service call", () => {
    expect(messagesQuerySchema.parse({ after: "12", limit: "5" })).toEqual({ after: 12, limit: 5 });
    expect(messagesQuerySchema.parse({ after: 12, limit: 5 })).toEqual({ after: 12, limit: 5 });
    expect(messagesQuerySchema.parse({})).toEqual({ limit: 50 });
  });

  test.each(["", "-1", "+1", "1.0", "1e3", "0x10", " 1", "1 ", "NaN", "9".repeat(16), "١"])(
    "%j is none",
    (after) => {
      expect(paths(messagesQuerySchema, { after })).toEqual(["/after"]);
    },
  );

  test("keep to their bounds", () => {
    expect(paths(messagesQuerySchema, { limit: "0" })).toEqual(["/limit"]);
    expect(paths(messagesQuerySchema, { limit: "201" })).toEqual(["/limit"]);
    expect(paths(messagesQuerySchema, { before: "0" })).toEqual(["/before"]);
    expect(paths(pageQuerySchema, { limit: "101" })).toEqual(["/limit"]);
    expect(paths(socketQuerySchema, { tail: "1001" })).toEqual(["/tail"]);
    expect(paths(socketQuerySchema, { after: 0.5 })).toEqual(["/after"]);
  });

  test("that exclude each other", () => {
    expect(paths(messagesQuerySchema, { after: "1", before: "9" })).toEqual(["/before"]);
    expect(paths(socketQuerySchema, { after: "1", tail: "9" })).toEqual(["/tail"]);
  });
});

describe("unknown fields are refused by name", () => {
  test.each([
    { schema: createSessionSchema, value: { teamId: "t", token: "x" }, path: "/token" },
    {
      schema: createSessionSchema,
      value: { teamId: "t", deviceInfo: { ip: "x" } },
      path: "/deviceInfo/ip",
    },
    {
      schema: createSessionSchema,
      value: { teamId: "t", deviceInfo: { screen: { width: 1, height: 1, depth: 1 } } },
      path: "/deviceInfo/screen/depth",
    },
    { schema: createTeamSchema, value: { id: "t", name: "T", number: 1 }, path: "/number" },
    { schema: updateTeamSchema, value: { id: "t" }, path: "/id" },
    { schema: updateTeamSchema, value: { limits: { messages: 1 } }, path: "/limits/messages" },
    { schema: createTeamKeySchema, value: { scopes: ["admin"], key: "x" }, path: "/key" },
    {
      schema: newTeamMessageSchema,
      value: { clientId: "c", content: "x", author: { email: "x" } },
      path: "/author/email",
    },
    { schema: pageQuerySchema, value: { page: "2" }, path: "/page" },
  ])("$path", ({ schema, value, path }) => {
    expect(paths(schema, value)).toEqual([path]);
  });
});

describe("bounds", () => {
  test.each([
    { value: { deviceInfo: { userAgent: "x".repeat(513) } }, path: "/deviceInfo/userAgent" },
    { value: { deviceInfo: { browser: "" } }, path: "/deviceInfo/browser" },
    { value: { deviceInfo: { deviceType: "phone" } }, path: "/deviceInfo/deviceType" },
    {
      value: { deviceInfo: { screen: { width: 0, height: 1 } } },
      path: "/deviceInfo/screen/width",
    },
    { value: { deviceInfo: { languages: Array(17).fill("en") } }, path: "/deviceInfo/languages" },
    { value: { deviceInfo: [] }, path: "/deviceInfo" },
    { value: { userFingerprint: "" }, path: "/userFingerprint" },
    { value: { userFingerprint: "x".repeat(257) }, path: "/userFingerprint" },
    { value: { locationInfo: { country: "Germany" } }, path: "/locationInfo/country" },
    { value: { clientIp: "localhost" }, path: "/clientIp" },
    { value: { tokenTransport: "carrier pigeon" }, path: "/tokenTransport" },
    { value: { teamId: undefined }, path: "/teamId" },
  ])("of a creation: $path", ({ value, path }) => {
    expect(paths(createSessionSchema, { teamId: "t", ...value })).toEqual([path]);
  });

  test.each([
    { value: { idleDays: 0 }, path: "/idleDays" },
    { value: { absoluteDays: 366 }, path: "/absoluteDays" },
    { value: { idleDays: 1.5 }, path: "/idleDays" },
    { value: { timeZone: "Mars/Olympus" }, path: "/timeZone" },
    { value: { limits: { createsPerMinute: 0 } }, path: "/limits/createsPerMinute" },
    { value: { limits: { socketsPerSession: "9" } }, path: "/limits/socketsPerSession" },
    { value: { allowedOrigins: "https://a.example" }, path: "/allowedOrigins" },
    { value: { allowedOrigins: ["https://a.example", "*"] }, path: "/allowedOrigins/1" },
    { value: { disabled: "no" }, path: "/disabled" },
    { value: { name: "" }, path: "/name" },
  ])("of a policy: $path", ({ value, path }) => {
    expect(paths(updateTeamSchema, value)).toEqual([path]);
  });

  test("`null` lifts a limit", () => {
    expect(isGood(updateTeamSchema, { limits: { bytesPerSession: null } })).toBe(true);
  });

  test("idempotency keys hold 128 bits at least", () => {
    expect(isGood(idempotencyKeySchema, "A".repeat(22))).toBe(true);
    expect(isGood(idempotencyKeySchema, "A".repeat(21))).toBe(false);
    expect(isGood(idempotencyKeySchema, "A".repeat(129))).toBe(false);
    expect(isGood(idempotencyKeySchema, `${"A".repeat(22)}=`)).toBe(false);
  });

  test("scopes are known, and at least one", () => {
    expect(paths(createTeamKeySchema, { scopes: [] })).toEqual(["/scopes"]);
    expect(paths(createTeamKeySchema, { scopes: ["sessions:read", "root"] })).toEqual([
      "/scopes/1",
    ]);
  });

  test("an avatar is to be had by https", () => {
    const withAvatar = (avatarUrl: string) => ({
      clientId: "c",
      content: "x",
      author: { avatarUrl },
    });
    expect(isGood(newTeamMessageSchema, withAvatar("https://cdn.example/a.png"))).toBe(true);
    for (const url of ["http://cdn.example/a.png", "javascript:alert(1)", "data:,x", "/a.png"]) {
      expect(paths(newTeamMessageSchema, withAvatar(url))).toEqual(["/author/avatarUrl"]);
    }
  });
});

test("lone surrogates become U+FFFD", () => {
  expect(fingerprintField.parse("a\ud800b")).toBe("a\ufffdb");
});

test("no more than 20 errors are told, with keys cut to a length", () => {
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`field-${index}`, 1]));
  expect(paths(updateTeamSchema, { ["x".repeat(999)]: 1 })).toEqual([`/${"x".repeat(64)}`]);
  expect(paths(createSessionSchema, { teamId: "t", ...many })).toHaveLength(20);
});

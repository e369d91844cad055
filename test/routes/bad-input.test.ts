/**
 * Whatever a client sends, to any route: a problem that says what is wrong and where, and nothing written. Every case
 * goes to a route that the caller may use, so that only what it sends is at fault.
 */
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { MAX_BODY_BYTES, MAX_JSON_DEPTH } from "../../src/protocol/limits.ts";
import type { Audience } from "../../src/routes/origin.ts";
import { BASE, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { objectOf } from "../support/object-of.ts";
import { problemOf } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import type { Names, RouteSample } from "./sample-requests.ts";
import { SAMPLES } from "./sample-requests.ts";

const RUNS_PER_ROUTE = 25;

let names: Names;
let bearers: Record<Exclude<Audience, "public" | "creation">, string>;

beforeAll(async () => {
  const teamId = await newTeam();
  const { session, token } = await newSession(teamId);
  names = { id: session.id, teamId };
  const key = await newTeamKey(teamId);
  bearers = {
    session: token,
    team: key,
    person: key,
    caretaker: key,
    admin: TEST_ADMIN_TOKEN,
  };
});

/** What is sent instead of a good request. */
interface Attack {
  readonly title: string;
  readonly path?: (good: string) => string;
  readonly body?: string | Uint8Array<ArrayBuffer> | (() => ReadableStream);
  readonly contentType?: string | undefined;
  readonly code: readonly string[];
  /** Where the problem has to lie. */
  readonly field?: string;
}

const utf8 = new TextEncoder();
const anyKey = fc.string({ minLength: 1, maxLength: 20 }).filter((key) => key !== "__proto__");
const hostileText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("'; DROP TABLE sessions;--", "<script>", "../../..", "\u0000", "{{7*7}}", "😀"),
);

/** A JSON object of the good body's fields, with text in place of one or beside them. */
function withPair(good: object, key: string, value: string): string {
  const pairs = Object.entries(good)
    .filter(([name]) => name !== key)
    .map(([name, field]) => `${JSON.stringify(name)}:${JSON.stringify(field)}`);
  return `{${[...pairs, `${JSON.stringify(key)}:${value}`].join()}}`;
}

function bodyAttacks({
  endpoint: { body: schema, maxBodyBytes = MAX_BODY_BYTES },
  ...sample
}: RouteSample): fc.Arbitrary<Attack>[] {
  if (schema === undefined) return [];
  const good = { ...sample.body(names) } as Record<string, unknown>;
  const isBad = (value: unknown) => !schema.safeParse(value).success;
  const wrongField = (field: string) =>
    fc
      .jsonValue()
      .filter((value) => isBad({ ...good, [field]: value }))
      .map((value): Attack => {
        const body = JSON.stringify({ ...good, [field]: value });
        return { title: "a wrong field", body, code: WRONG_FIELD, field: `/${field}` };
      })
      .filter(({ body }) => !String(body).includes('"__proto__"'));
  const attacks: fc.Arbitrary<Attack>[] = [
    ...Object.keys(good).map(wrongField),
    fc
      .jsonValue()
      .filter((value) => typeof value !== "object" || Array.isArray(value) || value === null)
      .filter((value) => !JSON.stringify(value).includes('"__proto__"'))
      .map((value) => ({
        title: "no object",
        body: JSON.stringify(value),
        code: WRONG,
        field: "",
      })),
    anyKey.map((key) => ({
      title: "an unknown field",
      body: JSON.stringify({ ...good, [`x-${key}`]: 1 }),
      code: ["validation_failed"],
      field: `/x-${key.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    })),
    hostileText
      .filter((text) => text !== "" && !isJson(text))
      .map((body) => ({ title: "no JSON", body, code: ["malformed_json"] })),
    fc.tuple(anyKey, fc.boolean()).map(([key, isDeep]): Attack => {
      const pair = `${JSON.stringify(key)}:1`;
      const twice = `{${pair},${pair}}`;
      const body = withPair(good, "metadata", isDeep ? `[${twice}]` : twice);
      return { title: "a key twice", body, code: ["malformed_json"] };
    }),
    fc.constantFrom("__proto__", "\\u005f_proto__", "__prot\\u006f__").map((key) => ({
      title: "__proto__",
      body: `{"${key}":{"isAdmin":true},${JSON.stringify(good).slice(1)}`.replace(",}", "}"),
      code: ["malformed_json"],
    })),
    fc.integer({ min: MAX_JSON_DEPTH + 1, max: 10_000 }).map((depth) => ({
      title: "deep nesting",
      body: withPair(good, "metadata", `${"[".repeat(depth)}${"]".repeat(depth)}`),
      code: ["malformed_json"],
    })),
    fc
      .constantFrom(
        [0xff],
        [0xc3, 0x28],
        [0xed, 0xa0, 0x80],
        [0xc0, 0x80],
        [0xf8, 0x88, 0x80, 0x80],
      )
      .map((bytes) => ({
        title: "no UTF-8",
        body: new Uint8Array([...utf8.encode('{"x":"'), ...bytes, ...utf8.encode('"}')]),
        code: ["malformed_json"],
      })),
    fc.integer({ min: 1, max: MAX_BODY_BYTES }).map((excess) => ({
      title: "too large",
      body: JSON.stringify(good).padEnd(maxBodyBytes + excess),
      code: ["body_too_large"],
    })),
    fc.constantFrom(1, 8, 64).map((chunks) => ({
      title: "too large, of no declared length",
      body: () => stream(JSON.stringify(good), maxBodyBytes / chunks, chunks),
      code: ["body_too_large"],
    })),
    fc
      .constantFrom(
        undefined,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=utf-16",
        "json",
      )
      .map((contentType) => ({
        title: "another type",
        body: JSON.stringify({ ...good, x: 1 }),
        contentType,
        code: ["unsupported_media_type"],
      })),
  ];
  if (isBad({})) attacks.push(fc.constant({ title: "no body", code: WRONG }));
  return attacks;
}

const WRONG = ["validation_failed"];

/** A field can be wrong in ways that JSON itself is, such as depth. */
const WRONG_FIELD = ["validation_failed", "malformed_json"];

const queryAttacks: fc.Arbitrary<Attack> = fc
  .tuple(
    fc.oneof(fc.constantFrom("__proto__", "constructor", "id"), anyKey),
    hostileText,
    fc.boolean(),
  )
  .filter(([key]) => !KNOWN_PARAMETERS.includes(key))
  .map(([key, value, isTwice]) => {
    const pair = `${encodeURIComponent(key.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`;
    return {
      title: "a strange query",
      path: (good) => `${good}?${isTwice ? `${pair}&${pair}` : pair}`,
      code: ["invalid_parameter"],
    };
  });

const KNOWN_PARAMETERS = [
  "conversationId",
  "after",
  "before",
  "limit",
  "cursor",
  "status",
  "country",
  "device",
  "userId",
];

/** A place in the path that holds nothing that anybody could mean. */
const pathAttacks = fc
  .constantFrom(
    "%ZZ",
    "%",
    "%C3%28",
    "%00",
    "%2e%2e%2f",
    "%F0%9F%98%80",
    "x".repeat(4_000),
    "a%0Ab",
  )
  .map(
    (place): Attack => ({
      title: `${place.slice(0, 20)} in the path`,
      path: (good) =>
        [names.id, names.teamId, "0123456789abcdef"].reduce(
          (path, name) => path.replace(name, place),
          // The fingerprint may be any text.
          good,
        ),
      code: [
        "invalid_parameter",
        "invalid_credential",
        "team_not_found",
        "key_not_found",
        "not_found",
      ],
    }),
  );

function attacksOn(sample: RouteSample): fc.Arbitrary<Attack> {
  const hasPlace = /:(id|teamId|keyId)/.test(sample.pattern);
  const all = [...bodyAttacks(sample), queryAttacks, ...(hasPlace ? [pathAttacks] : [])];
  return fc.oneof(...all);
}

function send(sample: RouteSample, attack: Attack): Promise<Response> {
  const goodPath = sample.path(names);
  const goodBody = sample.body(names);
  const headers = new Headers();
  const { audience } = sample.endpoint;
  const bearer = audience === "public" || audience === "creation" ? undefined : bearers[audience];
  if (bearer !== undefined) headers.set("Authorization", `Bearer ${bearer}`);
  const ofBody = attack.path !== undefined && goodBody ? JSON.stringify(goodBody) : attack.body;
  const type = "contentType" in attack ? attack.contentType : "application/json";
  const body = typeof ofBody === "function" ? ofBody() : ofBody;
  // A string would get a type of its own.
  const bytes = typeof body === "string" ? utf8.encode(body) : body;
  if (body !== undefined && type !== undefined) headers.set("Content-Type", type);
  return exports.default.fetch(`${BASE}${attack.path?.(goodPath) ?? goodPath}`, {
    method: sample.method,
    headers,
    ...(bytes !== undefined && { body: bytes }),
  });
}

const TABLES = ["teams", "team_keys", "team_origins", "team_counters", "sessions", "conversations"];

/** Everything that is stored anywhere. */
async function everything(): Promise<string> {
  const tables = await env.INDEX_DB.batch(
    TABLES.map((table) => env.INDEX_DB.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`)),
  );
  const objects = (await listDurableObjectIds(env.SESSIONS)).map(String).sort();
  const object = await runInDurableObject(objectOf(names.id), (_, { storage: { sql } }) =>
    ["session", "credentials", "conversations", "messages", "index_outbox"].map((table) => [
      ...sql.exec(`SELECT * FROM ${table}`).raw(),
    ]),
  );
  const rows = tables.map(({ results }) => results);
  return JSON.stringify([rows, objects, object]);
}

describe("nothing bad comes of", () => {
  test.each(SAMPLES)("$title", async (sample) => {
    const before = await everything();
    await fc.assert(
      fc.asyncProperty(attacksOn(sample), async (attack) => {
        const response = await send(sample, attack);
        const problem = await problemOf(response);
        const { code, errors } = problem;
        expect(attack.code, attack.title).toContain(code);
        if (code === "validation_failed") {
          expect(errors?.length).toBeGreaterThan(0);
          const { field } = attack;
          const paths = errors?.map(({ path }) => path) ?? [];
          if (field !== undefined) expect(paths.some((path) => path.startsWith(field))).toBe(true);
        }
        expect(JSON.stringify(problem)).not.toMatch(/\bat .*:\d+|\.ts\b|Error:|SQLITE/);
        expect(await everything()).toBe(before);
      }),
      { numRuns: RUNS_PER_ROUTE },
    );
  });
});

describe("the edges of what is let in", () => {
  const [sample] = SAMPLES.filter(({ endpoint }) => endpoint.operationId === "refreshSession");

  const refresh = (attack: Omit<Attack, "title" | "code">) => {
    if (sample === undefined) throw new Error("there is no refresh");
    return send(sample, { title: "", code: [], ...attack });
  };

  test("a body of just the size it may have", async () => {
    expect((await refresh({ body: "{}".padEnd(MAX_BODY_BYTES) })).status).toBe(200);
    expect((await refresh({ body: "{}".padEnd(MAX_BODY_BYTES + 1) })).status).toBe(413);
  });

  test("of a body without end, no more than that", async () => {
    let sent = 0;
    const endless = () =>
      new ReadableStream({
        pull(controller) {
          sent += 4096;
          controller.enqueue(new Uint8Array(4096).fill(0x20));
        },
      });
    expect((await refresh({ body: endless })).status).toBe(413);
    expect(sent).toBeLessThan(4 * MAX_BODY_BYTES);
  });

  test("a body in pieces", async () => {
    expect((await refresh({ body: () => stream("{}", 1, 5) })).status).toBe(200);
  });

  test.each([
    "application/json",
    "Application/JSON",
    "application/json;charset=utf-8",
    'application/json; charset="UTF-8"',
  ])("%s", async (contentType) => {
    expect((await refresh({ body: "{}", contentType })).status).toBe(200);
  });

  test("no body is an empty object", async () => {
    expect((await refresh({})).status).toBe(200);
    expect((await refresh({ contentType: undefined })).status).toBe(200);
  });
});

/** `text`, and blanks in so many pieces of so many bytes. */
function stream(text: string, chunkBytes: number, chunks: number): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(utf8.encode(text));
      for (let chunk = 0; chunk < chunks; chunk++) {
        controller.enqueue(new Uint8Array(chunkBytes).fill(0x20));
      }
      controller.close();
    },
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

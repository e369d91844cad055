/** What a hostile client may send in place of a good request: bodies, places in the path, queries and headers. */
import fc from "fast-check";
import { z } from "zod";
import { MAX_BODY_BYTES } from "../../src/protocol/limits.ts";
import type { Endpoint } from "../../src/routes/endpoint.ts";

/** JSON, and what is nearly JSON, as text: a value of JavaScript could not say all of it. */
export const hostileJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.json({ stringUnit: "binary" }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 300 }).map(toJson) },
  fc.constantFrom(
    ...["1e308", "-1e999", "9007199254740993", "-0", "1e-400", "00", "NaN", "0x10", "-", "1."],
    ...['"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u202e"', '"\\x"', "'a'", '"\n"'],
    ...['{"__proto__":{"isAdmin":true}}', '{"\\u005f_proto__":1}', '{"constructor":{}}'],
    ...['{"toString":1,"valueOf":1,"then":1}', '{"a":1,"a":2}', "[1,]", "{a:1}", "undefined", ""],
    ...["null", "true", "[]", "{}", '""', "[[]]", '{"length":1e9}', "/**/1", "\ufeff1"],
  ),
  fc.constantFrom("https://[", "javascript:alert(1)", "../..", "%00", "*", "'; --").map(toJson),
  fc.integer({ min: 1, max: 9_000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  fc.integer({ min: 1, max: 9_000 }).map((depth) => '{"a":'.repeat(depth)),
  fc.integer({ min: 1, max: 70_000 }).map((length) => toJson("ä".repeat(length))),
  fc.integer({ min: 1, max: 3_000 }).map((length) => toJson(new Array(length).fill("x"))),
);

/** How a good body is spoiled; `at` chooses the place. */
export type BodyAttack =
  | { readonly kind: "value"; readonly at: number; readonly json: string }
  | { readonly kind: "extra"; readonly at: number; readonly key: string; readonly json: string }
  | { readonly kind: "missing"; readonly at: number }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "bytes"; readonly at: number; readonly bytes: readonly number[] }
  | { readonly kind: "padded"; readonly length: number }
  | { readonly kind: "instead"; readonly json: string }
  | { readonly kind: "typed"; readonly contentType: string };

const at = fc.nat(10_000);

const strangeKeys = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "prototype", "toString", "", "role", "isAdmin"),
  fc.string({ unit: "binary", maxLength: 20 }),
);

const badBytes = fc.oneof(
  fc.constantFrom([0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0], [0xef, 0xbb, 0xbf]),
  fc.array(fc.nat(255), { minLength: 1, maxLength: 8 }),
);

const contentTypes = fc.oneof(
  fc.constantFrom(
    ...["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
    ...["application/json;charset=utf-7", "APPLICATION/JSON", "application/json, text/plain"],
  ),
  headerText(),
);

const bodyAttack: fc.Arbitrary<BodyAttack> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: of("value"), at, json: hostileJson }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: of("extra"), at, key: strangeKeys, json: hostileJson }),
  },
  fc.record({ kind: of("missing"), at }),
  fc.record({ kind: of("cut"), at }),
  fc.record({ kind: of("bytes"), at, bytes: badBytes }),
  fc.record({ kind: of("padded"), length: fc.nat(2 * MAX_BODY_BYTES) }),
  fc.record({ kind: of("instead"), json: hostileJson }),
  fc.record({ kind: of("typed"), contentType: contentTypes }),
);

const strangePlaces = fc.oneof(
  fc.constantFrom(
    ...["%00", "%2F", "%2e%2e%2f", "..%2f..", "%ZZ", "%", "%C3%28", "%F0%9F%98%80", "a%0d%0ab"],
    ...["%252F", "constructor", "__proto__", "null", "-1", ".", "create", "*", "%20", "a;b=c", "@"],
  ),
  fc.string({ unit: "binary", minLength: 1, maxLength: 64 }).map(encode),
  fc.integer({ min: 1, max: 8_000 }).map((length) => "A".repeat(length)),
);

const queryPart = fc.oneof(
  fc.constantFrom(
    ...["after", "before", "limit", "cursor", "status", "country", "device", "userId", "tail"],
    ...["conversationId", "__proto__", "erase", ""],
  ),
  fc.string({ unit: "binary", maxLength: 20 }).map(encode),
);
const queryValue = fc.oneof(
  fc.constantFrom("", "0", "-1", "1e9", "99999999999999999999", "NaN", "%00", "%", "%ZZ", "true"),
  fc.string({ unit: "binary", maxLength: 300 }).map(encode),
  fc.integer({ min: 1, max: 4_000 }).map((length) => "A".repeat(length)),
);
const queries = fc
  .array(fc.tuple(queryPart, queryValue), { minLength: 1, maxLength: 4 })
  .map((pairs) => pairs.map((pair) => pair.join("=")).join("&"));

const HEADERS = [
  ...["Authorization", "Idempotency-Key", "Origin", "Cookie", "Content-Encoding", "Accept"],
  ...["X-Forwarded-For", "CF-Connecting-IP", "X-Real-IP", "Forwarded", "X-HTTP-Method-Override"],
  ...["Range", "If-None-Match", "Expect", "Host", "Referer", "User-Agent", "Sec-Fetch-Site"],
  ...["Access-Control-Request-Method", "Access-Control-Request-Headers", "ds-connect", "CF-Ray"],
  ...["X-Original-URL", "Sec-WebSocket-Protocol", "Content-Type"],
];
const strangeHeaders = fc
  .array(
    fc.tuple(
      fc.constantFrom(...HEADERS),
      fc.oneof(
        headerText(),
        headerText().map((text) => `Bearer ${text}`),
        fc.constantFrom("null", "*", "https://shop.example", "127.0.0.1", "gzip", "Bearer sk_"),
        fc.constantFrom("DELETE", "bytes=0-1", "ds.v1, ds.ticket.x", "websocket", "Basic dTpw"),
        fc.integer({ min: 1, max: 6_000 }).map((length) => "A".repeat(length)),
      ),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((pairs) => Object.fromEntries(pairs));

/** What of a good request is replaced; most are hostile in one thing, so that they get past the checks of the others. */
export interface Hostility {
  readonly body?: BodyAttack;
  /** In the place of one of the path's. */
  readonly place?: { readonly at: number; readonly text: string };
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const place = fc.record({ at, text: strangePlaces });

export const hostility: fc.Arbitrary<Hostility> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ body: bodyAttack }) },
  { weight: 1, arbitrary: fc.record({ place }) },
  { weight: 1, arbitrary: fc.record({ query: queries }) },
  { weight: 2, arbitrary: fc.record({ headers: strangeHeaders }) },
  {
    weight: 1,
    arbitrary: fc.record(
      { body: bodyAttack, place, query: queries, headers: strangeHeaders },
      { requiredKeys: [] },
    ),
  },
);

const encoder = new TextEncoder();

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encoder.encode(text));
}

/** Stands for the text that takes its place once all around it is JSON. */
const HERE = "\u{f0000}here";

/** The bytes and the type of a body that was good. */
export function spoiled(
  good: object,
  fields: readonly FieldPath[],
  attack: BodyAttack,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string } {
  const json = "application/json";
  const text = (changed: string) => ({ bytes: utf8(changed), contentType: json });
  const whole = JSON.stringify(good);
  const pick = (index: number) => fields[index % Math.max(1, fields.length)] ?? [];
  switch (attack.kind) {
    case "value":
      return text(
        JSON.stringify(withAt(good, pick(attack.at), HERE)).replace(
          toJson(HERE),
          () => attack.json,
        ),
      );
    case "extra": {
      const inside = pick(attack.at).slice(0, -1);
      const changed = JSON.stringify(withAt(good, [...inside, HERE], 0));
      return text(
        changed.replace(`${toJson(HERE)}:0`, () => `${toJson(attack.key)}:${attack.json}`),
      );
    }
    case "missing":
      return text(JSON.stringify(withAt(good, pick(attack.at), undefined)));
    case "cut":
      return text(whole.slice(0, attack.at % whole.length));
    case "bytes": {
      const bytes = utf8(whole);
      const cut = attack.at % (bytes.length + 1);
      const all = [...bytes.subarray(0, cut), ...attack.bytes, ...bytes.subarray(cut)];
      return { bytes: new Uint8Array(all), contentType: json };
    }
    case "padded":
      return text(whole.padEnd(attack.length));
    case "instead":
      return text(attack.json);
    case "typed":
      return { bytes: utf8(whole), contentType: attack.contentType };
  }
}

export type FieldPath = readonly string[];

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** All fields that an endpoint's body may have, those within others too. */
export function fieldsOf({ body }: Pick<Endpoint, "body">): readonly FieldPath[] {
  if (body === undefined) return [];
  const within = ({ properties = {} }: JsonSchema): FieldPath[] =>
    Object.entries(properties).flatMap(([name, schema]) => [
      [name],
      ...within(schema).map((path) => [name, ...path]),
    ]);
  return within(z.toJSONSchema(body, { io: "input", unrepresentable: "any" }) as JsonSchema);
}

function withAt(value: unknown, path: FieldPath, leaf: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return leaf;
  const object = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  return { ...object, [name]: withAt((object as Record<string, unknown>)[name], rest, leaf) };
}

function of<T extends string>(kind: T): fc.Arbitrary<T> {
  return fc.constant(kind);
}

/** What a header can carry; of other letters the runtime warns, each time. */
function headerText(): fc.Arbitrary<string> {
  const letter = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.constant(0x09));
  return fc.array(letter, { maxLength: 80 }).map((codes) => String.fromCharCode(...codes).trim());
}

function toJson(value: unknown): string {
  return JSON.stringify(value);
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_JSON_DEPTH } from "../../src/protocol/limits.ts";
import { BadJsonError, parseJson } from "../../src/schemas/json.ts";

describe("agrees with JSON.parse", () => {
  const anyJson = fc
    .jsonValue({ maxDepth: MAX_JSON_DEPTH - 1 })
    .filter((value) => !JSON.stringify(value).includes('"__proto__"'));

  test("on whatever JSON.stringify writes, with or without white space", () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(undefined, 2, "\t"), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test("on keys and strings full of colons, quotes and backslashes", () => {
    const tricky = fc.string({ unit: fc.constantFrom(":", '"', "\\", "{", "}", ",", "a", "\n") });
    // No escapes in the keys: JSON.parse of Node 24.9 (V8 13.6) itself takes ",\n" for ",\\" after certain other objects.
    const key = fc.string({ unit: fc.constantFrom(":", "{", "}", ",", "a", " ") });
    fc.assert(
      fc.property(fc.dictionary(key, tricky), (value) => {
        expect(parseJson(JSON.stringify(value))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test.each(['"a:b"', '{"a:b":"c:d"}', '{"\\"":1,"\\\\":2}', "[]", "0", "null", ' { "a" : 1 } '])(
    "on %s",
    (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    },
  );
});

describe("refuses", () => {
  test.each(["", " ", "{", '{"a"}', "{'a':1}", "[1,]", "undefined", "NaN", "\u0000", '{"a":1}}'])(
    "%j, which is no JSON",
    (text) => {
      expect(() => parseJson(text)).toThrow(BadJsonError);
      expect(() => parseJson(text)).toThrow("not valid JSON");
    },
  );

  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"\\u0061":2}',
    '[{"x":{"a":1,"a":{}}}]',
    '{"a":{"b":1},"a":{"c":2,"d":3}}',
    '{"":1,"":2}',
    '{"a:":1,"a:":"::"}',
    '{"constructor":1,"constructor":2}',
  ])("a key twice: %s", (text) => {
    expect(() => parseJson(text)).toThrow("duplicate key");
  });

  test.each([
    '{"__proto__":{"admin":true}}',
    '{"a":[{"__proto__":null}]}',
    '{"\\u005f_proto__":1}',
    '{"\\u005F\\u005fproto\\u005f\\u005f":1}',
    '{"a":1,"__proto__":2}',
  ])("__proto__ as a key: %s", (text) => {
    expect(() => parseJson(text)).toThrow("the key __proto__ is not allowed");
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("a duplicate wherever it is", () => {
    // No escapes in the keys, for the same reason as above; those that are written in two ways stand in the list.
    const keys = fc.uniqueArray(
      fc.string().filter((key) => key !== "__proto__" && JSON.stringify(key) === `"${key}"`),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(keys, fc.nat(), (drawn, which) => {
        const twice = drawn[which % drawn.length] as string;
        const pairs = [...drawn.map((key) => `${JSON.stringify(key)}:0`)];
        const again = `${JSON.stringify(twice)}:1`;
        expect(() => parseJson(`[{${[...pairs, again].join()}}]`)).toThrow("duplicate key");
      }),
    );
  });

  test("nesting beyond the limit, however deep", () => {
    const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const inObjects = (depth: number) => `${'{"a":'.repeat(depth)}0${"}".repeat(depth)}`;

    expect(parseJson(nested(MAX_JSON_DEPTH))).toBeInstanceOf(Array);
    expect(parseJson(inObjects(MAX_JSON_DEPTH))).toBeInstanceOf(Object);
    for (const depth of [MAX_JSON_DEPTH + 1, 1_000, 30_000]) {
      expect(() => parseJson(nested(depth))).toThrow("nested deeper");
      expect(() => parseJson(inObjects(Math.min(depth, 10_000)))).toThrow("nested deeper");
    }
  });
});

test("`__proto__` as a value, and other names of Object.prototype as keys, are harmless", () => {
  const value = parseJson('{"a":"__proto__","constructor":{"prototype":1},"toString":2}');
  expect(value).toEqual({ a: "__proto__", constructor: { prototype: 1 }, toString: 2 });
});

/** Each UTF-16 unit as an escape. */

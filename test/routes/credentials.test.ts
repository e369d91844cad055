/** Ids, tokens, tickets and keys: what this deployment made it knows again, also after its signing key was changed. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { fingerprintHashes } from "../../src/credentials/fingerprint.ts";
import { idempotentBytes, newSessionId, readSessionId } from "../../src/credentials/session-id.ts";
import { mintTeamKey, readTeamKey } from "../../src/credentials/team-key.ts";
import { mintOperatorTicket, mintTicket, readTicket } from "../../src/credentials/ticket.ts";
import { mintToken, readToken } from "../../src/credentials/token.ts";
import { fromBase64Url, toBase64Url } from "../../src/domain/base64url.ts";
import { Keys } from "../../src/keys.ts";

const FIRST = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const SECOND = "2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

let before: Keys;
/** After a rotation: the second signs, the first is still good. */
let after: Keys;
/** After the first was thrown away. */
let without: Keys;

beforeAll(async () => {
  before = await Keys.parse(FIRST);
  after = await Keys.parse(`${SECOND}, ${FIRST}`);
  without = await Keys.parse(SECOND);
});

const NOW = Date.UTC(2026, 0, 15);

describe("after a rotation of the signing key", () => {
  test("ids made before are good, and those made after name the new version", async () => {
    const id = await newSessionId(before, 7);
    expect(await readSessionId(before, id)).toEqual({ id, teamNumber: 7 });
    expect(await readSessionId(after, id)).toEqual({ id, teamNumber: 7 });
    expect(await readSessionId(without, id)).toBeUndefined();
    const newer = await newSessionId(after, 7);
    expect(fromBase64Url(newer)?.[0]).toBe(2);
    expect(await readSessionId(before, newer)).toBeUndefined();
  });

  test("tokens, tickets and team keys made before are good", async () => {
    const id = await newSessionId(before, 1);
    const { token, ...credential } = await mintToken(before, id);
    const ticket = await mintTicket(before, credential, NOW);
    const { key, keyId, secretHash } = await mintTeamKey(before);
    const read = async (keys: Keys) => [
      await readToken(keys, token),
      await readTicket(keys, id, ticket, NOW),
      await readTeamKey(keys, key),
    ];
    const { credentialId } = credential;
    expect(await read(before)).toEqual([
      expect.objectContaining({ ...credential, teamNumber: 1 }),
      { kind: "credential", credentialId },
      { keyId, secretHash },
    ]);
    expect(await read(after)).toEqual(await read(before));
    expect(await read(without)).toEqual([undefined, undefined, undefined]);
  });

  test("fingerprints are looked up under both, the current one first", async () => {
    const hashes = await fingerprintHashes(after, "team", "print");
    expect(hashes).toEqual([
      ...(await fingerprintHashes(without, "team", "print")),
      ...(await fingerprintHashes(before, "team", "print")),
    ]);
    expect(hashes).toHaveLength(2);
  });
});

describe("made for one thing, worth nothing as another", () => {
  test("two teams never share the hash of a fingerprint, however their names run together", async () => {
    const hashes = await Promise.all([
      fingerprintHashes(before, "team", "print"),
      fingerprintHashes(before, "teamp", "rint"),
      fingerprintHashes(before, "tea", "mprint"),
      fingerprintHashes(before, "other", "print"),
    ]);
    expect(new Set(hashes.flat()).size).toBe(4);
    expect(hashes.flat().join()).not.toContain("print");
  });

  test("an idempotency key is one session's of one team for one class of caller", async () => {
    const bytes = await Promise.all([
      idempotentBytes(before, "visitor", "team", "key"),
      idempotentBytes(before, "team", "team", "key"),
      idempotentBytes(before, "visitor", "other", "key"),
      idempotentBytes(before, "visitor", "team", "yek"),
    ]);
    expect(new Set(bytes.map(toBase64Url)).size).toBe(4);
    expect(await idempotentBytes(before, "visitor", "team", "key")).toEqual(bytes[0]);
    expect(bytes[0]).toHaveLength(11);
  });

  test("a secret opens the credential that it was made for", async () => {
    const id = await newSessionId(before, 1);
    const [one, other] = [await mintToken(before, id), await mintToken(before, id)];
    const [, , secret] = one.token.split(".");
    expect(await readToken(before, `${id}.${other.credentialId}.${secret}`)).toBeUndefined();
    const elsewhere = await newSessionId(before, 1);
    const moved = `${elsewhere}.${one.credentialId}.${secret}`;
    expect(await readToken(before, moved)).toBeUndefined();
    const { keyId } = await mintTeamKey(before);
    expect(await readTeamKey(before, `sk_${keyId}_${secret}`)).toBeUndefined();
  });
});

test("nothing but the very text is good: no other spelling of the same bytes, nothing around it", async () => {
  const id = await newSessionId(before, 1);
  const { token, ...credential } = await mintToken(before, id);
  const ticket = await mintTicket(before, credential, NOW);
  const staff = { sessionId: id, tokenId: "0123456789abcdef" };
  const staffTicket = await mintOperatorTicket(before, staff, NOW);
  const { key } = await mintTeamKey(before);
  const readers: readonly [string, (text: string) => Promise<unknown>][] = [
    [id, (text) => readSessionId(before, text)],
    [token, (text) => readToken(before, text)],
    [ticket, (text) => readTicket(before, id, text, NOW)],
    [staffTicket, (text) => readTicket(before, id, text, NOW)],
    [key, (text) => readTeamKey(before, text)],
  ];
  for (const [good, read] of readers) {
    expect(await read(good)).toBeDefined();
    for (const bad of [`${good} `, ` ${good}`, `${good}\n`, `${good}=`, good.slice(0, -1), ""]) {
      expect(await read(bad), bad).toBeUndefined();
    }
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const letter of letters) {
      const changed = good.slice(0, -1) + letter;
      if (changed !== good) expect(await read(changed), changed).toBeUndefined();
    }
  }
});

test("whatever text it is, reading it does not throw", async () => {
  const anyText = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom("A", "_", ".", "sk_") }));
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      expect(await readSessionId(before, text)).toBeUndefined();
      expect(await readToken(before, text)).toBeUndefined();
      expect(await readTicket(before, text, text, NOW)).toBeUndefined();
      expect(await readTeamKey(before, text)).toBeUndefined();
    }),
  );
});

test("a secret is 32 random bytes, and never comes twice", async () => {
  const id = await newSessionId(before, 1);
  const secrets = await Promise.all(
    Array.from({ length: 500 }, async () => (await mintToken(before, id)).token.split(".")[2]),
  );
  const bytes = secrets.map((secret = "") => fromBase64Url(secret)?.subarray(0, 32));
  expect(new Set(secrets).size).toBe(500);
  expect(bytes[0]).toHaveLength(32);
  // Each of the 256 bits is set in about half of them; twelve standard deviations off would be no chance.
  for (let bit = 0; bit < 256; bit++) {
    const set = bytes.filter((one) => ((one?.[bit >> 3] ?? 0) >> (bit & 7)) & 1).length;
    expect(Math.abs(set - 250)).toBeLessThan(134);
  }
});

describe("base64url", () => {
  test("bytes come back as they were, in letters that a URL may hold", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = toBase64Url(new Uint8Array(bytes));
        expect(text).toMatch(/^[\w-]*$/);
        expect([...(fromBase64Url(text) ?? [])]).toEqual([...bytes]);
      }),
    );
  });

  test.each(["A", "AB", "AAAAA", "AA==", "ab+/", "ä", "a.b", "A A", "!"])("%j is none", (text) => {
    expect(fromBase64Url(text)).toBeUndefined();
  });
});

test.each([
  "",
  "1",
  "1:short",
  `${FIRST},`,
  "256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
  "x:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
  `${FIRST};${SECOND}`,
])("%j configures no keys, and its error repeats none", async (text) => {
  const error = await Keys.parse(text).catch((reason: unknown) => String(reason));
  expect(error).toBe("Error: SIGNING_KEYS is malformed");
});

/** The search that ends every test file finds what was leaked: each way of leaking, once. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { newSession, newTeam, newTeamKey } from "../support/api.ts";
import { forgetLogged, searchEverywhere, unseen } from "../support/issued-secrets.ts";
import { objectOf } from "../support/object-of.ts";
import { SecretSearch } from "../support/secret-search.ts";
import { TEST_ADMIN_TOKEN, TEST_SIGNING_KEYS } from "../support/test-env.ts";

let teamId: string;
let teamKey: string;
let chat: SessionWithToken;

beforeAll(async () => {
  teamId = await newTeam();
  teamKey = await newTeamKey(teamId);
  chat = await newSession(teamId, {
    headers: { "Idempotency-Key": "an-idempotency-key-of-a-test" },
    body: { userFingerprint: "the-fingerprint-of-a-browser" },
  });
});

const secretOf = (token: string) => token.slice(token.lastIndexOf(".") + 1);
const bytesOf = (secret: string) => Uint8Array.fromBase64(secret, { alphabet: "base64url" });

const LEAKS: readonly (readonly [string, () => string])[] = [
  ["a token", () => `refused ${chat.token}`],
  ["a token's last letters", () => chat.token.slice(-24)],
  ["a ticket", () => chat.ticket],
  ["a team key", () => teamKey],
  ["the administrator's token", () => TEST_ADMIN_TOKEN],
  ["a signing key", () => TEST_SIGNING_KEYS],
  ["an idempotency key", () => "key=an-idempotency-key-of-a-test"],
  ["a fingerprint", () => JSON.stringify({ fingerprint: "the-fingerprint-of-a-browser" })],
  ["a token in base64, after something else", () => btoa(`Bearer ${chat.token}`)],
  ["a token in hex", () => new TextEncoder().encode(chat.token).toHex()],
  ["a secret's bytes in hex", () => bytesOf(secretOf(chat.token)).toHex().toUpperCase()],
  ["a secret's bytes in base64", () => bytesOf(secretOf(chat.token)).toBase64()],
  ["a token in a URL", () => `https://x.example/?t=${encodeURIComponent(chat.token)}`],
];

test("of a dashboard's address the token is a secret, the team's id is none", () => {
  const secret = "kV3bq0Zt7mXw_Rj5Yp9sLd2NfHcGa8Ue";
  const search = new SecretSearch();
  search.addAll({ dashboardUrl: `/dashboard#op=op_5f0e_${secret}&team=a-team-of-some-length` });
  expect(search.search("a session of a-team-of-some-length")).toEqual([]);
  expect(search.search(`refused ${secret}`)).not.toEqual([]);
});

test("nothing is found while nothing is leaked", async () => {
  const harmless = `session ${chat.session.id} of ${teamId}, credential ${chat.token.split(".")[1]}`;
  unseen(() => console.info(harmless));
  expect(await searchEverywhere()).toEqual([]);
});

test.each(LEAKS)("%s that is logged is found", async (_, leak) => {
  unseen(() => console.info(leak()));
  const found = await searchEverywhere();
  forgetLogged();
  expect(found.length).toBeGreaterThan(0);
  expect(await searchEverywhere()).toEqual([]);
});

test("a secret in D1 is found", async () => {
  const setName = (name: string | Uint8Array) =>
    env.INDEX_DB.prepare("UPDATE teams SET name = ? WHERE id = ?").bind(name, teamId).run();
  for (const leak of [secretOf(chat.token), bytesOf(secretOf(chat.token))]) {
    await setName(leak);
    expect((await searchEverywhere()).map(({ kind }) => kind)).toContain("token");
  }
  await setName("A team");
  expect(await searchEverywhere()).toEqual([]);
});

test("a secret in the bucket is found, in a file as well as in its name", async () => {
  const secret = secretOf(chat.token);
  for (const [key, text] of [
    ["leak", `Hello, ${secret}`],
    [`leak/${secret}`, "Hello"],
  ] as const) {
    await env.BUCKET.put(key, text);
    expect((await searchEverywhere()).map(({ kind }) => kind)).toContain("token");
    await env.BUCKET.delete(key);
  }
  expect(await searchEverywhere()).toEqual([]);
});

test("a secret in an object is found, as text and as bytes", async () => {
  const secret = secretOf(chat.token);
  const inObject = (query: string, ...values: unknown[]) =>
    runInDurableObject(objectOf(chat.session.id), (_, { storage }) => {
      storage.sql.exec(query, ...values);
    });
  await inObject("CREATE TABLE leak (value)");
  for (const leak of [secret, bytesOf(secret)]) {
    await inObject("INSERT INTO leak VALUES (?)", leak);
    expect((await searchEverywhere()).map(({ kind }) => kind)).toContain("token");
    await inObject("DELETE FROM leak");
  }
  expect(await searchEverywhere()).toEqual([]);
});

/** What this deployment did not sign wakes no object and reads no row. */
import { evictDurableObject, listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { newSessionId } from "../../src/credentials/session-id.ts";
import { Keys, signingKeys } from "../../src/keys.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { indexCost } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";

const FORGERIES = 10_000;
const IN_FLIGHT = 50;
const OTHER_KEYS = "1:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

let chat: SessionWithToken;
let teamKey: string;
let otherKeys: Keys;

beforeAll(async () => {
  const teamId = await newTeam();
  chat = await newSession(teamId);
  teamKey = await newTeamKey(teamId);
  otherKeys = await Keys.parse(OTHER_KEYS);
  await call(`/api/sessions/${chat.session.id}`, { bearer: teamKey });
});

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function randomText(length: number): string {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(length)),
    (byte) => ALPHABET[byte % 64],
  ).join("");
}

/** One bit of what the text encodes is another. */
function flipBit(text: string): string {
  const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
  const [place = 0, bit = 0] = crypto.getRandomValues(new Uint8Array(2));
  const index = place % bytes.length;
  bytes[index] = (bytes[index] ?? 0) ^ (1 << (bit & 7));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

type Forgery = () => Promise<void>;

async function visitor(id: string, token: string): Promise<void> {
  const response = await call(`/api/sessions/${id}/validate`, { bearer: token });
  expect(await refusal(response)).toBe("401 invalid_credential");
}

async function team(id: string): Promise<void> {
  const response = await call(`/api/sessions/${id}/messages`, { bearer: teamKey });
  expect(await refusal(response)).toBe("404 session_not_found");
}

async function socket(id: string, ticket: string): Promise<void> {
  expect(await (await TestSocket.open({ id }, ticket)).closed()).toBe(4401);
}

async function forgeries(): Promise<readonly Forgery[]> {
  const { id } = chat.session;
  const [, credentialId = "", secret = ""] = chat.token.split(".");
  const [holder = "", expires = "", mac = ""] = chat.ticket.split(".");
  const anId = () => randomText(32);
  const token = (ofId: string) => `${ofId}.${randomText(12)}.${randomText(54)}`;
  return [
    async () => team(anId()),
    async () => team(flipBit(id)),
    async () => team(await newSessionId(otherKeys, 1)),
    async () => {
      const strange = anId();
      await visitor(strange, token(strange));
    },
    async () => {
      const flipped = flipBit(id);
      await visitor(flipped, `${flipped}.${credentialId}.${secret}`);
    },
    async () => visitor(id, token(id)),
    async () => visitor(id, `${id}.${randomText(12)}.${secret}`),
    async () => visitor(id, `${id}.${credentialId}.${flipBit(secret)}`),
    async () => socket(id, `${holder}.${expires}.${flipBit(mac)}`),
    async () => socket(id, `${randomText(12)}.${expires}.${mac}`),
    async () => socket(id, `${holder}.${(Number.parseInt(expires, 36) + 1).toString(36)}.${mac}`),
    async () => socket(flipBit(id), chat.ticket),
  ];
}

test(`${FORGERIES} forged ids, tokens and tickets wake nobody`, { timeout: 120_000 }, async () => {
  await evictDurableObject(objectOf(chat.session.id));
  const before = (await listDurableObjectIds(env.SESSIONS)).length;
  const addressed = countStubs();
  const kinds = await forgeries();
  const cost = await indexCost(async () => {
    for (let first = 0; first < FORGERIES; first += IN_FLIGHT) {
      await Promise.all(
        Array.from({ length: IN_FLIGHT }, (_, index) => kinds[(first + index) % kinds.length]?.()),
      );
    }
  });
  expect(addressed.stop()).toBe(0);
  expect(cost.rowsRead).toBe(0);
  // The audit trail tells of at most ten in a minute.
  expect(cost.rowsWritten).toBeLessThanOrEqual(30);
  expect((await listDurableObjectIds(env.SESSIONS)).length).toBe(before);
  // The one whose id was right all along sleeps still.
  await expect(evictDurableObject(objectOf(chat.session.id))).rejects.toThrow(
    "not currently running",
  );
});

test("what is signed does wake an object, so the count can tell", async () => {
  const addressed = countStubs();
  await call(`/api/sessions/${chat.session.id}/validate`, { bearer: chat.token });
  const keys = await signingKeys(env);
  const never = await newSessionId(keys, 1);
  await call(`/api/sessions/${never}/messages`, { bearer: teamKey });
  expect(addressed.stop()).toBe(2);
});

/** How many objects anybody in the isolate asks for. */
function countStubs(): { stop(): number } {
  const namespace = Object.getPrototypeOf(env.SESSIONS) as DurableObjectNamespace;
  const { getByName, get } = namespace;
  let stubs = 0;
  Object.assign(namespace, {
    getByName(this: DurableObjectNamespace, name: string) {
      stubs++;
      return getByName.call(this, name);
    },
    get(this: DurableObjectNamespace, id: DurableObjectId) {
      stubs++;
      return get.call(this, id);
    },
  });
  return {
    stop() {
      Object.assign(namespace, { getByName, get });
      return stubs;
    },
  };
}

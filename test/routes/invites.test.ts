/** Links that let others in, and hand-offs to another device: for how often, how long, for whom, and what comes of them. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { mintInvite, readInvite } from "../../src/credentials/invite.ts";
import { newSessionId } from "../../src/credentials/session-id.ts";
import { signingKeys } from "../../src/keys.ts";
import {
  INVITES_PER_MINUTE_PER_OWNER,
  MAX_CREDENTIALS_PER_SESSION,
  MAX_GUESTS_PER_SESSION,
  MAX_INVITES_PER_SESSION,
} from "../../src/protocol/limits.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { forgetTeam } from "../../src/team-cache.ts";
import { call, NO_LIMITS, newSession, newTeam, newTeamKey, ORIGIN } from "../support/api.ts";
import { DAY_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { breakIndex } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { objectTables } from "../support/object-storage.ts";
import { headersOf, problemOf, refusal } from "../support/problem.ts";
import {
  askInvite,
  askRedeem,
  auditOf,
  callWith,
  credentialIdOf,
  devicesOf,
  invite,
  invitesOf,
  json,
  type Link,
  letIn,
  redeem,
  rotated,
} from "../support/sharing.ts";
import { TestSocket } from "../support/socket.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

const OTHER_ORIGIN = "https://other.example";

let teamId: string;
let teamKey: string;
let chat: SessionWithToken;
let id: string;

beforeAll(async () => {
  teamId = await newTeam({ allowedOrigins: [ORIGIN, "http://localhost:*"], limits: NO_LIMITS });
  teamKey = await newTeamKey(teamId);
  await newTeam({ allowedOrigins: [OTHER_ORIGIN] });
});
beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  chat = await newSession(teamId);
  id = chat.session.id;
});
afterEach(() => {
  vi.useRealTimers();
});

const opens = async (token: string) => (await callWith(token, "/validate")).status === 200;
const askToRevoke = (inviteId: string, query = "") =>
  callWith(chat.token, `/invites/${inviteId}${query}`, { method: "DELETE" });
const refusedRedeem = async (secret: string) => refusal(await askRedeem(secret));

describe.each(RESIDENCIES)("in an object that %s", (residency) => {
  const step = stepper(residency);

  test.each(["reader", "writer"] as const)(
    "a link lets a %s in, as often as it may",
    async (role) => {
      const { secret, inviteId } = await invite(chat.token, { role, maxUses: 2 });
      const guests: string[] = [];
      for (let use = 0; use < 2; use++) {
        await step(id);
        const guest = await redeem(secret);
        expect(guest).toEqual({
          session: expect.objectContaining({ id }),
          role,
          token: expect.any(String),
          ticket: expect.any(String),
        });
        expect(guest.session).not.toHaveProperty("deviceInfo");
        const socket = await TestSocket.open({ id }, guest.ticket);
        expect((await socket.first("welcome")).role).toBe(role);
        socket.close();
        guests.push(guest.token);
      }
      await step(id);
      expect(await refusedRedeem(secret)).toBe("410 invite_expired");
      expect(new Set(guests.map(credentialIdOf)).size).toBe(2);
      for (const token of guests) expect(await opens(token)).toBe(true);
      expect(await invitesOf(chat.token)).toEqual([
        expect.objectContaining({ inviteId, role, maxUses: 2, uses: 2, devices: 2 }),
      ]);
      expect(await auditOf(id, "invite.redeemed")).toMatchObject(
        guests.map((token) => ({
          actor_id: credentialIdOf(token),
          details: JSON.stringify({ inviteId, role }),
        })),
      );
    },
  );

  test("its time is over when it says so, and not before", async () => {
    moveClock(0);
    const { secret, expiresAt } = await invite(chat.token, {
      role: "reader",
      expiresInSeconds: 60,
    });
    expect(Date.parse(expiresAt)).toBe(Date.now() + MINUTE_MS);
    const hers = await redeem(secret);
    moveClock(MINUTE_MS - 1);
    await step(id);
    await redeem(secret);
    moveClock(1);
    await step(id);
    expect(await refusedRedeem(secret)).toBe("410 invite_expired");
    // Whoever is in stays in.
    expect(await opens(hers.token)).toBe(true);
  });

  test("revoked, it lets nobody in, and whoever came in by it stays", async () => {
    const { secret, inviteId } = await invite(chat.token, { role: "writer" });
    const guest = await redeem(secret);
    await step(id);
    expect((await askToRevoke(inviteId)).status).toBe(204);
    await step(id);
    expect(await refusedRedeem(secret)).toBe("410 invite_expired");
    expect(await opens(guest.token)).toBe(true);
    expect(await invitesOf(chat.token)).toEqual([]);
    expect(await refusal(await askToRevoke(inviteId))).toBe("404 invite_not_found");
  });

  test("revoked with its credentials, it shuts out who came in by it, and nobody else", async () => {
    const { secret, inviteId } = await invite(chat.token, { role: "writer" });
    const guests = [await redeem(secret), await redeem(secret)];
    const other = await letIn(chat.token, "writer");
    const sockets = await Promise.all(guests.map(({ ticket }) => TestSocket.open({ id }, ticket)));
    await Promise.all(sockets.map((socket) => socket.first("synced")));
    await step(id);
    expect((await askToRevoke(inviteId, "?revokeCredentials=true")).status).toBe(204);
    await callWith(chat.token, "/messages", { body: { clientId: "after", content: "after" } });
    for (const socket of sockets) {
      expect(await socket.closed()).toBe(4401);
      expect(socket.messages).toEqual([]);
    }
    await step(id);
    for (const { token, ticket } of guests) {
      expect(await refusal(await callWith(token))).toBe("401 invalid_credential");
      expect(await (await TestSocket.open({ id }, ticket)).closed()).toBe(4401);
    }
    expect([await opens(other.token), await opens(chat.token)]).toEqual([true, true]);
    expect(await auditOf(id, "invite.revoked")).toHaveLength(1);
    expect(await auditOf(id, "credential.revoked")).toHaveLength(2);
  });

  test("a hand-off makes another device of the owner, once, within ten minutes", async () => {
    moveClock(0);
    const { secret, expiresAt } = await invite(chat.token, { role: "owner" });
    expect(Date.parse(expiresAt)).toBe(Date.now() + 10 * MINUTE_MS);
    await step(id);
    const device = await redeem(secret);
    expect(device.role).toBe("owner");
    expect(device.session).toEqual(
      (await json<SessionWithToken>(await callWith(chat.token))).session,
    );
    await step(id);
    expect(await refusedRedeem(secret)).toBe("410 invite_expired");
    expect(await rotated(device.token)).not.toBe(device.token);
    const { secret: late } = await invite(chat.token, { role: "owner" });
    moveClock(10 * MINUTE_MS);
    await step(id);
    expect(await refusedRedeem(late)).toBe("410 invite_expired");
  });

  test.each([
    { role: "writer", maxUses: 3, flood: 12 },
    { role: "owner", maxUses: 1, flood: 12 },
  ] as const)("of a flood exactly $maxUses come in as $role", async ({ role, maxUses, flood }) => {
    for (let round = 0; round < 4; round++) {
      const { secret, inviteId } = await invite(chat.token, { role, maxUses });
      await step(id);
      const answers = await Promise.all(Array.from({ length: flood }, () => askRedeem(secret)));
      const won = answers.filter(({ status }) => status === 200);
      expect(won).toHaveLength(maxUses);
      for (const lost of answers.filter((answer) => !won.includes(answer))) {
        expect(await refusal(lost)).toBe("410 invite_expired");
      }
      await step(id);
      const [listed] = await invitesOf(chat.token);
      expect(listed).toMatchObject({ inviteId, uses: maxUses, devices: maxUses });
      await askToRevoke(inviteId, "?revokeCredentials=true");
    }
    expect(await devicesOf(chat.token)).toHaveLength(1);
  });
});

describe("what a link looks like", () => {
  test("its secret is in the fragment, and nowhere that a server sees", async () => {
    const { url, secret } = await invite(chat.token, {
      role: "reader",
      pageUrl: `${ORIGIN}/help/chat?lang=de#top`,
    });
    const { origin, pathname, search, hash } = new URL(url);
    expect([origin, pathname, search]).toEqual([ORIGIN, "/help/chat", "?lang=de"]);
    expect(hash).toBe(`#ds-invite=${secret}`);
    expect(secret).toMatch(/^inv_[\w-]{32}\.[\w-]{12}\.[\w-]{54}$/);
    // Neither the list, nor what is stored, nor the audit trail has it.
    const random = secret.split(".")[2] ?? "";
    expect(await (await callWith(chat.token, "/invites")).text()).not.toContain(random);
    expect(await objectTables(id)).not.toContain(random);
    expect(JSON.stringify(await auditOf(id, "invite.created"))).not.toContain(random);
  });

  test("it leads to the page that asked, or to the Worker's own", async () => {
    const headers = { Origin: "http://localhost:5173" };
    const byPage = await callWith(chat.token, "/invites", { body: { role: "reader" }, headers });
    const { url } = await json<{ url: string }>(byPage);
    expect(url).toMatch(/^http:\/\/localhost:5173\/#ds-invite=inv_/);
    expect((await invite(chat.token, { role: "reader" })).url).toMatch(/^http:\/\/localhost\/#/);
  });

  test.each([
    OTHER_ORIGIN,
    "https://evil.example/",
    "https://shop.example.evil.example/",
    "https://shop.example@evil.example/",
    "http://shop.example/",
    "https://shop.example:8443/",
    "http://localhost.evil.example:80/",
  ])("not to %s, which the team does not list", async (pageUrl) => {
    const problem = await problemOf(await askInvite(chat.token, { role: "reader", pageUrl }));
    expect(problem.code).toBe("validation_failed");
    expect(problem.errors?.map(({ path }) => path)).toEqual(["/pageUrl"]);
  });

  test("nor to the team's page under somebody's name", async () => {
    const pageUrl = "https://support:now@shop.example/";
    const response = await askInvite(chat.token, { role: "reader", pageUrl });
    expect(await refusal(response)).toBe("422 validation_failed");
  });

  test.each([
    {},
    { role: "operator" },
    { role: "team" },
    { role: "reader", maxUses: 0 },
    { role: "reader", maxUses: 1001 },
    { role: "reader", expiresInSeconds: 0 },
    { role: "reader", expiresInSeconds: 30 * 86_400 + 1 },
    { role: "owner", maxUses: 2 },
    { role: "owner", expiresInSeconds: 601 },
    { role: "reader", pageUrl: "javascript:alert(1)" },
    { role: "reader", secret: "mine" },
  ])("%j is none", async (body) => {
    expect(await refusal(await askInvite(chat.token, body))).toBe("422 validation_failed");
    expect(await invitesOf(chat.token)).toEqual([]);
  });
});

describe("a hand-off wants a key that is fresh", () => {
  const handOff = (token: string) => askInvite(token, { role: "owner" });
  const NOT_FRESH = "403 fresh_credential_needed";

  beforeEach(() => {
    moveClock(0);
  });

  test("ten minutes old is too old, and a rotation helps", async () => {
    chat = await newSession(teamId);
    moveClock(10 * MINUTE_MS - 1);
    expect((await handOff(chat.token)).status).toBe(201);
    moveClock(1);
    expect(await refusal(await handOff(chat.token))).toBe(NOT_FRESH);
    expect((await askInvite(chat.token, { role: "writer" })).status).toBe(201);
    const successor = await rotated(chat.token);
    expect((await handOff(successor)).status).toBe(201);
    moveClock(10 * MINUTE_MS);
    expect(await refusal(await handOff(successor))).toBe(NOT_FRESH);
  });

  test("the one that was replaced is not, though it still opens", async () => {
    chat = await newSession(teamId);
    const successor = await rotated(chat.token);
    expect(await opens(chat.token)).toBe(true);
    expect(await refusal(await handOff(chat.token))).toBe(NOT_FRESH);
    expect((await handOff(successor)).status).toBe(201);
    expect(await refusal(await handOff(chat.token))).toBe(NOT_FRESH);
  });

  test("a key by a hand-off is fresh itself, and a guest's never", async () => {
    chat = await newSession(teamId);
    const device = await letIn(chat.token, "owner");
    expect((await handOff(device.token)).status).toBe(201);
    const guest = await letIn(chat.token, "writer");
    expect(await refusal(await handOff(guest.token))).toBe("403 forbidden");
    expect(
      await refusal(
        await call(`/api/sessions/${id}/invites`, { bearer: teamKey, body: { role: "owner" } }),
      ),
    ).toBe("403 forbidden");
  });
});

describe("caps", () => {
  test("a session has so many open links, and those that are over make room", async () => {
    moveClock(0);
    const links: Link[] = [];
    const over = Date.now() + 13 * MINUTE_MS;
    for (let link = 0; link < MAX_INVITES_PER_SESSION; link++) {
      if (link % INVITES_PER_MINUTE_PER_OWNER === 0) moveClock(2 * MINUTE_MS);
      const expiresInSeconds = (over - Date.now()) / 1000;
      links.push(await invite(chat.token, { role: "reader", expiresInSeconds, maxUses: 1 }));
    }
    const oneMore = () => askInvite(chat.token, { role: "reader" });
    moveClock(2 * MINUTE_MS);
    expect(await refusal(await oneMore())).toBe("409 too_many_invites");
    const guest = await redeem(links[0]?.secret ?? "");
    expect((await oneMore()).status).toBe(201);
    expect(await refusal(await oneMore())).toBe("409 too_many_invites");
    await askToRevoke(links[1]?.inviteId ?? "");
    expect((await oneMore()).status).toBe(201);
    vi.setSystemTime(over);
    expect((await oneMore()).status).toBe(201);
    // The one that let somebody in is still told of.
    expect(await invitesOf(chat.token)).toHaveLength(4);
    const stored = await runInDurableObject(objectOf(id), (_, { storage }) =>
      storage.sql.exec("SELECT id FROM invites").toArray(),
    );
    expect(stored).toHaveLength(4);
    expect(await opens(guest.token)).toBe(true);
  });

  test("guests leave room for the owner's devices, and failing costs no use", async () => {
    const { secret, inviteId } = await invite(chat.token, { role: "reader", maxUses: 1000 });
    const answers = await Promise.all(
      Array.from({ length: MAX_GUESTS_PER_SESSION + 3 }, () => askRedeem(secret)),
    );
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused).toHaveLength(3);
    for (const one of refused) expect(await refusal(one)).toBe("409 too_many_credentials");
    expect((await invitesOf(chat.token))[0]?.uses).toBe(MAX_GUESTS_PER_SESSION);
    for (let device = MAX_GUESTS_PER_SESSION + 1; device < MAX_CREDENTIALS_PER_SESSION; device++) {
      await letIn(chat.token, "owner");
    }
    const last = await invite(chat.token, { role: "owner" });
    expect(await refusedRedeem(last.secret)).toBe("409 too_many_credentials");
    await askToRevoke(inviteId, "?revokeCredentials=true");
    expect((await redeem(last.secret)).role).toBe("owner");
    expect(await refusedRedeem(secret)).toBe("410 invite_expired");
  });
});

describe("what opens nothing", () => {
  test("forged, unknown and foreign secrets are the same refusal, and wake nothing", async () => {
    const { secret } = await invite(chat.token, { role: "owner" });
    const [, inviteId = "", random = ""] = secret.split(".");
    const elsewhere = await newSession(teamId);
    const never = await newSessionId(await signingKeys(env), 1);
    const bad = [
      "inv_none",
      secret.slice(0, -1),
      `${secret}A`,
      `${secret} `,
      secret.slice(4),
      chat.token,
      `inv_${chat.token}`,
      teamKey,
      TEST_ADMIN_TOKEN,
      `${secret.slice(0, -1)}${secret.endsWith("A") ? "B" : "A"}`,
      `inv_${elsewhere.session.id}.${inviteId}.${random}`,
      `inv_${never}.${inviteId}.${random}`,
      `inv_${id}.${"A".repeat(12)}.${random}`,
      `inv_${id}.${inviteId}.${"A".repeat(54)}`,
      `inv_${id}.${inviteId}.${chat.token.split(".")[2]}`,
    ];
    const tables = await objectTables(id);
    const bodies = new Set<string>();
    for (const one of bad) {
      const response = await askRedeem(one);
      const headers = JSON.stringify(headersOf(response));
      bodies.add(headers + (await response.clone().text()));
      expect(await refusal(response), one).toBe("401 invalid_credential");
    }
    expect(bodies.size).toBe(1);
    expect(await objectTables(id)).toBe(tables);
    expect((await redeem(secret)).role).toBe("owner");
  });

  test("a secret is no token, and a token no secret", async () => {
    const { secret } = await invite(chat.token, { role: "owner" });
    for (const bearer of [secret, secret.slice(4)]) {
      const response = await call(`/api/sessions/${id}`, { bearer });
      expect(response.status).toBe(401);
    }
  });

  test("one of ours that the session does not know any more is over, whatever the reason", async () => {
    const keys = await signingKeys(env);
    const unknown = await mintInvite(keys, id);
    const never = await mintInvite(keys, await newSessionId(keys, 1));
    for (const { secret } of [unknown, never]) {
      expect(await refusedRedeem(secret)).toBe("410 invite_expired");
    }
    const { secret } = await invite(chat.token, { role: "reader" });
    await callWith(chat.token, "", { method: "DELETE" });
    expect(await refusedRedeem(secret)).toBe("410 invite_expired");
    expect(await refusal(await askInvite(chat.token, { role: "reader" }))).toBe(
      "410 session_terminated",
    );
  });

  test("nor does a session whose deadline is behind, though no alarm ran", async () => {
    moveClock(0);
    const { secret } = await invite(chat.token, { role: "reader", expiresInSeconds: 30 * 86_400 });
    moveClock(30 * DAY_MS - 1);
    expect((await askRedeem(secret)).status).toBe(200);
    const late = await newSession(teamId);
    const lateLink = await invite(late.token, { role: "reader", expiresInSeconds: 30 * 86_400 });
    moveClock(29 * DAY_MS);
    await redeem(lateLink.secret);
    expect(await refusedRedeem(secret)).toBe("410 invite_expired");
  });

  test("nor one of a disabled team", async () => {
    const disabled = await newTeam();
    chat = await newSession(disabled);
    const { secret } = await invite(chat.token, { role: "reader" });
    await call(`/api/admin/teams/${disabled}`, {
      bearer: TEST_ADMIN_TOKEN,
      method: "PATCH",
      body: { disabled: true },
    });
    expect(await refusedRedeem(secret)).toBe("403 team_disabled");
    expect(await refusal(await askInvite(chat.token, { role: "reader" }))).toBe(
      "403 team_disabled",
    );
  });
});

describe("from where", () => {
  const redeemFrom = (secret: string, Origin: string) => askRedeem(secret, {}, { Origin });

  test.each(["https://evil.example", "null", `${ORIGIN}.evil.example`, OTHER_ORIGIN])(
    "not from %s",
    async (origin) => {
      const { secret } = await invite(chat.token, { role: "reader", maxUses: 1 });
      const response = await redeemFrom(secret, origin);
      if (origin !== OTHER_ORIGIN) {
        expect(response.headers.has("Access-Control-Allow-Origin")).toBe(false);
      }
      expect(await refusal(response)).toBe("403 origin_not_allowed");
      const allowed = await redeemFrom(secret, ORIGIN);
      expect(allowed.headers.get("Access-Control-Allow-Origin")).toBe(ORIGIN);
      expect(allowed.status).toBe(200);
    },
  );

  test("nor from another team's page while the index is down and the Worker has forgotten the team", async () => {
    const { secret } = await invite(chat.token, { role: "reader" });
    const { teamNumber = 0 } = (await readInvite(await signingKeys(env), secret)) ?? {};
    forgetTeam(teamId, teamNumber);
    await redeemFrom("inv_none", OTHER_ORIGIN);
    const heal = breakIndex();
    try {
      const response = await redeemFrom(secret, OTHER_ORIGIN);
      expect(await refusal(response)).toBe("403 origin_not_allowed");
      const pageUrl = `${ORIGIN}/chat`;
      expect((await askInvite(chat.token, { role: "reader", pageUrl })).status).toBe(201);
    } finally {
      heal();
    }
  });
});

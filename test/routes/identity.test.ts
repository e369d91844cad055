/** Who somebody is: bound to a session by a token of the team's backend, and by nothing else. */
import { env } from "cloudflare:workers";
import { base64url, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { OpenedSession, SessionList, SessionWithToken } from "../../src/protocol/rest.ts";
import type { CreatedInvite } from "../../src/protocol/sharing.ts";
import { api, call, newSession, newTeam } from "../support/api.ts";
import { moveClock } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import {
  type Claims,
  type IdentitySigner,
  identityToken,
  newIdentitySigner,
} from "../support/identity.ts";
import { breakIndex } from "../support/index-database.ts";
import { headersOf, problemOf, refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";

afterEach(() => {
  vi.useRealTimers();
});

let teamId: string;
let signer: IdentitySigner;

beforeAll(async () => {
  teamId = await newTeam();
  signer = await newIdentitySigner(api, teamId);
});

const identify = ({ session, token }: SessionWithToken, identityToken: string) =>
  call(`/api/sessions/${session.id}/identify`, { bearer: token, body: { identityToken } });

const identifyAs = async (chat: SessionWithToken, sub: string) =>
  identify(chat, await identityToken(signer, { sub }));

/** The session as the person holds it from then on. */
async function identified(chat: SessionWithToken, sub: string): Promise<SessionWithToken> {
  const response = await identifyAs(chat, sub);
  expect(response.status).toBe(200);
  return await response.json();
}

const resume = (body: object) => call("/api/sessions/resume", { body: { teamId, ...body } });

const resumeAs = async (sub: string, more: object = {}) =>
  resume({ identityToken: await identityToken(signer, { sub }), ...more });

const validate = ({ session, token }: SessionWithToken) =>
  call(`/api/sessions/${session.id}/validate`, { bearer: token });

const person = () => `user-${crypto.randomUUID()}`;

describe("identify", () => {
  test.each(["HS256", "ES256"] as const)(
    "binds the session to a person, by %s",
    async (algorithm) => {
      const signing = await newIdentitySigner(api, teamId, algorithm);
      const chat = await newSession(teamId);
      const sub = person();
      const response = await identify(chat, await identityToken(signing, { sub }));
      expect(response.status).toBe(200);
      const { session, token, ticket } = await response.json<OpenedSession>();
      expect(session).toMatchObject({ id: chat.session.id, userId: sub });
      expect(session.version).toBeGreaterThan(chat.session.version);
      expect(token).toEqual(expect.any(String));
      expect(ticket).toEqual(expect.any(String));
    },
  );

  test("gives its caller a new token, and the old one is dead (ASVS 7.2.4)", async () => {
    const chat = await newSession(teamId);
    const mine = await identified(chat, person());
    expect(mine.token).not.toBe(chat.token);
    expect((await validate(mine)).status).toBe(200);
    expect(await refusal(await validate(chat))).toBe("401 invalid_credential");
    await evict(chat.session.id);
    expect(await refusal(await validate(chat))).toBe("401 invalid_credential");
  });

  test("once more by the same person changes nothing: other devices stay", async () => {
    const sub = person();
    const mine = await identified(await newSession(teamId), sub);
    const response = await identifyAs(mine, sub);
    const again = await response.json<OpenedSession>();
    expect(again).not.toHaveProperty("token");
    expect(again.session.version).toBe(mine.session.version);
    expect((await validate(mine)).status).toBe(200);
  });

  test("by somebody else later: 409, and nothing changes", async () => {
    const mine = await identified(await newSession(teamId), person());
    expect(await refusal(await identifyAs(mine, person()))).toBe("409 identity_conflict");
    expect((await validate(mine)).status).toBe(200);
  });

  test("is the owner's: nobody, a foreign session's owner or an ended session's may not", async () => {
    const [chat, other] = [await newSession(teamId), await newSession(teamId)];
    const token = await identityToken(signer, { sub: person() });
    const stolen = { session: chat.session, token: other.token, ticket: other.ticket };
    expect(await refusal(await identify(stolen, token))).toBe("401 invalid_credential");
    await call(`/api/sessions/${chat.session.id}`, { method: "DELETE", bearer: chat.token });
    expect(await refusal(await identify(chat, token))).toBe("410 session_terminated");
    // A refusal uses no token up.
    expect((await identify(other, token)).status).toBe(200);
  });

  test("at the same time by two people binds it to one", async () => {
    const chat = await newSession(teamId);
    const answers = await Promise.all([identifyAs(chat, person()), identifyAs(chat, person())]);
    const statuses = answers.map(({ status }) => status).sort();
    // The slower one finds its token dead, or the session taken, depending on where it was.
    expect(statuses[0]).toBe(200);
    expect([401, 409]).toContain(statuses[1]);
  });
});

describe("whoever planted or shared a key of the session gains nothing when the person identifies", () => {
  test("tokens, tickets, sockets, invites and the idempotency key of before open nothing", async () => {
    const key = crypto.randomUUID().replaceAll("-", "");
    const headers = { "Idempotency-Key": key };
    const planted = await newSession(teamId, { headers });
    const second = await newSession(teamId, { headers });
    expect(second.session.id).toBe(planted.session.id);
    const path = `/api/sessions/${planted.session.id}`;
    const invites = await Promise.all(
      ["owner", "writer", "reader"].map(async (role) => {
        const made = await call(`${path}/invites`, { bearer: planted.token, body: { role } });
        expect(made.status).toBe(201);
        return (await made.json<CreatedInvite>()).url.split("#ds-invite=")[1];
      }),
    );
    const guest = await call("/api/invites/redeem", { body: { secret: invites[2] } });
    const reader = await guest.json<SessionWithToken>();
    const sockets = await Promise.all(
      [planted, second, reader].map(({ session, ticket }) => TestSocket.open(session, ticket)),
    );

    const mine = await identified(second, person());

    for (const socket of sockets) expect(await socket.closed()).toBe(4401);
    for (const dead of [planted, second, reader]) {
      expect(await refusal(await validate(dead))).toBe("401 invalid_credential");
      const late = await TestSocket.open(dead.session, dead.ticket);
      expect(await late.closed()).toBe(4401);
    }
    for (const secret of invites) {
      const redeemed = await call("/api/invites/redeem", { body: { secret } });
      expect(await refusal(redeemed)).toBe("410 invite_expired");
    }
    const again = await call("/api/sessions/create", { body: { teamId }, headers });
    expect(await refusal(again)).toBe("409 idempotency_key_expired");
    const devices = await call(`${path}/devices`, { bearer: mine.token });
    expect(await devices.json()).toMatchObject({ devices: [{ current: true, role: "owner" }] });
  });

  test("a session planted as somebody else's is refused, and the person's own stays out of reach", async () => {
    const attacker = await identified(await newSession(teamId), person());
    const sub = person();
    const own = await identified(await newSession(teamId), sub);
    expect(await refusal(await identifyAs(attacker, sub))).toBe("409 identity_conflict");
    expect(await refusal(await resumeAs(sub, { sessionId: attacker.session.id }))).toBe(
      "404 session_not_found",
    );
    const path = `/api/sessions/${own.session.id}/messages`;
    expect(await refusal(await call(path, { bearer: attacker.token }))).toBe(
      "401 invalid_credential",
    );
  });

  test("nobody is found by e-mail, phone or fingerprint: only `sub` tells", async () => {
    const same = { email: "a@example.org", phone_number: "+49", name: "A" };
    const headers = {};
    const body = { userFingerprint: "the same browser" };
    const chats = await Promise.all([
      newSession(teamId, { headers, body }),
      newSession(teamId, { headers, body }),
    ]);
    const [one, two] = [person(), person()];
    await identify(chats[0], await identityToken(signer, { ...same, sub: one }));
    await identify(chats[1], await identityToken(signer, { ...same, sub: two }));
    const resumed = await resume({
      identityToken: await identityToken(signer, { ...same, sub: one }),
    });
    const { session } = await resumed.json<SessionWithToken>();
    expect(session.id).toBe(chats[0].session.id);
    const stranger = await resume({
      identityToken: await identityToken(signer, { ...same, sub: person() }),
    });
    expect(await refusal(stranger)).toBe("404 session_not_found");
  });
});

describe("resume", () => {
  test("opens the person's latest session with a key of its own", async () => {
    const sub = person();
    const first = await identified(await newSession(teamId), sub);
    moveClock(60_000);
    const latest = await identified(await newSession(teamId), sub);
    const response = await resumeAs(sub);
    expect(response.status).toBe(200);
    const other = await response.json<SessionWithToken>();
    expect(other.session).toMatchObject({ id: latest.session.id, userId: sub });
    expect(other.token).not.toBe(latest.token);
    for (const mine of [first, latest, other]) expect((await validate(mine)).status).toBe(200);
  });

  test("opens the one that is named", async () => {
    const sub = person();
    const first = await identified(await newSession(teamId), sub);
    await identified(await newSession(teamId), sub);
    const response = await resumeAs(sub, { sessionId: first.session.id });
    const { session } = await response.json<SessionWithToken>();
    expect(session.id).toBe(first.session.id);
  });

  test("finds the latest that is still active", async () => {
    const sub = person();
    const kept = await identified(await newSession(teamId), sub);
    moveClock(60_000);
    const ended = await identified(await newSession(teamId), sub);
    await call(`/api/sessions/${ended.session.id}`, { method: "DELETE", bearer: ended.token });
    const { session } = await (await resumeAs(sub)).json<SessionWithToken>();
    expect(session.id).toBe(kept.session.id);
  });

  test("of another's, a foreign team's, an ended, an unknown or a forged session: the same 404", async () => {
    const sub = person();
    const ended = await identified(await newSession(teamId), sub);
    await call(`/api/sessions/${ended.session.id}`, { method: "DELETE", bearer: ended.token });
    const another = await identified(await newSession(teamId), person());
    const nobodys = await newSession(teamId);
    const foreign = await newSession(await newTeam());
    const seen = new Set<string>();
    for (const sessionId of [
      ended.session.id,
      another.session.id,
      nobodys.session.id,
      foreign.session.id,
      "A".repeat(32),
      "x",
    ]) {
      const response = await resumeAs(sub, { sessionId });
      expect(await refusal(response.clone())).toBe("404 session_not_found");
      seen.add(JSON.stringify([headersOf(response), await response.text()]));
    }
    expect(seen.size).toBe(1);
  });

  test("with all places taken, takes that of the device longest unused", async () => {
    const sub = person();
    const oldest = await identified(await newSession(teamId), sub);
    let newest = oldest;
    for (let device = 0; device < 32; device++) {
      moveClock(device * 1_000);
      newest = await (await resumeAs(sub)).json<SessionWithToken>();
    }
    expect(await refusal(await validate(oldest))).toBe("401 invalid_credential");
    expect((await validate(newest)).status).toBe(200);
    const path = `/api/sessions/${newest.session.id}/devices`;
    const { devices } = await (await call(path, { bearer: newest.token })).json<{
      devices: unknown[];
    }>();
    expect(devices).toHaveLength(32);
  });

  test("with all places taken, leaves those who are connected theirs, however long they have been", async () => {
    const sub = person();
    const connected = await identified(await newSession(teamId), sub);
    const socket = await TestSocket.open(connected.session, connected.ticket);
    await socket.first("synced");
    const longest = await (await resumeAs(sub)).json<SessionWithToken>();
    for (let device = 0; device < 31; device++) {
      moveClock(1_000);
      await resumeAs(sub);
    }
    expect((await validate(connected)).status).toBe(200);
    expect(await refusal(await validate(longest))).toBe("401 invalid_credential");
    expect(socket.closeCode).toBeUndefined();
    socket.close();
  });

  test("puts the token into a cookie where that is asked for", async () => {
    const sub = person();
    await identified(await newSession(teamId), sub);
    const response = await resumeAs(sub, { tokenTransport: "cookie" });
    expect(response.headers.get("Set-Cookie")).toMatch(`__Host-ds.${teamId}=`);
    expect(await response.json()).not.toHaveProperty("token");
  });
});

test("who has no session yet can make one with the token that resumed none", async () => {
  const token = await identityToken(signer, { sub: person() });
  expect(await refusal(await resume({ identityToken: token }))).toBe("404 session_not_found");
  expect((await identify(await newSession(teamId), token)).status).toBe(200);
});

describe("an identity token", () => {
  const seconds = () => Math.floor(Date.now() / 1000);

  test("is good once, for whatever it was used", async () => {
    const sub = person();
    const token = await identityToken(signer, { sub });
    const [one, other] = [await newSession(teamId), await newSession(teamId)];
    const answers = await Promise.all([identify(one, token), identify(other, token)]);
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 401]);
    expect(await refusal(await resume({ identityToken: token }))).toBe(
      "401 invalid_identity_token",
    );
  });

  test("with the same `jti` in another team is another token", async () => {
    const elsewhere = await newTeam();
    const claims = { sub: person(), jti: crypto.randomUUID() };
    const there = await newIdentitySigner(api, elsewhere);
    for (const [team, signing] of [
      [teamId, signer],
      [elsewhere, there],
    ] as const) {
      const chat = await newSession(team);
      expect((await identify(chat, await identityToken(signing, claims))).status).toBe(200);
    }
  });

  const bad: readonly [title: string, claims: () => Claims, header?: object][] = [
    ["without a `sub`", () => ({})],
    ["whose `sub` is a number", () => ({ sub: 7 })],
    ["whose `sub` is empty", () => ({ sub: "" })],
    ["whose `sub` is too long", () => ({ sub: "x".repeat(257) })],
    ["without a `jti`", () => ({ sub: "a", jti: undefined })],
    ["whose `jti` is empty", () => ({ sub: "a", jti: "" })],
    ["whose `sub` would be stored as somebody else's", () => ({ sub: "a\ud800" })],
    ["whose `jti` would be stored as another one", () => ({ sub: "a", jti: "j\ud800" })],
    ["without an `exp`", () => ({ sub: "a", exp: undefined })],
    [
      "that has expired, by more than the clocks may differ",
      () => ({ sub: "a", exp: seconds() - 31 }),
    ],
    ["that is valid for longer than five minutes", () => ({ sub: "a", exp: seconds() + 335 })],
    ["that is not valid yet", () => ({ sub: "a", nbf: seconds() + 60 })],
    ["without an audience", () => ({ sub: "a", aud: undefined })],
    ["for another team", () => ({ sub: "a", aud: "another" })],
    ["for several audiences", () => ({ sub: "a", aud: [teamId, "another"] })],
    ["with an unknown `kid`", () => ({ sub: "a" }), { kid: "unknown" }],
    ["without a `kid`", () => ({ sub: "a" }), { kid: undefined }],
    ["with a critical extension", () => ({ sub: "a" }), { crit: ["exp"] }],
  ];

  test.each(bad)("%s is none: 401, and the session stays nobody's", async (_, claims, header) => {
    const chat = await newSession(teamId);
    let token: string;
    try {
      token = await identityToken(signer, claims(), header);
    } catch {
      // The library refuses to make it; put together by hand it must be refused all the same.
      token = byHand({ alg: "HS256", kid: signer.kid, ...header }, claims());
    }
    expect(await refusal(await identify(chat, token))).toBe("401 invalid_identity_token");
    expect((await validate(chat)).status).toBe(200);
    expect(await (await validate(chat)).json()).not.toHaveProperty("session.userId");
  });

  const byHand = (header: object, claims: object) =>
    `${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(claims))}.AAAA`;

  test.each([-29, 325])("is good %i seconds from its expiry: clocks differ", async (left) => {
    const chat = await newSession(teamId);
    const token = await identityToken(signer, { sub: person(), exp: seconds() + left });
    expect((await identify(chat, token)).status).toBe(200);
  });

  test("is refused however it is forged", async () => {
    const es256 = await newIdentitySigner(api, teamId, "ES256");
    const foreign = await newIdentitySigner(api, await newTeam());
    const claims = { sub: "a", aud: teamId, jti: "j", exp: seconds() + 60 };
    const good = await identityToken(signer, { sub: "a" });
    const [head, payload, signature] = good.split(".");
    const unsigned = new UnsecuredJWT(claims).setJti("j").encode();
    const confused = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", kid: es256.kid })
      .sign(new TextEncoder().encode(JSON.stringify({ kty: "EC", crv: "P-256" })));
    const chat = await newSession(teamId);
    for (const token of [
      "",
      "none",
      unsigned,
      confused,
      `${head}.${payload}.`,
      `${head}.${payload}.${signature?.slice(0, -2)}`,
      `${head}.${base64url.encode(JSON.stringify({ ...claims, sub: "b" }))}.${signature}`,
      byHand({ alg: "none", kid: signer.kid }, claims),
      byHand({ alg: "HS512", kid: signer.kid }, claims),
      await identityToken({ ...foreign, teamId }, { sub: "a" }),
      await identityToken({ ...signer, key: foreign.key }, { sub: "a" }),
      await identityToken({ ...signer, kid: es256.kid }, { sub: "a" }),
    ]) {
      const response = await identify(chat, token);
      const code = token === "" ? "422 validation_failed" : "401 invalid_identity_token";
      expect(await refusal(response), token).toBe(code);
    }
  });

  test("signed with a key that was revoked is none within a minute; the key beside it goes on", async () => {
    const old = await newIdentitySigner(api, teamId);
    const before = await newSession(teamId);
    const sub = person();
    expect((await identify(before, await identityToken(old, { sub }))).status).toBe(200);
    // As another isolate does, of which this one hears nothing.
    await env.INDEX_DB.prepare("UPDATE identity_keys SET revoked_at = 1 WHERE kid = ?")
      .bind(old.kid)
      .run();
    moveClock(60_000);
    const after = await newSession(teamId);
    const refused = await identify(after, await identityToken(old, { sub }));
    expect(await refusal(refused)).toBe("401 invalid_identity_token");
    expect((await identify(after, await identityToken(signer, { sub }))).status).toBe(200);
  });

  test("is in no answer and no row", async () => {
    const token = await identityToken(signer, { sub: person() });
    const response = await identify(await newSession(teamId), token);
    expect(await response.text()).not.toContain(token);
    const rows = await env.INDEX_DB.prepare("SELECT * FROM used_identity_tokens").all();
    expect(JSON.stringify(rows.results)).not.toContain(token.split(".")[2]);
  });
});

describe("the owner of an identified session", () => {
  test("finds that person's sessions, and nobody else's", async () => {
    const sub = person();
    const body = { userFingerprint: "kiosk" };
    const mine = await identified(await newSession(teamId, { body }), sub);
    const also = await identified(await newSession(teamId), sub);
    await identified(await newSession(teamId, { body }), person());
    await newSession(teamId, { body });
    const ids = async (path: string) => {
      const response = await call(path, { bearer: mine.token });
      expect(response.status).toBe(200);
      return (await response.json<SessionList>()).sessions.map(({ id }) => id).sort();
    };
    expect(await ids(`/api/teams/${teamId}/sessions`)).toEqual(
      [mine.session.id, also.session.id].sort(),
    );
    expect(await ids(`/api/sessions/fingerprint/kiosk/${teamId}`)).toEqual([mine.session.id]);
    expect(await ids(`/api/teams/${teamId}/sessions?userId=somebody-else`)).toEqual(
      [mine.session.id, also.session.id].sort(),
    );
  });

  test("asks for its own team only; one who is nobody in particular asks for nothing", async () => {
    const mine = await identified(await newSession(teamId), person());
    const foreign = await call(`/api/teams/${await newTeam()}/sessions`, { bearer: mine.token });
    expect(await refusal(foreign)).toBe("404 team_not_found");
    const nobody = await newSession(teamId);
    const refused = await call(`/api/teams/${teamId}/sessions`, { bearer: nobody.token });
    expect(await refusal(refused)).toBe("403 forbidden");
    const stats = await call(`/api/sessions/stats/${teamId}`, { bearer: mine.token });
    expect(await refusal(stats)).toBe("403 forbidden");
  });
});

test("while the index is down nobody is identified or resumed, and nothing is used up", async () => {
  const chat = await newSession(teamId);
  const sub = person();
  const token = await identityToken(signer, { sub });
  await validate(chat);
  const mend = breakIndex("fails");
  const refused = await identify(chat, token);
  expect(await problemOf(refused)).toMatchObject({ status: 503, code: "unavailable" });
  mend();
  expect((await identify(chat, token)).status).toBe(200);
});

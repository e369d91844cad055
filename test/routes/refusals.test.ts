/** Refusals give nothing away: what does not open looks the same, whatever the reason. Who is let in: access-matrix.test.ts. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { mintOperatorToken } from "../../src/credentials/operator-token.ts";
import { newSessionId } from "../../src/credentials/session-id.ts";
import { mintTeamKey } from "../../src/credentials/team-key.ts";
import { mintTicket } from "../../src/credentials/ticket.ts";
import { mintToken } from "../../src/credentials/token.ts";
import { mayRole, mayScope, type SessionOperation } from "../../src/domain/access.ts";
import { Keys, signingKeys } from "../../src/keys.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { KEY_SCOPES, type OperatorToken } from "../../src/protocol/team.ts";
import { call, newSession, newTeam, newTeamKey, things } from "../support/api.ts";
import { DAY_MS, moveClock } from "../support/clock.ts";
import { revoke } from "../support/credentials.ts";
import { headersOf, problemOf, refusal } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import { type RouteSample, requestOf, SAMPLES, samplesFor } from "./sample-requests.ts";

afterEach(() => {
  vi.useRealTimers();
});

const OTHER_KEYS = "1:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";

let teamId: string;
let teamKey: string;
let mine: SessionWithToken;
let another: SessionWithToken;
let foreign: SessionWithToken;

beforeAll(async () => {
  teamId = await newTeam();
  teamKey = await newTeamKey(teamId);
  [mine, another] = [await newSession(teamId), await newSession(teamId)];
  foreign = await newSession(await newTeam());
});

const send = (sample: RouteSample, bearer: string | undefined, id = mine.session.id) =>
  call(sample.path({ id, teamId }), { bearer, ...requestOf(sample, { id, teamId }) });

/** All of an answer that a caller can see. */
async function seen(response: Response): Promise<string> {
  return JSON.stringify([response.status, headersOf(response), await response.text()]);
}

test("an id of dots leads from no message, device or link to their session", async () => {
  for (const place of ["messages", "devices", "invites"]) {
    const path = `/api/sessions/${mine.session.id}/${place}/..`;
    for (const bearer of [mine.token, teamKey]) {
      const response = await call(path, { method: "DELETE", bearer });
      expect(await refusal(response)).toBe("404 not_found");
    }
  }
  const response = await call(`/api/sessions/${mine.session.id}`, { bearer: mine.token });
  expect(await response.json()).toMatchObject({ session: { status: "active" } });
});

describe("without a credential", () => {
  const closed = SAMPLES.filter(
    ({ endpoint }) => !["public", "creation"].includes(endpoint.audience),
  );

  test.each(closed)("or with a header that is no bearer's: $title", async (sample) => {
    const names = { id: mine.session.id, teamId };
    const expected = await seen(await send(sample, undefined));
    for (const authorization of [
      "",
      "Bearer",
      "Bearer ",
      "Basic dTpw",
      `${mine.token}`,
      "Bearer ä b",
    ]) {
      const response = await call(sample.path(names), {
        ...requestOf(sample, names),
        headers: { Authorization: encodeURI(authorization).replaceAll("%20", " ") },
      });
      expect(await seen(response)).toBe(expected);
    }
  });
});

describe("a credential that does not fit is one and the same 401", () => {
  /** Ids and tokens that do not belong together, each for a reason of its own. */
  async function misfits(): Promise<[title: string, token: string, id: string][]> {
    const keys = await signingKeys(env);
    const otherKeys = await Keys.parse(OTHER_KEYS);
    const { id } = mine.session;
    const [, credentialId, secret = ""] = mine.token.split(".");
    const flipped = secret.startsWith("A") ? `B${secret.slice(1)}` : `A${secret.slice(1)}`;
    const never = await newSessionId(keys, 1);
    const { number } = (await teamOf(teamId)) ?? { number: 0 };
    const neverHere = await newSessionId(keys, number);
    const revoked = await newSession(teamId);
    await revoke(revoked.token);
    // One a session: an owner makes so many in a minute and no more.
    const inviting = await newSession(teamId);
    return [
      ["nonsense", "nonsense", id],
      ["a changed secret", `${id}.${credentialId}.${flipped}`, id],
      ["another deployment's", (await mintToken(otherKeys, id)).token, id],
      ["our own tag, but never issued", (await mintToken(keys, id)).token, id],
      ["of another session of the team", another.token, id],
      ["of a session of another team", foreign.token, id],
      ["for a session that was never created", (await mintToken(keys, never)).token, never],
      ["for one never created in the team", (await mintToken(keys, neverHere)).token, neverHere],
      ["for an id without a tag of ours", mine.token, "A".repeat(32)],
      ["for an id that is none", mine.token, "no-id"],
      ["a ticket", mine.ticket, id],
      [
        "a fresh ticket",
        await mintTicket(keys, { sessionId: id, credentialId: "A".repeat(12) }, 0),
        id,
      ],
      ["revoked", revoked.token, revoked.session.id],
      ["a team key that never was", (await mintTeamKey(keys)).key, id],
      ["a team key of another deployment", (await mintTeamKey(otherKeys)).key, id],
      ["a team key cut short", teamKey.slice(0, -1), id],
      ["an operator's token that never was", (await mintOperatorToken(keys)).token, id],
      ["an operator's token of another deployment", (await mintOperatorToken(otherKeys)).token, id],
      ["an invite's secret", (await things.invite(inviting, "reader")).secret, inviting.session.id],
      ["the administrator's", TEST_ADMIN_TOKEN, id],
    ];
  }

  const teamOf = (id: string) =>
    env.INDEX_DB.prepare("SELECT number FROM teams WHERE id = ?")
      .bind(id)
      .first<{ number: number }>();

  test.each(samplesFor("session"))("$title", async (sample) => {
    const first = await send(sample, "nonsense");
    expect(await refusal(first.clone())).toBe("401 invalid_credential");
    const expected = await seen(first);
    for (const [title, token, id] of await misfits()) {
      expect(await seen(await send(sample, token, id)), title).toBe(expected);
    }
  });

  test.each(samplesFor("team"))("$title", async (sample) => {
    const expected = await seen(await send(sample, "nonsense"));
    const keys = await signingKeys(env);
    for (const key of [(await mintTeamKey(keys)).key, teamKey.slice(0, -1), TEST_ADMIN_TOKEN]) {
      expect(await seen(await send(sample, key))).toBe(expected);
    }
  });
});

describe("a team key", () => {
  const forTeams = samplesFor("session").filter(({ endpoint }) =>
    KEY_SCOPES.some((scope) => mayScope(endpoint.access as SessionOperation, [scope])),
  );

  test.each(forTeams)("finds nothing of another team: $title", (sample) =>
    expectNothingFound(sample, teamKey),
  );

  test.each(
    samplesFor("session").filter(({ endpoint }) =>
      mayRole(endpoint.access as SessionOperation, "operator"),
    ),
  )("no more does an operator: $title", async (sample) => {
    const key = await newTeamKey(teamId);
    const body = { operatorId: "anna", name: "Anna" };
    const signedIn = await call(`/api/teams/${teamId}/operators`, { bearer: key, body });
    const { operatorToken } = await signedIn.json<OperatorToken>();
    await expectNothingFound(sample, operatorToken);
  });

  /** A foreign session is as one that never was, and as no session at all. */
  async function expectNothingFound(sample: RouteSample, bearer: string): Promise<void> {
    const keys = await signingKeys(env);
    const [{ number = 0 } = {}] = (
      await env.INDEX_DB.prepare("SELECT number FROM teams WHERE id = ?").bind(teamId).all()
    ).results as { number?: number }[];
    const unknown = [
      await newSessionId(keys, number),
      await newSessionId(keys, 4_000_000_000),
      "A".repeat(32),
      "no-id",
    ];
    const foreignAnswer = await send(sample, bearer, foreign.session.id);
    expect(await refusal(foreignAnswer.clone())).toBe("404 session_not_found");
    const expected = await seen(foreignAnswer);
    for (const id of unknown) expect(await seen(await send(sample, bearer, id))).toBe(expected);
  }

  test.each(samplesFor("team", "person"))("finds no other team: $title", async (sample) => {
    const others = [foreign.session.teamId, "no-such-team", "%00", "x".repeat(300)];
    const answers = await Promise.all(
      others.map(async (other) =>
        seen(
          await call(sample.path({ id: "", teamId: other }), {
            bearer: teamKey,
            ...requestOf(sample, { id: "", teamId: other }),
          }),
        ),
      ),
    );
    expect(answers[0]).toContain("team_not_found");
    expect(new Set(answers).size).toBe(1);
  });

  test("that is revoked opens nothing, at once where it was revoked", async () => {
    const key = await newTeamKey(teamId);
    const keyId = key.split("_")[1];
    const stats = () => call(`/api/sessions/stats/${teamId}`, { bearer: key });
    expect((await stats()).status).toBe(200);
    const path = `/api/admin/teams/${teamId}/keys/${keyId}`;
    const answer = await call(path, { method: "DELETE", bearer: TEST_ADMIN_TOKEN });
    expect(answer.status).toBe(204);
    expect(await refusal(await stats())).toBe("401 invalid_credential");
  });

  test("that is revoked elsewhere opens nothing a minute later", async () => {
    const key = await newTeamKey(teamId);
    const stats = () => call(`/api/sessions/stats/${teamId}`, { bearer: key });
    expect((await stats()).status).toBe(200);
    await env.INDEX_DB.prepare("UPDATE team_keys SET revoked_at = 1 WHERE id = ?")
      .bind(key.split("_")[1])
      .run();
    moveClock(60_000);
    expect(await refusal(await stats())).toBe("401 invalid_credential");
  });

  test("is its secret: one that was replaced opens nothing, though its tag is ours", async () => {
    const key = await newTeamKey(teamId);
    await env.INDEX_DB.prepare("UPDATE team_keys SET secret_hash = 'another' WHERE id = ?")
      .bind(key.split("_")[1])
      .run();
    const response = await call(`/api/sessions/stats/${teamId}`, { bearer: key });
    expect(await refusal(response)).toBe("401 invalid_credential");
  });

  test("is refused with any Origin, its team's own too", async () => {
    for (const sample of samplesFor("session", "team", "creation")) {
      const names = { id: mine.session.id, teamId };
      const response = await call(sample.path(names), {
        bearer: teamKey,
        ...requestOf(sample, names),
        headers: { Origin: "https://shop.example" },
      });
      expect(await refusal(response)).toBe("403 origin_not_allowed");
    }
  });
});

describe("an ended session", () => {
  test.each(["terminated", "expired"])("that is %s keeps what was said in it", async (how) => {
    const chat = await newSession(teamId);
    const path = `/api/sessions/${chat.session.id}`;
    const { token: bearer } = chat;
    await call(`${path}/messages`, { bearer, body: { clientId: "last", content: "Good-bye" } });
    if (how === "terminated") await call(path, { method: "DELETE", bearer });
    else moveClock(31 * DAY_MS);
    const kept = await call(`${path}/messages`, { bearer });
    expect(await kept.json()).toMatchObject({ messages: [{ content: "Good-bye" }] });
  });

  test("opens to no other credential than before", async () => {
    const chat = await newSession(teamId);
    await call(`/api/sessions/${chat.session.id}`, { method: "DELETE", bearer: chat.token });
    const response = await call(`/api/sessions/${chat.session.id}/validate`, {
      bearer: mine.token,
    });
    expect(await refusal(response)).toBe("401 invalid_credential");
  });
});

test("a disabled team's sessions are shut, and open again with it", async () => {
  const id = await newTeam();
  const chat = await newSession(id);
  const key = await newTeamKey(id);
  const setDisabled = (disabled: boolean) =>
    call(`/api/admin/teams/${id}`, {
      method: "PATCH",
      bearer: TEST_ADMIN_TOKEN,
      body: { disabled },
    });
  await setDisabled(true);
  for (const bearer of [chat.token, key]) {
    const response = await call(`/api/sessions/${chat.session.id}/validate`, { bearer });
    expect(await refusal(response)).toBe("403 team_disabled");
  }
  await setDisabled(false);
  const response = await call(`/api/sessions/${chat.session.id}/validate`, { bearer: chat.token });
  expect(response.status).toBe(200);
});

describe("where there is nothing", () => {
  test.each(["/api/", "/api/nothing", "/api/sessions", "/api/sessions/a/b/c", "/api//health"])(
    "%s: 404 not_found",
    async (path) => {
      expect(await refusal(await call(path))).toBe("404 not_found");
    },
  );

  // A word in the place of an id is the name of a session, or of a message, to the other methods.
  const named = SAMPLES.filter(
    ({ pattern }) => !/^\/api\/sessions\/(:id\/messages\/)?\w+$/.test(pattern),
  );

  test.each(named)("$title has no other methods than it says", async ({ pattern, path }) => {
    const known = SAMPLES.filter((sample) => sample.pattern === pattern).map(
      ({ method }) => method,
    );
    const names = { id: mine.session.id, teamId };
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      if (known.includes(method)) continue;
      const response = await call(path(names), { method, bearer: mine.token });
      expect((await problemOf(response)).code).toBe("method_not_allowed");
      expect(response.headers.get("Allow")).toBe([...known, "OPTIONS"].join(", "));
    }
  });
});

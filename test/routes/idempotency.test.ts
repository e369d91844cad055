/** One key, one session: two tabs, a retry or a double click get the same, each caller a credential of its own. */
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MAX_CREDENTIALS_PER_SESSION } from "../../src/protocol/limits.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newTeam, newTeamKey } from "../support/api.ts";
import { MINUTE_MS, moveClock } from "../support/clock.ts";
import { RESIDENCIES, stepper } from "../support/eviction.ts";
import { problemOf, refusal } from "../support/problem.ts";
import { askRevoke, credentialIdOf, letIn } from "../support/sharing.ts";

afterEach(() => {
  vi.useRealTimers();
});

const newKey = () =>
  crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });

const create = (teamId: string, key: string, bearer?: string) =>
  call("/api/sessions/create", { body: { teamId }, headers: { "Idempotency-Key": key }, bearer });

const created = async (response: Response) => {
  expect(response.ok, await response.clone().text()).toBe(true);
  return response.json<SessionWithToken>();
};

const validate = (id: string, token: string) =>
  call(`/api/sessions/${id}/validate`, { bearer: token });

test("the second call answers 200 with the same session and another credential; both open it", async () => {
  const teamId = await newTeam();
  const key = newKey();
  const responses = [await create(teamId, key), await create(teamId, key)];
  expect(responses.map(({ status }) => status)).toEqual([201, 200]);
  const [first, second] = await Promise.all(responses.map(created));
  expect(second?.session).toEqual(first?.session);
  expect(second?.token).not.toBe(first?.token);
  for (const one of [first, second]) {
    expect((await validate(one?.session.id ?? "", one?.token ?? "")).status).toBe(200);
  }
});

test("20 calls at once make one session", async () => {
  const teamId = await newTeam();
  const key = newKey();
  const before = (await listDurableObjectIds(env.SESSIONS)).length;
  const responses = await Promise.all(Array.from({ length: 20 }, () => create(teamId, key)));
  expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
  const all = await Promise.all(responses.map(created));
  expect(new Set(all.map(({ session }) => session.id)).size).toBe(1);
  expect(new Set(all.map(({ token }) => token)).size).toBe(20);
  expect((await listDurableObjectIds(env.SESSIONS)).length).toBe(before + 1);
  const rows = await env.INDEX_DB.prepare("SELECT count(*) AS n FROM sessions WHERE team_id = ?")
    .bind(teamId)
    .first("n");
  expect(rows).toBe(1);
});

test("another key, another team, or another class of caller is another session", async () => {
  const [teamId, otherId] = [await newTeam(), await newTeam()];
  const key = newKey();
  const [teamKey, secondKey] = [await newTeamKey(teamId), await newTeamKey(teamId)];
  const idOf = async (response: Promise<Response>) => (await created(await response)).session.id;
  const visitor = await idOf(create(teamId, key));
  const byTeam = await idOf(create(teamId, key, teamKey));
  const others = [
    visitor,
    byTeam,
    await idOf(create(teamId, newKey())),
    await idOf(create(otherId, key)),
    await idOf(call("/api/sessions/create", { body: { teamId } })),
  ];
  expect(new Set(others).size).toBe(others.length);
  expect(await idOf(create(teamId, key, secondKey))).toBe(byTeam);
  expect(await idOf(create(teamId, key))).toBe(visitor);
});

test("ten minutes after the creation it is too old", async () => {
  const teamId = await newTeam();
  const key = newKey();
  moveClock(0);
  const { session } = await created(await create(teamId, key));
  moveClock(10 * MINUTE_MS);
  const again = await create(teamId, key);
  expect(again.status).toBe(200);
  expect((await created(again)).session.id).toBe(session.id);
  moveClock(1);
  expect(await refusal(await create(teamId, key))).toBe("409 idempotency_key_expired");
});

test("once the session has ended it is too old", async () => {
  const teamId = await newTeam();
  const key = newKey();
  const { session, token } = await created(await create(teamId, key));
  await call(`/api/sessions/${session.id}`, { method: "DELETE", bearer: token });
  expect(await refusal(await create(teamId, key))).toBe("409 idempotency_key_expired");
});

describe.each(RESIDENCIES)("in an object that %s", (residency) => {
  const step = stepper(residency);

  test("an owner's device that was shut out is not let in again by it", async () => {
    const teamId = await newTeam();
    const key = newKey();
    const lost = await created(await create(teamId, key));
    const { id } = lost.session;
    const { token } = await letIn(lost.token, "owner");
    expect((await askRevoke(token, "others")).status).toBe(204);
    await step(id);
    expect(await refusal(await create(teamId, key))).toBe("409 idempotency_key_expired");
    expect((await validate(id, token)).status).toBe(200);
  });

  test("a guest who was shut out is no reason to refuse the owner's retry", async () => {
    const teamId = await newTeam();
    const key = newKey();
    const { session, token } = await created(await create(teamId, key));
    const guest = await letIn(token, "reader");
    expect((await askRevoke(token, credentialIdOf(guest.token))).status).toBe(204);
    await step(session.id);
    expect((await create(teamId, key)).status).toBe(200);
  });
});

test("a session has at most so many credentials", async () => {
  const teamId = await newTeam();
  const key = newKey();
  for (let index = 0; index < MAX_CREDENTIALS_PER_SESSION; index++) {
    await created(await create(teamId, key));
  }
  expect(await refusal(await create(teamId, key))).toBe("409 too_many_credentials");
});

test.each(["", "short", "A".repeat(21), "A".repeat(129), `${"A".repeat(30)}%`, "a b".repeat(9)])(
  "%j is no key",
  async (key) => {
    expect(await problemOf(await create(await newTeam(), key))).toMatchObject({
      code: "invalid_parameter",
      detail: expect.stringContaining("Idempotency-Key"),
    });
  },
);

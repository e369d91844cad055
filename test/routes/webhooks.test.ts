/** What a team does with its webhook, and what comes of it. */
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test, vi } from "vitest";
import { resumeEvents } from "../../src/cron.ts";
import type { AuditEventList } from "../../src/protocol/audit.ts";
import { WEBHOOK_TESTS_PER_MINUTE } from "../../src/protocol/limits.ts";
import type { PutWebhookResponse, WebhookStatus } from "../../src/protocol/webhook.ts";
import { runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { DAY_MS, moveClock } from "../support/clock.ts";
import { callConfigured } from "../support/configured.ts";
import { problemOf } from "../support/problem.ts";
import { newHearingTeam, putWebhook, Receiver } from "../support/receiver.ts";

afterEach(() => {
  vi.useRealTimers();
});

async function newOwner() {
  const teamId = await newTeam();
  return { teamId, teamKey: await newTeamKey(teamId), path: `/api/teams/${teamId}/webhook` };
}

test("is put, read, changed and deleted; its secret is shown with a new one and a rotated one", async () => {
  const owner = await newOwner();
  const { path, teamKey: bearer } = owner;
  expect((await problemOf(await call(path, { bearer }))).code).toBe("webhook_not_found");

  const put = (body: object) => call(path, { method: "PUT", bearer, body });
  const made = await put({ url: "https://receiver.example/a?key=1#part" });
  expect(made.status).toBe(201);
  const { webhook, secret } = await made.json<PutWebhookResponse>();
  expect(webhook.url).toBe("https://receiver.example/a?key=1");
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);

  const moved = await put({ url: "https://receiver.example/b" });
  expect(moved.status).toBe(200);
  expect(await moved.json()).toEqual({
    webhook: { url: "https://receiver.example/b", createdAt: webhook.createdAt },
  });
  const rotated = await put({ url: "https://receiver.example/b", rotateSecret: true });
  expect(rotated.status).toBe(200);
  expect((await rotated.json<PutWebhookResponse>()).secret).not.toBe(secret);
  expect(await (await call(path, { bearer })).json<WebhookStatus>()).toEqual({
    webhook: { url: "https://receiver.example/b", createdAt: webhook.createdAt },
    failing: 0,
    stopped: 0,
    failures: [],
  });

  expect((await call(path, { method: "DELETE", bearer })).status).toBe(204);
  const again = await call(path, { method: "DELETE", bearer });
  expect((await problemOf(again)).code).toBe("webhook_not_found");

  const audit = await call(`/api/teams/${owner.teamId}/audit-events`, { bearer });
  const { events } = await audit.json<AuditEventList>();
  const told = events.filter(({ type }) => type.startsWith("webhook."));
  const origin = "https://receiver.example";
  expect(told.map(({ type, details }) => [type, details]).reverse()).toEqual([
    ["webhook.created", { origin }],
    ["webhook.updated", { origin, secretRotated: false }],
    ["webhook.updated", { origin, secretRotated: true }],
    ["webhook.deleted", undefined],
  ]);
  expect(told.every(({ actor }) => actor.kind === "team")).toBe(true);
});

test("putting what is there changes nothing", async () => {
  const owner = await newOwner();
  const body = { url: "https://receiver.example/same" };
  await putWebhook(owner, body);
  const row = () =>
    env.INDEX_DB.prepare("SELECT * FROM teams WHERE id = ?").bind(owner.teamId).first();
  const before = await row();
  expect((await putWebhook(owner, body)).secret).toBeUndefined();
  expect(await row()).toEqual(before);
});

test("a private address is refused where it is set, and where it would be sent to", async () => {
  const { path, teamKey: bearer } = await newOwner();
  for (const url of ["https://127.0.0.1/", "http://receiver.example/", "https://a.internal/"]) {
    const problem = await problemOf(await call(path, { method: "PUT", bearer, body: { url } }));
    expect(problem).toMatchObject({ code: "validation_failed", errors: [{ path: "/url" }] });
  }
  // Set where it was allowed, and sent where it no longer is.
  const local = { url: "http://localhost:1/hook" };
  const sent = { method: "PUT", bearer, body: local };
  const put = await callConfigured({ LOCAL_WEBHOOKS: "allowed" }, path, sent);
  expect(put.status).toBe(201);
  const tried = await call(`${path}/test`, { method: "POST", bearer });
  expect(await tried.json()).toMatchObject({
    delivered: false,
    error: expect.stringContaining("address refused"),
  });
});

describe("a test", () => {
  test("is sent now, signed, and tells what came of it", async () => {
    const { teamId, teamKey: bearer, receiver, secret } = await newHearingTeam();
    const path = `/api/teams/${teamId}/webhook/test`;
    const tried = await call(path, { method: "POST", bearer });
    expect(await tried.json()).toEqual({
      delivered: true,
      status: 200,
      durationMs: expect.any(Number),
    });
    const [got] = await receiver.got();
    expect(new Webhook(secret).verify(got?.body ?? "", got?.headers ?? {})).toMatchObject({
      type: "webhook.test",
      data: { teamId },
    });
    await receiver.answer({
      answers: [{ status: 301, headers: { Location: receiver.url } }, { status: 0 }],
    });
    const redirected = await call(path, { method: "POST", bearer });
    expect(await redirected.json()).toMatchObject({ delivered: false, status: 301 });
    const down = await call(path, { method: "POST", bearer });
    expect(await down.json()).toMatchObject({ delivered: false });
    // The redirect was not followed.
    expect((await receiver.got()).length).toBe(2);
  });

  test("may be asked for a few times a minute", async () => {
    const { teamId, teamKey: bearer } = await newHearingTeam();
    const tried = () => call(`/api/teams/${teamId}/webhook/test`, { method: "POST", bearer });
    for (let count = 0; count < WEBHOOK_TESTS_PER_MINUTE; count++) {
      expect((await tried()).status).toBe(200);
    }
    expect((await problemOf(await tried())).code).toBe("rate_limited");
  });
});

test("for a day after a rotation both secrets sign, and then the new one alone", async () => {
  const { receiver, secret: old, ...owner } = await newHearingTeam();
  const rotated = await putWebhook(owner, { url: receiver.url, rotateSecret: true });
  const secret = rotated.secret ?? "";
  const path = `/api/teams/${owner.teamId}/webhook/test`;
  const verifies = async (by: string) => {
    await call(path, { method: "POST", bearer: owner.teamKey });
    const got = (await receiver.got()).at(-1);
    try {
      new Webhook(by).verify(got?.body ?? "", got?.headers ?? {});
      return true;
    } catch {
      return false;
    }
  };
  expect([await verifies(old), await verifies(secret)]).toEqual([true, true]);
  moveClock(DAY_MS + 1);
  expect([await verifies(old), await verifies(secret)]).toEqual([false, true]);
});

describe("a replay", () => {
  test("delivers again from a time on, under the same ids, in batches of their own", async () => {
    moveClock(0);
    const { receiver, teamId, teamKey: bearer } = await newHearingTeam();
    const { session, token } = await newSession(teamId);
    const send = (clientId: string) =>
      call(`/api/sessions/${session.id}/messages`, {
        bearer: token,
        body: { clientId, content: clientId },
      });
    const idOf = (seq: number) => `evt_${session.id}_${4 * seq}`;
    await send("one");
    await receiver.untilEvent(({ id }) => id === idOf(1));
    moveClock(1000);
    const since = new Date(Date.now()).toISOString();
    await send("two");
    await receiver.untilEvent(({ id }) => id === idOf(2));
    const { length } = await receiver.batches();

    const body = { sessionId: session.id, since };
    const path = `/api/teams/${teamId}/webhook/replay`;
    const replayed = await call(path, { bearer, body });
    expect(await replayed.json()).toEqual({ events: 1 });
    await receiver.until((got) => got.length > length);
    const batches = await receiver.batches();
    expect(batches.at(-1)?.batch.events.map(({ id }) => id)).toEqual([idOf(2)]);
    expect(new Set(batches.map(({ id }) => id)).size).toBe(batches.length);

    const all = await call(path, { bearer, body: { ...body, since: session.createdAt } });
    expect(await all.json()).toEqual({ events: 3 });
    await receiver.until((got) => got.length > length + 1);
    const audit = await call(`/api/teams/${teamId}/audit-events`, { bearer });
    const { events } = await audit.json<AuditEventList>();
    expect(events.find(({ type }) => type === "events.replayed")).toMatchObject({
      sessionId: session.id,
      details: { events: expect.any(Number) },
    });
  });

  test("skips nothing that has yet to get through, however late it is to begin", async () => {
    moveClock(0);
    const { receiver, teamId, teamKey: bearer } = await newHearingTeam();
    const { session, token } = await newSession(teamId);
    await receiver.untilEvent(({ type }) => type === "session.created");
    await receiver.answer({ answers: [{ status: 410 }] });
    for (const clientId of ["one", "two"]) {
      const path = `/api/sessions/${session.id}/messages`;
      await call(path, { bearer: token, body: { clientId, content: clientId } });
      await receiver.until((got) => got.some(({ status }) => status === 410));
    }
    moveClock(1000);
    const body = { sessionId: session.id, since: new Date(Date.now()).toISOString() };
    const replayed = await call(`/api/teams/${teamId}/webhook/replay`, { bearer, body });
    expect(await replayed.json()).toEqual({ events: 2 });
    await receiver.untilEvent(({ id }) => id === `evt_${session.id}_8`);
    const [, , ...later] = await receiver.events();
    expect(later.map(({ id }) => id)).toEqual([`evt_${session.id}_4`, `evt_${session.id}_8`]);
  });

  test("is of the team's own sessions, and where there is a webhook", async () => {
    const [ours, theirs] = [await newHearingTeam(), await newHearingTeam()];
    const { session } = await newSession(theirs.teamId);
    const replay = (teamId: string, bearer: string, sessionId: string) =>
      call(`/api/teams/${teamId}/webhook/replay`, {
        bearer,
        body: { sessionId, since: session.createdAt },
      });
    const foreign = await replay(ours.teamId, ours.teamKey, session.id);
    expect((await problemOf(foreign)).code).toBe("session_not_found");
    const unknown = await replay(ours.teamId, ours.teamKey, "A".repeat(32));
    expect((await problemOf(unknown)).code).toBe("session_not_found");
    const silent = await newOwner();
    const own = await newSession(silent.teamId);
    const none = await replay(silent.teamId, silent.teamKey, own.session.id);
    expect((await problemOf(none)).code).toBe("webhook_not_found");
  });
});

test("what nobody woke after a resumption, the hourly run does", async () => {
  moveClock(0);
  const { receiver, ...owner } = await newHearingTeam();
  await receiver.answer({ always: { status: 500 } });
  const { session } = await newSession(owner.teamId);
  await receiver.until((got) => got.length === 1);
  await runAlarms(session.id, Date.now() + 4 * DAY_MS);
  const { length } = await receiver.got();
  await resumeEvents(env);
  expect((await receiver.got()).length).toBe(length);

  // At another address, what failed at the old one is worth another try.
  const next = new Receiver();
  vi.setSystemTime(Date.now() + 1000);
  await putWebhook(owner, { url: next.url });
  await resumeEvents(env);
  await next.until((got) => got.length === 1);
  expect((await next.events()).map(({ type }) => type)).toEqual(["session.created"]);
});

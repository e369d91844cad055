/** Another Worker uses the service by its binding, as a customer's does: nothing of HTTP is between them. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { AuditEventList } from "../../src/protocol/audit.ts";
import type { Failure, Result } from "../../src/protocol/errors.ts";
import type { SessionList } from "../../src/protocol/rest.ts";
import type { Session } from "../../src/protocol/session.ts";
import type { OperatorToken } from "../../src/protocol/team.ts";
import { SessionService } from "../../src/session-service.ts";
import { call } from "../support/api.ts";
import { BOUND_CALLER, TEST_ADMIN_TOKEN } from "../support/test-env.ts";

const TEAM = BOUND_CALLER.teamId;

type Created = Session & { readonly ok: true; readonly token: string; readonly ticket: string };

function bound<T = Result<object>>(method: string, ...args: readonly unknown[]): Promise<T> {
  return env.CALLING_WORKER.call("SESSIONS", method, ...args) as Promise<T>;
}

const create = (input: object = {}) => bound<Created>("createSession", { teamId: TEAM, ...input });

beforeAll(async () => {
  const response = await call("/api/admin/teams", {
    bearer: TEST_ADMIN_TOKEN,
    body: { id: TEAM, name: "Bound" },
  });
  expect(response.status).toBe(201);
});

/** Of a binding that may do one thing. */
function scoped<T = Result<object>>(
  scope: "operators" | "admin",
  method: string,
  ...args: readonly unknown[]
): Promise<T> {
  return env.CALLING_WORKER.call(`SESSIONS_FOR_${scope}`, method, ...args) as Promise<T>;
}

describe("a second Worker", () => {
  test("takes a session out, and erases it", async () => {
    const { id } = await create();
    const exported = await bound<{ ok: true; stream: ReadableStream<Uint8Array> }>(
      "exportSession",
      id,
    );
    const lines = (await new Response(exported.stream).text()).trimEnd().split("\n");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ type: "export", session: { id } });
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({ type: "end", messages: 0 });
    expect(await bound("eraseSession", id)).toMatchObject({ ok: true, sessionId: id });
    expect(await bound("eraseSession", id)).toEqual({ ok: false, code: "session_not_found" });
  });

  test("creates a session, and gets its fields beside the token", async () => {
    const created = await create({
      userFingerprint: "device",
      deviceInfo: { browser: "Chrome", os: "Windows" },
      locationInfo: { country: "US", region: "CA" },
    });
    expect(Object.keys(created).sort()).toEqual([
      "createdAt",
      "defaultConversationId",
      "deviceInfo",
      "expiresAt",
      "id",
      "lastAccessed",
      "lastSeq",
      "locationInfo",
      "ok",
      "status",
      "teamId",
      "ticket",
      "token",
      "version",
    ]);
    expect(created).toMatchObject({
      ok: true,
      teamId: TEAM,
      status: "active",
      deviceInfo: { browser: "Chrome", os: "Windows" },
      locationInfo: { country: "US", region: "CA" },
    });
    // The token is the visitor's, over HTTP.
    const response = await call(`/api/sessions/${created.id}/validate`, { bearer: created.token });
    expect(response.status).toBe(200);
  });

  test("creates one session with one idempotency key", async () => {
    const idempotencyKey = crypto.randomUUID().replaceAll("-", "");
    const [first, second] = [await create({ idempotencyKey }), await create({ idempotencyKey })];
    expect(second.id).toBe(first.id);
    expect(second.token).not.toBe(first.token);
  });

  test("validates it, and hears why it is not valid any more", async () => {
    const { id } = await create();
    expect(await bound("validateSession", id)).toMatchObject({
      ok: true,
      isValid: true,
      session: { id, status: "active" },
    });
    expect(await bound("getSession", id)).toMatchObject({ ok: true, session: { id } });
    expect(await bound("refreshSession", id)).toMatchObject({ ok: true, session: { id } });
    expect(await bound("terminateSession", id)).toEqual({ ok: true });
    expect(await bound("terminateSession", id)).toEqual({ ok: true });
    expect(await bound("validateSession", id)).toMatchObject({
      ok: true,
      isValid: false,
      reason: "terminated",
    });
    expect(await bound("refreshSession", id)).toEqual({ ok: false, code: "session_terminated" });
  });

  test("finds sessions by fingerprint, page by page", async () => {
    const userFingerprint = `device-${crypto.randomUUID()}`;
    const ids = [await create({ userFingerprint }), await create({ userFingerprint })].map(
      ({ id }) => id,
    );
    const found = await bound<Result<SessionList>>(
      "findSessionsByFingerprint",
      userFingerprint,
      TEAM,
    );
    if (!found.ok) throw new Error(found.code);
    expect(found.sessions.map(({ id }) => id).sort()).toEqual(ids.sort());
    const first = await bound<Result<SessionList>>(
      "findSessionsByFingerprint",
      userFingerprint,
      TEAM,
      {
        limit: 1,
      },
    );
    expect(first).toMatchObject({ ok: true, sessions: [{}], nextCursor: expect.any(String) });
    expect(await bound("listSessions", { status: "active", limit: 2 })).toMatchObject({
      ok: true,
      sessions: [{ teamId: TEAM }, { teamId: TEAM }],
    });
  });

  test("signs a member of the staff in and out, and reads of it in the audit trail", async () => {
    const anna = { operatorId: "anna", name: "Anna" };
    const made = await scoped<Result<OperatorToken>>("operators", "createOperatorToken", anna);
    if (!made.ok) throw new Error(made.code);
    expect(made.dashboardUrl).toBe(`/dashboard#op=${made.operatorToken}&team=${TEAM}`);
    const list = () => call(`/api/teams/${TEAM}/sessions`, { bearer: made.operatorToken });
    expect((await list()).status).toBe(200);
    expect(await scoped("operators", "revokeOperator", "anna")).toEqual({ ok: true });
    expect((await list()).status).toBe(401);
    const again = await scoped("operators", "revokeOperator", "anna");
    expect(again).toEqual({ ok: false, code: "operator_not_found" });
    const bad = await scoped("operators", "createOperatorToken", { ...anna, role: "admin" });
    expect(bad).toMatchObject({ ok: false, code: "validation_failed" });

    const first = await scoped<Result<AuditEventList>>("admin", "listAuditEvents", { limit: 2 });
    if (!first.ok) throw new Error(first.code);
    expect(first).toMatchObject({ events: [{}, {}], nextCursor: expect.any(String) });
    const all = await scoped<Result<AuditEventList>>("admin", "listAuditEvents", { limit: 100 });
    if (!all.ok) throw new Error(all.code);
    expect(all.events.slice(0, 2)).toEqual(first.events);
    // A binding has no key to be named by.
    expect(all.events).toContainEqual(
      expect.objectContaining({
        type: "operator_token.revoked",
        actor: { kind: "team" },
        details: { operatorId: "anna" },
      }),
    );
  });

  test("reads the statistics", async () => {
    await create();
    const stats = await bound<Record<string, unknown>>("getSessionStats", TEAM);
    expect(Object.keys(stats).sort()).toEqual([
      "activeSessions",
      "averageSessionDuration",
      "expiredSessions",
      "ok",
      "terminatedSessions",
      "totalSessions",
    ]);
    expect(stats.totalSessions).toBeGreaterThan(0);
  });

  test("reads and writes messages, as the role it likes", async () => {
    const { id, token } = await create();
    const posted = await bound("postMessage", id, {
      clientId: "bot-1",
      content: "How can I help?",
      author: { name: "Bot" },
      metadata: { model: "m", nested: { a: [1] } },
    });
    expect(posted).toMatchObject({
      ok: true,
      isNew: true,
      message: { seq: 1, role: "assistant", author: { name: "Bot" }, metadata: { model: "m" } },
    });
    const again = await bound("postMessage", id, { clientId: "bot-1", content: "again" });
    expect(again).toMatchObject({ ok: true, isNew: false, message: { seq: 1 } });
    await call(`/api/sessions/${id}/messages`, {
      bearer: token,
      body: { clientId: "v-1", content: "Hello" },
    });
    expect(await bound("listMessages", id, { after: 1 })).toMatchObject({
      ok: true,
      messages: [{ seq: 2, role: "user" }],
    });
    expect(await bound("listConversations", id)).toMatchObject({
      ok: true,
      conversations: [{ lastSeq: 2, unread: 1 }],
    });
    expect(await bound("openConversation", id)).toMatchObject({ ok: true, conversation: {} });
  });
});

describe("bad input is a value, with where it is bad", () => {
  const invalid = (...paths: string[]) => ({
    ok: false,
    code: "validation_failed",
    errors: paths.map((path) => expect.objectContaining({ path })),
  });

  test.each<{ method: string; args: readonly unknown[]; failure: object }>([
    { method: "createSession", args: [], failure: invalid("") },
    { method: "createSession", args: [null], failure: invalid("") },
    { method: "createSession", args: ["team"], failure: invalid("") },
    { method: "createSession", args: [[{ teamId: TEAM }]], failure: invalid("") },
    { method: "createSession", args: [{}], failure: invalid("/teamId") },
    { method: "createSession", args: [{ teamId: TEAM, x: 1 }], failure: invalid("/x") },
    {
      method: "createSession",
      args: [{ teamId: TEAM, idempotencyKey: "short" }],
      failure: invalid("/idempotencyKey"),
    },
    {
      method: "createSession",
      args: [{ teamId: TEAM, deviceInfo: { screen: { width: "1", height: 1 } } }],
      failure: invalid("/deviceInfo/screen/width"),
    },
    { method: "findSessionsByFingerprint", args: [], failure: invalid("/fingerprint") },
    {
      method: "findSessionsByFingerprint",
      args: ["f", TEAM, { limit: 0 }],
      failure: invalid("/limit"),
    },
    { method: "listSessions", args: [{ teamId: TEAM }], failure: invalid("/teamId") },
    { method: "listSessions", args: [null], failure: invalid("") },
  ])("$method($args)", async ({ method, args, failure }) => {
    expect(await bound(method, ...args)).toEqual(failure);
  });

  test("so it is for messages", async () => {
    const { id } = await create();
    const good = { clientId: "c", content: "x" };
    const bad: readonly [unknown, string][] = [
      [undefined, ""],
      [[], ""],
      [{ ...good, role: "admin" }, "/role"],
      [{ ...good, content: 7 }, "/content"],
      [{ ...good, metadata: "x" }, "/metadata"],
      [{ ...good, author: { avatarUrl: "javascript:1" } }, "/author/avatarUrl"],
    ];
    for (const [message, path] of bad) {
      expect(await bound("postMessage", id, message)).toEqual(invalid(path));
    }
    expect(await bound("listMessages", id, { after: -1 })).toEqual(invalid("/after"));
    expect(await bound("listMessages", id, { after: 1, before: 2 })).toEqual(invalid("/before"));
    expect(await bound("listMessages", id)).toEqual({ ok: true, messages: [] });
  });

  test("and so it is for values that are no JSON, or that no body could hold", async () => {
    const { id } = await create();
    const good = { clientId: "c", content: "x" };
    const cyclic: Record<string, unknown> = { ...good };
    cyclic.metadata = cyclic;
    const strange: readonly [unknown, string][] = [
      [cyclic, "not JSON"],
      [{ ...good, metadata: { a: 1n } }, "not JSON"],
      [{ ...good, metadata: { a: nested(16) } }, "nested deeper than 16"],
      [{ ...good, metadata: nested(500) }, "nested deeper than 16"],
      [
        JSON.parse('{"clientId":"c","content":"x","metadata":{"__proto__":{}}}'),
        "the key __proto__ is not allowed",
      ],
    ];
    for (const [message, reason] of strange) {
      expect(await bound("postMessage", id, message)).toEqual({
        ok: false,
        code: "validation_failed",
        errors: [{ path: "", message: reason }],
      });
    }
    const odd = {
      ...good,
      metadata: { map: new Map([["a", 1]]), none: undefined, nan: Number.NaN },
    };
    expect(await bound("postMessage", id, odd)).toMatchObject({
      ok: true,
      message: { metadata: { map: {}, nan: null } },
    });
  });

  test.each(["nonsense", "", "A".repeat(32), 7, null, undefined, {}])(
    "an id that is none: %j",
    async (id) => {
      for (const method of [
        "validateSession",
        "getSession",
        "refreshSession",
        "terminateSession",
      ]) {
        expect(await bound(method, id)).toEqual({ ok: false, code: "session_not_found" });
      }
    },
  );
});

describe("authority", () => {
  test.each<{ title: string; props: unknown; code: Failure["code"] }>([
    { title: "no teamId", props: { scopes: ["sessions:read"] }, code: "unauthenticated" },
    { title: "no scopes", props: { teamId: TEAM, scopes: [] }, code: "unauthenticated" },
    { title: "unknown scopes", props: { teamId: TEAM, scopes: ["all"] }, code: "unauthenticated" },
    {
      title: "something else beside",
      props: { teamId: TEAM, scopes: ["sessions:read"], admin: true },
      code: "unauthenticated",
    },
    {
      title: "a team that is not there",
      props: { teamId: "none", scopes: ["sessions:read"] },
      code: "team_not_found",
    },
    {
      title: "another scope",
      props: { teamId: TEAM, scopes: ["sessions:write", "messages:write", "operators", "admin"] },
      code: "forbidden",
    },
  ])("with $title there is none", async ({ props, code }) => {
    const service = serviceWith(props);
    expect(await service.getSessionStats(TEAM)).toEqual({ ok: false, code });
    expect(await service.listSessions()).toEqual({ ok: false, code });
    expect(await service.validateSession("A".repeat(32))).toEqual({ ok: false, code });
  });
});

function nested(depth: number): object {
  let value = {};
  for (let level = 1; level < depth; level++) value = { a: value };
  return value;
}

/** The entrypoint as a binding with these props would find it. */
function serviceWith(props: unknown): SessionService {
  const ctx = { props, waitUntil: () => undefined, passThroughOnException: () => undefined };
  return new SessionService(ctx as unknown as ExecutionContext, env);
}

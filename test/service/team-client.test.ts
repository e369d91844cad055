/** `durable-sessions/server` in workerd, as another Worker without a service binding uses it: over HTTP, by its own fetch. */
import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ApiError } from "../../client/server/api-error.ts";
import type { FileRange } from "../../client/server/file-calls.ts";
import { signIdentityToken } from "../../client/server/identity-token.ts";
import type { TeamClient } from "../../client/server/team-client.ts";
import { createTeamClient } from "../../client/server/team-client.ts";
import { BASE, call, newTeam, newTeamKey } from "../support/api.ts";
import { issued } from "../support/issued-secrets.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

let teamId: string;
let team: TeamClient;

beforeAll(async () => {
  teamId = await newTeam();
  team = clientOf(teamId, await newTeamKey(teamId));
});

function clientOf(teamId: string, teamKey: string): TeamClient {
  return createTeamClient({
    baseUrl: BASE,
    teamId,
    teamKey,
    fetch: (url, init) => exports.default.fetch(url, init),
  });
}

async function newSession(request: Parameters<TeamClient["createSession"]>[0] = {}) {
  const created = await team.createSession(request);
  issued.addAll(created);
  return created.session;
}

describe("a team's client", () => {
  test("opens a session, follows it, and ends it", async () => {
    const { id } = await newSession({ userFingerprint: "f", locationInfo: { country: "US" } });
    expect(await team.getSession(id)).toMatchObject({ id, teamId, status: "active" });
    expect(await team.validateSession(id)).toMatchObject({ isValid: true, session: { id } });
    expect(await team.refreshSession(id)).toMatchObject({ session: { id } });
    await team.terminateSession(id);
    await team.terminateSession(id);
    expect(await team.validateSession(id)).toMatchObject({ isValid: false, reason: "terminated" });
    await expect(team.refreshSession(id)).rejects.toMatchObject({
      name: "ApiError",
      code: "session_terminated",
      status: 410,
      retryable: false,
    });
  });

  test("takes a session out, and erases it", async () => {
    const { id } = await newSession();
    const { message } = await team.postMessage(id, { clientId: "c0", content: "Hello" });
    const lines = await Array.fromAsync(team.exportSession(id));
    expect(lines[0]).toMatchObject({ type: "export", session: { id } });
    expect(lines).toContainEqual({ type: "message", message });
    expect(lines.at(-1)).toEqual({ type: "end", messages: 1 });
    expect(await team.eraseSession(id)).toMatchObject({ sessionId: id, removed: { messages: 1 } });
    await expect(team.getSession(id)).rejects.toMatchObject({ code: "session_not_found" });
    await expect(team.exportSession(id).next()).rejects.toMatchObject({
      name: "ApiError",
      code: "session_not_found",
    });
  });

  test("opens one session with one key", async () => {
    const idempotencyKey = crypto.randomUUID().replaceAll("-", "");
    const [first, again] = [
      await team.createSession({}, { idempotencyKey }),
      await team.createSession({}, { idempotencyKey }),
    ];
    issued.addAll(first);
    issued.addAll(again);
    expect(again.session.id).toBe(first.session.id);
  });

  test("writes once, and reads all", async () => {
    const { id } = await newSession();
    const hello = { clientId: "c0", content: "Hello", author: { name: "Bot" } };
    expect(await team.postMessage(id, hello)).toMatchObject({
      isNew: true,
      message: { role: "assistant", seq: 1, author: { name: "Bot" } },
    });
    expect(await team.postMessage(id, hello)).toMatchObject({ isNew: false, message: { seq: 1 } });
    for (const n of [1, 2, 3, 4]) await team.postMessage(id, { ...hello, clientId: `c${n}` });
    const seqs: number[] = [];
    for await (const { seq } of team.messages(id, { limit: 2 })) seqs.push(seq);
    expect(seqs).toEqual([1, 2, 3, 4, 5]);
    expect((await team.listMessages(id, { before: 3 })).messages).toHaveLength(2);
  });

  test("uploads a file, sends it, reads it back, and deletes it", async () => {
    const { id } = await newSession();
    const bytes = Uint8Array.from(new TextEncoder().encode("0123456789"));
    const source = { name: "notes.txt", type: "text/plain", bytes, clientId: "notes" };
    const file = await team.files.upload(id, source);
    expect(file).toMatchObject({ name: "notes.txt", type: "text/plain", size: 10 });
    expect(await team.files.upload(id, source)).toEqual(file);
    const attachments = [{ fileId: file.fileId }];
    const posted = await team.postMessage(id, { clientId: "with", content: "", attachments });
    expect(posted.message.attachments).toEqual([file]);
    const read = async (range?: FileRange) =>
      await new Response(await team.files.download(id, file.fileId, range)).text();
    expect(await read()).toBe("0123456789");
    expect(await read({ start: 2, end: 5 })).toBe("234");
    expect(await read({ start: 7 })).toBe("789");
    await team.files.delete(id, file.fileId);
    await expect(read()).rejects.toMatchObject({ code: "file_not_found", status: 404 });
  });

  test("hands a conversation over, and opens another", async () => {
    const { id, defaultConversationId } = await newSession();
    const change = { status: "pending", handledBy: "operator", assignee: "anna" } as const;
    const updated = await team.updateConversation(id, defaultConversationId, change);
    expect(updated).toMatchObject({ id: defaultConversationId, ...change });
    const opened = await team.openConversation(id);
    const ids = (await team.listConversations(id)).map((conversation) => conversation.id);
    expect(ids).toEqual([defaultConversationId, opened.id]);
  });

  test("finds the team's sessions, page by page", async () => {
    const userFingerprint = crypto.randomUUID();
    const made: string[] = [];
    for (let n = 0; n < 3; n += 1) made.push((await newSession({ userFingerprint })).id);
    const found: string[] = [];
    const pages = team.sessionsByFingerprint(userFingerprint, { limit: 2 });
    for await (const { id } of pages) found.push(id);
    expect(found.sort()).toEqual(made.sort());
    const listed: string[] = [];
    for await (const { id } of team.sessions({ status: "active", limit: 2 })) listed.push(id);
    expect(listed).toEqual(expect.arrayContaining(made));
    expect((await team.getSessionStats()).totalSessions).toBeGreaterThanOrEqual(3);
    expect(await team.cleanupExpiredSessions()).toMatchObject({ expiredSessions: 0, more: false });
  });

  test("signs the staff in and out, and reads of it", async () => {
    const made = await team.createOperatorToken({ operatorId: "anna", name: "Anna" });
    issued.addAll(made);
    expect(made.dashboardUrl).toContain(`team=${teamId}`);
    await team.revokeOperator("anna");
    const types: string[] = [];
    for await (const { type } of team.auditEvents({ limit: 3 })) types.push(type);
    expect(types).toEqual(expect.arrayContaining(["operator_token.revoked", "key.created"]));
  });

  test("hears what was wrong with a call", async () => {
    const { id } = await newSession();
    const error = await team.postMessage(id, { clientId: "no good id", content: "" }).then(
      () => expect.unreachable(),
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: "validation_failed",
      status: 422,
      errors: expect.arrayContaining([
        { path: "/clientId", message: expect.any(String) },
        { path: "/content", message: expect.any(String) },
      ]),
    });
    const reader = clientOf(teamId, await newTeamKey(teamId, ["sessions:read"]));
    const written = reader.postMessage(id, { clientId: "c", content: "Hello" });
    await expect(written).rejects.toMatchObject({ code: "forbidden", status: 403 });
  });
});

describe("an identity token", () => {
  test("by the team's backend says who a visitor is", async () => {
    const made = await call(`/api/admin/teams/${teamId}/identity-keys`, {
      bearer: TEST_ADMIN_TOKEN,
      body: { algorithm: "HS256" },
    });
    const { kid, secret = "" } = await made.json<{ kid: string; secret?: string }>();
    const opened = await team.createSession();
    issued.addAll(opened);
    const identityToken = await signIdentityToken({ secret, kid, teamId, userId: "user-1" });
    const identified = await call(`/api/sessions/${opened.session.id}/identify`, {
      bearer: opened.token,
      body: { identityToken },
    });
    expect(identified.status).toBe(200);
    expect(await team.getSession(opened.session.id)).toMatchObject({ userId: "user-1" });
  });
});

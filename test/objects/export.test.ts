/** All that is held about a session, for whoever may have it: as it is when they ask, and without what opens it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import type { ExportLine } from "../../src/protocol/transcript.ts";
import { runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, newTeamKey, things } from "../support/api.ts";
import { breakBucket } from "../support/bucket.ts";
import { beginAt, DAY_MS, MINUTE_MS } from "../support/clock.ts";
import { breakIndex } from "../support/index-database.ts";
import type { TeamThings } from "../support/named-things.ts";
import { refusal } from "../support/problem.ts";

const start = Date.UTC(2027, 8, 1);

let team: TeamThings;
let chat: SessionWithToken;
let restore: (() => void) | undefined;

beforeEach(async () => {
  beginAt(start);
  team = await things.team(await newTeam());
  chat = await newSession(team.teamId, { body: { userFingerprint: "of-a-device" } });
});
afterEach(() => {
  restore?.();
  restore = undefined;
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const path = () => `/api/sessions/${chat.session.id}`;
const ask = (bearer: string) => call(`${path()}/export`, { bearer });

async function exported(bearer: string): Promise<ExportLine[]> {
  const response = await ask(bearer);
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/x-ndjson");
  const text = new TextDecoder().decode(await response.arrayBuffer());
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const typesOf = (lines: readonly ExportLine[]) => [...new Set(lines.map(({ type }) => type))];

test("the owner gets everything, in order, and ends with how much that is", async () => {
  await things.guest(chat, "writer");
  await things.webhook(team);
  const sent = [await things.message(chat, "one"), await things.message(chat, "two")];
  const lines = await exported(chat.token);
  expect(typesOf(lines)).toEqual([
    "export",
    "device",
    "invite",
    "conversation",
    "delivery",
    "message",
    "auditEvent",
    "end",
  ]);
  expect(lines[0]).toMatchObject({
    type: "export",
    version: 1,
    session: { id: chat.session.id, lastSeq: 2 },
    hasFingerprint: true,
  });
  expect(lines.flatMap((line) => (line.type === "message" ? [line.message] : []))).toEqual(sent);
  expect(lines.filter(({ type }) => type === "device")).toHaveLength(2);
  const told = lines.flatMap((line) => (line.type === "auditEvent" ? [line.event.type] : []));
  // All at one time, by the clock of this test.
  expect(told.toSorted()).toEqual([
    "invite.created",
    "invite.redeemed",
    "session.created",
    "session.exported",
  ]);
  expect(lines.at(-1)).toEqual({ type: "end", messages: 2 });
});

test("the team and its staff get it, of an ended and an archived session too", async () => {
  const reader = await newTeamKey(team.teamId, ["sessions:read"]);
  const operator = await things.operatorToken(team, "ada", "Ada");
  await things.message(chat, "one");
  const messages = async (bearer: string) =>
    (await exported(bearer)).filter(({ type }) => type === "message");
  const before = await messages(reader);
  expect(before).toHaveLength(1);
  await call(path(), { method: "DELETE", bearer: chat.token });
  expect(await messages(chat.token)).toEqual(before);
  await runAlarms(chat.session.id, start + 7 * DAY_MS);
  vi.setSystemTime(start + MINUTE_MS);
  expect(await messages(reader)).toEqual(before);
  expect(await messages(operator)).toEqual(before);
  const [header] = await exported(reader);
  expect(header).toMatchObject({ endedAt: expect.any(String), archivedAt: expect.any(String) });
});

test("a token whose secret is old takes nothing out of a session that goes on", async () => {
  vi.setSystemTime(start + 11 * MINUTE_MS);
  expect(await refusal(await ask(chat.token))).toBe("403 fresh_credential_needed");
  expect((await exported(team.teamKey)).length).toBeGreaterThan(3);
});

test("where not all of it can be had, nothing is given", async () => {
  await things.message(chat, "one");
  restore = breakIndex();
  expect((await ask(chat.token)).status).toBe(503);
  restore();
  await call(path(), { method: "DELETE", bearer: chat.token });
  await runAlarms(chat.session.id, start + 7 * DAY_MS);
  restore = breakBucket();
  expect((await ask(team.teamKey)).status).toBe(503);
});

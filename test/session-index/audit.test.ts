import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type AuditRecord, listAuditEvents } from "../../src/session-index/audit.ts";
import { sessionsDatabase } from "../../src/session-index/databases.ts";
import { projectEvents, projectSession } from "../../src/session-index/write.ts";
import { meter } from "./metered-d1.ts";
import { addTeam, conversation, NOW, session, sessionId } from "./records.ts";

const metered = meter(env.INDEX_DB);
const database = sessionsDatabase(metered, 1);

beforeAll(async () => {
  await addTeam("team");
  await addTeam("other");
});

function event(id: string, fields: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id,
    teamId: "team",
    sessionId: null,
    type: "key.created",
    at: NOW,
    actor: { kind: "admin" },
    details: null,
    ...fields,
  };
}

const list = (teamId: string, cursor?: string, limit = 50) =>
  listAuditEvents(database, { teamId, cursor, limit });

test("events come back as they were recorded, and are nobody else's", async () => {
  const told = event("told", {
    sessionId: sessionId("told"),
    type: "invite.created",
    actor: { kind: "credential", id: "c" },
    details: { role: "reader" },
  });
  expect(await projectEvents(database, sessionId("told"), [told])).toEqual({ ok: true });
  expect(await list("team")).toEqual({
    ok: true,
    events: expect.arrayContaining([
      {
        id: "told",
        sessionId: told.sessionId,
        type: "invite.created",
        at: new Date(NOW).toISOString(),
        actor: { kind: "credential", id: "c" },
        details: { role: "reader" },
      },
    ]),
  });
  expect(JSON.stringify(await list("other"))).not.toContain("told");
});

test("an event is a row, and no row the second time", async () => {
  const events = Array.from({ length: 30 }, (_, index) => event(`twice-${index}`));
  const write = () => projectEvents(database, sessionId("any"), events);
  expect(await metered.cost(write)).toMatchObject({ rowsWritten: 30 });
  expect(await metered.cost(write)).toMatchObject({ rowsWritten: 0 });
});

test("events land with their session or not at all", async () => {
  const told = [event("with", { sessionId: sessionId("with") })];
  const bad = session("with", { status: "terminated" });
  expect(await projectSession(database, bad, [conversation()], told)).toMatchObject({ ok: false });
  const all = async () => JSON.stringify(await list("team", undefined, 100));
  expect(await all()).not.toContain('"with"');
  expect(await projectSession(database, session("with"), [], told)).toEqual({ ok: true });
  expect(await all()).toContain('"with"');
});

describe("the list", () => {
  beforeAll(async () => {
    await addTeam("busy");
    const events = Array.from({ length: 120 }, (_, index) =>
      // Three at a time.
      event(`e-${index}`, { teamId: "busy", at: NOW + Math.floor(index / 3) }),
    );
    await projectEvents(database, sessionId("any"), events);
  });

  test("is newest first, each event once, page by page", async () => {
    const seen: { at: string; id: string }[] = [];
    let cursor: string | undefined;
    do {
      const page = await list("busy", cursor, 7);
      if (!page.ok) throw new Error(page.code);
      seen.push(...page.events);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    // And the team's own creation.
    expect(new Set(seen.map(({ id }) => id)).size).toBe(121);
    expect(seen).toHaveLength(121);
    const order = seen.map(({ at, id }) => `${at} ${id}`);
    expect(order).toEqual(order.toSorted().reverse());
  });

  test("reads what it shows and one row more, on every page", async () => {
    const first = await list("busy", undefined, 10);
    if (!first.ok) throw new Error(first.code);
    for (const cursor of [undefined, first.nextCursor]) {
      const cost = await metered.cost(() => list("busy", cursor, 10));
      expect(cost).toEqual({ rowsRead: 11, rowsWritten: 0 });
    }
  });

  test("refuses a cursor that no list returned", async () => {
    expect(await list("busy", "nonsense")).toMatchObject({ ok: false, code: "invalid_parameter" });
  });
});

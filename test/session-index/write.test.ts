import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { sessionsDatabase } from "../../src/session-index/databases.ts";
import { projectSession } from "../../src/session-index/write.ts";
import { addTeam, conversation, database, ended, NOW, session, sessionId } from "./records.ts";

beforeAll(() => addTeam("team"));

const ok = { ok: true };

function row(name: string | number) {
  return env.INDEX_DB.prepare("SELECT * FROM sessions WHERE id = ?").bind(sessionId(name)).first();
}

async function conversationsOf(name: string | number) {
  const { results } = await env.INDEX_DB.prepare(
    "SELECT id, status, version FROM conversations WHERE session_id = ? ORDER BY id",
  )
    .bind(sessionId(name))
    .all();
  return results;
}

test("every field of the record has its column", async () => {
  const record = session("complete", {
    ...ended("idle", NOW + 5),
    version: 7,
    userId: "user",
    lastAccessed: NOW + 3,
    updatedAt: NOW + 4,
  });
  expect(await projectSession(database, record, [], [])).toEqual(ok);
  expect(await row("complete")).toEqual({
    id: record.id,
    team_id: "team",
    user_fingerprint: "fingerprint-hash",
    device_info: JSON.stringify(record.deviceInfo),
    location_info: JSON.stringify(record.locationInfo),
    status: "expired",
    last_accessed: NOW + 3,
    expires_at: record.expiresAt,
    created_at: NOW,
    updated_at: NOW + 4,
    version: 7,
    archived_at: null,
    user_id: "user",
    ended_at: NOW + 5,
    end_reason: "idle",
    country: "DE",
    device_type: "mobile",
  });
});

test("what the record does not say is null", async () => {
  const nothing = { deviceInfo: {}, locationInfo: {}, userFingerprint: null };
  await projectSession(database, session("sparse", nothing), [], []);
  expect(await row("sparse")).toMatchObject({
    user_fingerprint: null,
    user_id: null,
    country: null,
    device_type: null,
  });
});

describe("versions", () => {
  const STATES = {
    1: session("v"),
    2: session("v", { version: 2, lastAccessed: NOW + 60_000 }),
    3: session("v", { version: 3, lastAccessed: NOW + 60_000, userId: "user" }),
    4: session("v", { version: 4, lastAccessed: NOW + 60_000, userId: "user", ...ended("erased") }),
  };

  test("a stale one changes nothing", async () => {
    await projectSession(database, STATES[3], [], []);
    const before = await row("v");
    expect(await projectSession(database, STATES[2], [], [])).toEqual(ok);
    expect(await projectSession(database, { ...STATES[3], userId: "else" }, [], [])).toEqual(ok);
    expect(await row("v")).toEqual(before);
  });

  let runs = 0;
  test("the highest one stays, in whatever order and however often they arrive together", async () => {
    const versions = fc.array(fc.constantFrom(1, 2, 3, 4), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(versions, async (arriving) => {
        const name = `order-${++runs}`;
        const project = (version: number) => {
          const state = STATES[version as keyof typeof STATES];
          return projectSession(
            database,
            { ...state, id: sessionId(name) },
            [conversation({ version, status: version === 4 ? "closed" : "open" })],
            [],
          );
        };
        expect(await Promise.all(arriving.map(project))).toEqual(arriving.map(() => ok));
        const highest = STATES[Math.max(...arriving) as keyof typeof STATES];
        expect(await row(name)).toMatchObject({
          version: highest.version,
          last_accessed: highest.lastAccessed,
          user_id: highest.userId,
          end_reason: highest.endReason,
        });
        expect(await conversationsOf(name)).toEqual([
          {
            id: "default",
            version: highest.version,
            status: highest.version === 4 ? "closed" : "open",
          },
        ]);
      }),
      { numRuns: 50 },
    );
  });
});

describe("conversations", () => {
  test("as many as a session may have fit one projection", async () => {
    const many = Array.from({ length: 100 }, (_, index) => conversation({ id: `c${index}` }));
    expect(await projectSession(database, session("many"), many, [])).toEqual(ok);
    expect(await conversationsOf("many")).toHaveLength(100);
  });

  test("go by their own versions: one of a session that is stale still counts", async () => {
    await projectSession(database, session("apart", { version: 2 }), [conversation()], []);
    await projectSession(
      database,
      session("apart"),
      [conversation({ version: 2, status: "closed" }), conversation({ id: "second" })],
      [],
    );
    expect(await row("apart")).toMatchObject({ version: 2 });
    expect(await conversationsOf("apart")).toEqual([
      { id: "default", status: "closed", version: 2 },
      { id: "second", status: "open", version: 1 },
    ]);
  });

  test("of one id may be in two sessions", async () => {
    await projectSession(database, session("here"), [conversation({ id: "same" })], []);
    await projectSession(
      database,
      session("there"),
      [conversation({ id: "same", status: "pending" })],
      [],
    );
    expect(await conversationsOf("here")).toMatchObject([{ status: "open" }]);
    expect(await conversationsOf("there")).toMatchObject([{ status: "pending" }]);
  });

  test("go with their session", async () => {
    await projectSession(database, session("leaving"), [conversation()], []);
    await env.INDEX_DB.prepare("DELETE FROM sessions WHERE id = ?")
      .bind(sessionId("leaving"))
      .run();
    expect(await conversationsOf("leaving")).toEqual([]);
  });
});

describe("failures", () => {
  const secrets = { userFingerprint: "fp-in-no-log", userId: "user-in-no-log" };

  test.each([
    { title: "a team that is not there", fields: { teamId: "nobody" } },
    { title: "a missing value", fields: { version: null as unknown as number } },
    { title: "an end without its reason", fields: { ...ended("idle"), endReason: null } },
    {
      title: "a reason that is not its status's",
      fields: { ...ended("idle"), status: "active" as const },
    },
    { title: "an end without its time", fields: { ...ended("idle"), endedAt: null } },
  ])("$title will never be accepted", async ({ fields }) => {
    const result = await projectSession(
      database,
      session("bad", { ...secrets, ...fields }),
      [],
      [],
    );
    expect(result).toMatchObject({ ok: false, retryable: false });
    expect(await row("bad")).toBeNull();
  });

  test("a conversation that cannot be written takes the session's row with it", async () => {
    const bad = conversation({ status: "unheard of" as "open" });
    const result = await projectSession(
      database,
      session("whole"),
      [conversation({ id: "a" }), bad],
      [],
    );
    expect(result).toMatchObject({ ok: false, retryable: false });
    expect(await row("whole")).toBeNull();
  });

  test("a database that does not answer as it should is tried again", async () => {
    const broken = {
      prepare: (sql: string) => env.INDEX_DB.prepare(sql.replaceAll("sessions", "no_such_table")),
      batch: (statements: D1PreparedStatement[]) => env.INDEX_DB.batch(statements),
    } as D1Database;
    const result = await projectSession(
      sessionsDatabase({ INDEX_DB: broken }, 1),
      session("later", secrets),
      [],
      [],
    );
    expect(result).toMatchObject({ ok: false, retryable: true });
    expect(result).toMatchObject({ message: expect.stringContaining("no_such_table") });
  });

  test("messages quote no value", async () => {
    const result = await projectSession(
      database,
      session("quiet", { ...secrets, teamId: "x" }),
      [],
      [],
    );
    expect(JSON.stringify(result)).toContain("FOREIGN KEY");
    expect(JSON.stringify(result)).not.toContain("in-no-log");
  });
});

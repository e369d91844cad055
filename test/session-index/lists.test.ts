import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Result } from "../../src/protocol/errors.ts";
import type { SessionList } from "../../src/protocol/rest.ts";
import { decodeCursor, encodeCursor } from "../../src/session-index/cursor.ts";
import type { SessionQuery } from "../../src/session-index/read.ts";
import { findSessionsByFingerprint, listSessions } from "../../src/session-index/read.ts";
import { projectSession } from "../../src/session-index/write.ts";
import { addTeam, database, ended, everything, NOW, session, sessionId } from "./records.ts";

/** Follows the cursors to the end; returns the ids in order. */
async function collect(
  list: (cursor: string | undefined) => Promise<Result<SessionList>>,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    if (!page.ok) throw new Error(page.message);
    ids.push(...page.sessions.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return ids;
}

const everyId = (query: SessionQuery) =>
  collect((cursor) => listSessions(database, { ...query, cursor }));

describe("pages", () => {
  interface Listed {
    readonly id: string;
    readonly lastAccessed: number;
  }
  const newestFirst = (one: Listed, other: Listed) =>
    other.lastAccessed - one.lastAccessed || (one.id < other.id ? 1 : -1);

  let runs = 0;
  test("hold every session once, newest activity first, however many share a millisecond", async () => {
    const records = fc.array(
      fc.record({ second: fc.nat(2), hash: fc.constantFrom("first key", "second key") }),
      { maxLength: 15 },
    );
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 1, max: 6 }), async (drawn, limit) => {
        const teamId = `paged-${++runs}`;
        await addTeam(teamId);
        const sessions = drawn.map(({ second, hash }, index) =>
          session(`${runs}-${index}`, {
            teamId,
            lastAccessed: NOW + second * 1000,
            userFingerprint: hash,
          }),
        );
        await Promise.all(sessions.map((record) => projectSession(database, record, [], [])));
        const expected = sessions.toSorted(newestFirst).map(({ id }) => id);
        expect(await everyId({ ...everything(teamId), limit })).toEqual(expected);
        const fingerprintHashes = ["first key", "second key", "first key", "c", "d", "e", "f", "g"];
        expect(
          await collect((cursor) =>
            findSessionsByFingerprint(database, {
              teamId,
              fingerprintHashes,
              userId: undefined,
              cursor,
              limit,
            }),
          ),
        ).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test("an empty list has no next page", async () => {
    await addTeam("empty");
    const empty = { ok: true, sessions: [] };
    expect(await listSessions(database, everything("empty"))).toEqual(empty);
    const query = { teamId: "empty", userId: undefined, cursor: undefined, limit: 5 };
    for (const fingerprintHashes of [[], ["fingerprint-hash"], ["a", "b"]]) {
      expect(await findSessionsByFingerprint(database, { ...query, fingerprintHashes })).toEqual(
        empty,
      );
    }
  });
});

describe("filters", () => {
  const team = "filtered";
  const query = everything(team);

  beforeAll(async () => {
    await addTeam(team);
    await addTeam("neighbour");
    const at = (offset: number) => ({ teamId: team, lastAccessed: NOW + offset });
    for (const record of [
      session("f1", { ...at(1), userId: "ada" }),
      session("f2", { ...at(2), userId: "ada", ...ended("idle") }),
      session("f3", { ...at(3), ...ended("terminated"), locationInfo: { country: "FR" } }),
      session("f4", { ...at(4), userId: "bob", deviceInfo: { deviceType: "desktop" } }),
      session("f5", { teamId: "neighbour", userId: "ada" }),
    ]) {
      await projectSession(database, record, [], []);
    }
  });

  test.each([
    { filter: {}, names: ["f4", "f3", "f2", "f1"] },
    { filter: { status: "active" }, names: ["f4", "f1"] },
    { filter: { status: "expired" }, names: ["f2"] },
    { filter: { country: "FR" }, names: ["f3"] },
    { filter: { device: "desktop" }, names: ["f4"] },
    { filter: { userId: "ada" }, names: ["f2", "f1"] },
    { filter: { userId: "ada", status: "active" }, names: ["f1"] },
    { filter: { userId: "ada", country: "FR" }, names: [] },
    { filter: { status: "active", country: "DE", device: "mobile", userId: "ada" }, names: ["f1"] },
    { filter: { teamId: "neighbour" }, names: ["f5"] },
  ] as { filter: Partial<SessionQuery>; names: string[] }[])("$filter", async (given) => {
    const ids = await everyId({ ...query, limit: 1, ...given.filter });
    expect(ids).toEqual(given.names.map(sessionId));
  });

  test("a session is shown as its readers know it, without what is not there", async () => {
    const list = await listSessions(database, { ...query, limit: 3 });
    expect(list).toMatchObject({ ok: true, nextCursor: expect.any(String) });
    expect(list.ok && list.sessions).toEqual([
      {
        id: sessionId("f4"),
        teamId: team,
        status: "active",
        userId: "bob",
        deviceInfo: { deviceType: "desktop" },
        locationInfo: { country: "DE", city: "Berlin" },
        createdAt: "2026-01-15T00:00:00.000Z",
        lastAccessed: "2026-01-15T00:00:00.004Z",
        expiresAt: "2026-02-14T00:00:00.004Z",
      },
      expect.objectContaining({ id: sessionId("f3"), endReason: "terminated" }),
      expect.objectContaining({
        status: "expired",
        endReason: "idle",
        endedAt: "2026-01-15T00:00:00.000Z",
      }),
    ]);
  });

  test("a fingerprint is looked for in its team alone", async () => {
    const found = await findSessionsByFingerprint(database, {
      teamId: "neighbour",
      userId: undefined,
      fingerprintHashes: ["fingerprint-hash"],
      cursor: undefined,
      limit: 10,
    });
    expect(found.ok && found.sessions.map(({ id }) => id)).toEqual([sessionId("f5")]);
  });
});

describe("cursors", () => {
  test("come back as they were", () => {
    const ids = fc.stringMatching(/^[A-Za-z0-9_-]{32}$/);
    const positions = fc.record({ at: fc.nat(999_999_999_999_999), id: ids });
    fc.assert(
      fc.property(positions, (position) => {
        expect(encodeCursor(position)).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeCursor(encodeCursor(position))).toEqual(position);
      }),
    );
  });

  const foreign = [
    "",
    "x",
    "abcde",
    "%%%",
    "ÿ",
    "null",
    btoa("1 "),
    btoa("1 ' OR 1"),
    btoa("-1 a"),
  ];
  test.each(foreign)("%j is refused as a value", async (cursor) => {
    const refused = { ok: false, code: "invalid_parameter" };
    expect(await listSessions(database, { ...everything("team"), cursor })).toMatchObject(refused);
    expect(
      await findSessionsByFingerprint(database, {
        teamId: "team",
        userId: undefined,
        fingerprintHashes: ["a"],
        cursor,
        limit: 1,
      }),
    ).toMatchObject(refused);
  });

  test("any text is either refused or a position", () => {
    fc.assert(fc.property(fc.string(), (text) => void decodeCursor(text)));
  });
});

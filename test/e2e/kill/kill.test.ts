// The server is killed at random while files come, sessions are archived, purged and erased. After it is back and the
// cleanup has been once round, nothing that was acknowledged is lost, nothing that was purged is there, and no row is without what it
// is of. `KILLS=50` kills it more often.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROWS_COMPARED } from "../../../src/operations/cleanup/bounds.ts";
import type { CleanupResult } from "../../../src/protocol/lifecycle.ts";
import type { Message } from "../../../src/protocol/message.ts";
import { TEST_ADMIN_TOKEN } from "../../support/test-env.ts";
import { KillableServer } from "./killable.ts";
import { type OnDisk, readDisk } from "./on-disk.ts";
import { ask, makeTeams, type TeamKeys, type Visit, visitUntil } from "./visitors.ts";

const KILLS = Number(process.env.KILLS ?? 4);
/** A slow machine may be killed a few times before anything is purged: that has to be seen too. */
const MOST_KILLS = KILLS + 10;
const VISITORS = 6;
const MAX_LIFE_MS = 1_500;

let server: KillableServer;
let keys: TeamKeys;

beforeAll(async () => {
  server = await KillableServer.make();
  await server.start();
  keys = await makeTeams(server);
});

afterAll(() => server?.close());

it("loses nothing that was acknowledged, and brings back nothing that was purged", async () => {
  const all: Visit[] = [];
  const gone = new Set<string>();
  for (let kill = 1; kill <= KILLS || (gone.size === 0 && kill <= MOST_KILLS); kill++) {
    const visits: Visit[] = [];
    let isOver = false;
    const visiting = Array.from({ length: VISITORS }, () =>
      visitUntil(server, visits, () => isOver),
    );
    await sleep(50 + Math.random() * MAX_LIFE_MS);
    isOver = true;
    await Promise.all([server.kill(), ...visiting]);
    await server.start();
    await cleanUp(all.length + visits.length);
    for (const visit of visits) if (!(await isAllThere(visit))) gone.add(visit.id);
    all.push(...visits);
    // To see the disk as it is after the cleanup.
    await server.kill();
    agree(readDisk(server.state), gone);
    await server.start();
  }
  const files = all.reduce((sum, visit) => sum + visit.files.size, 0);
  console.info(
    `${KILLS} kills: ${all.length} sessions, ${files} files, ${gone.size} sessions purged`,
  );
  expect(gone.size).toBeGreaterThan(0);
  for (const visit of all) expect(await isAllThere(visit)).toBe(!gone.has(visit.id));
  await server.kill();
  agree(readDisk(server.state), gone);
}, 3_600_000);

/** Until there is no more to do, and each of so many rows has had its turn to be compared with its object. */
async function cleanUp(sessions: number): Promise<void> {
  let rounds = 1 + Math.ceil(sessions / ROWS_COMPARED);
  for (let more = true; more || rounds > 0; rounds--) {
    const response = await ask(server, "POST", "/api/sessions/cleanup", TEST_ADMIN_TOKEN);
    expect(response.status).toBe(200);
    ({ more } = (await response.json()) as CleanupResult);
  }
}

/** Whether the session is there; then with all that was acknowledged, and otherwise for a reason. */
async function isAllThere(visit: Visit): Promise<boolean> {
  const mayBeGone = visit.erased !== "no" || (visit.ended !== "no" && isGoneAtItsEnd(visit));
  const mustBeGone =
    visit.erased === "acknowledged" || (visit.ended === "acknowledged" && isGoneAtItsEnd(visit));
  const path = `/api/sessions/${visit.id}`;
  const key = keys[visit.team];
  const response = await ask(server, "GET", `${path}/messages?after=0&limit=200`, key);
  if (response.status === 404) {
    expect(mayBeGone, "gone for no reason").toBe(true);
    return false;
  }
  expect(response.status, `${visit.team} ${visit.ended} ${visit.erased}`).toBe(200);
  expect(mustBeGone, "there, and it was purged").toBe(false);
  const { messages } = (await response.json()) as { messages: Message[] };
  expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, index) => index + 1));
  const found = new Map(messages.map(({ clientId = "", content }) => [clientId, content]));
  expect(Object.fromEntries(found)).toMatchObject(Object.fromEntries(visit.messages));
  expect(new Set(found.keys()).difference(visit.sent)).toEqual(new Set());
  const isActive = visit.ended === "no" && visit.erased === "no";
  for (const [fileId, bytes] of visit.files) {
    const file = await ask(server, "GET", `${path}/files/${fileId}`, key);
    const text = Buffer.from(await file.arrayBuffer());
    // The archive deletes files.
    if (isActive || visit.team === "kept") expect(file.status).toBe(200);
    if (file.status === 200) expect(text.equals(bytes)).toBe(true);
    else expect(file.status).toBe(404);
  }
  return true;
}

const isGoneAtItsEnd = ({ team, messages, sent }: Visit) =>
  team === "purged" || messages.size === 0 || sent.size === 0;

/** No row without what it is of, nothing without its row, in all three places. */
function agree({ sessions, files, keys, objects }: OnDisk, gone: ReadonlySet<string>): void {
  const live = objects.filter(({ isPurged }) => !isPurged);
  const ids = new Set(live.map(({ sessionId }) => sessionId));
  expect(
    [...sessions].filter((id) => !ids.has(id)),
    "rows of no session",
  ).toEqual([]);
  const unknown = live.filter(({ sessionId = "" }) => !sessions.has(sessionId));
  expect(
    unknown.filter(({ outbox }) => outbox.length === 0),
    "sessions that the index never hears of",
  ).toEqual([]);
  const known = live.flatMap(({ sessionId, files: own }) =>
    own.map(({ id, state }) => ({ path: `${sessionId}/${id}`, state })),
  );
  const uploaded = known.filter(({ state }) => state !== "uploading").map(({ path }) => path);
  const inBucket = [...keys].filter((key) => key.startsWith("files/")).map((key) => key.slice(6));
  expect([...files].sort(), "the index's files").toEqual(uploaded.sort());
  expect(
    uploaded.filter((path) => !inBucket.includes(path)),
    "files without bytes",
  ).toEqual([]);
  const owned = new Set(known.map(({ path }) => path));
  expect(
    inBucket.filter((path) => !owned.has(path)),
    "bytes of no file",
  ).toEqual([]);
  const archived = live.filter(({ isArchived }) => isArchived);
  for (const { sessionId, messages } of archived) {
    expect(keys.has(`transcripts/${sessionId}.ndjson.gz`)).toBe(true);
    expect(messages).toBe(0);
  }
  const everywhere = [...sessions, ...files, ...keys, ...ids].join("\n");
  expect(
    [...gone].filter((id) => everywhere.includes(id)),
    "purged, and back",
  ).toEqual([]);
}

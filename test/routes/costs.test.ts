/**
 * What calls cost in rows, D1's and the objects', which is what is billed. The figures are exact: a change here is a
 * change of the bill.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { newSessionId } from "../../src/credentials/session-id.ts";
import { signingKeys } from "../../src/keys.ts";
import type { SessionList, SessionStats, SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { download, PNG, upload, uploaded } from "../support/files.ts";
import { type Cost, indexCost } from "../support/index-database.ts";
import { from, newAddress } from "../support/networks.ts";
import { objectOf } from "../support/object-of.ts";
import { indexAnswered, objectRowsWritten } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";

let teamId: string;
let chat: SessionWithToken;

beforeAll(async () => {
  teamId = await newTeam();
  chat = await newSession(teamId);
  // What the isolate has to know of the team.
  await validate();
});

async function validate(): Promise<void> {
  const response = await call(`/api/sessions/${chat.session.id}/validate`, { bearer: chat.token });
  expect(response.status).toBe(200);
}

async function costOf(act: () => Promise<unknown>): Promise<Cost & { objectRows: number }> {
  let cost: Cost | undefined;
  const objectRows = await objectRowsWritten(chat.session.id, async () => {
    cost = await indexCost(act);
  });
  if (cost === undefined) throw new Error("nothing was measured");
  return { ...cost, objectRows };
}

const FREE = { rowsRead: 0, rowsWritten: 0, objectRows: 0 };

/** What counts it. */
const LOOKUP = { ...FREE, objectRows: 1 };

describe("within the touch interval", () => {
  test("validating costs nothing", async () => {
    expect(await costOf(validate)).toEqual(FREE);
  });

  test("looking costs nothing either", async () => {
    for (const path of ["", "/messages", "/conversations"]) {
      const cost = await costOf(async () => {
        const response = await call(`/api/sessions/${chat.session.id}${path}`, {
          bearer: chat.token,
        });
        expect(response.status).toBe(200);
      });
      expect(cost).toEqual(FREE);
    }
  });

  test("opening a socket and reading costs nothing", async () => {
    const sockets: TestSocket[] = [];
    const cost = await costOf(async () => {
      const socket = await TestSocket.open(chat.session, chat.ticket);
      sockets.push(socket);
      await socket.first("synced");
    });
    expect(cost).toEqual(FREE);
    for (const socket of sockets) socket.close();
  });
});

describe("a creation", () => {
  test.each([
    { title: "of an anonymous visitor", body: {}, rowsWritten: 8 },
    { title: "with a fingerprint", body: { userFingerprint: "print" }, rowsWritten: 9 },
  ])("$title writes $rowsWritten rows of D1, and reads a team's row at most", async (given) => {
    const cost = await costOf(async () => {
      await newSession(teamId, { body: given.body });
      await settled();
    });
    expect(cost.rowsWritten).toBe(given.rowsWritten);
    expect(cost.rowsWritten).toBeLessThanOrEqual(10);
  });
});

describe("a creation under limits", () => {
  const headers = from(newAddress());
  const create = (limited: string) =>
    costOf(async () => {
      await newSession(limited, { headers });
      await settled();
    });

  test("writes 1 row more for the network and 1 for the team, and the first of each 1 alarm", async () => {
    const [lifted, limited] = [
      await newTeam(),
      await newTeam({ limits: { createsPerMinutePerNetwork: 20, createsPerMinute: 600 } }),
    ];
    const { objectRows } = await create(lifted);
    expect((await create(limited)).objectRows).toBe(objectRows + 4);
    expect((await create(limited)).objectRows).toBe(objectRows + 2);
  });

  test("that is refused costs nothing", async () => {
    const limited = await newTeam({ limits: { createsPerMinutePerNetwork: 1 } });
    await newSession(limited, { headers });
    const cost = await costOf(async () => {
      const sent = { body: { teamId: limited }, headers };
      expect((await call("/api/sessions/create", sent)).status).toBe(429);
    });
    expect(cost).toEqual(FREE);
  });
});

describe("a message", () => {
  let sent = 0;
  const message = () => ({ clientId: `cost-${++sent}`, content: "Hello" });

  test("writes 2 rows of its object and none of D1", async () => {
    const cost = await costOf(async () => {
      const path = `/api/sessions/${chat.session.id}/messages`;
      const response = await call(path, { bearer: chat.token, body: message() });
      expect(response.status).toBe(201);
    });
    expect(cost).toEqual({ ...FREE, objectRows: 2 });
  });

  test("over a socket too, alone or among a hundred", async () => {
    const socket = await TestSocket.open(chat.session, chat.ticket);
    await socket.first("synced");
    for (const count of [1, 100]) {
      const messages = Array.from({ length: count }, message);
      const last = messages.at(-1)?.clientId;
      const cost = await costOf(async () => {
        socket.send({ type: "send", messages });
        await socket.until(() => socket.messages.some(({ clientId }) => clientId === last));
      });
      expect(cost).toEqual({ ...FREE, objectRows: 2 * count });
    }
    socket.close();
  });

  test("that was stored before writes nothing", async () => {
    const body = message();
    const path = `/api/sessions/${chat.session.id}/messages`;
    await call(path, { bearer: chat.token, body });
    const cost = await costOf(() => call(path, { bearer: chat.token, body }));
    expect(cost).toEqual(FREE);
  });
});

describe("a file", () => {
  let own: SessionWithToken;
  let fileId: string;

  // What the others' tests have done to their session would be told to the index along with the file.
  beforeAll(async () => {
    own = await newSession(teamId);
  });

  test("that is uploaded writes 1 row of D1, and 6 of objects: its own twice, 3 for the index, 1 for the count", async () => {
    // The first one of a credential sets the alarm of what counts them.
    for (const [clientId, objectRows] of [
      ["first", 7],
      ["second", 6],
    ] as const) {
      const cost = await costOf(async () => {
        ({ fileId } = await uploaded(own, PNG, { clientId }));
        await indexAnswered(own.session.id);
      });
      // The session's row, and whether it is among the purged.
      expect(cost).toEqual({ rowsRead: 2, rowsWritten: 1, objectRows });
    }
  });

  test("that is uploaded again, or read, costs nothing but the count of uploads", async () => {
    const again = await costOf(() => upload(own, PNG, { clientId: "second" }));
    expect(again).toEqual(LOOKUP);
    expect(await costOf(() => download(own, fileId))).toEqual(FREE);
  });

  test("costs its message 1 row more", async () => {
    const cost = await costOf(async () => {
      const body = { clientId: "with-file", content: "", attachments: [{ fileId }] };
      const path = `/api/sessions/${own.session.id}/messages`;
      expect((await call(path, { bearer: own.token, body })).status).toBe(201);
    });
    expect(cost).toEqual({ ...FREE, objectRows: 3 });
  });
});

describe("with 100,000 other sessions of the team", () => {
  const OTHERS = 100_000;
  let key: string;

  beforeAll(async () => {
    key = await newTeamKey(teamId);
    // No session ids: nobody is to look for their objects.
    const seed = `
      INSERT INTO sessions (id, team_id, user_fingerprint, device_info, location_info, status,
        last_accessed, expires_at, created_at, updated_at, version)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${OTHERS})
      SELECT 'other:' || i, '${teamId}', 'fp' || (i / 10), '{}', '{}', 'active', i, i, 0, 0, 1 FROM n`;
    await env.INDEX_DB.exec(seed.replaceAll("\n", " "));
    for (let index = 0; index < 3; index++) {
      await newSession(teamId, { body: { userFingerprint: "mine" } });
    }
    await call(`/api/sessions/stats/${teamId}`, { bearer: key });
  }, 60_000);

  test("a fingerprint lookup reads its results and 2 rows at most", async () => {
    for (const [fingerprint, results] of [
      ["mine", 3],
      ["nobody's", 0],
    ] as const) {
      let found = -1;
      const cost = await costOf(async () => {
        const path = `/api/sessions/fingerprint/${fingerprint}/${teamId}`;
        const response = await call(path, { bearer: key });
        found = (await response.json<SessionList>()).sessions.length;
      });
      expect(found).toBe(results);
      expect(cost).toEqual({ ...LOOKUP, rowsRead: expect.any(Number) });
      expect(cost.rowsRead).toBeLessThanOrEqual(results + 2);
    }
  });

  test("the statistics read 1 row", async () => {
    let total = 0;
    const cost = await costOf(async () => {
      const response = await call(`/api/sessions/stats/${teamId}`, { bearer: key });
      total = (await response.json<SessionStats>()).totalSessions;
    });
    expect(total).toBeGreaterThan(OTHERS);
    expect(cost).toEqual({ ...LOOKUP, rowsRead: 1 });
  });

  test("a key that the isolate does not know yet is 2 rows more", async () => {
    const fresh = await newTeamKey(teamId);
    const cost = await costOf(() => call(`/api/sessions/stats/${teamId}`, { bearer: fresh }));
    expect(cost.rowsRead).toBeLessThanOrEqual(4);
  });
});

test("looking at an id that was never created writes nothing, not even a table", async () => {
  const row = await env.INDEX_DB.prepare("SELECT number FROM teams WHERE id = ?")
    .bind(teamId)
    .first<{ number: number }>();
  const id = await newSessionId(await signingKeys(env), row?.number ?? 0);
  const key = await newTeamKey(teamId);
  for (const [method, path] of [
    ["GET", ""],
    ["GET", "/validate"],
    ["POST", "/refresh"],
    ["GET", "/messages"],
    ["DELETE", ""],
  ] as const) {
    const response = await call(`/api/sessions/${id}${path}`, { bearer: key, method });
    expect(await refusal(response)).toBe("404 session_not_found");
  }
  const left = await runInDurableObject(objectOf(id), async (_, { storage }) => ({
    tables: storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
    alarm: await storage.getAlarm(),
  }));
  expect(left).toEqual({ tables: [], alarm: null });
});

/** Until nothing that was started goes on behind the answer. */
async function settled(): Promise<void> {
  await scheduler.wait(50);
}

// What visitors feel of a cleanup: validations while one works off what is overdue, next to validations while none does.
import { TEST_ADMIN_TOKEN } from "../../support/test-env.ts";
import { encodeRequest, HttpConnection, requestOnce } from "../http-connection.ts";
import type { Contest } from "../rounds.ts";
import { makeTeam, type Servers } from "../servers.ts";
import { requestSide, validationsOf } from "./requests.ts";

const SESSIONS = 100_000;
const OVERDUE = 10_000;

const TEAM = "bench-cleanup";

/** Creations at a time. */
const CONNECTIONS = 16;

interface Done {
  readonly expiredSessions: number;
  readonly more: boolean;
}

/** A hundred thousand sessions in the index, of which a tenth are there, should have ended, and were woken by nothing. */
export async function cleanupContest(servers: Servers): Promise<Contest> {
  const { ours } = servers;
  const validations = await validationsOf(ours);
  await makeTeam(ours, TEAM);
  await fill(servers);
  const side = requestSide(ours, 200, (connection) => validations[connection] ?? "");
  return {
    name: "cleanup",
    figures: [
      {
        title: "`validate` while the cleanup works off 10,000 of 100,000 sessions, against without",
        unit: "requests/s",
        goal: { atLeast: 0.5 },
      },
    ],
    ours: {
      async round(seconds) {
        const end = performance.now() + seconds * 1_000;
        const cleaning = cleanUntil(ours, end);
        const measured = await side.round(seconds);
        await cleaning;
        return measured;
      },
    },
    bare: side,
  };
}

/** Calls for the cleanup until `end`; the last call is waited for. */
async function cleanUntil(ours: URL, end: number): Promise<void> {
  const start = performance.now();
  let expired = 0;
  let more = true;
  while (performance.now() < end) {
    const done = await requestOnce<Done>(
      ours,
      { method: "POST", path: "/api/sessions/cleanup", token: TEST_ADMIN_TOKEN, body: {} },
      200,
    );
    expired += done.expiredSessions;
    more = done.more;
  }
  if (!more) throw new Error("the cleanup had nothing left to do");
  const perSecond = (expired * 1_000) / (performance.now() - start);
  console.error(`  ${expired} sessions ended, ${perSecond.toFixed(0)} a second`);
}

async function fill({ ours, index }: Servers): Promise<void> {
  const create = encodeRequest({
    method: "POST",
    path: "/api/sessions/create",
    token: undefined,
    body: { teamId: TEAM },
  });
  let created = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection = await HttpConnection.open(ours);
      while (created++ < OVERDUE) {
        const { status, body } = await connection.request(create);
        if (status !== 201) throw new Error(`answered ${status}: ${body}`);
      }
      connection.close();
    }),
  );
  await index.batch([
    // The team has changed its mind, and nobody has told the sessions.
    index.prepare(
      `UPDATE teams SET policy = json_set(policy, '$.absoluteDays', 0.000001), revision = revision + 1
       WHERE id = '${TEAM}'`,
    ),
    index.prepare(`UPDATE sessions SET expires_at = 0 WHERE team_id = '${TEAM}'`),
    index.prepare(
      `INSERT INTO sessions (id, team_id, device_info, location_info, status, last_accessed, expires_at, created_at,
         updated_at, version)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${SESSIONS - OVERDUE})
       SELECT printf('z%031d', i), '${TEAM}', '{}', '{}', 'active', 0, ${Date.now() * 2}, 0, 0, 1 FROM n`,
    ),
  ]);
}

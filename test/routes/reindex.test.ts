// Objects that are asked by the ids that Cloudflare lists, whatever is behind them.
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { ReindexAnswer } from "../../src/protocol/recovery.ts";
import { call, newSession, newTeam } from "../support/api.ts";
import { breakIndex, loseIndex } from "../support/index-database.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

async function outcomes(objectIds: readonly string[]): Promise<readonly string[]> {
  for (const level of ["warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
  const response = await call("/api/admin/reindex", {
    bearer: TEST_ADMIN_TOKEN,
    body: { objectIds },
  });
  expect(response.status, await response.clone().text()).toBe(200);
  const { objects } = await response.json<ReindexAnswer>();
  expect(objects.map(({ objectId }) => objectId)).toEqual(objectIds);
  return objects.map(({ outcome }) => outcome);
}

const idOf = (sessionId: string) => env.SESSIONS.idFromName(sessionId).toString();

test("each id is answered with what came of it", async () => {
  const teamId = await newTeam();
  const chats = [await newSession(teamId), await newSession(teamId)];
  await env.INDEX_DB.prepare("DELETE FROM sessions WHERE team_id = ?").bind(teamId).run();
  const foreign = env.LIMITERS.idFromName("a limiter").toString();
  const ids = [...chats.map(({ session }) => idOf(session.id)), idOf("never created"), foreign];
  expect(await outcomes(ids)).toEqual(["projected", "projected", "absent", "invalid"]);
  const indexed = await env.INDEX_DB.prepare("SELECT count(*) AS n FROM sessions WHERE team_id = ?")
    .bind(teamId)
    .first();
  expect(indexed).toEqual({ n: 2 });
});

test("a failing index makes them wait, and a missing team is said", async () => {
  const { session } = await newSession(await newTeam());
  const heal = breakIndex();
  expect(await outcomes([idOf(session.id)])).toEqual(["waiting"]);
  heal();
  await loseIndex();
  expect(await outcomes([idOf(session.id)])).toEqual(["refused"]);
});

test("an object that fails fails alone", async () => {
  const teamId = await newTeam();
  const [failing, other] = [await newSession(teamId), await newSession(teamId)];
  const stub = Object.getPrototypeOf(env.SESSIONS) as DurableObjectNamespace;
  const { get } = stub;
  Object.assign(stub, {
    get(this: DurableObjectNamespace, id: DurableObjectId) {
      if (id.toString() !== idOf(failing.session.id)) return get.call(this, id);
      return { reindex: () => Promise.reject(new Error("overloaded")) };
    },
  });
  try {
    const ids = [failing, other].map(({ session }) => idOf(session.id));
    expect(await outcomes(ids)).toEqual(["failed", "projected"]);
  } finally {
    Object.assign(stub, { get });
  }
});

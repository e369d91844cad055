/** A disabled team's sessions stop within a minute, whoever calls and whatever is down; a changed policy holds as soon. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TeamSettings } from "../../src/domain/policy.ts";
import type { SessionStub } from "../../src/operations/session-access.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { forgetTeam } from "../../src/team-cache.ts";
import { call, newSession, newTeam } from "../support/api.ts";
import { MINUTE_MS, moveClock } from "../support/clock.ts";
import { evict, RESIDENCIES, stepper } from "../support/eviction.ts";
import { breakIndex, indexCost } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { objectRowsWritten } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

const start = Date.UTC(2027, 3, 1);

let teamId: string;
let chat: SessionWithToken;
let heal = () => {};

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: start });
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  teamId = await newTeam();
  chat = await newSession(teamId);
});
afterEach(() => {
  heal();
  heal = () => {};
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const number = async () =>
  Number(
    (
      await env.INDEX_DB.prepare("SELECT number FROM teams WHERE id = ?")
        .bind(teamId)
        .first<{ number: number }>()
    )?.number,
  );

const stub = () => objectOf(chat.session.id) as unknown as SessionStub;

/** As an administrator on the other side of the world does it: neither this isolate nor the object hears of it. */
async function setPolicyElsewhere(path: string, value: string): Promise<void> {
  await env.INDEX_DB.prepare(
    "UPDATE teams SET policy = json_set(policy, ?, json(?)), revision = revision + 1 WHERE id = ?",
  )
    .bind(path, value, teamId)
    .run();
}

const disableElsewhere = () => setPolicyElsewhere("$.disabled", "true");

/** `acknowledges`: without, no frame comes but those that a test sends. */
async function open(acknowledges = true): Promise<TestSocket> {
  const validated = await call(`/api/sessions/${chat.session.id}/validate`, { bearer: chat.token });
  const { ticket } = await validated.json<{ ticket: string }>();
  const socket = await TestSocket.open(chat.session, ticket, { acknowledges });
  await socket.first("synced");
  return socket;
}

let sent = 0;
/** Sends a message and waits until it is there or the socket is closed. */
async function say(socket: TestSocket): Promise<"stored" | number> {
  const clientId = `say-${++sent}`;
  socket.send({ type: "send", messages: [{ clientId, content: "Hello" }] });
  await socket.until(
    () =>
      socket.closeCode !== undefined ||
      socket.messages.some((message) => message.clientId === clientId),
  );
  return socket.closeCode ?? "stored";
}

describe.each(RESIDENCIES)("an object that %s", (residency) => {
  const step = stepper(residency);

  test("acts on no frame a minute after its team was disabled", async () => {
    const socket = await open();
    expect(await say(socket)).toBe("stored");
    await step(chat.session.id);
    await disableElsewhere();
    moveClock(MINUTE_MS);
    await step(chat.session.id);
    expect(await say(socket)).toBe(4403);
    const { results } = await env.INDEX_DB.prepare("SELECT * FROM sessions WHERE id = ?")
      .bind(chat.session.id)
      .all();
    expect(results).toMatchObject([{ status: "active" }]);
  });

  test("learns of it behind a frame after half a minute, and closes an idle socket beside", async () => {
    const [busy, idle] = [await open(), await open()];
    await disableElsewhere();
    moveClock(MINUTE_MS / 2);
    await step(chat.session.id);
    expect(await say(busy)).toBe("stored");
    expect([await busy.closed(), await idle.closed()]).toEqual([4403, 4403]);
  });

  test("asks once in half a minute, however many frames come, and writes no row for it", async () => {
    const socket = await open(false);
    await say(socket);
    let rows = 0;
    for (let turn = 0; turn < 3; turn++) {
      moveClock(2 * MINUTE_MS);
      await step(chat.session.id);
      const { rowsRead } = await indexCost(async () => {
        rows = await objectRowsWritten(chat.session.id, async () => {
          for (let frame = 0; frame < 20; frame++) {
            socket.send({ type: "typing", active: true });
            if (frame % 7 === 0) await step(chat.session.id);
          }
          await say(socket);
        });
      });
      expect(rowsRead).toBe(1);
      expect(rows).toBe(2);
      const quiet = await indexCost(async () => {
        moveClock(MINUTE_MS / 2 - 1);
        await step(chat.session.id);
        await say(socket);
      });
      expect(quiet.rowsRead).toBe(0);
    }
    socket.close();
  });

  test("keeps the order of the frames that waited", async () => {
    const socket = await open();
    moveClock(2 * MINUTE_MS);
    await step(chat.session.id);
    const clientIds = Array.from({ length: 50 }, (_, index) => `order-${index}`);
    for (const clientId of clientIds) {
      socket.send({ type: "send", messages: [{ clientId, content: clientId }] });
      if (clientId === "order-25") await scheduler.wait(0);
    }
    await socket.until(() => socket.messages.length === clientIds.length);
    expect(socket.messages.map(({ clientId }) => clientId)).toEqual(clientIds);
    socket.close();
  });

  test.each(["fails", "hangs"] as const)(
    "goes on under the last word while the index %s, and learns afterwards",
    async (how) => {
      const socket = await open();
      await disableElsewhere();
      heal = breakIndex(how);
      moveClock(2 * MINUTE_MS);
      await step(chat.session.id);
      const started = performance.now();
      expect(await say(socket)).toBe("stored");
      expect(await say(socket)).toBe("stored");
      expect(performance.now() - started).toBeLessThan(how === "fails" ? 900 : 2_500);
      heal();
      // What was asked before goes unanswered for as long as the index's own time limit.
      if (how === "hangs") await scheduler.wait(5_500);
      moveClock(MINUTE_MS);
      await step(chat.session.id);
      expect(await say(socket)).toBe(4403);
    },
  );

  test("is shut by what it knows itself, when nobody else remembers the team", async () => {
    await disableElsewhere();
    const { policy } = (await stub().lastKnownTeam()) as TeamSettings;
    await stub().teamChanged({
      id: teamId,
      number: await number(),
      revision: 2,
      policy: { ...policy, disabled: true },
      webhook: null,
    });
    await step(chat.session.id);
    heal = breakIndex();
    forgetTeam(teamId, await number().catch(() => 0));
    moveClock(10 * MINUTE_MS);
    const answer = await stub().validate({
      actor: { kind: "team", teamId, keyId: undefined },
      teamRevision: undefined,
      teamConfirmedAt: undefined,
    });
    expect(answer).toEqual({ ok: false, code: "team_disabled" });
  });
});

test("a socket that was just opened costs no look-up: its Worker had looked", async () => {
  await open();
  const { rowsRead } = await indexCost(async () => {
    const socket = await open();
    expect(await say(socket)).toBe("stored");
    socket.close();
  });
  expect(rowsRead).toBe(0);
});

test("a Worker's old word does not count as new: a minute is counted from when the index was asked", async () => {
  const first = await open();
  first.close();
  moveClock(MINUTE_MS - 1_000);
  await disableElsewhere();
  const socket = await open();
  moveClock(2_000);
  expect(await say(socket)).toBe(4403);
});

describe("a change by the administrator", () => {
  const patch = (body: object) =>
    call(`/api/admin/teams/${teamId}`, { method: "PATCH", bearer: TEST_ADMIN_TOKEN, body });

  test("closes the sockets of a disabled team at once, idle ones too, and opens its sessions again", async () => {
    const others = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const { session, ticket } = await newSession(teamId, {
          headers: { "CF-Connecting-IP": `198.51.100.${++sent}` },
        });
        const socket = await TestSocket.open(session, ticket);
        await socket.first("synced");
        return socket;
      }),
    );
    expect((await patch({ disabled: true })).status).toBe(200);
    for (const socket of others) expect(await socket.closed()).toBe(4403);
    const validate = () =>
      call(`/api/sessions/${chat.session.id}/validate`, { bearer: chat.token });
    expect(await refusal(await validate())).toBe("403 team_disabled");
    expect((await patch({ disabled: false })).status).toBe(200);
    expect((await validate()).status).toBe(200);
    const socket = await open();
    expect(await say(socket)).toBe("stored");
    socket.close();
  });

  test("reaches the objects without a look-up by each", async () => {
    const socket = await open();
    await patch({ idleDays: 3 });
    await vi.waitFor(async () => {
      expect((await stub().lastKnownTeam())?.policy.idleDays).toBe(3);
    });
    expect(await say(socket)).toBe("stored");
    await evict(chat.session.id);
    expect((await stub().lastKnownTeam())?.policy.idleDays).toBe(3);
    socket.close();
  });

  test("of the name alone wakes nobody", async () => {
    await evict(chat.session.id);
    await patch({ name: "Renamed" });
    await scheduler.wait(50);
    // It would not run if nobody had woken it.
    await expect(evict(chat.session.id)).resolves.toBeUndefined();
    expect((await stub().lastKnownTeam())?.revision).toBe(1);
  });
});

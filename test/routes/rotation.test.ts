/** Tokens that give way to their successors, and what becomes of a copy that stays behind. */
import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, newTeamKey, ORIGIN } from "../support/api.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { evict, RESIDENCIES, stepper } from "../support/eviction.ts";
import { indexCost } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { indexAnswered, objectRowsWritten, objectTables } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";
import {
  askRedeem,
  askRefresh,
  auditOf,
  callWith,
  credentialIdOf,
  devicesOf,
  invite,
  json,
  letIn,
  refresh,
  rotated,
} from "../support/sharing.ts";
import { TestSocket } from "../support/socket.ts";
import { requestOf, samplesFor } from "./sample-requests.ts";

const SECOND_MS = 1000;
const THEFT = "credential.superseded_secret_used";

let teamId: string;
let chat: SessionWithToken;
let id: string;

beforeAll(async () => {
  teamId = await newTeam();
});
beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  chat = await newSession(teamId);
  id = chat.session.id;
});
afterEach(() => {
  vi.useRealTimers();
});

const validate = (token: string) => callWith(token, "/validate");
const opens = async (token: string) => (await validate(token)).status === 200;

/** The token's successor, which has been used, and the grace is over. */
async function leftBehind(token: string): Promise<string> {
  const successor = await rotated(token);
  expect(await opens(successor)).toBe(true);
  moveClock(MINUTE_MS);
  return successor;
}

async function expectRefused(token: string): Promise<void> {
  expect(await refusal(await validate(token))).toBe("401 invalid_credential");
}

describe.each(RESIDENCIES)("in an object that %s", (residency) => {
  const step = stepper(residency);

  test("a refresh replaces a token that is a day old, and no younger one", async () => {
    moveClock(DAY_MS - 1);
    await step(id);
    expect(await refresh(chat.token)).not.toHaveProperty("token");
    moveClock(1);
    await step(id);
    const { token = "", ticket, session } = await refresh(chat.token);
    expect(token).not.toBe(chat.token);
    expect(credentialIdOf(token)).toBe(credentialIdOf(chat.token));
    expect(session.id).toBe(id);
    await step(id);
    const socket = await TestSocket.open({ id }, ticket);
    expect((await socket.first("welcome")).role).toBe("owner");
    socket.close();
    expect(await opens(token)).toBe(true);
    // The successor has a day of its own.
    moveClock(DAY_MS - 1);
    await step(id);
    expect(await refresh(token)).not.toHaveProperty("token");
    moveClock(1);
    await step(id);
    expect(await refresh(token)).toHaveProperty("token");
  });

  test("whoever presents the same token gets the same successor, as often as it is asked for", async () => {
    const first = await rotated(chat.token);
    await step(id);
    const again = await Promise.all(Array.from({ length: 10 }, () => rotated(chat.token)));
    await step(id);
    // Nobody has to ask for it any more: it is there.
    expect((await refresh(chat.token)).token).toBe(first);
    moveClock(3 * DAY_MS);
    await step(id);
    expect(new Set([first, ...again, await rotated(chat.token)])).toEqual(new Set([first]));
    expect(await opens(first)).toBe(true);
  });

  test("a token goes on opening until its successor is used, however long that takes", async () => {
    const successor = await rotated(chat.token);
    for (let day = 0; day < 40; day += 8) {
      moveClock(8 * DAY_MS);
      await step(id);
      expect(await opens(chat.token)).toBe(true);
    }
    await step(id);
    expect(await opens(successor)).toBe(true);
    expect(await auditOf(id, THEFT)).toEqual([]);
  });

  test("used for the first time a minute after, a successor is the end of its predecessor", async () => {
    const successor = await rotated(chat.token);
    moveClock(MINUTE_MS - 1);
    await step(id);
    expect(await opens(successor)).toBe(true);
    expect(await opens(chat.token)).toBe(true);
    moveClock(1);
    await step(id);
    await expectRefused(chat.token);
  });

  test("a token that comes later than its grace shuts both holders out, once", async () => {
    const other = await letIn(chat.token, "owner");
    const guest = await letIn(chat.token, "reader");
    const [socket, others] = [
      await TestSocket.open({ id }, chat.ticket),
      await TestSocket.open({ id }, other.ticket),
    ];
    await Promise.all([socket.first("synced"), others.first("synced")]);
    const successor = await leftBehind(chat.token);
    const { ticket = "" } = await json<{ ticket?: string }>(await validate(successor));
    await step(id);
    await expectRefused(chat.token);
    expect(await socket.closed()).toBe(4401);
    await step(id);
    for (const token of [successor, chat.token, successor, chat.token]) await expectRefused(token);
    expect(await (await TestSocket.open({ id }, ticket)).closed()).toBe(4401);
    expect(await auditOf(id, THEFT)).toEqual([
      {
        type: THEFT,
        actor_kind: "credential",
        actor_id: credentialIdOf(chat.token),
        details: null,
      },
    ]);
    // Everybody else stays.
    const devices = (await devicesOf(other.token)).map(({ credentialId }) => credentialId);
    expect(devices.sort()).toEqual([other.token, guest.token].map(credentialIdOf).sort());
    expect(await opens(guest.token)).toBe(true);
    others.send({ type: "send", messages: [{ clientId: "here", content: "Still here" }] });
    await others.until(() => others.messages.length === 1);
    expect(socket.messages).toEqual([]);
    others.close();
  });

  test("whoever the thief let in goes with it, whoever the owner let in before stays", async () => {
    const phone = await letIn(chat.token, "owner");
    const friend = await letIn(phone.token, "reader");
    // A copy was made; its holder is the first to rotate, and digs itself in.
    const thief = await rotated(chat.token);
    const accomplice = await letIn(thief, "owner");
    const listener = await letIn(accomplice.token, "reader");
    const open = await invite(accomplice.token, { role: "writer" });
    const socket = await TestSocket.open({ id }, listener.ticket);
    await socket.first("synced");
    moveClock(MINUTE_MS);
    await step(id);
    await expectRefused(chat.token);
    expect(await socket.closed()).toBe(4401);
    await step(id);
    for (const token of [thief, accomplice.token, listener.token]) await expectRefused(token);
    expect(await refusal(await askRedeem(open.secret))).toBe("410 invite_expired");
    expect(await opens(phone.token)).toBe(true);
    expect(await opens(friend.token)).toBe(true);
  });

  test("a generation long gone is known again, though nothing of it is kept", async () => {
    let token = chat.token;
    for (let day = 0; day < 10; day++) {
      moveClock(DAY_MS);
      await step(id);
      token = (await refresh(token)).token ?? "none";
      expect(await opens(token)).toBe(true);
    }
    moveClock(MINUTE_MS);
    await step(id);
    expect((await objectTables(id)).match(/successorGivenAt/g)).toHaveLength(1);
    await expectRefused(chat.token);
    await expectRefused(token);
    expect(await auditOf(id, THEFT)).toHaveLength(1);
  });
});

describe("a copy that was left behind", () => {
  test.each(samplesFor("session"))("opens nothing, and ends: $title", async (sample) => {
    const successor = await leftBehind(chat.token);
    const before = await json<object>(await callWith(successor));
    const names = { id, teamId };
    const response = await call(sample.path(names), {
      ...requestOf(sample, names),
      bearer: chat.token,
    });
    expect(await refusal(response)).toBe("401 invalid_credential");
    await expectRefused(successor);
    expect(await auditOf(id, THEFT)).toHaveLength(1);
    const teamKey = await newTeamKey(teamId);
    const after = await json<object>(await call(`/api/sessions/${id}`, { bearer: teamKey }));
    expect(after).toEqual(before);
  });

  test("in many calls at once, is told of once", async () => {
    await leftBehind(chat.token);
    const calls = Array.from({ length: 20 }, (_, index) =>
      index % 2 === 0 ? validate(chat.token) : askRefresh(chat.token, { rotate: true }),
    );
    for (const response of await Promise.all(calls)) {
      expect(await refusal(response)).toBe("401 invalid_credential");
    }
    expect(await auditOf(id, THEFT)).toHaveLength(1);
  });

  test("of a session that has ended, ends its credential too", async () => {
    const successor = await leftBehind(chat.token);
    expect((await callWith(successor, "", { method: "DELETE" })).status).toBe(204);
    expect(await opens(successor)).toBe(true);
    await expectRefused(chat.token);
    await expectRefused(successor);
  });

  test("takes the cookie's way no further", async () => {
    const successor = await leftBehind(chat.token);
    const headers = { Cookie: `__Host-ds.${teamId}=${chat.token}`, Origin: ORIGIN };
    const socket = await TestSocket.open({ id }, undefined, { headers });
    expect(await socket.closed()).toBe(4401);
    await expectRefused(successor);
    expect(await auditOf(id, THEFT)).toHaveLength(1);
  });
});

describe("within the grace", () => {
  test("calls with the token that was replaced go on, and lead to its successor", async () => {
    const successor = await rotated(chat.token);
    expect(await opens(successor)).toBe(true);
    moveClock(MINUTE_MS - 1);
    const body = { clientId: "late", content: "Under way" };
    expect((await callWith(chat.token, "/messages", { body })).status).toBe(201);
    expect((await refresh(chat.token)).token).toBe(successor);
    // Nor does asking again keep the grace open.
    moveClock(1);
    await expectRefused(chat.token);
  });

  test("a successor that had to be given out again has a minute from then", async () => {
    const successor = await rotated(chat.token);
    moveClock(HOUR_MS);
    expect((await refresh(chat.token)).token).toBe(successor);
    expect(await opens(successor)).toBe(true);
    moveClock(MINUTE_MS - 1);
    expect(await opens(chat.token)).toBe(true);
    moveClock(1);
    await expectRefused(chat.token);
  });

  test("a chain of replaced tokens leads on, link by link", async () => {
    const chain = [chat.token];
    for (let link = 0; link < 4; link++) chain.push(await rotated(chain.at(-1) ?? ""));
    for (const [index, token] of chain.slice(0, -1).entries()) {
      expect((await refresh(token)).token).toBe(chain[index + 1]);
    }
    expect(await refresh(chain.at(-1) ?? "")).not.toHaveProperty("token");
    for (const token of chain) expect(await opens(token)).toBe(true);
  });

  test("whoever rotates in a loop gets no new one for a while, and loses none", async () => {
    let token = chat.token;
    const held = [token];
    for (let turn = 0; turn < 20; turn++) {
      const { token: successor } = await refresh(token, { rotate: true });
      if (successor !== undefined) held.push(successor);
      token = successor ?? token;
    }
    expect(held).toHaveLength(9);
    for (const one of held) expect(await opens(one)).toBe(true);
    moveClock(MINUTE_MS);
    expect(await refresh(token, { rotate: true })).toHaveProperty("token");
  });
});

test("a rotation leaves tickets, connections and other devices as they are", async () => {
  const other = await letIn(chat.token, "owner");
  const socket = await TestSocket.open({ id }, chat.ticket);
  await socket.first("synced");
  const { ticket = "" } = await json<{ ticket?: string }>(await validate(chat.token));
  const successor = await rotated(chat.token);
  expect(await opens(successor)).toBe(true);
  const later = await TestSocket.open({ id }, ticket);
  await later.first("synced");
  socket.send({ type: "send", messages: [{ clientId: "a", content: "a" }] });
  await later.until(() => later.messages.length === 1);
  expect([socket.closeCode, later.closeCode]).toEqual([undefined, undefined]);
  moveClock(10 * SECOND_MS);
  expect(await refresh(other.token)).not.toHaveProperty("token");
  expect(await opens(other.token)).toBe(true);
  socket.close();
  later.close();
});

test("only a credential's holder gets a new one: not the team, not a guest", async () => {
  const teamKey = await newTeamKey(teamId);
  moveClock(2 * DAY_MS);
  const byTeam = await call(`/api/sessions/${id}/refresh`, {
    bearer: teamKey,
    body: { rotate: true },
  });
  expect(Object.keys(await json<object>(byTeam))).toEqual(["session"]);
  expect(await opens(chat.token)).toBe(true);
  const fresh = await rotated(chat.token);
  for (const role of ["writer", "reader"] as const) {
    const guest = await letIn(fresh, role);
    const asked = await askRefresh(guest.token, { rotate: true });
    expect(await refusal(asked)).toBe("403 forbidden");
    expect(await opens(guest.token)).toBe(true);
  }
});

test.each([{ rotate: false }, { rotate: "true" }, { rotate: true, token: "x" }])(
  "%j is no way to ask",
  async (body) => {
    const response = await callWith(chat.token, "/refresh", { body });
    expect(await refusal(response)).toBe("422 validation_failed");
  },
);

describe("a forged token", () => {
  const changedAt = (text: string, index: number) =>
    text.slice(0, index) + (text[index] === "A" ? "B" : "A") + text.slice(index + 1);

  test("wakes nothing, costs nothing, ends nothing", async () => {
    const other = await letIn(chat.token, "owner");
    const elsewhere = await newSession(teamId);
    const successor = await leftBehind(chat.token);
    const [, credentialId = "", secret = ""] = successor.split(".");
    const secretOf = (token: string) => token.split(".")[2];
    const forged = [
      `${id}.${credentialId}.${changedAt(secret, 0)}`,
      // Its last eight bytes are the tag.
      `${id}.${credentialId}.${changedAt(secret, 45)}`,
      `${id}.${credentialId}.${secretOf(other.token)}`,
      `${id}.${credentialId}.${secretOf(elsewhere.token)}`,
      `${id}.${credentialIdOf(other.token)}.${secret}`,
      `${id}.${credentialIdOf(elsewhere.token)}.${secretOf(elsewhere.token)}`,
      `${id}.${credentialId}.${"A".repeat(54)}`,
      `${elsewhere.session.id}.${credentialId}.${secret}`,
    ];
    const tables = await objectTables(id);
    const rows = await objectRowsWritten(id, async () => {
      await evict(id);
      for (const token of forged) {
        const path = `/api/sessions/${id}`;
        for (const response of [
          await call(`${path}/validate`, { bearer: token }),
          await call(`${path}/refresh`, { bearer: token, body: { rotate: true } }),
          await call(path, { bearer: token, method: "DELETE" }),
        ]) {
          expect(await refusal(response), token).toBe("401 invalid_credential");
        }
      }
      await expect(evictDurableObject(objectOf(id))).rejects.toThrow("not currently running");
    });
    expect(rows).toBe(0);
    expect(await objectTables(id)).toBe(tables);
    expect(await opens(successor)).toBe(true);
    expect(await auditOf(id, THEFT)).toEqual([]);
  });

  test("another session's own token ends nothing either, though it is a good one", async () => {
    const elsewhere = await newSession(teamId);
    await leftBehind(elsewhere.token);
    const rows = await objectRowsWritten(id, async () => {
      const response = await call(`/api/sessions/${id}/validate`, { bearer: elsewhere.token });
      expect(await refusal(response)).toBe("401 invalid_credential");
    });
    expect(rows).toBe(0);
    expect(await auditOf(elsewhere.session.id, THEFT)).toEqual([]);
  });
});

describe("costs, in rows of the object", () => {
  const rowsOf = async (act: () => Promise<unknown>) => {
    let rows = 0;
    const { rowsWritten } = await indexCost(async () => {
      rows = await objectRowsWritten(id, act);
    });
    return { object: rows, index: rowsWritten };
  };

  test("a rotation writes the credential beside what every refresh writes", async () => {
    moveClock(SECOND_MS);
    const plain = await rowsOf(() => refresh(chat.token));
    moveClock(SECOND_MS);
    let successor = "";
    const rotating = await rowsOf(async () => {
      successor = await rotated(chat.token);
    });
    expect(plain).toEqual({ object: 1, index: 0 });
    expect(rotating).toEqual({ object: 2, index: 0 });
    // Its first use is noted, further ones and those of the one it replaced are not.
    expect(await rowsOf(() => validate(successor))).toEqual({ object: 1, index: 0 });
    expect(await rowsOf(() => validate(successor))).toEqual({ object: 0, index: 0 });
    expect(await rowsOf(() => validate(chat.token))).toEqual({ object: 0, index: 0 });
  });

  test("a use is noted once an hour at most, and within the touch interval never", async () => {
    for (let second = 0; second < 50; second += 10) {
      expect(await rowsOf(() => validate(chat.token))).toEqual({ object: 0, index: 0 });
      moveClock(10 * SECOND_MS);
    }
    moveClock(HOUR_MS);
    await validate(chat.token);
    await indexAnswered(id);
    expect(await rowsOf(() => validate(chat.token))).toEqual({ object: 0, index: 0 });
  });
});

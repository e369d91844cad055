/** The owner's devices and guests: who sees them, and that whoever is shut out stays out. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Call, CONNECT_CALL_HEADER, type ConnectCall } from "../../objects/calls.ts";
import type { SessionObject } from "../../objects/session.ts";
import { readToken } from "../../src/credentials/token.ts";
import { signingKeys } from "../../src/keys.ts";
import type { SessionStub } from "../../src/operations/session-access.ts";
import type { MessagePage, SessionWithToken } from "../../src/protocol/rest.ts";
import { call, NO_LIMITS, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { HOUR_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { evict, RESIDENCIES, stepper } from "../support/eviction.ts";
import { slowIndex } from "../support/index-database.ts";
import { objectOf } from "../support/object-of.ts";
import { indexAnswered, objectRowsWritten } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";
import {
  askRevoke,
  auditOf,
  callWith,
  credentialIdOf,
  devicesOf,
  type Holder,
  invite,
  json,
  letIn,
  redeem,
  rotated,
} from "../support/sharing.ts";
import { TestSocket } from "../support/socket.ts";

const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

let teamId: string;
let teamKey: string;
let chat: SessionWithToken;
let id: string;

beforeAll(async () => {
  teamId = await newTeam({ limits: NO_LIMITS });
  teamKey = await newTeamKey(teamId);
});
beforeEach(async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  chat = await newSession(teamId);
  id = chat.session.id;
});
afterEach(() => {
  vi.useRealTimers();
});

const opens = async (token: string) => (await callWith(token, "/validate")).status === 200;
const post = (token: string, clientId: string) =>
  callWith(token, "/messages", { body: { clientId, content: `content of ${clientId}` } });

/** As the team sees it: everything that is stored. */
async function storedIds(): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const path = `/api/sessions/${id}/messages?limit=200&after=${after}`;
    const page: MessagePage = await json(await call(path, { bearer: teamKey }));
    found.push(...page.messages.map(({ clientId }) => clientId));
    after = page.nextAfter;
  }
  return found;
}

async function join(holder: { readonly ticket: string }): Promise<TestSocket> {
  const socket = await TestSocket.open({ id }, holder.ticket);
  await socket.first("synced");
  return socket;
}

const acknowledged = (socket: TestSocket) => socket.messages.map(({ clientId }) => clientId);

/** That credential, and what came of it, is worth nothing any more. */
async function expectShutOut({ token, ticket }: Pick<Holder, "token" | "ticket">): Promise<void> {
  for (const response of [
    await callWith(token),
    await callWith(token, "/validate"),
    await callWith(token, "/messages"),
    await callWith(token, "/refresh", { body: {} }),
    await callWith(token, "/devices"),
    await post(token, "after"),
    await callWith(token, "", { method: "DELETE" }),
  ]) {
    expect(await refusal(response)).toBe("401 invalid_credential");
  }
  const socket = await TestSocket.open({ id }, ticket);
  expect(await socket.closed()).toBe(4401);
  expect(socket.frames).toEqual([]);
}

describe("the list", () => {
  test("names every key without its secret, the one that asks first", async () => {
    const created = await call("/api/sessions/create", {
      body: { teamId },
      headers: { "User-Agent": PHONE },
    });
    chat = await json(created);
    id = chat.session.id;
    const { secret, inviteId } = await invite(chat.token, { role: "owner" });
    const laptop = await redeem(secret, { deviceInfo: { browser: "Firefox", os: "Linux" } });
    const guest = await letIn(chat.token, "reader");
    const socket = await join(laptop);
    const [first, ...others] = await devicesOf(chat.token);
    expect(first).toMatchObject({
      credentialId: credentialIdOf(chat.token),
      role: "owner",
      current: true,
      connected: false,
      deviceInfo: { browser: "Safari", os: "iOS", deviceType: "mobile" },
      createdAt: chat.session.createdAt,
    });
    expect(first).not.toHaveProperty("inviteId");
    expect(others).toHaveLength(2);
    expect(
      others.find(({ credentialId }) => credentialId === credentialIdOf(laptop.token)),
    ).toEqual({
      credentialId: credentialIdOf(laptop.token),
      role: "owner",
      current: false,
      connected: true,
      deviceInfo: { browser: "Firefox", os: "Linux" },
      locationInfo: expect.any(Object),
      createdAt: expect.any(String),
      lastUsedAt: expect.any(String),
      inviteId,
    });
    expect(others.find(({ role }) => role === "reader")).toMatchObject({
      credentialId: credentialIdOf(guest.token),
      connected: false,
      current: false,
    });
    const [own] = await devicesOf(laptop.token);
    expect(own).toMatchObject({ credentialId: credentialIdOf(laptop.token), current: true });
    socket.close();
    await socket.closed().catch(() => undefined);
  });

  test("holds nothing of any secret, of before or now", async () => {
    const link = await invite(chat.token, { role: "writer" });
    const guest = await redeem(link.secret);
    const successor = await rotated(chat.token);
    const text = await (await callWith(successor, "/devices")).text();
    for (const one of [chat.token, successor, guest.token, link.secret]) {
      expect(text).not.toContain(one.split(".")[2]);
      const read = await readToken(await signingKeys(env), one);
      if (read) expect(text).not.toContain(read.secretDigest.toHex());
    }
    expect(text).not.toMatch(/digest|secret|superseded/i);
  });

  test.each([
    { title: "nothing", userAgent: "" },
    { title: "more than is worth reading", userAgent: PHONE.padEnd(513, " x") },
    { title: "something else", userAgent: "<script>alert(1)</script>" },
  ])("knows nothing of a browser that says $title of itself", async ({ userAgent }) => {
    const response = await call("/api/sessions/create", {
      body: { teamId },
      headers: { "User-Agent": userAgent },
    });
    const { token } = await json<SessionWithToken>(response);
    const [device] = await devicesOf(token);
    expect(device?.deviceInfo).toEqual({});
  });

  test("tells of a use to within an hour, and of a connection while it is open", async () => {
    moveClock(0);
    const other = await letIn(chat.token, "owner");
    const isConnected = async () => (await devicesOf(chat.token))[1]?.connected;
    const socket = await join(other);
    expect(await isConnected()).toBe(true);
    await evict(id);
    expect(await isConnected()).toBe(true);
    socket.close();
    while (await isConnected()) await scheduler.wait(1);
    moveClock(2 * HOUR_MS);
    const now = Date.now();
    expect(await opens(other.token)).toBe(true);
    await evict(id);
    const device = (await devicesOf(chat.token))[1];
    expect(Date.parse(device?.lastUsedAt ?? "")).toBe(now);
  });

  test("costs nothing to look at", async () => {
    await letIn(chat.token, "reader");
    await indexAnswered(id);
    expect(await objectRowsWritten(id, () => devicesOf(chat.token))).toBe(0);
  });
});

describe.each(RESIDENCIES)("in an object that %s", (residency) => {
  const step = stepper(residency);

  test("one device is shut out, the others stay", async () => {
    const [lost, kept] = [await letIn(chat.token, "owner"), await letIn(chat.token, "owner")];
    const [itsSocket, keptSocket] = [await join(lost), await join(kept)];
    await step(id);
    const revoked = await askRevoke(chat.token, credentialIdOf(lost.token));
    expect([revoked.status, await revoked.text()]).toEqual([204, ""]);
    await step(id);
    expect((await post(chat.token, "secret")).status).toBe(201);
    expect(await itsSocket.closed()).toBe(4401);
    expect(itsSocket.messages).toEqual([]);
    await keptSocket.until(() => keptSocket.messages.length === 1);
    await expectShutOut(lost);
    expect(await opens(kept.token)).toBe(true);
    expect(await devicesOf(chat.token)).toHaveLength(2);
    expect(await storedIds()).toEqual(["secret"]);
    const again = await askRevoke(chat.token, credentialIdOf(lost.token));
    expect(await refusal(again)).toBe("404 device_not_found");
    keptSocket.close();
    expect(await auditOf(id, "credential.revoked")).toEqual([
      {
        type: "credential.revoked",
        actor_kind: "credential",
        actor_id: credentialIdOf(chat.token),
        details: expect.any(String),
      },
    ]);
  });

  test("all others are shut out, guests too", async () => {
    const others = [
      await letIn(chat.token, "owner"),
      await letIn(chat.token, "writer"),
      await letIn(chat.token, "reader"),
    ];
    const sockets = await Promise.all(others.map(join));
    const own = await join(chat);
    await step(id);
    expect((await askRevoke(chat.token, "others")).status).toBe(204);
    expect(await Promise.all(sockets.map((socket) => socket.closed()))).toEqual([4401, 4401, 4401]);
    await step(id);
    for (const other of others) await expectShutOut(other);
    expect(await devicesOf(chat.token)).toHaveLength(1);
    expect(own.closeCode).toBeUndefined();
    own.close();
    expect(await auditOf(id, "credential.revoked")).toHaveLength(3);
    // There is nobody left, which is nothing to complain about.
    expect((await askRevoke(chat.token, "others")).status).toBe(204);
    expect(await auditOf(id, "credential.revoked")).toHaveLength(3);
  });

  test("a device shuts itself out", async () => {
    const other = await letIn(chat.token, "owner");
    const socket = await join(chat);
    await step(id);
    expect((await askRevoke(chat.token, credentialIdOf(chat.token))).status).toBe(204);
    expect(await socket.closed()).toBe(4401);
    await step(id);
    await expectShutOut(chat);
    expect(await opens(other.token)).toBe(true);
  });

  test("a revoked credential's replaced tokens are as dead as its newest", async () => {
    const other = await letIn(chat.token, "owner");
    const successor = await rotated(other.token);
    await step(id);
    await askRevoke(chat.token, credentialIdOf(other.token));
    await step(id);
    for (const token of [other.token, successor]) await expectShutOut({ ...other, token });
    expect(await auditOf(id, "credential.superseded_secret_used")).toEqual([]);
  });
});

describe("who may", () => {
  test.each(["writer", "reader"] as const)("a %s may not", async (role) => {
    const guest = await letIn(chat.token, role);
    for (const response of [
      await callWith(guest.token, "/devices"),
      await askRevoke(guest.token, "others"),
      await askRevoke(guest.token, credentialIdOf(chat.token)),
      await askRevoke(guest.token, credentialIdOf(guest.token)),
    ]) {
      expect(await refusal(response)).toBe("403 forbidden");
    }
    expect(await devicesOf(chat.token)).toHaveLength(2);
  });

  test("the team may not, and another session's owner neither", async () => {
    const elsewhere = await newSession(teamId);
    for (const [bearer, expected] of [
      [teamKey, "403 forbidden"],
      [elsewhere.token, "401 invalid_credential"],
    ] as const) {
      const path = `/api/sessions/${id}/devices`;
      for (const response of [
        await call(path, { bearer }),
        await call(`${path}/others`, { bearer, method: "DELETE" }),
      ]) {
        expect(await refusal(response)).toBe(expected);
      }
    }
    // A device is one of its own session only.
    const strange = await askRevoke(chat.token, credentialIdOf(elsewhere.token));
    expect(await refusal(strange)).toBe("404 device_not_found");
    expect(await opens(elsewhere.token)).toBe(true);
  });

  test("nobody may once the session has ended", async () => {
    await callWith(chat.token, "", { method: "DELETE" });
    expect(await refusal(await callWith(chat.token, "/devices"))).toBe("410 session_terminated");
    expect(await refusal(await askRevoke(chat.token, "others"))).toBe("410 session_terminated");
  });
});

describe("in the same moment", () => {
  /** Within the object: frames of `holder`'s and in the same turn `act`; after it, frames of `holder`'s again. */
  function inOneTurn(
    holder: Holder,
    [before, after]: readonly [readonly string[], readonly string[]],
    act: (object: SessionObject) => Promise<unknown>,
  ): Promise<void> {
    return runInDurableObject(objectOf(id), async (object: SessionObject, ctx) => {
      const socket = ctx
        .getWebSockets()
        .find((one) =>
          JSON.stringify(one.deserializeAttachment()).includes(credentialIdOf(holder.token)),
        );
      if (socket === undefined) throw new Error("no socket");
      const send = (clientId: string) => {
        const messages = [{ clientId, content: clientId }];
        void object.webSocketMessage(socket, JSON.stringify({ type: "send", messages }));
      };
      before.forEach(send);
      await act(object);
      after.forEach(send);
    });
  }

  test("what waits for its commit is stored and acknowledged, what comes after is not", async () => {
    const other = await letIn(chat.token, "writer");
    const socket = await join(other);
    const owner = await join(chat);
    const presented = await readToken(await signingKeys(env), chat.token);
    if (presented === undefined) throw new Error("no credential");
    const { credentialId, secretDigest } = presented;
    const actor = { kind: "credential", credentialId, secretDigest } as const;
    await inOneTurn(
      other,
      [
        ["1", "2", "3"],
        ["4", "5"],
      ],
      (object) =>
        object.revokeDevice(
          { actor, teamRevision: undefined, teamConfirmedAt: undefined },
          credentialIdOf(other.token),
        ),
    );
    expect(await socket.closed()).toBe(4401);
    expect(acknowledged(socket)).toEqual(["1", "2", "3"]);
    await owner.until(() => owner.messages.length === 3);
    expect(await storedIds()).toEqual(["1", "2", "3"]);
    owner.close();
  });

  test.each(["one of them", "others"])(
    "a flood over the socket and HTTP: revoking %s draws a line",
    async (which) => {
      for (let round = 0; round < 5; round++) {
        const other = await letIn(chat.token, "writer");
        const { ticket } = other;
        const socket = await join(other);
        const name = (kind: string, index: number) => `${round}-${kind}-${index}`;
        const posted: string[] = [];
        let isRunning = true;
        const overHttp = async (worker: number) => {
          for (let index = 0; isRunning; index++) {
            const clientId = name(`http${worker}`, index);
            if ((await post(other.token, clientId)).status === 201) posted.push(clientId);
            else return;
          }
        };
        const overSocket = async () => {
          for (let index = 0; isRunning; index++) {
            const messages = [{ clientId: name("ws", index), content: "…" }];
            socket.send({ type: "send", messages });
            await scheduler.wait(0);
          }
        };
        const running = [overSocket(), overHttp(1), overHttp(2)];
        await socket.until(() => socket.messages.length > 5);
        const target = which === "others" ? which : credentialIdOf(other.token);
        const response = await askRevoke(chat.token, target);
        expect(response.status).toBe(204);
        const stored = await storedIds();
        await socket.closed();
        await scheduler.wait(20);
        isRunning = false;
        await Promise.all(running);
        expect(await storedIds()).toEqual(stored);
        expect(stored).toEqual(expect.arrayContaining(posted));
        expect(stored).toEqual(expect.arrayContaining(acknowledged(socket)));
        expect(socket.closeCode).toBe(4401);
        expect(await (await TestSocket.open({ id }, ticket)).closed()).toBe(4401);
      }
    },
  );

  test.each([
    ["each other", (victim: string) => credentialIdOf(victim)],
    ["all others", () => "others"],
  ])("two devices shut out %s, and one is left", async (_, target) => {
    let winner = chat.token;
    for (let round = 0; round < 10; round++) {
      const rival = (await letIn(winner, "owner")).token;
      const [one, two] = round % 2 === 0 ? [winner, rival] : [rival, winner];
      const answers = await Promise.all([askRevoke(one, target(two)), askRevoke(two, target(one))]);
      const statuses = answers.map(({ status }) => status);
      expect(statuses.toSorted()).toEqual([204, 401]);
      const [left, gone] = statuses[0] === 204 ? [one, two] : [two, one];
      expect([await opens(left), await opens(gone)]).toEqual([true, false]);
      winner = await rotated(left);
      await callWith(winner, "/validate");
    }
  });

  test("somebody who connects while being shut out has no connection afterwards", async () => {
    for (let round = 0; round < 5; round++) {
      const other = await letIn(chat.token, "reader");
      const opening = Array.from({ length: 4 }, () => TestSocket.open({ id }, other.ticket));
      await askRevoke(chat.token, credentialIdOf(other.token));
      for (const socket of await Promise.all(opening)) expect(await socket.closed()).toBe(4401);
    }
    const open = await runInDurableObject(objectOf(id), (_, ctx) => ctx.getWebSockets().length);
    expect(open).toBe(0);
  });
});

describe("while the object learns of a changed policy", () => {
  /** What whoever came with it waits for, all of them at once. */
  async function laterWord(): Promise<{ teamRevision: number; teamConfirmedAt: number }> {
    const teamRevision = await env.INDEX_DB.prepare(
      "UPDATE teams SET revision = revision + 1 WHERE id = ? RETURNING revision",
    )
      .bind(teamId)
      .first<number>("revision");
    return { teamRevision: teamRevision ?? 0, teamConfirmedAt: Date.now() };
  }

  async function callOf(token: string): Promise<Call> {
    const presented = await readToken(await signingKeys(env), token);
    if (presented === undefined) throw new Error("no token of ours");
    const { credentialId, secretDigest } = presented;
    return {
      ...(await laterWord()),
      actor: { kind: "credential", credentialId, secretDigest },
    };
  }

  test("whoever is shut out meanwhile gets no connection and makes no link", async () => {
    const guest = await letIn(chat.token, "writer");
    const device = await letIn(chat.token, "owner");
    const [owner, other] = [await callOf(chat.token), await callOf(device.token)];
    const word = { teamRevision: other.teamRevision, teamConfirmedAt: other.teamConfirmedAt };
    const ticket = { kind: "ticket", credentialId: credentialIdOf(guest.token) } as const;
    const connect: ConnectCall = { ...word, actor: ticket, history: { after: 0 } };
    const object = objectOf(id) as unknown as SessionStub;
    const heal = slowIndex(100);
    const revoking = object.revokeDevice({ ...owner, ...word }, "others");
    // It is there first, and all three wait for the same answer.
    await scheduler.wait(20);
    const [revoked, connected, invited] = await Promise.all([
      revoking,
      object.fetch(
        new Request("https://session/", {
          headers: { Upgrade: "websocket", [CONNECT_CALL_HEADER]: JSON.stringify(connect) },
        }),
      ),
      object.createInvite({
        ...other,
        invite: { id: "planted", secretDigest: new Uint8Array(32) },
        request: { role: "reader" },
      }),
    ]).finally(heal);
    expect(revoked).toEqual({ ok: true });
    expect(connected.webSocket).toBeNull();
    expect(await connected.json()).toMatchObject({ code: "invalid_credential" });
    expect(invited).toMatchObject({ code: "invalid_credential" });
  });
});

test("a revocation holds though the index is late to hear of it", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const other = await letIn(chat.token, "owner");
  await askRevoke(chat.token, credentialIdOf(other.token));
  await evict(id, "close");
  moveClock(10 * MINUTE_MS);
  await expectShutOut(other);
  expect(await auditOf(id, "credential.revoked")).toHaveLength(1);
});

// Readers who are slow, many or gone: what the object holds for them stays bounded.
import { expect, test, vi } from "vitest";
import { PRESENCE_LEASE_MS, WINDOW_BYTES } from "../../src/protocol/limits.ts";
import { call, newSession, newTeam } from "../support/api.ts";
import { evict } from "../support/eviction.ts";
import { TestSocket } from "../support/socket.ts";

test("50 readers from zero over 2 MiB of history never hold more than a window each", async () => {
  const created = await newSession(await newTeam({ limits: { socketsPerSession: null } }));
  const writer = await TestSocket.open(created.session, created.ticket);
  const content = "h".repeat(20_000);
  for (let index = 0; index < 100; index++) {
    writer.send({ type: "send", messages: [{ clientId: `m${index}`, content }] });
    await writer.until(() => writer.messages.length === index + 1);
  }
  const readers = await Promise.all(
    Array.from({ length: 50 }, () =>
      TestSocket.open(created.session, created.ticket, { query: "?after=0", acknowledges: false }),
    ),
  );
  await Promise.all(readers.map((reader) => reader.first("messages")));
  const acknowledged = readers.map(() => 0);
  const mostHeld = readers.map(() => 0);
  for (const done = new Set<TestSocket>(); done.size < readers.length; ) {
    readers.forEach((reader, index) => {
      const sent = reader.all("messages").map((frame) => JSON.stringify(frame).length);
      const total = sent.reduce((sum, bytes) => sum + bytes, 0);
      mostHeld[index] = Math.max(mostHeld[index] ?? 0, total - (acknowledged[index] ?? 0));
      acknowledged[index] = total;
      const last = reader.messages.at(-1)?.seq ?? 0;
      if (last > 0) reader.send({ type: "received", seq: last });
      if (reader.all("synced").length > 0) done.add(reader);
    });
    await scheduler.wait(1);
  }
  expect(Math.max(...mostHeld)).toBeLessThanOrEqual(WINDOW_BYTES);
  // In fact, one frame.
  expect(Math.max(...mostHeld)).toBeLessThanOrEqual(64 * 1024);
  for (const reader of readers) {
    const [truncated] = reader.all("truncated");
    expect(reader.seqs[0]).toBe(truncated?.firstSeq);
    expect(reader.seqs.at(-1)).toBe(100);
  }
});

test("a socket that is not heard of any more leaves presence, and comes back if it lives", async () => {
  const created = await newSession(await newTeam({ limits: { socketsPerSession: null } }));
  const quiet = await TestSocket.open(created.session, created.ticket);
  await quiet.first("synced");
  const lively = await TestSocket.open(created.session, created.ticket);
  await lively.until(() => lively.all("presence").at(-1)?.presence.length === 2);
  await evict(created.session.id);
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    vi.setSystemTime(Date.now() + PRESENCE_LEASE_MS + 1000);
    lively.send({ type: "typing", active: true });
    expect(await quiet.closed()).toBe(4408);
    await lively.until(() => lively.all("presence").at(-1)?.presence.length === 1);
  } finally {
    vi.useRealTimers();
  }
});

test("a session takes as many sockets as its team allows", async () => {
  const created = await newSession(await newTeam({ limits: { socketsPerSession: 2 } }));
  const first = await TestSocket.open(created.session, created.ticket);
  await Promise.all([
    first.first("synced"),
    TestSocket.open(created.session, created.ticket).then((socket) => socket.first("synced")),
  ]);
  const third = await TestSocket.open(created.session, created.ticket);
  expect(await third.closed()).toBe(4429);
  first.close();
  await first.closed();
  const { token, session } = created;
  const validated = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
  const { ticket } = await validated.json<{ ticket: string }>();
  const again = await TestSocket.open(session, ticket);
  await again.first("synced");
});

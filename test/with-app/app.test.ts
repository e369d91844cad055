/** The Worker that is bound as `APP` hears of all sessions, of whichever team, without anything to set up. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam } from "../support/api.ts";
import { DAY_MS, MINUTE_MS } from "../support/clock.ts";
import { evict } from "../support/eviction.ts";
import { objectOf } from "../support/object-of.ts";
import { Receiver } from "../support/receiver.ts";

const send = (chat: SessionWithToken, clientId: string) =>
  call(`/api/sessions/${chat.session.id}/messages`, {
    bearer: chat.token,
    body: { clientId, content: `message ${clientId}` },
  });

const contentsOf = async (app: Receiver) =>
  (await app.events()).map((event) =>
    event.type === "message.created" ? event.data.message.content : event.type,
  );

const isContent = (content: string) => (event: { readonly data: object }) =>
  "message" in event.data && (event.data.message as { content: string }).content === content;

test("a session that begins while an app is bound", async () => {
  const chat = await newSession(await newTeam());
  const app = new Receiver(chat.session.id);
  await send(chat, "one");
  await app.untilEvent(isContent("message one"));
  expect(await contentsOf(app)).toEqual(["session.created", "message one"]);
});

test("an older session is heard from the next event on, not what is history", async () => {
  const chat = await newSession(await newTeam());
  const app = new Receiver(chat.session.id);
  await send(chat, "old");
  await app.untilEvent(isContent("message old"));
  // As if no app had been bound until now.
  await runInDurableObject(objectOf(chat.session.id), (_, { storage }) => {
    storage.sql.exec("DELETE FROM event_cursors");
  });
  await evict(chat.session.id);
  await app.answer({ answers: [{ status: 500 }] });
  await send(chat, "new");
  await app.untilEvent(isContent("message new"));
  // The start is kept though nothing got through.
  await evict(chat.session.id);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  await runAlarms(chat.session.id, Date.now() + MINUTE_MS);
  vi.useRealTimers();
  expect(await contentsOf(app)).toEqual([
    "session.created",
    "message old",
    "message new",
    "message new",
  ]);
});

test("an app that throws for days is not called any more, until something happens again", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const chat = await newSession(await newTeam());
  const app = new Receiver(chat.session.id);
  await app.answer({ always: { status: 500 } });
  await send(chat, "one");
  await app.untilEvent(isContent("message one"));
  await runAlarms(chat.session.id, Date.now() + 4 * DAY_MS);
  const { length } = await app.got();
  await runAlarms(chat.session.id, Date.now() + DAY_MS);
  expect((await app.got()).length).toBe(length);
  await app.answer({ always: { status: 200 } });
  await send(chat, "two");
  await app.untilEvent(isContent("message two"));
  vi.useRealTimers();
  expect((await contentsOf(app)).slice(-2)).toEqual(["message one", "message two"]);
});

/** Whatever a client sends over a socket: an error frame that says what is wrong, nothing stored, and the socket works on. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ErrorFrame } from "../../src/protocol/frames.ts";
import { MAX_FRAME_BYTES, MAX_MESSAGES_PER_SEND } from "../../src/protocol/limits.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { decodeUp } from "../../src/schemas/frames.ts";
import { NO_LIMITS, newSession, newTeam } from "../support/api.ts";
import { objectOf } from "../support/object-of.ts";
import { TestSocket } from "../support/socket.ts";
import { hostileJson } from "./hostile-inputs.ts";

const CASES = Number(env.HOSTILE_CASES);
const SEED = env.HOSTILE_SEED === "" ? undefined : Number(env.HOSTILE_SEED);

async function open(): Promise<{ chat: SessionWithToken; socket: TestSocket }> {
  const chat = await newSession(await newTeam({ limits: NO_LIMITS }));
  const socket = await TestSocket.open(chat.session, chat.ticket);
  await socket.first("synced");
  return { chat, socket };
}

/** The errors that a frame is answered with; a good message behind it shows that the socket works and marks the end. */
let markers = 0;
async function errorsFor(socket: TestSocket, data: string | ArrayBuffer): Promise<ErrorFrame[]> {
  const before = socket.all("error").length;
  const marker = `marker-${++markers}`;
  socket.sendRaw(data);
  socket.send({ type: "send", messages: [{ clientId: marker, content: "still here" }] });
  await socket.until(() => socket.messages.some(({ clientId }) => clientId === marker));
  expect(socket.closeCode).toBeUndefined();
  return socket.all("error").slice(before);
}

function stored({ session }: SessionWithToken): Promise<unknown[]> {
  return runInDurableObject(objectOf(session.id), (_, { storage: { sql } }) =>
    ["session", "credentials", "conversations", "read_marks"].map((table) => [
      ...sql.exec(`SELECT * FROM ${table}`).raw(),
    ]),
  );
}

const types = fc.constantFrom("send", "typing", "read", "received", "presence", "__proto__", "");
const fields = fc.constantFrom("type", "messages", "active", "conversationId", "seq", "x");
const badFrames: fc.Arbitrary<string> = fc
  .oneof(
    hostileJson,
    fc.tuple(types, fields, hostileJson).map(([type, field, json]) => {
      return `{"type":${toText(type)},${toText(field)}:${json}}`;
    }),
    fc
      .tuple(fc.constantFrom("clientId", "content", "metadata", "role"), hostileJson)
      .map(([field, json]) => `{"type":"send","messages":[{${toText(field)}:${json}}]}`),
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.record({ type: types, messages: fc.jsonValue(), seq: fc.jsonValue() }).map(toText),
    fc.record({ type: types, active: fc.jsonValue(), conversationId: fc.string() }).map(toText),
    fc
      .array(fc.record({ clientId: fc.jsonValue(), content: fc.jsonValue() }), { maxLength: 4 })
      .map((messages) => toText({ type: "send", messages })),
    fc.string().map((key) => `{"type":"received","seq":0,${toText(key)}:1,${toText(key)}:2}`),
    fc.integer({ min: 17, max: 20_000 }).map((depth) => `{"type":${"[".repeat(depth)}`),
    fc
      .integer({ min: 17, max: 5_000 })
      .map((depth) => `{"type":"send","messages":${"[".repeat(depth)}${"]".repeat(depth)}}`),
  )
  .filter((data) => data !== "ping" && decodeUp(data).frame === undefined);

const WITHOUT_PATH = ["malformed_json", "frame_too_large", "message_too_large"];
const CODES = [...WITHOUT_PATH, "invalid_frame", "unknown_type", "validation_failed"];

function toText(value: unknown): string {
  return JSON.stringify(value);
}

const timeout = 30_000 + 30 * CASES;
test(`${CASES} frames that are not right change nothing and are answered`, {
  timeout,
}, async () => {
  const { chat, socket } = await open();
  const before = await stored(chat);
  await fc.assert(
    fc.asyncProperty(badFrames, async (data) => {
      const errors = await errorsFor(socket, data);
      expect(errors.length).toBeGreaterThan(0);
      for (const { code, path } of errors) {
        expect(CODES).toContain(code);
        if (!WITHOUT_PATH.includes(code)) expect(path).toMatch(/^(\/.*)?$/);
      }
    }),
    { numRuns: CASES, endOnFailure: true, ...(SEED !== undefined && { seed: SEED }) },
  );
  expect(await stored(chat)).toEqual(before);
  expect(socket.messages.every(({ content }) => content === "still here")).toBe(true);
  expect(socket.seqs).toEqual(Array.from({ length: markers }, (_, index) => index + 1));
  socket.close();
});

describe("is answered with", () => {
  test.each<{ title: string; data: string | ArrayBuffer; error: Omit<ErrorFrame, "type"> }>([
    { title: "binary", data: new Uint8Array([1, 2, 3]).buffer, error: { code: "invalid_frame" } },
    {
      title: "a frame over the limit",
      data: " ".repeat(MAX_FRAME_BYTES + 1),
      error: { code: "frame_too_large" },
    },
    { title: "a megabyte", data: "x".repeat(1 << 20), error: { code: "frame_too_large" } },
    { title: "nothing", data: "", error: { code: "malformed_json" } },
    { title: "pings in capitals", data: "PING", error: { code: "malformed_json" } },
    { title: "an unknown type", data: '{"type":"shout"}', error: { code: "unknown_type" } },
    {
      title: "a conversation that is not there, to type in",
      data: toText({ type: "typing", active: true, conversationId: "none" }),
      error: { code: "conversation_not_found" },
    },
    {
      title: "a conversation that is not there, to read",
      data: toText({ type: "read", conversationId: "none", seq: 1 }),
      error: { code: "conversation_not_found" },
    },
    {
      title: "an acknowledgement of what was never sent",
      data: toText({ type: "received", seq: 1_000_000 }),
      error: { code: "invalid_frame" },
    },
    {
      title: "a message for a conversation that is not there",
      data: toText({
        type: "send",
        messages: [{ clientId: "lost", content: "x", conversationId: "none" }],
      }),
      error: { code: "conversation_not_found", clientId: "lost" },
    },
    {
      title: "a message that is too large",
      data: toText({ type: "send", messages: [{ clientId: "big", content: "x".repeat(33_000) }] }),
      error: { code: "message_too_large", clientId: "big" },
    },
    {
      title: "a message that claims to be the team's",
      data: toText({
        type: "send",
        messages: [{ clientId: "fake", content: "x", role: "assistant" }],
      }),
      error: { code: "validation_failed", clientId: "fake", path: "/messages/0/role" },
    },
  ])("$title", async ({ data, error }) => {
    const { socket } = await open();
    const errors = await errorsFor(socket, data);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject(error);
    socket.close();
  });
});

test("bad messages among good ones are told by clientId, and the good ones are stored", async () => {
  const { socket } = await open();
  const messages = Array.from({ length: MAX_MESSAGES_PER_SEND }, (_, index) => ({
    clientId: `c-${index}`,
    content: index % 3 === 0 ? "" : "good",
  }));
  const errors = await errorsFor(socket, toText({ type: "send", messages }));
  const bad = messages.filter(({ content }) => content === "").map(({ clientId }) => clientId);
  expect(errors.map(({ clientId }) => clientId)).toEqual(bad);
  expect(errors[1]?.path).toBe("/messages/3/content");
  const good = messages.filter(({ content }) => content !== "").map(({ clientId }) => clientId);
  expect(socket.messages.slice(0, -1).map(({ clientId }) => clientId)).toEqual(good);
  socket.close();
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_FRAME_BYTES, MAX_MESSAGES_PER_SEND } from "../../src/protocol/limits.ts";
import { decodeUp } from "../../src/schemas/frames.ts";

const decode = (frame: unknown) => decodeUp(JSON.stringify(frame));

const GOOD = { clientId: "c-1", content: "Hello" };

describe("good frames come through as they are", () => {
  test.each([
    { type: "send", messages: [GOOD] },
    {
      type: "send",
      messages: [
        { ...GOOD, conversationId: "conv_1", metadata: { a: [1, null, { b: "c" }] } },
        { clientId: "A.b_c:d-9", content: " " },
      ],
    },
    { type: "typing", active: true },
    { type: "typing", active: false, conversationId: "conv_1" },
    { type: "read", conversationId: "conv_1", seq: 0 },
    { type: "received", seq: Number.MAX_SAFE_INTEGER },
  ])("%j", (frame) => {
    expect(decode(frame)).toEqual({ frame, errors: [] });
  });
});

describe("bad frames are refused with what is wrong and where", () => {
  test.each([
    { frame: null, code: "invalid_frame", path: "/type" },
    { frame: [], code: "invalid_frame", path: "/type" },
    { frame: "send", code: "invalid_frame", path: "/type" },
    { frame: {}, code: "invalid_frame", path: "/type" },
    { frame: { type: 1 }, code: "invalid_frame", path: "/type" },
    { frame: { type: "shout" }, code: "unknown_type", path: "/type" },
    { frame: { type: "toString" }, code: "unknown_type", path: "/type" },
    { frame: { type: "constructor" }, code: "unknown_type", path: "/type" },
    { frame: { type: "send" }, code: "invalid_frame", path: "/messages" },
    { frame: { type: "send", messages: [] }, code: "invalid_frame", path: "/messages" },
    { frame: { type: "send", messages: {} }, code: "invalid_frame", path: "/messages" },
    {
      frame: { type: "send", messages: Array(MAX_MESSAGES_PER_SEND + 1).fill(GOOD) },
      code: "invalid_frame",
      path: "/messages",
    },
    {
      frame: { type: "send", messages: [GOOD], to: "all" },
      code: "invalid_frame",
      path: "/to",
    },
    { frame: { type: "typing" }, code: "invalid_frame", path: "/active" },
    { frame: { type: "typing", active: 1 }, code: "invalid_frame", path: "/active" },
    {
      frame: { type: "typing", active: true, conversationId: "" },
      code: "invalid_frame",
      path: "/conversationId",
    },
    { frame: { type: "read", seq: 1 }, code: "invalid_frame", path: "/conversationId" },
    {
      frame: { type: "read", conversationId: "c", seq: -1 },
      code: "invalid_frame",
      path: "/seq",
    },
    { frame: { type: "received", seq: 1.5 }, code: "invalid_frame", path: "/seq" },
    { frame: { type: "received", seq: "1" }, code: "invalid_frame", path: "/seq" },
    { frame: { type: "received", seq: 2 ** 53 }, code: "invalid_frame", path: "/seq" },
    { frame: { type: "received", seq: 1, more: 1 }, code: "invalid_frame", path: "/more" },
  ])("$frame: $code at $path", ({ frame, code, path }) => {
    const decoded = decode(frame);
    expect(decoded.frame).toBeUndefined();
    expect(decoded.errors).toEqual([expect.objectContaining({ code, path })]);
  });

  test.each([
    { data: "", code: "malformed_json" },
    { data: "ping", code: "malformed_json" },
    { data: '{"type":"received","seq":1,"seq":2}', code: "malformed_json" },
    { data: '{"type":"received","seq":1,"__proto__":{}}', code: "malformed_json" },
    { data: `{"type":${"[".repeat(50)}${"]".repeat(50)}}`, code: "malformed_json" },
    { data: new ArrayBuffer(4), code: "invalid_frame" },
    { data: " ".repeat(MAX_FRAME_BYTES + 1), code: "frame_too_large" },
    { data: "ü".repeat(MAX_FRAME_BYTES / 2 + 1), code: "frame_too_large" },
  ])("$data.length of something else: $code", ({ data, code }) => {
    const decoded = decodeUp(data);
    expect(decoded.frame).toBeUndefined();
    expect(decoded.errors).toEqual([expect.objectContaining({ code })]);
  });

  test("a frame of just the size it may have is read", () => {
    const frame = JSON.stringify({ type: "received", seq: 1 });
    expect(decodeUp(frame.padEnd(MAX_FRAME_BYTES)).errors).toEqual([]);
    expect(decodeUp(frame.padEnd(MAX_FRAME_BYTES + 1)).errors).not.toEqual([]);
  });

  test("whatever it is, it does not throw", () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ type: fc.constantFrom("send", "typing", "read", "received"), x: fc.anything() }),
    );
    fc.assert(
      fc.property(anything, (input) => {
        const data = typeof input === "string" ? input : (JSON.stringify(input) ?? "");
        const { frame, errors } = decodeUp(data);
        expect(frame === undefined).toBe(errors.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a bad message in a send", () => {
  test.each([
    { message: null, path: "/messages/1", clientId: undefined },
    { message: "text", path: "/messages/1", clientId: undefined },
    { message: { content: "x" }, path: "/messages/1/clientId", clientId: undefined },
    {
      message: { clientId: "has space", content: "x" },
      path: "/messages/1/clientId",
      clientId: undefined,
    },
    {
      message: { clientId: "x".repeat(65), content: "x" },
      path: "/messages/1/clientId",
      clientId: undefined,
    },
    { message: { clientId: "bad" }, path: "/messages/1/content", clientId: "bad" },
    { message: { clientId: "bad", content: "" }, path: "/messages/1/content", clientId: "bad" },
    { message: { clientId: "bad", content: 1 }, path: "/messages/1/content", clientId: "bad" },
    {
      message: { clientId: "bad", content: "x", role: "assistant" },
      path: "/messages/1/role",
      clientId: "bad",
    },
    {
      message: { clientId: "bad", content: "x", author: { name: "Boss" } },
      path: "/messages/1/author",
      clientId: "bad",
    },
    {
      message: { clientId: "bad", content: "x", metadata: [] },
      path: "/messages/1/metadata",
      clientId: "bad",
    },
    {
      message: { clientId: "bad", content: "x", "a/b~c": 1 },
      path: "/messages/1/a~1b~0c",
      clientId: "bad",
    },
  ])("$message does not take the others with it", ({ message, path, clientId }) => {
    const last = { ...GOOD, clientId: "c-2" };
    const { frame, errors } = decode({ type: "send", messages: [GOOD, message, last] });
    expect(frame).toEqual({ type: "send", messages: [GOOD, last] });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: "validation_failed", path });
    expect(errors[0]?.clientId).toBe(clientId);
  });

  test("that holds nothing else leaves no frame", () => {
    const { frame, errors } = decode({ type: "send", messages: [{}, {}] });
    expect(frame).toBeUndefined();
    expect(errors.map(({ path }) => path)).toEqual([
      "/messages/0/clientId",
      "/messages/1/clientId",
    ]);
  });

  test("is told without repeating what it said", () => {
    const secret = "my-password-is-hunter2";
    const { errors } = decode({
      type: "send",
      messages: [{ clientId: secret.repeat(4), content: { secret }, metadata: secret }],
    });
    expect(JSON.stringify(errors)).not.toContain("hunter2");
  });
});

test("lone surrogates become U+FFFD, as they would in storage", () => {
  const data = `{"type":"send","messages":[{"clientId":"c","content":"a\\ud800b\\udc00c \\ud83d\\ude00"}]}`;
  expect(decodeUp(data).frame).toEqual({
    type: "send",
    messages: [{ clientId: "c", content: "a\ufffdb\ufffdc 😀" }],
  });
});

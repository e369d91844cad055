/**
 * docs/protocol.md against the protocol. The tables below say what every frame is made of; `satisfies` keeps them equal to
 * the types, and the fingerprint in the document keeps the document equal to them.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CLOSE_CODES, isFinalClose } from "../../src/protocol/close-codes.ts";
import type { FrameErrorCode } from "../../src/protocol/errors.ts";
import { ERROR_STATUS } from "../../src/protocol/errors.ts";
import type { NewAttachment, StoredAttachment } from "../../src/protocol/file.ts";
import type { DownFrame, Presence, StoredFrame, UpFrame } from "../../src/protocol/frames.ts";
import * as limits from "../../src/protocol/limits.ts";
import type { Author, LinkedAttachment, Message, NewMessage } from "../../src/protocol/message.ts";
import type { Session } from "../../src/protocol/session.ts";
import { decodeUp } from "../../src/schemas/frames.ts";

type JsonType<V> = V extends string
  ? "string"
  : V extends number
    ? "number"
    : V extends boolean
      ? "boolean"
      : V extends readonly unknown[]
        ? "array"
        : "object";

/** Each field's JSON type; a question mark where it may be missing. */
type Fields<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? `${JsonType<Exclude<T[K], undefined>>}?`
    : JsonType<T[K]>;
};

type Frames<F extends { readonly type: string }> = {
  readonly [Type in F["type"]]: Fields<Extract<F, { readonly type: Type }>>;
};

type Table = Readonly<Record<string, string>>;

const UP = {
  send: { type: "string", messages: "array" },
  typing: { type: "string", conversationId: "string?", active: "boolean" },
  read: { type: "string", conversationId: "string", seq: "number" },
  received: { type: "string", seq: "number" },
  cancel: { type: "string", messageId: "string" },
} satisfies Frames<UpFrame>;

const DOWN = {
  welcome: {
    type: "string",
    session: "object",
    connectionId: "string",
    role: "string",
    lastSeq: "number",
    presence: "array",
  },
  messages: { type: "string", from: "number", to: "number", messages: "array" },
  synced: { type: "string", seq: "number" },
  stored: { type: "string", items: "array" },
  presence: { type: "string", presence: "array" },
  typing: {
    type: "string",
    connectionId: "string",
    role: "string",
    author: "object?",
    conversationId: "string",
    active: "boolean",
  },
  read: { type: "string", conversationId: "string", side: "string", seq: "number" },
  delta: {
    type: "string",
    messageId: "string",
    conversationId: "string",
    role: "string",
    author: "object?",
    offset: "number",
    text: "string",
  },
  discarded: { type: "string", messageId: "string" },
  redacted: { type: "string", messageId: "string", seq: "number" },
  session: { type: "string", session: "object" },
  truncated: { type: "string", firstSeq: "number" },
  error: {
    type: "string",
    code: "string",
    message: "string?",
    path: "string?",
    clientId: "string?",
    retryAfterMs: "number?",
  },
} satisfies Frames<DownFrame>;

const MESSAGE = {
  id: "string",
  seq: "number",
  clientId: "string?",
  conversationId: "string",
  role: "string",
  author: "object?",
  content: "string",
  attachments: "array?",
  createdAt: "string",
  imported: "boolean?",
  redacted: "boolean?",
  metadata: "object?",
} satisfies Fields<Message>;

const NEW_MESSAGE = {
  clientId: "string",
  content: "string",
  conversationId: "string?",
  attachments: "array?",
  metadata: "object?",
} satisfies Fields<NewMessage>;

const AUTHOR = { id: "string?", name: "string?", avatarUrl: "string?" } satisfies Fields<Author>;

const ATTACHMENT = {
  url: "string",
  name: "string",
  type: "string?",
  size: "number?",
} satisfies Fields<LinkedAttachment>;

const NEW_ATTACHMENT = { fileId: "string" } satisfies Fields<NewAttachment>;

const STORED_ATTACHMENT = {
  fileId: "string",
  name: "string",
  type: "string",
  size: "number",
} satisfies Fields<StoredAttachment>;

const CONNECTION = {
  connectionId: "string",
  role: "string",
  author: "object?",
  since: "string",
} satisfies Fields<Presence>;

const SESSION = {
  id: "string",
  teamId: "string",
  status: "string",
  endReason: "string?",
  version: "number",
  userId: "string?",
  deviceInfo: "object?",
  locationInfo: "object?",
  createdAt: "string",
  lastAccessed: "string",
  expiresAt: "string",
  defaultConversationId: "string",
  lastSeq: "number",
} satisfies Fields<Session>;

const STORED_ITEM = {
  clientId: "string",
  seq: "number",
} satisfies Fields<StoredFrame["items"][number]>;

/** The rows of the document's table of what frames carry. */
const OBJECTS: Readonly<Record<string, Table>> = {
  message: MESSAGE,
  "new message": NEW_MESSAGE,
  author: AUTHOR,
  "new attachment": NEW_ATTACHMENT,
  attachment: ATTACHMENT,
  "stored attachment": STORED_ATTACHMENT,
  connection: CONNECTION,
  session: SESSION,
};

/** What is inside a frame of each direction, and what it has to look like. */
const INSIDE: Readonly<Record<Direction, Readonly<Record<string, Table>>>> = {
  up: { messages: NEW_MESSAGE, attachments: NEW_ATTACHMENT },
  down: {
    messages: MESSAGE,
    attachments: ATTACHMENT,
    items: STORED_ITEM,
    presence: CONNECTION,
    session: SESSION,
  },
};

type Direction = "up" | "down";
type Json = Readonly<Record<string, unknown>>;

const markdown = readFileSync(
  fileURLToPath(new URL("../../docs/protocol.md", import.meta.url)),
  "utf8",
);

describe.each([
  { direction: "up", table: UP as Readonly<Record<string, Table>> },
  { direction: "down", table: DOWN as Readonly<Record<string, Table>> },
] as const)("frames going $direction", ({ direction, table }) => {
  const sections = frameSections(direction);

  test("have one example each, under a heading of their own", () => {
    expect(sections.map(({ heading }) => heading).sort()).toEqual(Object.keys(table).sort());
    expect(sections.map(({ examples }) => examples.map(({ type }) => type))).toEqual(
      sections.map(({ heading }) => [heading]),
    );
  });

  test.each(sections)(
    "$heading shows its fields and explains each",
    ({ heading, body, examples }) => {
      const fields = table[heading] ?? {};
      for (const example of examples) expect(mismatches(example, fields, direction)).toEqual([]);
      const explained = [...body.matchAll(/^- `(\w+)`:/gm)].map(([, name]) => name);
      expect(explained.sort()).toEqual(
        Object.keys(fields)
          .filter((name) => name !== "type")
          .sort(),
      );
    },
  );
});

test.each(frameSections("up"))("the server takes the example of $heading", ({ examples }) => {
  for (const example of examples) {
    expect(decodeUp(JSON.stringify(example))).toEqual({ frame: example, errors: [] });
  }
});

test("the objects in frames are listed field by field", () => {
  const rows = tableRows("What the frames carry").map(([name = "", fields = ""]) => [name, fields]);
  const expected = Object.entries(OBJECTS).map(([name, fields]) => [
    name,
    Object.entries(fields)
      .map(([field, type]) => (type.endsWith("?") ? `[\`${field}\`]` : `\`${field}\``))
      .join(", "),
  ]);
  expect(rows).toEqual(expected);
});

test("close codes are listed, each with whether it is final", () => {
  const rows = tableRows("Close codes").map(([code, , final]) => [Number(code), final]);
  const codes = Object.values(CLOSE_CODES).sort();
  expect(rows).toEqual(codes.map((code) => [code, isFinalClose(code) ? "yes" : "no"]));
});

test("error codes are codes of the protocol", () => {
  const frameOnly = {
    unknown_type: true,
    invalid_frame: true,
    frame_too_large: true,
  } satisfies Record<Exclude<FrameErrorCode, keyof typeof ERROR_STATUS>, true>;
  const listed = tableRows("Error codes").map(([code = ""]) => code.replaceAll("`", ""));
  const known = { ...ERROR_STATUS, ...frameOnly };
  expect(listed.filter((code) => !Object.hasOwn(known, code))).toEqual([]);
  expect(listed).toEqual(expect.arrayContaining(Object.keys(frameOnly)));
});

test("limits have the values of the code", () => {
  const rows = tableRows("Limits").map(([, value = "", name = ""]) => [
    name.replaceAll("`", ""),
    Number(value.replaceAll(",", "").split(" ")[0]),
  ]);
  const constants = limits as Readonly<Record<string, number>>;
  expect(rows).toEqual(rows.map(([name = ""]) => [name, constants[name]]));
  expect(rows.length).toBeGreaterThan(0);
});

test("the document is about these frames", () => {
  const frames = JSON.stringify({ up: UP, down: DOWN, objects: OBJECTS, item: STORED_ITEM });
  const fingerprint = createHash("sha256").update(frames).digest("hex").slice(0, 16);
  expect(
    markdown.endsWith(`<!-- frames ${fingerprint} -->\n`),
    `The frames have changed. Bring docs/protocol.md up to date, then end it with <!-- frames ${fingerprint} -->`,
  ).toBe(true);
});

interface Section {
  readonly heading: string;
  readonly body: string;
  readonly examples: readonly Json[];
}

/** The parts of the document that show an example going in `direction`, one for each third-level heading. */
function frameSections(direction: Direction): Section[] {
  const fence = new RegExp(`^\`\`\`json ${direction}\\n(.*?)^\`\`\``, "gms");
  return markdown
    .split(/^(?=##)/m)
    .map((body) => ({
      heading: /^### `(\w+)`$/m.exec(body)?.[1] ?? body.split("\n", 1)[0] ?? "",
      body,
      examples: [...body.matchAll(fence)].map(([, text = ""]) => JSON.parse(text) as Json),
    }))
    .filter(({ examples }) => examples.length > 0);
}

/** What `value` has too much, too little, or of another type than `fields`; objects inside it too. */
function mismatches(value: Json, fields: Table, direction: Direction): string[] {
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(fields, name));
  const wrong = Object.entries(fields)
    .filter(([name, type]) =>
      Object.hasOwn(value, name) ? !type.startsWith(jsonType(value[name])) : !type.endsWith("?"),
    )
    .map(([name]) => name);
  const inside = Object.entries(value).flatMap(([name, inner]) => {
    const table = INSIDE[direction][name];
    if (table === undefined) return [];
    const objects = (Array.isArray(inner) ? inner : [inner]) as readonly Json[];
    return objects.flatMap((one) => mismatches(one, table, direction));
  });
  return [...unknown, ...wrong, ...inside];
}

function jsonType(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value;
}

/** The cells of the first table under a heading, without its head. */
function tableRows(heading: string): string[][] {
  const section = markdown.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split(" | ")
        .map((cell) => cell.trim()),
    );
}

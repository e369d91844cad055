/** Importing over HTTP: who may, what a call takes, and what it says of what it does not take. */
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { ImportedMessage } from "../../src/protocol/import.ts";
import {
  IMPORTS_PER_MINUTE_PER_OWNER,
  MAX_ATTACHMENTS_PER_MESSAGE,
  MAX_IMPORT_BODY_BYTES,
  MAX_MESSAGES_PER_IMPORT,
} from "../../src/protocol/limits.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { importInto, logOf, oldConversation, oldMessage, sendImport } from "../support/history.ts";
import type { TeamThings } from "../support/named-things.ts";
import { objectTables } from "../support/object-storage.ts";
import { problemOf, refusal } from "../support/problem.ts";

let team: TeamThings;
let chat: SessionWithToken;

beforeAll(async () => {
  team = await things.team(await newTeam());
});
beforeEach(async () => {
  chat = await newSession(team.teamId);
});

test("a call tells how many messages it stored, and how many were there", async () => {
  const [one, other] = [oldConversation("one", 0, 3), oldConversation("other", 0, 2)];
  expect(await importInto(chat, one, other)).toEqual({ imported: 5, skipped: 0 });
  expect(await importInto(chat, one, other)).toEqual({ imported: 0, skipped: 5 });
  expect(await importInto(chat)).toEqual({ imported: 0, skipped: 0 });
});

test("only the owner may, and the team may not write in a visitor's name", async () => {
  const bearers = [
    await things.guest(chat, "reader"),
    await things.guest(chat, "writer"),
    await things.operatorToken(team, "ada"),
    team.teamKey,
  ];
  for (const bearer of bearers) {
    const refused = await sendImport(chat, [oldConversation("a", 0, 1)], bearer);
    expect(await refusal(refused)).toBe("403 forbidden");
  }
  expect(await logOf(chat)).toEqual([]);
});

const FILE = { url: "https://files.example/a.pdf", name: "a.pdf" };

describe("what is not as it should be is named, and nothing of the call is stored", () => {
  test.each<[string, string, object]>([
    ["an operator's", "role", { role: "operator" }],
    ["the system's", "role", { role: "system" }],
    ["no time", "createdAt", { createdAt: "yesterday" }],
    ["a time without a zone", "createdAt", { createdAt: "2025-04-02T09:12:00" }],
    ["seconds for milliseconds", "createdAt", { createdAt: "1970-01-21T04:00:00Z" }],
    ["just before 2000", "createdAt", { createdAt: "2000-01-01T00:59:59+01:00" }],
    ["an empty id", "id", { id: "" }],
    ["a long id", "id", { id: "x".repeat(129) }],
    ["a number for an id", "id", { id: 7 }],
    ["no content", "content", { content: "" }],
    ["no content, no file", "content", { content: "", attachments: [] }],
    ["a file by http", "attachments/0/url", { attachments: [{ ...FILE, url: "http://a.b/c" }] }],
    ["a script", "attachments/0/url", { attachments: [{ ...FILE, url: "javascript:alert(1)" }] }],
    ["data", "attachments/0/url", { attachments: [{ ...FILE, url: "data:text/html,x" }] }],
    [
      "a long address",
      "attachments/0/url",
      { attachments: [{ ...FILE, url: `https://a.example/${"x".repeat(2048)}` }] },
    ],
    ["a file without a name", "attachments/0/name", { attachments: [{ url: FILE.url }] }],
    ["a long name", "attachments/0/name", { attachments: [{ ...FILE, name: "x".repeat(256) }] }],
    ["no media type", "attachments/0/type", { attachments: [{ ...FILE, type: "pdf" }] }],
    ["a negative size", "attachments/0/size", { attachments: [{ ...FILE, size: -1 }] }],
    ["an uploaded file", "attachments/0/fileId", { attachments: [{ ...FILE, fileId: "f" }] }],
    [
      "too many files",
      "attachments",
      { attachments: new Array(MAX_ATTACHMENTS_PER_MESSAGE + 1).fill(FILE) },
    ],
  ])("%s", async (_, field, fields) => {
    const before = await objectTables(chat.session.id, () => true);
    const spoiled = { ...oldMessage(1), ...fields } as ImportedMessage;
    const response = await sendImport(chat, [
      oldConversation("a", 0, 2),
      { id: "b", messages: [oldMessage(0), spoiled] },
    ]);
    const { status, code, errors } = await problemOf(response);
    expect(`${status} ${code}`).toBe("422 validation_failed");
    expect(errors?.map(({ path }) => path)).toEqual([`/conversations/1/messages/1/${field}`]);
    expect(await objectTables(chat.session.id, () => true)).toBe(before);
  });

  test("more messages than a call takes, in one conversation or in all", async () => {
    const half = MAX_MESSAGES_PER_IMPORT / 2;
    const [one, other] = [oldConversation("one", 0, half), oldConversation("other", 0, half + 1)];
    expect(await refusal(await sendImport(chat, [one, other]))).toBe("422 validation_failed");
    const long = oldConversation("long", 0, MAX_MESSAGES_PER_IMPORT + 1);
    expect(await refusal(await sendImport(chat, [long]))).toBe("422 validation_failed");
    expect(await logOf(chat)).toEqual([]);
    expect(await importInto(chat, one, oldConversation("other", 0, half))).toMatchObject({
      imported: MAX_MESSAGES_PER_IMPORT,
    });
  });
});

test("half a surrogate pair comes back as it is stored", async () => {
  const name = "a\ud800.pdf";
  const messages = [oldMessage(0, { content: "\udc00!", attachments: [{ ...FILE, name }] })];
  await importInto(chat, { id: "\ud800", messages });
  expect(await logOf(chat)).toMatchObject([
    { content: "\ufffd!", attachments: [{ name: "a\ufffd.pdf" }] },
  ]);
  expect(await importInto(chat, { id: "\ufffd", messages })).toEqual({ imported: 0, skipped: 1 });
});

test("a body may be longer than those of other calls, up to its own limit", async () => {
  const messages = Array.from({ length: 15 }, (_, index) =>
    oldMessage(index, { content: "x".repeat(32_768) }),
  );
  const body = JSON.stringify({ conversations: [{ id: "a", messages }] });
  const path = `/api/sessions/${chat.session.id}/import`;
  const send = (length: number) => call(path, { bearer: chat.token, body: body.padEnd(length) });
  expect(await refusal(await send(MAX_IMPORT_BODY_BYTES + 1))).toBe("413 body_too_large");
  expect(await (await send(MAX_IMPORT_BODY_BYTES)).json()).toEqual({ imported: 15, skipped: 0 });
  const page = await call(`/api/sessions/${chat.session.id}/messages`, {
    bearer: chat.token,
    body: JSON.stringify({ clientId: "1", content: "x" }).padEnd(65_537),
  });
  expect(await refusal(page)).toBe("413 body_too_large");
});

test("a device imports so often in a minute, whether anything is new or not", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const importOnce = async () => (await sendImport(chat, [oldConversation("a", 0, 1)])).status;
    const answers: number[] = [];
    for (let sent = 0; sent < IMPORTS_PER_MINUTE_PER_OWNER + 4; sent++) {
      answers.push(await importOnce());
    }
    expect(answers.filter((status) => status === 200)).toHaveLength(IMPORTS_PER_MINUTE_PER_OWNER);
    expect(answers.slice(-4)).toEqual([429, 429, 429, 429]);
    const refused = await sendImport(chat, [oldConversation("a", 0, 1)]);
    expect(await refusal(refused)).toBe("429 rate_limited");
    vi.setSystemTime(Date.now() + 120_000);
    expect(await importOnce()).toBe(200);
  } finally {
    vi.useRealTimers();
  }
});

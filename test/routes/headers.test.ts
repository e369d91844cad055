/** What holds for every answer's headers, and what no method or form of a browser's own can change. */
import { beforeAll, describe, expect, test } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { newSession, newTeam, ORIGIN, things } from "../support/api.ts";
import { indexText } from "../support/index-database.ts";
import type { TeamThings } from "../support/named-things.ts";
import { isOfTheSession, objectTables } from "../support/object-storage.ts";
import { problemOf } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import { type Prepared, prepare, send } from "./prepared-requests.ts";
import { isForStaff, type RouteSample, SAMPLES } from "./sample-requests.ts";

let team: TeamThings;

beforeAll(async () => {
  team = await things.team(await newTeam());
  // Made later, sessions would hear of it in the middle of what is not to change them.
  await things.webhook(team);
});

/** What opens the route for whom it is there. */
async function openerOf(
  { endpoint }: RouteSample,
  chat: SessionWithToken,
): Promise<string | undefined> {
  switch (endpoint.audience) {
    case "public":
    case "creation":
      return undefined;
    case "session":
      return isForStaff(endpoint) ? team.teamKey : chat.token;
    case "person":
    case "team":
    case "caretaker":
      return team.teamKey;
    case "admin":
      return TEST_ADMIN_TOKEN;
  }
}

/** All that is stored, but for what only tells of it. */
async function everything({ session }: SessionWithToken): Promise<string> {
  return `${await indexText(isOfTheSession)}\n${await objectTables(session.id)}`;
}

const CONTENT_TYPES = ["application/json", "application/problem+json", null];

/** What is no JSON. */
const STREAMED: Readonly<Record<string, string>> = {
  downloadFile: "text/plain; charset=utf-8",
  exportSession: "application/x-ndjson",
};

const streamedTypes = ({ endpoint: { operationId } }: RouteSample) =>
  operationId in STREAMED ? [STREAMED[operationId]] : [];

describe.each(SAMPLES)("$title", (sample) => {
  test("is never kept by a cache, nor taken for another type", async () => {
    const chat = await newSession(team.teamId);
    const good = await prepare(sample, team, chat);
    const answers = [
      await send(good, { bearer: await openerOf(sample, chat) }),
      await send(good, { bearer: undefined }),
      await send(good, { bearer: "nonsense" }),
      await send(good, { headers: { Origin: "https://evil.example" } }),
      await send({ ...good, request: { method: "OPTIONS" } }, { headers: { Origin: ORIGIN } }),
    ];
    expect(answers[0]?.ok).toBe(true);
    for (const { headers } of answers) {
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Vary")).toBe("Origin");
      expect([...CONTENT_TYPES, ...streamedTypes(sample)]).toContain(headers.get("Content-Type"));
    }
  });
});

const SAFE = SAMPLES.filter(({ method }) => method === "GET");

test.each(SAFE)("$title changes nothing, nor does HEAD", async (sample) => {
  const chat = await newSession(team.teamId);
  const good = await prepare(sample, team, chat);
  const bearer = await openerOf(sample, chat);
  const before = await everything(chat);
  expect((await send(good, { bearer })).ok).toBe(true);
  const head: Prepared = { ...good, request: { method: "HEAD" } };
  expect((await send(head, { bearer })).ok).toBe(false);
  expect(await everything(chat)).toBe(before);
});

/** What a form, or a script that wants no preflight, can send. */
const SIMPLE_TYPES = [
  "text/plain",
  "text/plain;charset=UTF-8",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
];
const NO_TEXT_TYPES = [
  ...SIMPLE_TYPES.filter((type) => !type.startsWith("text/plain")),
  "text/plain;charset=latin1",
  "application/json",
];
/** What a file may be called is its own matter, and a type among them: its page is told by its origin. */
const NO_FILE_TYPES = [...NO_TEXT_TYPES, "text/html", "image/svg+xml", "application/octet-stream"];

const STRANGE_PAGES = ["https://evil.example", "null", undefined];

const POSTS = SAMPLES.filter(({ method }) => method === "POST");

describe.each(POSTS)("a form that is sent to $title", (sample) => {
  async function arranged(): Promise<{ chat: SessionWithToken; good: Prepared }> {
    const chat = await newSession(team.teamId);
    return { chat, good: await prepare(sample, team, chat) };
  }

  test("with a type that is not taken is refused, whoever sends it", async () => {
    const { chat, good } = await arranged();
    const bearer = await openerOf(sample, chat);
    const before = await everything(chat);
    const { takesText, takesFile } = sample.endpoint;
    const code = takesFile ? "file_type_not_allowed" : "unsupported_media_type";
    const others = takesFile ? NO_FILE_TYPES : SIMPLE_TYPES;
    for (const type of takesText ? NO_TEXT_TYPES : others) {
      const response = await send(good, { bearer, headers: { "Content-Type": type } });
      expect((await problemOf(response)).code).toBe(code);
    }
    expect(await everything(chat)).toBe(before);
  });

  test("from another page, with the visitor's cookie, is refused, a body or none", async () => {
    const { chat, good } = await arranged();
    const before = await everything(chat);
    const empty: Prepared = { ...good, request: { method: good.request.method } };
    for (const origin of STRANGE_PAGES) {
      for (const type of [...SIMPLE_TYPES, "application/json"]) {
        const headers = {
          Cookie: `__Host-ds.${team.teamId}=${chat.token}`,
          "Content-Type": type,
          ...(origin !== undefined && { Origin: origin }),
        };
        // Without a page of the browser's, what takes no credential is anybody's to call.
        const isAnybodys = origin === undefined && sample.endpoint.audience === "creation";
        if (isAnybodys && type === "application/json") continue;
        expect((await send(good, { headers })).ok).toBe(false);
        expect((await send(empty, { headers })).ok).toBe(false);
      }
    }
    expect(await everything(chat)).toBe(before);
  });
});

test("a request that does change something is seen to", async () => {
  for (const sample of SAMPLES.filter(({ method }) => method !== "GET")) {
    const chat = await newSession(team.teamId);
    const good = await prepare(sample, team, chat);
    const before = await everything(chat);
    expect((await send(good, { bearer: await openerOf(sample, chat) })).ok).toBe(true);
    // A refresh so soon after the creation has nothing to slide, nor a cleanup anything to do; and nothing was lost.
    const idle = ["refreshSession", "testWebhook", "cleanupExpiredSessions", "reindex", "restore"];
    if (!idle.includes(sample.endpoint.operationId))
      expect(await everything(chat), sample.title).not.toBe(before);
  }
});

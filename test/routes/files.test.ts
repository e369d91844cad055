/** Files over HTTP: up, into a message, down, and gone. */
import { beforeAll, describe, expect, test } from "vitest";
import { MAX_FILE_BYTES, UPLOADS_PER_MINUTE_PER_CREDENTIAL } from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { breakBucket } from "../support/bucket.ts";
import {
  download,
  FILES,
  keysOf,
  PNG,
  remove,
  sampleFile,
  upload,
  uploaded,
  uploadStream,
} from "../support/files.ts";
import type { TeamThings } from "../support/named-things.ts";
import { problemOf, refusal } from "../support/problem.ts";
import { TestSocket } from "../support/socket.ts";

let team: TeamThings;
let chat: SessionWithToken;

beforeAll(async () => {
  team = await things.team(await newTeam());
  chat = await newSession(team.teamId);
});

async function post(
  body: object,
  { session, token }: SessionWithToken = chat,
  bearer = token,
): Promise<Response> {
  const message = { clientId: crypto.randomUUID(), content: "", ...body };
  return await call(`/api/sessions/${session.id}/messages`, { bearer, body: message });
}

/** As a request whose end comes when it comes. */
const unmeasured = (bytes: Uint8Array) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });

const carrying = (...fileIds: readonly string[]) => ({
  attachments: fileIds.map((fileId) => ({ fileId })),
});

test("a file is uploaded, sent, read by the team, and deleted", async () => {
  const file = await uploaded(chat, PNG, { name: "A plan.png" });
  expect(file).toEqual({
    fileId: expect.stringMatching(/^file_[\w-]{16}$/),
    name: "A plan.png",
    type: "image/png",
    size: PNG.bytes.length,
  });
  expect(await keysOf(chat)).toContain(`files/${chat.session.id}/${file.fileId}`);
  const posted = await post(carrying(file.fileId));
  expect(posted.status).toBe(201);
  const { message } = await posted.json<{ message: Message }>();
  expect(message).toMatchObject({ content: "", attachments: [file] });

  const read = await download(chat, file.fileId, { bearer: team.teamKey });
  expect(read.status).toBe(200);
  expect(new Uint8Array(await read.arrayBuffer())).toEqual(PNG.bytes);

  expect((await remove(chat, file.fileId)).status).toBe(204);
  expect((await remove(chat, file.fileId)).status).toBe(204);
  expect(await refusal(await download(chat, file.fileId))).toBe("404 file_not_found");
  const history = await call(`/api/sessions/${chat.session.id}/messages`, { bearer: chat.token });
  const { messages } = await history.json<{ messages: Message[] }>();
  expect(messages.at(-1)).toEqual(message);
});

describe("an upload", () => {
  test("is the same file under its clientId, whatever comes with it the second time", async () => {
    const named = { clientId: "twice" };
    const first = await upload(chat, PNG, named);
    expect(first.status).toBe(201);
    const again = await upload(chat, FILES.text, named);
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(await first.json());
    // The team's side is another.
    const teams = await upload(chat, FILES.text, { ...named, bearer: team.teamKey });
    expect(teams.status).toBe(201);
  });

  test("of bytes in many pieces is stored as they came", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const { type, bytes: whole } = sampleFile("image/png", PNG.head, 0, [bytes, bytes, bytes]);
    const pieces = new ReadableStream<Uint8Array>({
      async start(controller) {
        for (let at = 0; at < whole.length; at += 7_001) {
          controller.enqueue(whole.slice(at, at + 7_001));
          await scheduler.wait(0);
        }
        controller.close();
      },
    });
    const sent = { type, length: String(whole.length), body: pieces };
    const response = await uploadStream(chat, sent);
    const { file } = await response.json<{ file: { fileId: string; size: number } }>();
    expect(file.size).toBe(whole.length);
    const read = await download(chat, file.fileId);
    expect(new Uint8Array(await read.arrayBuffer())).toEqual(whole);
  });

  test.each([
    [
      "without its length",
      { type: "image/png", body: unmeasured(PNG.bytes) },
      "411 length_required",
    ],
    [
      "of an unknown type",
      { type: "text/html", length: "5", body: "Hello" },
      "415 file_type_not_allowed",
    ],
    [
      "of no type",
      { length: "5", body: new TextEncoder().encode("Hello") },
      "415 file_type_not_allowed",
    ],
    [
      "of another type than it says",
      { type: "image/png", length: "5", body: "Hello" },
      "415 file_type_not_allowed",
    ],
    [
      "of text in another encoding",
      { type: "text/plain; charset=latin1", length: "5", body: "Hello" },
      "415 file_type_not_allowed",
    ],
    ["of nothing", { type: "text/plain", length: "0", body: "" }, "415 file_type_not_allowed"],
    [
      "that is too large",
      { type: "image/png", length: String(MAX_FILE_BYTES + 1), body: PNG.bytes },
      "413 file_too_large",
    ],
  ])("%s is refused", async (_, sent, code) => {
    const before = await keysOf(chat);
    expect(await refusal(await uploadStream(chat, sent))).toBe(code);
    expect(await keysOf(chat)).toEqual(before);
  });

  test.each(["IMAGE/PNG", "image/png; x=y"])("may be declared as %j", async (type) => {
    const sent = { type, length: String(PNG.bytes.length), body: PNG.bytes };
    expect((await uploadStream(chat, sent)).status).toBe(201);
  });

  test("needs a name and a clientId, and says which", async () => {
    const path = `/api/sessions/${chat.session.id}/files`;
    for (const query of [
      "",
      "?name=x",
      "?clientId=x",
      "?name=&clientId=x",
      "?name=x&clientId=a/b",
    ]) {
      const response = await call(path + query, { bearer: chat.token, text: "Hello" });
      expect(await refusal(response)).toBe("400 invalid_parameter");
    }
  });

  test("comes so often in a minute, of one credential", async () => {
    const busy = await newSession(team.teamId);
    const outcomes: number[] = [];
    for (let n = 0; n <= UPLOADS_PER_MINUTE_PER_CREDENTIAL; n++) {
      outcomes.push((await upload(busy, FILES.text, { clientId: "same" })).status);
    }
    expect(outcomes).toEqual([201, ...Array(UPLOADS_PER_MINUTE_PER_CREDENTIAL - 1).fill(200), 429]);
    const guest = await things.guest(busy, "writer");
    expect((await upload(busy, FILES.text, { bearer: guest })).status).toBe(201);
  });

  test("without the bucket is refused for now, and leaves nothing", async () => {
    const quiet = await newSession(team.teamId);
    const restore = breakBucket((_, method) => method === "put");
    const refused = await upload(quiet, PNG, { clientId: "later" });
    restore();
    expect(refused.headers.get("Retry-After")).toMatch(/^\d+$/);
    expect(await refusal(refused)).toBe("503 unavailable");
    expect((await upload(quiet, PNG, { clientId: "later" })).status).toBe(201);
    expect(await keysOf(quiet)).toHaveLength(1);
  });
});

describe("a message", () => {
  async function refusedPaths(response: Response): Promise<(string | undefined)[]> {
    expect(response.status).toBe(422);
    const { code, errors } = await problemOf(response);
    expect(code).toBe("attachment_not_found");
    return (errors ?? []).map(({ path }) => path);
  }

  test("carries several files, in their order", async () => {
    const [one, two] = [await uploaded(chat, PNG), await uploaded(chat, FILES.text)];
    const posted = await post({ ...carrying(two.fileId, one.fileId), content: "Look" });
    const { message } = await posted.json<{ message: Message }>();
    expect(message.attachments).toEqual([two, one]);
  });

  test("carries no file that is unknown, of another session, of the other side, deleted, or sent before", async () => {
    const good = await uploaded(chat, PNG);
    const sent = await uploaded(chat, PNG);
    await post(carrying(sent.fileId));
    const gone = await uploaded(chat, PNG);
    await remove(chat, gone.fileId);
    const foreign = await uploaded(await newSession(team.teamId), PNG);
    const teams = await uploaded(chat, PNG, { bearer: team.teamKey });
    for (const bad of [sent, gone, foreign, teams, { fileId: "file_AAAAAAAAAAAAAAAA" }]) {
      const response = await post(carrying(good.fileId, bad.fileId));
      expect(await refusedPaths(response)).toEqual(["/attachments/1/fileId"]);
    }
    expect(await refusedPaths(await post(carrying(good.fileId, good.fileId)))).toEqual([
      "/attachments/1/fileId",
    ]);
    expect((await post(carrying(good.fileId))).status).toBe(201);
  });

  test("says something, or carries something", async () => {
    for (const body of [{}, { attachments: [] }]) {
      expect(await refusal(await post(body))).toBe("422 validation_failed");
    }
    expect(await refusal(await post(carrying(...Array(11).fill("file_A"))))).toBe(
      "422 validation_failed",
    );
  });

  test("sent again under its clientId is the one that carries the file", async () => {
    const { fileId } = await uploaded(chat, PNG);
    const body = { ...carrying(fileId), clientId: "again" };
    expect([(await post(body)).status, (await post(body)).status]).toEqual([201, 200]);
  });

  test("over a socket fails alone, and its sender is told which", async () => {
    const tab = await TestSocket.open(chat.session, chat.ticket, { query: "?tail=0" });
    await tab.first("synced");
    const { fileId } = await uploaded(chat, PNG);
    tab.send({
      type: "send",
      messages: [
        { clientId: "bad", content: "", ...carrying("file_AAAAAAAAAAAAAAAA") },
        { clientId: "good", content: "", ...carrying(fileId) },
        { clientId: "second", content: "", ...carrying(fileId) },
      ],
    });
    await tab.until(() => tab.all("error").length === 2);
    expect(tab.all("error")).toEqual([
      { type: "error", code: "attachment_not_found", clientId: "bad" },
      { type: "error", code: "attachment_not_found", clientId: "second" },
    ]);
    await tab.until(() => tab.messages.some(({ clientId }) => clientId === "good"));
    expect(tab.messages.at(-1)?.attachments).toMatchObject([{ fileId }]);
    tab.close();
  });
});

describe("a download", () => {
  const text = sampleFile("text/plain", "0123456789", 0);
  let fileId: string;

  beforeAll(async () => {
    fileId = (await uploaded(chat, text, { name: "Größe.txt" })).fileId;
  });

  test("is saved and not shown, whatever a browser makes of it", async () => {
    const response = await download(chat, fileId);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-length": "10",
      "content-disposition": `attachment; filename="Gr__e.txt"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt`,
      "content-security-policy": "sandbox; default-src 'none'",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      etag: `"${fileId}"`,
    });
    expect(await response.text()).toBe("0123456789");
  });

  test.each([
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-1", "9", "bytes 9-9/10"],
    ["bytes=0-99", "0123456789", "bytes 0-9/10"],
  ])("of %s is that part", async (range, part, contentRange) => {
    const response = await download(chat, fileId, { headers: { Range: range } });
    expect(response.status).toBe(206);
    expect(response.headers.get("Content-Range")).toBe(contentRange);
    expect(response.headers.get("Content-Length")).toBe(String(part.length));
    expect(await response.text()).toBe(part);
  });

  test("of what is no range, or several, is all of it", async () => {
    for (const range of ["bytes=0-1,4-5", "bytes=x", "pages=1-2"]) {
      const response = await download(chat, fileId, { headers: { Range: range } });
      expect([response.status, await response.text()]).toEqual([200, "0123456789"]);
    }
  });

  test("behind its end is refused, and says where that is", async () => {
    const response = await download(chat, fileId, { headers: { Range: "bytes=10-" } });
    expect(response.headers.get("Content-Range")).toBe("bytes */10");
    expect(await refusal(response)).toBe("416 range_not_satisfiable");
  });

  test("goes on only where it is the same file", async () => {
    const follow = (tag: string) =>
      download(chat, fileId, { headers: { Range: "bytes=5-", "If-Range": tag } });
    const same = await follow(`"${fileId}"`);
    expect([same.status, await same.text()]).toEqual([206, "56789"]);
    const other = await follow('"another"');
    expect([other.status, await other.text()]).toEqual([200, "0123456789"]);
  });

  test("is for readers of the session, and of no other", async () => {
    const guest = await things.guest(chat, "reader");
    const read = await download(chat, fileId, { bearer: guest });
    expect(await read.text()).toBe("0123456789");
    const other = await newSession(team.teamId);
    expect(await refusal(await download(other, fileId))).toBe("404 file_not_found");
    const crossed = await download(chat, fileId, { bearer: other.token });
    expect(await refusal(crossed)).toBe("401 invalid_credential");
  });

  test("without the bucket is refused for now", async () => {
    const restore = breakBucket((_, method) => method === "get");
    const response = await download(chat, fileId);
    restore();
    expect(await refusal(response)).toBe("503 unavailable");
  });
});

test("a guest deletes what it uploaded, an owner what its side did, the team all", async () => {
  const guest = await things.guest(chat, "writer");
  const own = await uploaded(chat, PNG);
  const guests = await uploaded(chat, PNG, { bearer: guest });
  const teams = await uploaded(chat, PNG, { bearer: team.teamKey });
  expect(await refusal(await remove(chat, own.fileId, { bearer: guest }))).toBe("403 forbidden");
  expect(await refusal(await remove(chat, teams.fileId, { bearer: guest }))).toBe("403 forbidden");
  expect((await remove(chat, guests.fileId, { bearer: guest })).status).toBe(204);
  expect(await refusal(await remove(chat, teams.fileId))).toBe("403 forbidden");
  expect((await remove(chat, own.fileId, { bearer: team.teamKey })).status).toBe(204);
  expect((await remove(chat, teams.fileId, { bearer: team.teamKey })).status).toBe(204);
  const unknown = await remove(chat, "file_AAAAAAAAAAAAAAAA");
  expect(await refusal(unknown)).toBe("404 file_not_found");
  const trail = await call(`/api/teams/${team.teamId}/audit-events`, { bearer: team.teamKey });
  const { events } = await trail.json<{ events: { type: string; details?: object }[] }>();
  const deletions = events.filter(({ type }) => type === "file.deleted");
  expect(deletions.map(({ details }) => details)).toContainEqual({ fileId: guests.fileId });
});

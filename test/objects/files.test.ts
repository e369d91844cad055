/** How files end: by their time, by their message, by an upload that came to nothing; and who hears of it. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { fileKey } from "../../src/bucket/keys.ts";
import { sessionStub } from "../../src/operations/session-access.ts";
import {
  DELETED_FILE_KEPT_MS,
  MAX_FILE_BYTES_PER_SESSION,
  MAX_FILES_PER_SESSION,
  UNSENT_FILE_MS,
  UPLOAD_RETRY_MS,
  UPLOAD_TIMEOUT_MS,
} from "../../src/protocol/limits.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { alarmAt, runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { breakBucket } from "../support/bucket.ts";
import { HOUR_MS, MINUTE_MS, moveClock } from "../support/clock.ts";
import { evict, RESIDENCIES, stepper } from "../support/eviction.ts";
import { download, keysOf, PNG, remove, upload, uploaded } from "../support/files.ts";
import { breakIndex } from "../support/index-database.ts";
import type { TeamThings } from "../support/named-things.ts";
import { objectOf } from "../support/object-of.ts";
import { indexAnswered } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";

let team: TeamThings;
let chat: SessionWithToken;

beforeAll(async () => {
  team = await things.team(await newTeam());
});
beforeEach(async () => {
  chat = await newSession(team.teamId);
});
afterEach(() => {
  vi.useRealTimers();
});

const DAY_MS = 24 * HOUR_MS;

async function send(fileId: string): Promise<Message> {
  const response = await call(`/api/sessions/${chat.session.id}/messages`, {
    bearer: chat.token,
    body: { clientId: crypto.randomUUID(), content: "", attachments: [{ fileId }] },
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json<{ message: Message }>()).message;
}

const rowsOf = () =>
  runInDurableObject(objectOf(chat.session.id), (_, { storage }) =>
    storage.sql.exec("SELECT id, state, version, due_at, attempts FROM files").toArray(),
  );

async function indexRows(): Promise<Record<string, unknown>[]> {
  await indexAnswered(chat.session.id);
  const { results } = await env.INDEX_DB.prepare(
    "SELECT id, team_id, name, type, size, version, remove_at FROM files WHERE session_id = ?",
  )
    .bind(chat.session.id)
    .all();
  return results;
}

/** A session with `files`, as if they had been uploaded long ago. */
async function fill(files: number, bytes: number): Promise<void> {
  await runInDurableObject(objectOf(chat.session.id), (_, { storage: { sql } }) => {
    for (let n = 0; n < files; n++) {
      sql.exec(
        `INSERT INTO files (id, side, client_id, name, type, size, state, seq, created_at, version)
         VALUES (?, 'visitor', ?, 'a', 'image/png', ?, 'stored', 1, 0, 2)`,
        `file_${n}`,
        `filled-${n}`,
        bytes,
      );
    }
  });
}

describe.each(RESIDENCIES)("a file of an object that %s", (residency) => {
  const step = async () => {
    // What the index has answered is written down behind the answer.
    await indexAnswered(chat.session.id);
    await stepper(residency)(chat.session.id);
  };

  test("that no message takes is gone after a day, one that is sent stays", async () => {
    moveClock(0);
    const unsent = await uploaded(chat, PNG);
    await step();
    const sent = await uploaded(chat, PNG);
    await send(sent.fileId);
    await step();
    await runAlarms(chat.session.id, Date.now() + UNSENT_FILE_MS + MINUTE_MS);
    expect(await keysOf(chat)).toEqual([fileKey(chat.session.id, sent.fileId)]);
    expect(await refusal(await download(chat, unsent.fileId))).toBe("404 file_not_found");
    expect((await rowsOf()).map(({ id }) => id)).toEqual([sent.fileId]);
    await step();
    expect((await indexRows()).map(({ id }) => id)).toEqual([sent.fileId]);
  });

  test("that is deleted opens to nobody at once, and is gone after a week", async () => {
    moveClock(0);
    const { fileId } = await uploaded(chat, PNG, { name: "a.png" });
    await send(fileId);
    expect(await indexRows()).toEqual([
      {
        id: fileId,
        team_id: team.teamId,
        name: "a.png",
        type: "image/png",
        size: PNG.bytes.length,
        version: 2,
        remove_at: null,
      },
    ]);
    await step();
    const deletedAt = Date.now();
    expect((await remove(chat, fileId)).status).toBe(204);
    await step();
    expect(await refusal(await download(chat, fileId))).toBe("404 file_not_found");
    expect(await indexRows()).toMatchObject([
      { version: 3, remove_at: deletedAt + DELETED_FILE_KEPT_MS },
    ]);
    await runAlarms(chat.session.id, deletedAt + DELETED_FILE_KEPT_MS - 1);
    expect(await keysOf(chat)).toHaveLength(1);
    await step();
    await runAlarms(chat.session.id, deletedAt + DELETED_FILE_KEPT_MS + MINUTE_MS);
    expect([await keysOf(chat), await rowsOf(), await indexRows()]).toEqual([[], [], []]);
  });

  test("is gone with the message that is taken back, at once", async () => {
    const { fileId } = await uploaded(chat, PNG);
    const message = await send(fileId);
    await step();
    const path = `/api/sessions/${chat.session.id}/messages`;
    const redacted = await call(`${path}/${message.id}`, {
      method: "DELETE",
      bearer: team.teamKey,
    });
    expect(redacted.status).toBe(204);
    await step();
    expect([await keysOf(chat), await rowsOf(), await indexRows()]).toEqual([[], [], []]);
    expect(await refusal(await download(chat, fileId))).toBe("404 file_not_found");
    const { messages } = await (await call(path, { bearer: chat.token })).json<{
      messages: Message[];
    }>();
    expect(messages).toMatchObject([{ id: message.id, content: "", redacted: true }]);
    expect(messages[0]).not.toHaveProperty("attachments");
  });

  test("whose bytes cannot be deleted is tried again, later each time, and opens to nobody meanwhile", async () => {
    moveClock(0);
    const { fileId } = await uploaded(chat, PNG);
    const message = await send(fileId);
    const restore = breakBucket((_, method) => method === "delete");
    const path = `/api/sessions/${chat.session.id}/messages/${message.id}`;
    expect((await call(path, { method: "DELETE", bearer: team.teamKey })).status).toBe(204);
    await step();
    expect(await refusal(await download(chat, fileId))).toBe("404 file_not_found");
    const gaps: number[] = [];
    for (let n = 0; n < 5; n++) {
      const due = await alarmAt(chat.session.id);
      if (due === null) throw new Error("no alarm");
      gaps.push(due - Date.now());
      await runAlarms(chat.session.id, due);
      await step();
    }
    expect(gaps[4]).toBeGreaterThan(4 * (gaps[0] ?? 0));
    expect(await rowsOf()).toMatchObject([{ state: "deleted", attempts: 6 }]);
    restore();
    await runAlarms(chat.session.id, Date.now() + HOUR_MS);
    expect([await keysOf(chat), await rowsOf(), await indexRows()]).toEqual([[], [], []]);
  });

  test("reaches the index once that answers again", async () => {
    moveClock(0);
    const restore = breakIndex();
    const { fileId } = await uploaded(chat, PNG);
    await step();
    restore();
    await runAlarms(chat.session.id, Date.now() + HOUR_MS);
    expect(await indexRows()).toMatchObject([{ id: fileId, remove_at: null }]);
  });
});

describe("an upload that came to nothing", () => {
  const clientId = "broken";
  const fileId = "file_AAAAAAAAAAAAAAAA";

  /** As a Worker does that dies in the middle: the team's. */
  async function dead(): Promise<void> {
    const begun = await sessionStub(env, chat.session.id).beginUpload({
      actor: { kind: "team", teamId: team.teamId, keyId: undefined },
      teamRevision: undefined,
      teamConfirmedAt: undefined,
      fileId,
      clientId,
      name: "a.png",
      type: "image/png",
      size: PNG.bytes.length,
    });
    expect(begun).toEqual({ ok: true, isNew: true, fileId });
  }

  test("is cleared by the alarm, and the index never heard of it", async () => {
    moveClock(0);
    await dead();
    await env.BUCKET.put(fileKey(chat.session.id, fileId), "all bytes, and then it died");
    expect(await rowsOf()).toMatchObject([
      { state: "uploading", due_at: Date.now() + UPLOAD_TIMEOUT_MS },
    ]);
    expect(await refusal(await download(chat, fileId))).toBe("404 file_not_found");
    await runAlarms(chat.session.id, Date.now() + UPLOAD_TIMEOUT_MS);
    expect([await keysOf(chat), await rowsOf(), await indexRows()]).toEqual([[], [], []]);
  });

  test("keeps its name for a minute, and then gives way to the next", async () => {
    moveClock(0);
    await dead();
    const again = () => upload(chat, PNG, { clientId, bearer: team.teamKey });
    const early = await again();
    expect(Number(early.headers.get("Retry-After"))).toBe(UPLOAD_RETRY_MS / 1000);
    expect(await refusal(early)).toBe("409 upload_in_progress");
    moveClock(UPLOAD_RETRY_MS);
    expect((await again()).status).toBe(201);
    await runAlarms(chat.session.id, Date.now() + MINUTE_MS);
    expect(await rowsOf()).toMatchObject([{ state: "stored" }]);
    expect(await keysOf(chat)).toHaveLength(1);
  });
});

describe("a session's room", () => {
  test("is for so many files", async () => {
    await fill(MAX_FILES_PER_SESSION - 1, 1);
    expect((await upload(chat, PNG)).status).toBe(201);
    expect(await refusal(await upload(chat, PNG))).toBe("409 too_many_files");
    await remove(chat, "file_0");
    expect((await upload(chat, PNG)).status).toBe(201);
  });

  test("is for so many bytes", async () => {
    await fill(1, MAX_FILE_BYTES_PER_SESSION - PNG.bytes.length + 1);
    expect(await refusal(await upload(chat, PNG))).toBe("413 quota_exceeded");
    await remove(chat, "file_0");
    expect((await upload(chat, PNG)).status).toBe(201);
  });

  test("for deleted files is as large, and the first of them make room for more", async () => {
    moveClock(0);
    await fill(2, MAX_FILE_BYTES_PER_SESSION - 1);
    await evict(chat.session.id);
    await remove(chat, "file_0");
    moveClock(MINUTE_MS);
    await remove(chat, "file_1");
    await runAlarms(chat.session.id, Date.now() + MINUTE_MS);
    expect((await rowsOf()).map(({ id }) => id)).toEqual(["file_1"]);
  });
});

test("files that are all deleted at once open to nobody, and go a week later", async () => {
  moveClock(0);
  const { fileId } = await uploaded(chat, PNG);
  await send(fileId);
  await uploaded(chat, PNG);
  const live = () =>
    runInDurableObject(objectOf(chat.session.id), (object) => {
      const { entrance } = object as unknown as {
        entrance: { live: { files: { removeAll(now: number): number; totals(): object } } };
      };
      const { files } = entrance.live;
      const count = files.removeAll(Date.now());
      return [count, files.totals()];
    });
  expect(await live()).toEqual([2, { files: 2, bytes: 2 * PNG.bytes.length }]);
  expect(await refusal(await download(chat, fileId))).toBe("404 file_not_found");
  await evict(chat.session.id);
  await call(`/api/sessions/${chat.session.id}`, { bearer: chat.token });
  await runAlarms(chat.session.id, Date.now() + DELETED_FILE_KEPT_MS + DAY_MS);
  expect([await keysOf(chat), await rowsOf()]).toEqual([[], []]);
});

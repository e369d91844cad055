/** What happens while bytes are on their way, and what meets over one file: nothing half-done is left, in whatever order. */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { UNSENT_FILE_MS, UPLOAD_TIMEOUT_MS } from "../../src/protocol/limits.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { runAlarms } from "../support/alarms.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { breakBucket, hangBucket, holdPuts } from "../support/bucket.ts";
import { MINUTE_MS, moveClock } from "../support/clock.ts";
import { download, keysOf, PNG, remove, upload, uploaded } from "../support/files.ts";
import type { TeamThings } from "../support/named-things.ts";
import { killObject } from "../support/object-of.ts";
import { objectTables } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";

/** Each order of what meets comes up in so many. */
const ROUNDS = 25;

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

const filesText = () => objectTables(chat.session.id, (table) => table === "files");

function send(fileId: string, clientId: string = crypto.randomUUID()): Promise<Response> {
  return call(`/api/sessions/${chat.session.id}/messages`, {
    bearer: chat.token,
    body: { clientId, content: "", attachments: [{ fileId }] },
  });
}

/** What an upload comes to when `meanwhile` happens before its bytes are in the bucket, or afterwards. */
async function during(
  meanwhile: () => Promise<unknown>,
  bearer: string = chat.token,
  when: "before" | "afterwards" = "afterwards",
): Promise<Response> {
  const held = holdPuts(when);
  const uploading = upload(chat, PNG, { bearer });
  await held.reached();
  await meanwhile();
  held.release();
  return await uploading;
}

async function expectNothingLeft(): Promise<void> {
  expect([await keysOf(chat), await filesText()]).toEqual([[], "files"]);
}

describe("while the bytes are on their way", () => {
  const end = (suffix = "") =>
    call(`/api/sessions/${chat.session.id}${suffix}`, { method: "DELETE", bearer: chat.token });

  test("the session ends: nothing was uploaded", async () => {
    expect(await refusal(await during(() => end()))).toBe("410 session_terminated");
    await expectNothingLeft();
  });

  test("the credential is revoked: nothing was uploaded", async () => {
    const guest = await things.guest(chat, "writer");
    const revoked = await during(() => end("/devices/others"), guest);
    expect(await refusal(revoked)).toBe("401 invalid_credential");
    await expectNothingLeft();
  });

  test.each(["before", "afterwards"] as const)(
    "the time is over: nothing was uploaded, though the row is gone %s",
    async (when) => {
      moveClock(0);
      const timeIsOver = () => runAlarms(chat.session.id, Date.now() + UPLOAD_TIMEOUT_MS);
      const late = await during(timeIsOver, chat.token, when);
      expect(await refusal(late)).toBe("400 upload_interrupted");
      await expectNothingLeft();
    },
  );

  test("the object dies: the file is there all the same", async () => {
    const response = await during(() => killObject(chat.session.id));
    expect(response.status).toBe(201);
    expect(await keysOf(chat)).toHaveLength(1);
  });

  test("the bucket fails, for deletions too: nothing was uploaded, and the alarm clears it", async () => {
    moveClock(0);
    const restore = breakBucket();
    expect(await refusal(await upload(chat, PNG))).toBe("503 unavailable");
    expect(await filesText()).toContain("deleted");
    restore();
    await runAlarms(chat.session.id, Date.now() + MINUTE_MS);
    await expectNothingLeft();
  });
});

test("of two uploads under one clientId at once one is the file, and the other waits", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const clientId = `round-${round}`;
    const [one, two] = await Promise.all([
      upload(chat, PNG, { clientId, bearer: team.teamKey }),
      upload(chat, PNG, { clientId, bearer: team.teamKey }),
    ]);
    // Where the first was through before the second came, that is told the same.
    const statuses = [one.status, two.status].sort();
    expect([
      [201, 409],
      [200, 201],
    ]).toContainEqual(statuses);
  }
  expect(await keysOf(chat)).toHaveLength(ROUNDS);
});

test("of two messages that carry one file one does", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { fileId } = await uploaded(chat, PNG, { bearer: chat.token, clientId: `f${round % 5}` });
    const answers = await Promise.all([send(fileId), send(fileId), send(fileId)]);
    const stored = answers.filter(({ status }) => status === 201);
    expect(stored).toHaveLength(round < 5 ? 1 : 0);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(await refusal(answer)).toBe("422 attachment_not_found");
    }
  }
});

test("a file that is sent and deleted at once is deleted, sent or not", async () => {
  const outcomes = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const { fileId } = await uploaded(chat, PNG);
    const acts = [() => send(fileId), () => remove(chat, fileId)];
    const answers = await Promise.all(
      (round % 2 === 0 ? acts : acts.reverse()).map((act) => act()),
    );
    const [sent, removed] = round % 2 === 0 ? answers : answers.reverse();
    expect(removed?.status).toBe(204);
    expect([201, 422]).toContain(sent?.status);
    outcomes.add(sent?.status ?? 0);
    expect(await refusal(await download(chat, fileId))).toBe("404 file_not_found");
  }
  expect(outcomes.size).toBeGreaterThan(0);
});

test("a file whose time is over is not sent, while its bytes are on their way out", async () => {
  moveClock(0);
  const { fileId } = await uploaded(chat, PNG);
  const restore = hangBucket("delete");
  const alarms = runAlarms(chat.session.id, Date.now() + UNSENT_FILE_MS);
  while (!(await filesText()).includes("deleted")) await scheduler.wait(1);
  expect(await refusal(await send(fileId))).toBe("422 attachment_not_found");
  restore();
  await alarms;
  await runAlarms(chat.session.id, Date.now() + MINUTE_MS);
  await expectNothingLeft();
});

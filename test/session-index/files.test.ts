/** Files as rows of the index: as new as what came last, and gone with their bytes. */
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { deleted, type FileRecord, newFile, uploaded } from "../../src/domain/file.ts";
import { projectSession } from "../../src/session-index/write.ts";
import { addTeam, database, NOW, session, sessionId } from "./records.ts";

beforeAll(() => addTeam("team"));

const ok = { ok: true };

function file(id: string): FileRecord {
  const fields = { id, side: "visitor", clientId: id, credentialId: "cred" } as const;
  return uploaded(newFile({ ...fields, name: "ä.png", type: "image/png", size: 7 }, NOW), NOW + 5);
}

async function rowsOf(name: string) {
  const { results } = await env.INDEX_DB.prepare("SELECT * FROM files WHERE session_id = ?")
    .bind(sessionId(name))
    .all();
  return results;
}

const project = (name: string, ...files: readonly (readonly [string, FileRecord | undefined])[]) =>
  projectSession(
    database,
    session(name),
    [],
    [],
    files.map(([id, record]) => ({ id, file: record })),
  );

test("a file has its row while it is there", async () => {
  const one = file("file_1");
  expect(await project("life", ["file_1", one])).toEqual(ok);
  const row = {
    session_id: sessionId("life"),
    id: "file_1",
    team_id: "team",
    name: "ä.png",
    type: "image/png",
    size: 7,
    version: 2,
    created_at: NOW,
    remove_at: null,
  };
  expect(await rowsOf("life")).toEqual([row]);
  await project("life", ["file_1", deleted(one, NOW + 9)]);
  expect(await rowsOf("life")).toEqual([{ ...row, version: 3, remove_at: NOW + 9 }]);
  // What comes late changes nothing.
  await project("life", ["file_1", one]);
  expect(await rowsOf("life")).toEqual([{ ...row, version: 3, remove_at: NOW + 9 }]);
  await project("life", ["file_1", undefined]);
  await project("life", ["file_1", undefined]);
  expect(await rowsOf("life")).toEqual([]);
});

test("many change at once", async () => {
  const many = Array.from({ length: 40 }, (_, n) => file(`file_${n}`));
  expect(await project("many", ...many.map((one) => [one.id, one] as const))).toEqual(ok);
  expect(await rowsOf("many")).toHaveLength(40);
  const half = many.map((one, n) => [one.id, n % 2 === 0 ? undefined : one] as const);
  expect(await project("many", ...half)).toEqual(ok);
  expect(await rowsOf("many")).toHaveLength(20);
});

test("of two sessions, files of one name are two", async () => {
  await project("one", ["same", file("same")]);
  await project("two", ["same", file("same")]);
  await project("one", ["same", undefined]);
  expect([await rowsOf("one"), await rowsOf("two")].map((rows) => rows.length)).toEqual([0, 1]);
});

test("a session's row takes those of its files along", async () => {
  await project("leaving", ["file_1", file("file_1")]);
  await env.INDEX_DB.prepare("DELETE FROM sessions WHERE id = ?").bind(sessionId("leaving")).run();
  expect(await rowsOf("leaving")).toEqual([]);
});

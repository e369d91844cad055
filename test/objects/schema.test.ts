// The ladder of the object's schema: contiguous, all or nothing, never down.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import first from "../../migrations/session/0001-session.sql";
import {
  climbSchema,
  SCHEMA_VERSION,
  type Schema,
  storedSchemaVersion,
} from "../../objects/schema.ts";
import { readToken } from "../../src/credentials/token.ts";
import { signingKeys } from "../../src/keys.ts";
import { call, newSession, newTeam } from "../support/api.ts";
import { evict } from "../support/eviction.ts";
import { objectOf } from "../support/object-of.ts";

/** Runs `act` on the SQL of an object that has no session. */
function onFreshObject<T>(act: (storage: DurableObjectStorage) => T): Promise<T> {
  const stub = objectOf(`fresh-${crypto.randomUUID()}`);
  return runInDurableObject(stub, (_, state) => act(state.storage));
}

const TABLES = ["CREATE TABLE a (x);", "CREATE TABLE b (x);", "CREATE TABLE c (x);"];

/** One that has come to so many tables, one a version. */
const schemaOf = (count: number): Schema => ({
  whole: TABLES.slice(0, count).join("\n"),
  steps: TABLES.slice(1, count),
});

test("a fresh object has no schema, and looking makes none", async () => {
  const [version, tables] = await onFreshObject(({ sql }) => [
    storedSchemaVersion(sql),
    sql
      .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")
      .toArray(),
  ]);
  expect(version).toBe(0);
  expect(tables).toEqual([]);
});

test("climbs each step once, from wherever it stands", async () => {
  const versions = await onFreshObject(({ sql }) => {
    const seen: number[] = [];
    for (const count of [1, 2, 2, 3]) {
      climbSchema(sql, storedSchemaVersion(sql), schemaOf(count));
      seen.push(storedSchemaVersion(sql));
    }
    return seen;
  });
  expect(versions).toEqual([1, 2, 2, 3]);
});

test("a step that fails leaves nothing behind", async () => {
  const version = await onFreshObject((storage) => {
    climbSchema(storage.sql, 0, schemaOf(1));
    const { whole, steps } = schemaOf(3);
    const broken = { whole, steps: [...steps, "CREATE TABLE a (again)"] };
    expect(() => storage.transactionSync(() => climbSchema(storage.sql, 1, broken))).toThrow();
    return storedSchemaVersion(storage.sql);
  });
  expect(version).toBe(1);
});

/** What of a table matters to those who use it, in whatever order its columns were added. */
function shapeOf(sql: SqlStorage): Record<string, unknown> {
  const tables = sql
    .exec<{ name: string; wr: number }>(
      "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
    )
    .toArray();
  const shapes = tables.map(({ name, wr }) => {
    const columns = sql
      .exec(
        'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?) ORDER BY name',
        name,
      )
      .toArray();
    const indexes = sql
      .exec<{ name: string }>(
        "SELECT i.name, x.name AS of FROM pragma_index_list(?) i, pragma_index_info(i.name) x WHERE i.origin = 'c' ORDER BY i.name, x.seqno",
        name,
      )
      .toArray();
    return [name, { wr, columns, indexes }];
  });
  return Object.fromEntries(shapes);
}

test("the ladder leads to the same tables as a new session gets", async () => {
  const [climbed, fresh] = await Promise.all([
    onFreshObject(({ sql }) => {
      climbSchema(sql, 0, { whole: first, steps: [] });
      climbSchema(sql, storedSchemaVersion(sql));
      return shapeOf(sql);
    }),
    onFreshObject(({ sql }) => {
      climbSchema(sql, 0);
      return shapeOf(sql);
    }),
  ]);
  expect(Object.keys(fresh).length).toBeGreaterThan(5);
  expect(climbed).toEqual(fresh);
});

test("a session of the first version goes on: its keys open it, those that were revoked do not", async () => {
  const chat = await newSession(await newTeam());
  const { id } = chat.session;
  const keys = await signingKeys(env);
  const credential = await readToken(keys, chat.token);
  await runInDurableObject(objectOf(id), (_, { storage: { sql } }) => {
    const known = "id, role, secret_digest, created_at";
    sql.exec(`ALTER TABLE session DROP COLUMN key_good;
      ALTER TABLE session DROP COLUMN team_webhook;
      ALTER TABLE session DROP COLUMN identified_at;
      ALTER TABLE session DROP COLUMN identified_after_seq;
      ALTER TABLE conversations DROP COLUMN handled_by;
      ALTER TABLE conversations DROP COLUMN assignee;
      DROP INDEX messages_redacted;
      ALTER TABLE messages DROP COLUMN redacted_at;
      ALTER TABLE messages DROP COLUMN imported_created_at;
      ALTER TABLE messages DROP COLUMN attachments;
      ALTER TABLE conversations DROP COLUMN imported_id;
      ALTER TABLE session DROP COLUMN archived_at;
      ALTER TABLE session DROP COLUMN archive;
      ALTER TABLE session DROP COLUMN erase_asked_at;
      ALTER TABLE session DROP COLUMN index_epoch;
      DROP TABLE files;
      DROP TABLE streams; DROP TABLE event_cursors;
      ALTER TABLE index_outbox DROP COLUMN payload;
      CREATE TABLE old AS SELECT ${known}, NULL AS revoked_at FROM credentials;
      INSERT INTO old SELECT 'revoked-one!', role, secret_digest, created_at, 1 FROM credentials;
      DROP TABLE credentials; DROP TABLE invites;
      ALTER TABLE old RENAME TO credentials;
      UPDATE schema_version SET version = 1;`);
  });
  await evict(id);
  const devices = await call(`/api/sessions/${id}/devices`, { bearer: chat.token });
  expect(await devices.json()).toMatchObject({
    devices: [{ credentialId: credential?.credentialId, role: "owner", current: true }],
  });
  const refreshed = await call(`/api/sessions/${id}/refresh`, {
    bearer: chat.token,
    body: { rotate: true },
  });
  expect(await refreshed.json()).toHaveProperty("token");
});

test("a schema from newer code is refused, and not touched", async () => {
  const created = await newSession(await newTeam());
  const { id } = created.session;
  await runInDurableObject(objectOf(id), (_, { storage }) => {
    storage.sql.exec("UPDATE schema_version SET version = ?", SCHEMA_VERSION + 1);
  });
  await evict(id);
  const response = await call(`/api/sessions/${id}/validate`, { bearer: created.token });
  expect(response.status).toBe(503);
  expect(response.headers.get("Retry-After")).not.toBeNull();
  expect(await response.json()).toMatchObject({ code: "unavailable" });
});

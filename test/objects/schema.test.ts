// The ladder of the object's schema: contiguous, all or nothing, never down.
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { climbSchema, SCHEMA_VERSION, storedSchemaVersion } from "../../objects/schema.ts";
import { call, newSession, newTeam } from "../support/api.ts";
import { evict } from "../support/eviction.ts";
import { objectOf } from "../support/object-of.ts";

/** Runs `act` on the SQL of an object that has no session. */
function onFreshObject<T>(act: (storage: DurableObjectStorage) => T): Promise<T> {
  const stub = objectOf(`fresh-${crypto.randomUUID()}`);
  return runInDurableObject(stub, (_, state) => act(state.storage));
}

const STEPS = ["CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x)"];

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
      climbSchema(sql, storedSchemaVersion(sql), STEPS.slice(0, count));
      seen.push(storedSchemaVersion(sql));
    }
    return seen;
  });
  expect(versions).toEqual([1, 2, 2, 3]);
});

test("a step that fails leaves nothing behind", async () => {
  const version = await onFreshObject((storage) => {
    climbSchema(storage.sql, 0, STEPS.slice(0, 1));
    const broken = [...STEPS, "CREATE TABLE a (again)"];
    expect(() => storage.transactionSync(() => climbSchema(storage.sql, 1, broken))).toThrow();
    return storedSchemaVersion(storage.sql);
  });
  expect(version).toBe(1);
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

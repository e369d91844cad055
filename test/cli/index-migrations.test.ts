import { readdirSync, readFileSync } from "node:fs";
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from "drizzle-kit/api";
import { expect, test } from "vitest";
import * as schema from "../../src/session-index/schema.ts";

const META = new URL("../../migrations/index/meta/", import.meta.url);

test("the migrations of the index say all that its schema does", async () => {
  const newest = readdirSync(META)
    .filter((name) => name.endsWith("_snapshot.json"))
    .sort()
    .at(-1);
  const migrated = JSON.parse(readFileSync(new URL(String(newest), META), "utf8"));
  const wanted = await generateSQLiteDrizzleJson({ ...schema });
  expect(await generateSQLiteMigration(migrated, wanted)).toEqual([]);
});

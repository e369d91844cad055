import { env } from "cloudflare:workers";
import { expect, test } from "vitest";

/** A migration that rebuilds a table loses what drizzle does not know of. */
test("tables with text keys are without row numbers, and the triggers are there", async () => {
  const { results } = await env.INDEX_DB.prepare(
    "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('table', 'trigger') ORDER BY name",
  ).all<{ type: string; name: string; sql: string }>();
  const names = (type: string, sql: RegExp) =>
    results.filter((entry) => entry.type === type && sql.test(entry.sql)).map(({ name }) => name);
  expect(names("table", /WITHOUT ROWID\s*$/)).toEqual(
    expect.arrayContaining([
      "audit_events",
      "conversations",
      "identity_keys",
      "operator_tokens",
      "sessions",
      "team_counters",
      "team_keys",
      "team_origins",
      "used_identity_tokens",
    ]),
  );
  expect(names("trigger", /./)).toEqual([
    "sessions_count_delete",
    "sessions_count_insert",
    "sessions_count_update",
    "sessions_keep_team",
    "teams_insert",
    "teams_update_origins",
  ]);
});

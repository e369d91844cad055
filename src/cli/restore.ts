/**
 * `npm run restore -- --url https://… [--date YYYY-MM-DD]`: restores teams, keys and audit events from a backup in the
 * bucket, the newest unless a day is named. Run again, it writes only what is not there yet. ADMIN_TOKEN comes from the
 * environment.
 */
import { parseArgs } from "node:util";
import { BACKUP_TABLES, type RestoreAnswer, type RestoreRequest } from "../protocol/recovery.ts";
import { callJson } from "./calls.ts";
import { deploymentOf } from "./deployment.ts";

try {
  const { values } = parseArgs({ options: { url: { type: "string" }, date: { type: "string" } } });
  await restore(values.url, values.date);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function restore(url: string | undefined, date: string | undefined): Promise<void> {
  const { origin, adminToken } = deploymentOf(url);
  const conflicts: string[] = [];
  for (let next: RestoreRequest | undefined = date === undefined ? {} : { date }; next; ) {
    const answer: RestoreAnswer = await callJson(new URL("/api/admin/restore", origin), {
      bearer: adminToken,
      body: next,
    });
    const counts = BACKUP_TABLES.map((table) => `${answer.restored[table]} ${table}`);
    console.log(`${answer.date}: ${counts.join(", ")}`);
    conflicts.push(...answer.conflicts);
    // The day stays, also if a newer backup is made meanwhile.
    const { date: day, nextAfter } = answer;
    next = nextAfter === undefined ? undefined : { date: day, after: nextAfter };
  }
  if (conflicts.length === 0) return;
  throw new Error(
    `Not restored, since their id or number is taken by a team that was made since: ${conflicts.join(", ")}. See docs/operations.md.`,
  );
}

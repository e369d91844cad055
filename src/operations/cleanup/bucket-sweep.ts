// What lies in the bucket and is nobody's: files that their session does not know, and all that is of a session that is no
// more. A transcript of a session that is there stays: it may be about to become its archive.
import { bucketCall } from "../../bucket/call.ts";
import { readKey, SESSION_PREFIXES } from "../../bucket/keys.ts";
import { log } from "../../log.ts";
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import { UPLOAD_TIMEOUT_MS } from "../../protocol/limits.ts";
import { saveSweepPosition, sweepPosition } from "../../session-index/sweeps.ts";
import { sessionStub } from "../session-access.ts";
import { askEach } from "./at-once.ts";
import { KEYS_ASKED_ABOUT } from "./bounds.ts";
import { did, NOTHING, sum, type Work } from "./work.ts";

export async function sweepBucket(work: Work): Promise<CleanupResult> {
  let result = NOTHING;
  for (const prefix of SESSION_PREFIXES) result = sum(result, await sweepPrefix(work, prefix));
  return result;
}

async function sweepPrefix(work: Work, prefix: string): Promise<CleanupResult> {
  const { env, database, now } = work;
  const name = `bucket/${prefix}`;
  const startAfter = await sweepPosition(database, name);
  const listed = await bucketCall(
    env.BUCKET.list({
      prefix,
      limit: KEYS_ASKED_ABOUT,
      ...(startAfter !== undefined && { startAfter }),
    }),
  );
  // What is younger may be on its way.
  const old = listed.objects.filter(({ uploaded }) => uploaded.getTime() < now - UPLOAD_TIMEOUT_MS);
  const keys = old.map(({ key }) => key);
  const removedOrphans = await removeOrphans(work, keys);
  const next = listed.truncated ? listed.objects.at(-1)?.key : undefined;
  if (next !== startAfter) await saveSweepPosition(database, name, next, now);
  return did({ removedOrphans });
}

async function removeOrphans({ env, until }: Work, keys: readonly string[]): Promise<number> {
  const bySession = Map.groupBy(keys, (key) => readKey(key)?.sessionId);
  const { answers, errors } = await askEach([...bySession], until, async ([id, ofSession]) =>
    id === undefined ? ofSession : await orphansOf(env, id, ofSession),
  );
  if (errors.length > 0) {
    const fields = { sessions: errors.length, error: String(errors[0]) };
    log.warn({ event: "bucket_sweep_failed", ...fields });
  }
  const all = answers.flat();
  if (all.length > 0) await bucketCall(env.BUCKET.delete(all));
  return all.length;
}

async function orphansOf(
  env: Env,
  sessionId: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const files = keys.flatMap((key) => readKey(key)?.fileId ?? []);
  const held = await sessionStub(env, sessionId).ownsFiles(files);
  if (!held.exists) return keys;
  return keys.filter((key) => {
    const fileId = readKey(key)?.fileId;
    return fileId !== undefined && !held.files.includes(fileId);
  });
}

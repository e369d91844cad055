// What lies in the bucket and is nobody's: files that their session does not know, and all that is of a session that is no
// more. A transcript of a session that is there stays: it may be about to become its archive.
import { bucketCall } from "../../bucket/call.ts";
import { readKey, SESSION_PREFIXES } from "../../bucket/keys.ts";
import { log } from "../../log.ts";
import type { CleanupResult } from "../../protocol/lifecycle.ts";
import { UPLOAD_TIMEOUT_MS } from "../../protocol/limits.ts";
import { saveSweepPosition, sweepPosition } from "../../session-index/sweeps.ts";
import { sessionStub } from "../session-access.ts";
import { goneOf } from "./absence.ts";
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
  const ofNone = bySession.get(undefined) ?? [];
  bySession.delete(undefined);
  const { answers, errors } = await askEach([...bySession], until, async ([id = "", ofSession]) => {
    const files = ofSession.flatMap((key) => readKey(key)?.fileId ?? []);
    return { keys: ofSession, ...(await sessionStub(env, id).ownsFiles(files)) };
  });
  if (errors.length > 0) {
    const fields = { sessions: errors.length, error: String(errors[0]) };
    log.warn({ event: "bucket_sweep_failed", ...fields });
  }
  const present = answers.filter(({ exists }) => exists);
  const all = [
    ...ofNone,
    ...goneOf(answers).flatMap((gone) => gone.keys),
    ...present.flatMap((held) => held.keys.filter((key) => isStray(key, held.files))),
  ];
  if (all.length > 0) await bucketCall(env.BUCKET.delete(all));
  return all.length;
}

function isStray(key: string, files: readonly string[]): boolean {
  const fileId = readKey(key)?.fileId;
  return fileId !== undefined && !files.includes(fileId);
}

// Objects that are asked to project themselves, by the ids that Cloudflare lists: the administrator's operation.
import type { Caller } from "../caller.ts";
import { log } from "../log.ts";
import type { Result } from "../protocol/errors.ts";
import type { ReindexAnswer, ReindexOutcome, ReindexRequest } from "../protocol/recovery.ts";
import type { Services } from "../services.ts";
import { within } from "../session-index/timeout.ts";
import type { SessionStub } from "./session-access.ts";
import { adminRefusal } from "./teams.ts";

/** What an object takes to give the index up; it goes on by itself. */
const PATIENCE_MS = 15_000;

export async function reindex(
  { env }: Services,
  caller: Caller,
  { objectIds }: ReindexRequest,
): Promise<Result<ReindexAnswer>> {
  const refusal = adminRefusal(caller);
  if (refusal) return refusal;
  const objects = await Promise.all(
    objectIds.map(async (objectId) => ({ objectId, outcome: await reindexOne(env, objectId) })),
  );
  return { ok: true, objects };
}

async function reindexOne(env: Env, objectId: string): Promise<ReindexOutcome> {
  const id = sessionObjectId(env, objectId);
  if (id === undefined) return "invalid";
  const stub = env.SESSIONS.get(id) as unknown as SessionStub;
  try {
    return await within(PATIENCE_MS, stub.reindex());
  } catch (error) {
    log.error({ event: "reindex_failed", objectId, error: String(error) });
    return "failed";
  }
}

/** Undefined for what is no id of a session's object. */
function sessionObjectId(env: Env, hex: string): DurableObjectId | undefined {
  try {
    return env.SESSIONS.idFromString(hex);
  } catch {
    return undefined;
  }
}

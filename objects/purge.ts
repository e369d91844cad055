// A session is removed from everywhere, step by step: the bucket, the index, then the object itself. Each step may be done
// again, so that whoever died in between is followed by one who begins at the first.
import { bucketCall } from "../src/bucket/call.ts";
import { filesPrefix, transcriptKey } from "../src/bucket/keys.ts";
import type { EraseReceipt } from "../src/protocol/lifecycle.ts";
import { type AuditRecord, newAuditRecord } from "../src/session-index/audit.ts";
import { chunks } from "../src/session-index/chunks.ts";
import { sessionsDatabase } from "../src/session-index/databases.ts";
import { IndexError } from "../src/session-index/errors.ts";
import { purgeSession } from "../src/session-index/purge.ts";
import { within } from "../src/session-index/timeout.ts";
import { type Projection, projectEvents } from "../src/session-index/write.ts";
import type { Archive } from "./archive.ts";
import type { Erasing } from "./erasing.ts";
import type { EventFeed } from "./event-feed.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";

const INDEX_TIMEOUT_MS = 5_000;

/** What the index has yet to hear of may be more than it takes at once. */
const EVENTS_PER_WRITE = 200;

interface Parts {
  readonly env: Pick<Env, "BUCKET" | "INDEX_DB">;
  readonly store: SessionStore;
  readonly state: SessionState;
  readonly projector: IndexProjector;
  readonly events: EventFeed;
  readonly archive: Archive;
  readonly erasing: Erasing;
}

export class Purge {
  readonly #parts: Parts;
  #isDone = false;
  #receipt: EraseReceipt | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether nothing of the session is left: whoever has it in memory may not touch it any more. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** What was removed, where somebody asked for that and it is done. */
  get receipt(): EraseReceipt | undefined {
    return this.#receipt;
  }

  /** Throws `BucketError` and `IndexError`; what is done by then stays done. */
  async run(): Promise<void> {
    const { projector, events, archive, erasing } = this.#parts;
    // Nothing may be written behind what follows.
    events.close();
    await Promise.all([projector.close(), archive.settled()]);
    const told = erasing.isAsked ? await erasing.tell() : undefined;
    await this.#emptyBucket();
    await this.#leaveIndex(told?.event);
    const purged = this.#parts.store.purge(Date.now());
    this.#isDone = true;
    await purged;
    this.#receipt = told?.receipt;
  }

  async #emptyBucket(): Promise<void> {
    const { BUCKET: bucket } = this.#parts.env;
    const { id } = this.#parts.state.record;
    const prefix = filesPrefix(id);
    for (;;) {
      // As many as one call deletes.
      const { objects } = await bucketCall(bucket.list({ prefix }));
      if (objects.length === 0) break;
      await bucketCall(bucket.delete(objects.map(({ key }) => key)));
    }
    await bucketCall(bucket.delete(transcriptKey(id)));
  }

  async #leaveIndex(erased: AuditRecord | undefined): Promise<void> {
    const { env, state, projector } = this.#parts;
    const now = Date.now();
    const { id, teamId, teamNumber } = state.record;
    const final =
      erased ??
      newAuditRecord(teamId, id, { type: "session.purged", actor: { kind: "system" } }, now);
    const database = sessionsDatabase(env, teamNumber);
    const isErased = erased !== undefined;
    for (const events of isErased ? [] : chunks(projector.waitingEvents(), EVENTS_PER_WRITE)) {
      await landed(projectEvents(database, id, events));
    }
    const lastWord = { session: projector.indexed, final, isErased };
    await landed(purgeSession(database, lastWord, now));
  }
}

async function landed(write: Promise<Projection>): Promise<void> {
  const landed = await within(INDEX_TIMEOUT_MS, write);
  if (!landed.ok) throw new IndexError(landed.message, { cause: undefined });
}

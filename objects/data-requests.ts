// What may be asked for of a session's data as a whole: all of it, and that all of it goes.
import { log } from "../src/log.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import type { EraseReceipt } from "../src/protocol/lifecycle.ts";
import { IndexError } from "../src/session-index/errors.ts";
import { within } from "../src/session-index/timeout.ts";
import { type Actor, auditActor, type Call, UNAVAILABLE } from "./calls.ts";
import type { Credentials } from "./credentials.ts";
import type { Ending } from "./ending.ts";
import type { EventFeed } from "./event-feed.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { SessionState } from "./session-state.ts";
import { streamLines } from "./streamed-lines.ts";
import type { Upkeep } from "./upkeep.ts";

/** Whoever listens has this long to hear that a session ends that is erased; after it there is nothing to tell of. */
const LAST_EVENTS_MS = 3_000;

/** A caller waits this long for everything to be gone; the object goes on by itself. */
const ERASE_WAIT_MS = 20_000;

interface Parts extends Ending {
  readonly ctx: DurableObjectState;
  readonly state: SessionState;
  readonly credentials: Credentials;
  readonly events: EventFeed;
  readonly projector: IndexProjector;
  readonly upkeep: Upkeep;
  /** Ends the session if it is active, and lets nobody in from now on. */
  readonly closeForErasure: (actor: AuditActor) => void;
}

export class DataRequests {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Everything that is held. What happens after this call is not part of it. */
  async export({ actor }: Call): Promise<Result<{ stream: ReadableStream<Uint8Array> }>> {
    const { ctx, upkeep, projector, export: all } = this.#parts;
    const refusal = this.#tooOld(actor);
    if (refusal) return refusal;
    const now = Date.now();
    try {
      await all.check();
    } catch (error) {
      return this.#unavailable(error);
    }
    projector.record({ type: "session.exported", actor: auditActor(actor) }, now);
    await upkeep.project();
    const { stream, done } = streamLines(all.lines(now));
    ctx.waitUntil(done);
    return { ok: true, stream };
  }

  /**
   * Removes all of it from everywhere, now; asked for again, it goes on. Where something that takes part is down, the
   * session is closed all the same, and the alarm sees to the rest.
   */
  async erase({ actor }: Call): Promise<Result<EraseReceipt>> {
    const { erasing, lifecycle, events, closeForErasure } = this.#parts;
    if (!erasing.isAsked) {
      const refusal = this.#tooOld(actor);
      if (refusal) return refusal;
      closeForErasure(auditActor(actor));
      await inTime(LAST_EVENTS_MS, events.run());
    }
    const receipt = await inTime(ERASE_WAIT_MS, lifecycle.erase());
    return receipt === undefined ? UNAVAILABLE : { ok: true, ...receipt };
  }

  /** A stolen token of before gets nothing out; of an ended session no other can be had. */
  #tooOld(actor: Actor): Failure | undefined {
    const { state, credentials } = this.#parts;
    if (actor.kind !== "credential" || !state.isActive) return undefined;
    const { credentialId, secretDigest } = actor;
    return credentials.isFresh(credentialId, secretDigest, Date.now())
      ? undefined
      : { ok: false, code: "fresh_credential_needed" };
  }

  #unavailable(error: unknown): Failure {
    const team = this.#parts.state.team.id;
    log.error({ event: "export_unavailable", team, error: String(error) });
    return UNAVAILABLE;
  }
}

/** What `work` comes to, or undefined where that takes longer. */
async function inTime<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  try {
    return await within(ms, work);
  } catch (error) {
    if (error instanceof IndexError) return undefined;
    throw error;
  }
}

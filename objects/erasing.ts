// What somebody who has a session erased is told: counted and summed up before anything is removed, and kept until it is.
import { isoTime } from "../src/domain/view.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { EraseReceipt } from "../src/protocol/lifecycle.ts";
import { type AuditRecord, newAuditRecord } from "../src/session-index/audit.ts";
import type { Credentials } from "./credentials.ts";
import type { Export } from "./export.ts";
import type { Files } from "./files.ts";
import type { LifecycleNotes } from "./lifecycle-notes.ts";
import type { MessageLog } from "./message-log.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";

interface Parts {
  readonly store: SessionStore;
  readonly state: SessionState;
  readonly credentials: Credentials;
  readonly log: MessageLog;
  readonly files: Files;
  readonly export: Export;
  readonly notes: LifecycleNotes;
}

export class Erasing {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get isAsked(): boolean {
    return this.#parts.state.stored.eraseAskedAt !== null;
  }

  /** In the transaction that closes the session for good. */
  ask(actor: AuditActor, now: number): void {
    this.#parts.state.askErase(now);
    this.#parts.notes.saveErasure({ actor });
  }

  /** The receipt, and what the audit trail keeps of it: the same however often it is asked for. Throws `IndexError`. */
  async tell(): Promise<{ readonly receipt: EraseReceipt; readonly event: AuditRecord }> {
    const { state, notes } = this.#parts;
    const { actor, told } = notes.erasure ?? { actor: { kind: "system" } };
    if (told !== undefined) return told;
    const { id, teamId } = state.record;
    const now = Date.now();
    const removed = this.#count();
    const checksum = await this.#parts.export.checksum(now);
    const receipt: EraseReceipt = { sessionId: id, erasedAt: isoTime(now), removed, checksum };
    const details = { ...removed, checksum };
    const event = newAuditRecord(teamId, id, { type: "session.erased", actor, details }, now);
    notes.saveErasure({ actor, told: { receipt, event } });
    return { receipt, event };
  }

  #count(): EraseReceipt["removed"] {
    const { store, credentials, log, files } = this.#parts;
    return {
      conversations: store.conversations().length,
      messages: log.head.lastSeq,
      ...files.totals(),
      credentials: [...credentials].length,
    };
  }
}

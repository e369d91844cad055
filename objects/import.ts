// History that the owner brings along from an older client. It is the visitor's own word, whatever its roles: nothing of it
// is on the team's side of the log. Which conversation is which is remembered with the conversations, so that one that
// comes in several calls stays together.
import { type ConversationRecord, newConversation } from "../src/domain/conversation-record.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import type { ImportAnswer, ImportRequest } from "../src/protocol/import.ts";
import { IMPORT_WINDOW_MS, MAX_CONVERSATIONS_PER_SESSION } from "../src/protocol/limits.ts";
import { newConversationId } from "./ids.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { ImportedEntry } from "./log-entry.ts";
import type { MessageLog } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";

interface Parts {
  readonly store: SessionStore;
  readonly messages: MessageStore;
  readonly state: SessionState;
  readonly log: MessageLog;
  readonly projector: IndexProjector;
}

export class Import {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Stores what of it was not stored before: all of that, or nothing and why. */
  run(request: ImportRequest, now: number): Result<ImportAnswer> {
    const { state, log } = this.#parts;
    if (now - state.record.createdAt >= IMPORT_WINDOW_MS) {
      return { ok: false, code: "import_closed" };
    }
    // What waits for its commit may be the first message of the conversation that is to be filled.
    log.flush();
    const threads = this.#threads();
    const entries: ImportedEntry[] = [];
    const paths: string[] = [];
    const keys = new Set<string>();
    let skipped = 0;
    for (const [place, conversation] of request.conversations.entries()) {
      for (const [index, message] of conversation.messages.entries()) {
        const { id, createdAt, ...said } = message;
        const at = Math.min(Date.parse(createdAt), now);
        const thread = threads.of(conversation.id, at, now);
        if (thread === undefined) return { ok: false, code: "too_many_conversations" };
        const key = `${thread.id}/${id}`;
        if (keys.has(key) || this.#parts.messages.has("visitor", key)) {
          skipped++;
          continue;
        }
        keys.add(key);
        paths.push(`/conversations/${place}/messages/${index}`);
        entries.push({ ...said, key, conversationId: thread.id, createdAt: at });
      }
    }
    if (entries.length === 0) return { ok: true, imported: 0, skipped };
    const unfit = log.appendImported(entries, now, () => this.#save(threads.changed, now));
    if (unfit !== undefined) return failure(unfit.code, paths[unfit.index] ?? "");
    return { ok: true, imported: entries.length, skipped };
  }

  #threads(): Threads {
    const { store, messages, state } = this.#parts;
    return new Threads(
      store.conversations(),
      state.record.defaultConversationId,
      (id) => !messages.isIn(id),
    );
  }

  #save(threads: readonly Thread[], now: number): void {
    for (const { record, isNew } of threads) {
      this.#parts.store.saveConversation(record);
      if (isNew) this.#parts.projector.markConversation(record.id, now);
    }
  }
}

/** A conversation as it is to be saved. */
interface Thread {
  readonly record: ConversationRecord;
  readonly isNew: boolean;
}

/** The session's conversations by the ids that they had in the older client. */
class Threads {
  readonly #byImportedId = new Map<string, ConversationRecord>();
  readonly #all: readonly ConversationRecord[];
  readonly #changed: Thread[] = [];
  readonly #defaultId: string;
  readonly #isEmpty: (id: string) => boolean;

  constructor(
    all: readonly ConversationRecord[],
    defaultId: string,
    isEmpty: (id: string) => boolean,
  ) {
    this.#all = all;
    this.#defaultId = defaultId;
    this.#isEmpty = isEmpty;
    for (const record of all) {
      if (record.importedId !== null) this.#byImportedId.set(record.importedId, record);
    }
  }

  /** What has to be saved of them. */
  get changed(): readonly Thread[] {
    return this.#changed;
  }

  /**
   * The conversation for what is imported under `importedId`; undefined where there are too many.
   * @param begunAt when its first message was written, if it is a new one
   */
  of(importedId: string, begunAt: number, now: number): ConversationRecord | undefined {
    const known = this.#byImportedId.get(importedId);
    if (known !== undefined) return known;
    const first = this.#byImportedId.size === 0 ? this.#default() : undefined;
    const opened = this.#changed.filter(({ isNew }) => isNew).length;
    if (first === undefined && this.#all.length + opened >= MAX_CONVERSATIONS_PER_SESSION) {
      return undefined;
    }
    const begun = { ...newConversation(newConversationId(), now), createdAt: begunAt };
    const record = { ...(first ?? begun), importedId };
    this.#byImportedId.set(importedId, record);
    this.#changed.push({ record, isNew: first === undefined });
    return record;
  }

  /** The one that the session began with, while nothing has been said in it. */
  #default(): ConversationRecord | undefined {
    return this.#isEmpty(this.#defaultId)
      ? this.#all.find(({ id }) => id === this.#defaultId)
      : undefined;
  }
}

function failure(code: Failure["code"], path: string): Failure {
  if (code !== "message_too_large") return { ok: false, code };
  return { ok: false, code, errors: [{ path, message: "too large" }] };
}

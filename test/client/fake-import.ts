// The server's side of an import: each message once by its ids, so many conversations and no more, a call whole or not at all.
import type { Clock } from "../../client/core/environment.ts";
import { RequestError } from "../../client/core/request-error.ts";
import type { ImportAnswer, ImportRequest } from "../../src/protocol/import.ts";
import { MAX_CONVERSATIONS_PER_SESSION } from "../../src/protocol/limits.ts";
import { importSchema } from "../../src/schemas/import.ts";

/** Refuses whatever says this, as if there were something about it that nobody thought of. */
export const BAD = "unspeakable";

export class ImportingSession {
  readonly sessionId: string;
  /** Texts by conversation. */
  readonly conversations = new Map<string, string[]>();
  readonly #known = new Set<string>();
  /** How many it has beside. */
  others = 0;
  calls = 0;
  /** What happens before a call is answered; may throw. */
  before: (call: number) => void | Promise<void> = () => undefined;
  /** What happens before its answer arrives. */
  after: (call: number) => void | Promise<void> = () => undefined;

  constructor(sessionId = "S1") {
    this.sessionId = sessionId;
  }

  get contents(): string[] {
    return [...this.conversations.values()].flat();
  }

  async take(body: unknown): Promise<ImportAnswer> {
    this.calls += 1;
    const call = this.calls;
    await this.before(call);
    const { conversations } = this.#parsed(body);
    const opened = conversations.filter(({ id }) => !this.conversations.has(id)).length;
    const total = this.conversations.size + opened + this.others;
    if (opened > 0 && total > MAX_CONVERSATIONS_PER_SESSION) {
      throw new RequestError("too_many_conversations", { status: 409 });
    }
    let imported = 0;
    let skipped = 0;
    for (const { id, messages } of conversations) {
      const texts = this.conversations.get(id) ?? [];
      this.conversations.set(id, texts);
      for (const message of messages) {
        const key = JSON.stringify([id, message.id]);
        if (this.#known.has(key)) {
          skipped += 1;
        } else {
          this.#known.add(key);
          texts.push(message.content);
          imported += 1;
        }
      }
    }
    await this.after(call);
    return { imported, skipped };
  }

  #parsed(body: unknown): ImportRequest {
    const { data, success } = importSchema.safeParse(body);
    if (!success || JSON.stringify(body).includes(BAD)) {
      throw new RequestError("validation_failed", { status: 422 });
    }
    return data;
  }
}

/** Time passes only as far as somebody waits for it. */
export class WaitingClock implements Clock {
  waited: number[] = [];
  now = () => Date.parse("2026-05-01T12:00:00.000Z");
  after(ms: number, callback: () => void): () => void {
    this.waited.push(ms);
    queueMicrotask(callback);
    return () => undefined;
  }
}

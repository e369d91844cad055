// Taking messages back: a message's content is gone from the log, and whoever has it on a screen is told. Its place stays.
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Result } from "../src/protocol/errors.ts";
import type { Archive } from "./archive.ts";
import type { Files } from "./files.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { MessageStore } from "./message-store.ts";
import type { Sockets } from "./sockets.ts";
import type { SessionStore } from "./store.ts";

interface Parts {
  readonly store: SessionStore;
  readonly messages: MessageStore;
  readonly sockets: Sockets;
  readonly projector: IndexProjector;
  readonly files: Files;
  readonly archive: Archive;
  /** Ends the answer that is being written under this id, if one is: what there is of it is a message of the log then. */
  readonly endAnswer: (messageId: string) => void;
}

export class Redaction {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Nothing of the message's content is stored or sent to anybody after this, and the bytes of its files are due; done
   * again, it changes nothing. It is done before the first wait, where the message is in the log.
   */
  async redact(messageId: string, actor: AuditActor, now: number): Promise<Result<object>> {
    const { store, messages, sockets, projector, archive, files, endAnswer } = this.#parts;
    if (archive.isDone) return await archive.redact(messageId, actor);
    endAnswer(messageId);
    const message = messages.byId(messageId);
    if (message === undefined) return { ok: false, code: "message_not_found" };
    if (message.redacted) return { ok: true };
    store.transaction(() => {
      messages.redact(message.seq, now);
      files.removeOfMessage(message.seq, now);
      projector.record({ type: "message.redacted", actor, details: { messageId } }, now);
    });
    archive.redacted();
    sockets.announceRedaction({ messageId, seq: message.seq });
    return { ok: true };
  }
}

// A page of messages out of all of them as they come by, in `seq` order: the same that the log gives by its rows.
import { byteLength } from "../src/protocol/bytes.ts";
import type { Message } from "../src/protocol/message.ts";
import type { MessagePage } from "../src/protocol/rest.ts";
import type { MessagesQuery } from "./calls.ts";

export class ArchivePage {
  readonly #query: MessagesQuery;
  readonly #maxBytes: number;
  readonly #taken: { readonly message: Message; readonly bytes: number }[] = [];
  #bytes = 0;
  #isCut = false;

  /** Without `after` it is the newest before `before`. */
  constructor(query: MessagesQuery, maxBytes: number) {
    this.#query = query;
    this.#maxBytes = maxBytes;
  }

  /** Takes the next message; false when none that follows could be of the page. */
  take(message: Message): boolean {
    const { conversationId, after, before = Number.POSITIVE_INFINITY } = this.#query;
    if (message.seq >= before) return false;
    if (message.seq <= (after ?? 0)) return true;
    if (conversationId !== undefined && message.conversationId !== conversationId) return true;
    const bytes = byteLength(JSON.stringify(message));
    if (after !== undefined && this.#taken.length > 0 && !this.#hasRoomFor(bytes)) {
      this.#isCut = true;
      return false;
    }
    this.#taken.push({ message, bytes });
    this.#bytes += bytes;
    if (after === undefined) this.#dropOldest();
    return true;
  }

  get result(): MessagePage {
    const messages = this.#taken.map(({ message }) => message);
    if (!this.#isCut) return { messages };
    const [first, last] = [messages[0], messages.at(-1)];
    if (first === undefined || last === undefined) return { messages };
    return this.#query.after === undefined
      ? { messages, nextBefore: first.seq }
      : { messages, nextAfter: last.seq };
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#taken.length < this.#query.limit && this.#bytes + bytes <= this.#maxBytes;
  }

  #dropOldest(): void {
    while (
      this.#taken.length > 1 &&
      (this.#taken.length > this.#query.limit || this.#bytes > this.#maxBytes)
    ) {
      this.#bytes -= this.#taken.shift()?.bytes ?? 0;
      this.#isCut = true;
    }
  }
}

// Own messages that the log does not show yet, in the order of writing. Whatever is `sending` is sent again after each reconnect;
// its clientId makes that harmless.
import type { SendFrame } from "../../src/protocol/frames.ts";
import {
  MAX_CONTENT_BYTES,
  MAX_FRAME_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGES_PER_SEND,
} from "../../src/protocol/limits.ts";
import type { NewMessage } from "../../src/protocol/message.ts";
import { RequestError, type RequestErrorCode } from "./request-error.ts";
import type { Delivery } from "./session-state.ts";

export interface Pending {
  readonly message: NewMessage;
  readonly createdAt: number;
  readonly delivery: Delivery;
  readonly failure: RequestErrorCode | undefined;
}

const FRAME_OVERHEAD_BYTES = 64;

interface Waiting {
  resolve(): void;
  reject(error: RequestError): void;
}

export class Outbox {
  #pending: readonly Pending[] = [];
  readonly #waiting = new Map<string, Waiting>();

  /** Own messages that are neither stored nor refused. */
  get pendingCount(): number {
    return this.#pending.filter(({ delivery }) => delivery === "queued" || delivery === "sending")
      .length;
  }

  /** Settles with what becomes of a message that was added just now. */
  delivered(clientId: string): Promise<void> {
    const delivered = new Promise<void>((resolve, reject) => {
      this.#waiting.set(clientId, { resolve, reject });
    });
    // Whoever does not listen is told by the message itself.
    delivered.catch(() => undefined);
    const failure = this.#pending.find(({ message }) => message.clientId === clientId)?.failure;
    if (failure !== undefined) {
      this.#settle(clientId, failure);
    }
    return delivered;
  }

  #settle(clientId: string, failure: RequestErrorCode | undefined): void {
    const waiting = this.#waiting.get(clientId);
    this.#waiting.delete(clientId);
    if (failure === undefined) {
      waiting?.resolve();
    } else {
      waiting?.reject(RequestError.fromFrame(failure));
    }
  }

  get pending(): readonly Pending[] {
    return this.#pending;
  }

  /** Adds a message; one that no server would take fails here, as it could never be answered. */
  add(message: NewMessage, now: number): Pending {
    const tooLarge =
      utf8Bytes(message.content) > MAX_CONTENT_BYTES || jsonBytes(message) > MAX_MESSAGE_BYTES;
    const pending: Pending = {
      message,
      createdAt: now,
      delivery: tooLarge ? "failed" : "sending",
      failure: tooLarge ? "message_too_large" : undefined,
    };
    this.#pending = [...this.#pending, pending];
    return pending;
  }

  has(clientId: string): boolean {
    return this.#pending.some((pending) => pending.message.clientId === clientId);
  }

  /** Removes what the log shows from now on. */
  remove(clientIds: ReadonlySet<string>): void {
    if (this.#pending.some((pending) => clientIds.has(pending.message.clientId))) {
      this.#pending = this.#pending.filter((pending) => !clientIds.has(pending.message.clientId));
      for (const clientId of clientIds) {
        this.#settle(clientId, undefined);
      }
    }
  }

  /** Stored, but the log here has not come to it yet. */
  markSent(clientId: string): void {
    this.#mark(clientId, "sent", undefined);
    this.#settle(clientId, undefined);
  }

  markFailed(clientId: string, failure: RequestErrorCode): void {
    this.#mark(clientId, "failed", failure);
    this.#settle(clientId, failure);
  }

  /** Nothing that is not stored by now ever will be. */
  failAll(failure: RequestErrorCode): void {
    this.#pending = this.#pending.map((pending) =>
      pending.delivery === "sending" ? { ...pending, delivery: "failed", failure } : pending,
    );
  }

  /** Puts a failed message back in line; undefined when there is no such. */
  retry(clientId: string): NewMessage | undefined {
    const failed = this.#pending.find(
      ({ message, delivery }) => message.clientId === clientId && delivery === "failed",
    );
    this.remove(new Set(failed ? [clientId] : []));
    return failed && this.add(failed.message, failed.createdAt).message;
  }

  /** Everything unacknowledged, in order, in as few frames as the limits allow. */
  frames(): SendFrame[] {
    const frames: NewMessage[][] = [];
    let room = 0;
    for (const { message, delivery } of this.#pending) {
      if (delivery !== "sending") {
        continue;
      }
      const bytes = jsonBytes(message) + 1;
      const current = frames.at(-1);
      if (current && bytes <= room && current.length < MAX_MESSAGES_PER_SEND) {
        current.push(message);
        room -= bytes;
      } else {
        frames.push([message]);
        room = MAX_FRAME_BYTES - FRAME_OVERHEAD_BYTES - bytes;
      }
    }
    return frames.map((messages) => ({ type: "send", messages }));
  }

  #mark(clientId: string, delivery: Delivery, failure: RequestErrorCode | undefined): void {
    this.#pending = this.#pending.map((pending) =>
      pending.message.clientId === clientId ? { ...pending, delivery, failure } : pending,
    );
  }
}

function jsonBytes(value: unknown): number {
  return utf8Bytes(JSON.stringify(value));
}

/** Bytes of `text` on the wire. */
export function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

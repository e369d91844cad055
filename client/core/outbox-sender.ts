// When what is in the outbox goes on its way: at once, again after a reconnect, and later when it was too much for now.
import type { SendFrame } from "../../src/protocol/frames.ts";
import type { NewMessage } from "../../src/protocol/message.ts";
import type { Clock } from "./environment.ts";
import type { Outbox } from "./outbox.ts";

/** Room comes back piece by piece; asking for each piece by itself would itself be too much. */
const MIN_PAUSE_MS = 5_000;

interface Parts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Whether it is known what the history acknowledged. */
  readonly isSynced: () => boolean;
  readonly sendUp: (frame: SendFrame) => void;
}

export class OutboxSender {
  readonly #parts: Parts;
  #cancelLater: (() => void) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** One that was added just now; without a connection it waits for the next. */
  one(message: NewMessage): void {
    if (this.#parts.isSynced()) {
      this.#parts.sendUp({ type: "send", messages: [message] });
    }
  }

  /** Everything unacknowledged. */
  all(): void {
    this.stop();
    for (const frame of this.#parts.outbox.frames()) {
      this.#parts.sendUp(frame);
    }
  }

  /** What was too much for now stays in line. */
  later(ms: number): void {
    this.stop();
    this.#cancelLater = this.#parts.clock.after(Math.max(ms, MIN_PAUSE_MS), () => {
      if (this.#parts.isSynced()) {
        this.all();
      }
    });
  }

  stop(): void {
    this.#cancelLater?.();
  }
}

import { RECEIVED_EVERY_BYTES } from "../../src/protocol/limits.ts";

/** When one connection owes a `received`: each answer pulls the next chunk of history; live, only volume counts. */
export class ReceivedPolicy {
  #synced = false;
  #bytes = 0;

  /** A `messages` frame of so many bytes came; true when it is to be acknowledged now. */
  messages(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#synced && this.#bytes < RECEIVED_EVERY_BYTES) {
      return false;
    }
    this.#bytes = 0;
    return true;
  }

  synced(): void {
    this.#synced = true;
  }
}

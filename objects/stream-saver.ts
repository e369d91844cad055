// Stores the texts of answers while they grow: each at most STREAM_STORE_INTERVAL_MS after it came and not more often, and
// only what has come. The last second of a text is in memory alone.
import { log } from "../src/log.ts";
import { STREAM_STORE_INTERVAL_MS } from "../src/protocol/limits.ts";
import type { SessionStore } from "./store.ts";
import type { Stream } from "./stream.ts";
import type { StreamStore } from "./stream-store.ts";

export class StreamSaver {
  readonly #store: SessionStore;
  readonly #rows: StreamStore;
  readonly #unsaved = new Set<Stream>();
  #isSet = false;

  constructor(store: SessionStore, rows: StreamStore) {
    this.#store = store;
    this.#rows = rows;
  }

  /** Something new is to be stored of it. */
  changed(stream: Stream): void {
    this.#unsaved.add(stream);
    if (this.#isSet) return;
    this.#isSet = true;
    setTimeout(() => this.#saveAll(), STREAM_STORE_INTERVAL_MS);
  }

  /** It is on its way into the log, or gone. */
  forget(stream: Stream): void {
    this.#unsaved.delete(stream);
  }

  #saveAll(): void {
    this.#isSet = false;
    const unsaved = [...this.#unsaved];
    this.#unsaved.clear();
    try {
      this.#store.transaction(() => {
        for (const { record, text, heardAt } of unsaved) {
          this.#rows.save(record.messageId, text.text, heardAt);
        }
      });
      for (const stream of unsaved) stream.storedHeardAt = stream.heardAt;
    } catch (error) {
      log.error({ event: "stream_store_failed", error: String(error) });
      for (const stream of unsaved) this.changed(stream);
    }
  }
}

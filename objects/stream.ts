// One answer that is being written, as its object has it in memory.
import type { StreamedText } from "../src/domain/streamed-text.ts";
import type { Result } from "../src/protocol/errors.ts";
import type { Posted } from "./calls.ts";
import type { StreamRecord } from "./stream-store.ts";

export interface Stream {
  /** As it was stored at its start, or when the object woke up. */
  readonly record: StreamRecord;
  readonly text: StreamedText;
  /** How much of the text live readers have. After a restart some may have more; the next delta takes its place. */
  shown: number;
  /** When its producer was last heard of, and as far as that is stored. */
  heardAt: number;
  storedHeardAt: number;
  /** When it ends by itself, if nothing comes. */
  dueAt: number;
  /** Tells a producer that reads no answers yet. */
  stop: (() => void) | undefined;
  /** What becomes of it, once it is on its way into the log: nothing is added to it any more. */
  ending: Promise<Result<Posted>> | undefined;
}

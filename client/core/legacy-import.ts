// Takes conversations that an older program left in this browser over into the session. Loaded only where there may be some.
import type { ImportAnswer } from "../../src/protocol/import.ts";
import type { SessionCall } from "./chat.ts";
import type { Clock, KeyValueStorage } from "./environment.ts";
import type { ImportItem } from "./legacy-batches.ts";
import { asConversations, batchesOf, digest, importItems, movedInto } from "./legacy-batches.ts";
import type { LegacySource } from "./legacy-source.ts";
import { RequestError } from "./request-error.ts";
import type { Shelf } from "./shelf.ts";
import { fieldsOf } from "./stored-fields.ts";

const BACKUP_SUFFIX = ".durable-sessions-backup";

/** How often all is read again because an old program wrote meanwhile; one that does not stop waits for the next occasion. */
const PASSES = 3;

/** Where the server does not say how long it wants to be left alone. */
const RATE_PAUSE_MS = 10_000;

/** Which session the browser has now. */
export interface ImportTarget {
  readonly sessionId: string;
  /** As `OwnRecord`: of two sessions with the same, one is left and what went into it is lost. */
  readonly generation: number;
}

interface Parts {
  readonly source: LegacySource;
  readonly storage: KeyValueStorage;
  readonly shelf: Shelf;
  readonly call: SessionCall;
  /** Undefined while there is none to take anything. */
  readonly target: () => ImportTarget | undefined;
  readonly clock: Clock;
}

/** What was taken over last. */
interface Mark extends ImportTarget {
  /** Of the items as they were then. */
  readonly digest: string;
  /** How often they have been removed: a backup from before is not touched again. */
  readonly removals: number;
}

/**
 * Sends all that is there, in batches; the server takes each message once, so that one that was interrupted begins anew.
 * Only then is it backed up. Does nothing where nothing has changed since the last time. Rejects with what `read` throws,
 * or with `RequestError`: nothing is put aside then.
 *
 * @returns how it stands then; `waiting` where an old program goes on writing, or the session was left in the middle
 */
export async function importLegacy(parts: Parts): Promise<"none" | "done" | "waiting"> {
  const { source, storage, shelf, target } = parts;
  const name = `legacy/${source.id}`;
  const items = () => source.keys.map((key) => storage.getItem(key));
  for (let pass = 0; pass < PASSES; pass += 1) {
    const found = items();
    const mark = readMark(shelf.get(name));
    const into = target();
    if (into === undefined || isEmpty(found) || isDone(mark, found, into)) {
      break;
    }
    const { conversations } = await source.read();
    if (await sendAll(importItems(conversations, parts.clock.now()), into, parts)) {
      const { removals = 0 } = mark ?? {};
      backUp(parts, found, removals);
      shelf.set(name, JSON.stringify({ ...into, digest: digestOf(found), removals }));
    }
  }
  const mark = readMark(shelf.get(name));
  const found = items();
  if (isEmpty(found)) {
    return mark ? "done" : "none";
  }
  if (!mark || !isDone(mark, found, target())) {
    return "waiting";
  }
  if (source.transitionOver) {
    remove(parts, found, mark);
  }
  return "done";
}

const isEmpty = (found: readonly (string | null)[]) =>
  found.length > 0 && found.every((value) => value === null);

const digestOf = (found: readonly (string | null)[]) => digest(JSON.stringify(found));

/** A session that followed the one which has it does not get it again; one that took its place does. */
function isDone(
  mark: Mark | undefined,
  found: readonly (string | null)[],
  into: ImportTarget | undefined,
): boolean {
  return (
    mark !== undefined &&
    into !== undefined &&
    mark.digest === digestOf(found) &&
    (mark.sessionId === into.sessionId || mark.generation < into.generation)
  );
}

/** @returns whether all of it went into the one session */
async function sendAll(
  items: readonly ImportItem[],
  into: ImportTarget,
  { call, target, clock }: Parts,
): Promise<boolean> {
  /** The last conversation that was taken: a full session's takes in what comes after. */
  let last: string | undefined;

  /** A call is refused as a whole: what stands in the way is looked for, so that it stops nothing else. */
  async function send(batch: readonly ImportItem[]): Promise<void> {
    const [first] = batch;
    if (first === undefined || target()?.sessionId !== into.sessionId) {
      return;
    }
    try {
      await call<ImportAnswer>("POST", "/import", { conversations: asConversations(batch) });
      last = batch.at(-1)?.conversationId;
    } catch (error) {
      const isFull = isCode(error, "too_many_conversations");
      if (isFull && batch.every(({ conversationId }) => conversationId === first.conversationId)) {
        const home = last;
        if (home === undefined || home === first.conversationId) {
          throw error;
        }
        await send(batch.map((item) => movedInto(home, first.conversationId, item)));
      } else if (isFull || (isBad(error) && batch.length > 1)) {
        const half = Math.ceil(batch.length / 2);
        await send(batch.slice(0, half));
        await send(batch.slice(half));
      } else if (isCode(error, "rate_limited")) {
        // To begin anew would cost what was sent so far once more, and might never come to an end.
        await pause(clock, error.retryAfterMs ?? RATE_PAUSE_MS);
        await send(batch);
      } else if (!isBad(error)) {
        throw error;
      }
    }
  }

  for (const batch of batchesOf(items)) {
    await send(batch);
  }
  return target()?.sessionId === into.sessionId;
}

const pause = (clock: Clock, ms: number) =>
  new Promise<void>((resolve) => clock.after(ms, resolve));

function isCode(error: unknown, ...codes: readonly string[]): error is RequestError {
  return error instanceof RequestError && codes.includes(error.code);
}

/** Whether it is about what was sent, and would be the same at any other time. */
function isBad(error: unknown): boolean {
  return isCode(error, "validation_failed", "message_too_large", "body_too_large");
}

/** Best effort while the item itself is there: a full storage may have no room for both. */
function backUp({ source, storage }: Parts, found: readonly (string | null)[], removals: number) {
  for (const [index, key] of source.keys.entries()) {
    const value = found[index] ?? null;
    if (value !== null) {
      try {
        storage.setItem(backupName(key, removals), value);
      } catch {
        // The item stays.
      }
    }
  }
}

function backupName(key: string, removals: number): string {
  return key + BACKUP_SUFFIX + (removals === 0 ? "" : `-${removals + 1}`);
}

/** Renames what is left; where there is no room for the copy, the item makes it. */
function remove({ source, storage, shelf }: Parts, found: readonly (string | null)[], mark: Mark) {
  // First, so that nothing that is written afterwards takes the place of the backup.
  const removals = mark.removals + 1;
  shelf.set(`legacy/${source.id}`, JSON.stringify({ ...mark, removals }));
  for (const [index, key] of source.keys.entries()) {
    const value = found[index] ?? null;
    const name = backupName(key, mark.removals);
    storage.removeItem(key);
    try {
      if (value !== null) {
        storage.setItem(name, value);
      }
    } catch {
      storage.setItem(key, value ?? "");
    }
  }
}

function readMark(text: string | undefined): Mark | undefined {
  const { sessionId, generation, digest, removals } = fieldsOf(text);
  return typeof sessionId === "string" &&
    typeof generation === "number" &&
    typeof digest === "string" &&
    typeof removals === "number"
    ? { sessionId, generation, digest, removals }
    : undefined;
}

// Takes conversations that an older program left in this browser over into the session. Loaded only where there may be some.
import type {
  ImportAnswer,
  ImportedConversation,
  ImportedMessage,
} from "../../src/protocol/import.ts";
import {
  MAX_ATTACHMENTS_PER_MESSAGE,
  MAX_CONTENT_BYTES,
  MAX_IMPORT_BODY_BYTES,
  MAX_IMPORTED_ID_LENGTH,
  MAX_MESSAGES_PER_IMPORT,
} from "../../src/protocol/limits.ts";
import type { SessionCall } from "./chat.ts";
import type { Clock, KeyValueStorage } from "./environment.ts";
import type { LegacyConversation, LegacyMessage, LegacySource } from "./legacy-source.ts";
import type { Shelf } from "./shelf.ts";
import { within } from "./time-limit.ts";

const BACKUP_SUFFIX = ".durable-sessions-backup";

/** The session is not opened before the old conversations are read: it does not wait for ever. */
const READ_PATIENCE_MS = 10_000;

/** How often it is read in one go; what an old program writes all the time is taken over with the next connections. */
const MAX_ROUNDS = 3;

/** Room for the braces around what is counted, in a body as in a message. */
const OVERHEAD_BYTES = 1_024;

/** A character of a message's text comes to this many bytes of JSON at most. */
const MAX_BYTES_PER_CHARACTER = 6;

interface Parts {
  readonly source: LegacySource;
  readonly storage: KeyValueStorage;
  readonly shelf: Shelf;
  readonly call: SessionCall;
  readonly clock: Clock;
}

/**
 * Sends all that is there, in batches; the server takes each message once, so that one that was interrupted begins anew.
 * Only then is it put aside. Does nothing where nothing has changed since the last time. Rejects with what `read` throws,
 * or with `RequestError`: nothing is put aside then.
 */
export async function importLegacy({ source, storage, shelf, call, clock }: Parts): Promise<void> {
  const { id, keys, transitionOver = false } = source;
  const done = `legacy/${id}`;
  const values = () => keys.map((key) => storage.getItem(key));
  let found = values();
  if (found.every((value) => value === null)) {
    return;
  }
  // An old program may go on writing meanwhile: then all is read again, and the server takes what is new.
  for (let round = 0; shelf.get(done) !== digest(found); round += 1) {
    if (round === MAX_ROUNDS) {
      return;
    }
    const { conversations } = await within(clock, READ_PATIENCE_MS, () => source.read());
    for (const batch of batches(conversations, clock.now())) {
      await call<ImportAnswer>("POST", "/import", { conversations: batch });
    }
    for (const [index, key] of keys.entries()) {
      backUp(storage, key, found[index] ?? null);
    }
    shelf.set(done, digest(found));
    found = values();
  }
  if (transitionOver) {
    const left = keys.filter((key, index) => !backUp(storage, key, found[index] ?? null));
    for (const key of keys.filter((one) => !left.includes(one))) {
      storage.removeItem(key);
    }
    shelf.set(done, left.length === 0 ? undefined : digest(values()));
  }
}

/**
 * Each state of an item that was taken over is kept: a second one does not overwrite the first.
 *
 * @returns false where the storage has no room: the item itself is what is left of it then
 */
function backUp(storage: KeyValueStorage, key: string, value: string | null): boolean {
  if (value === null) {
    return true;
  }
  let name = key + BACKUP_SUFFIX;
  for (let count = 2; ; count += 1) {
    const kept = storage.getItem(name);
    if (kept === null || kept === value || value.startsWith(kept)) {
      try {
        storage.setItem(name, value);
        return true;
      } catch {
        return false;
      }
    }
    name = `${key}${BACKUP_SUFFIX}-${count}`;
  }
}

/** Tells one state of the items from another; nothing depends on that it is hard to forge (FNV-1a, 32 bits, and the length). */
function digest(values: readonly (string | null)[]): string {
  const text = JSON.stringify(values);
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return `${text.length}-${hash >>> 0}`;
}

function* batches(
  conversations: readonly LegacyConversation[],
  now: number,
): Generator<readonly ImportedConversation[]> {
  let batch: { id: string; messages: ImportedMessage[] }[] = [];
  let count = 0;
  let bytes = OVERHEAD_BYTES;
  for (const conversation of conversations) {
    const id = shortened(conversation.id);
    for (const message of conversation.messages.flatMap((one) => taken(one, now))) {
      const size = new TextEncoder().encode(JSON.stringify(message)).length + id.length * 6;
      if (count === MAX_MESSAGES_PER_IMPORT || bytes + size > MAX_IMPORT_BODY_BYTES) {
        yield batch;
        batch = [];
        count = 0;
        bytes = OVERHEAD_BYTES;
      }
      const last = batch.at(-1);
      if (last?.id === id) {
        last.messages.push(message);
      } else {
        batch.push({ id, messages: [message] });
      }
      count += 1;
      bytes += size;
    }
  }
  if (count > 0) {
    yield batch;
  }
}

/** One that is too long for a message becomes several; what the server could never take is left where it is. */
function taken(message: LegacyMessage, now: number): ImportedMessage[] {
  const { id, role, content, attachments = [] } = message;
  if (typeof content !== "string" || (role !== "user" && role !== "assistant")) {
    return [];
  }
  const files = attachments
    .filter(({ url }) => url.startsWith("https:"))
    .slice(0, MAX_ATTACHMENTS_PER_MESSAGE);
  const createdAt = new Date(timeOf(message.createdAt) ?? now).toISOString();
  return pieces(content).map((piece, index) => ({
    id: shortened(index === 0 ? id : `${id}#${index + 1}`),
    role,
    content: piece,
    createdAt,
    ...(index === 0 && files.length > 0 && { attachments: files }),
  }));
}

function timeOf(value: string | number): number | undefined {
  const time = typeof value === "number" ? value : Date.parse(value);
  return time >= Date.UTC(2000) && time <= 8.64e15 ? time : undefined;
}

function shortened(id: string): string {
  return String(id).slice(-MAX_IMPORTED_ID_LENGTH);
}

function pieces(content: string): string[] {
  if (new TextEncoder().encode(content).length <= MAX_CONTENT_BYTES - OVERHEAD_BYTES) {
    return [content];
  }
  const length = Math.floor(MAX_CONTENT_BYTES / MAX_BYTES_PER_CHARACTER);
  const found: string[] = [];
  let rest = content;
  while (rest !== "") {
    // A pair of surrogates stays together.
    const end = /[\uD800-\uDBFF]/.test(rest.charAt(length - 1)) ? length - 1 : length;
    found.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return found;
}

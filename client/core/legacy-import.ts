// Takes conversations that an older program left in this browser over into the session. Loaded only where there may be some.
import type {
  ImportAnswer,
  ImportedConversation,
  ImportedMessage,
} from "../../src/protocol/import.ts";
import {
  MAX_CONVERSATIONS_PER_SESSION,
  MAX_IMPORT_BODY_BYTES,
  MAX_MESSAGES_PER_IMPORT,
} from "../../src/protocol/limits.ts";
import type { SessionCall } from "./chat.ts";
import type { KeyValueStorage } from "./environment.ts";
import { importedId, importedMessages } from "./legacy-messages.ts";
import type { LegacySource } from "./legacy-source.ts";
import { jsonBytes } from "./send-frames.ts";
import type { Shelf } from "./shelf.ts";
import { asFields } from "./stored-fields.ts";

const BACKUP_SUFFIX = ".durable-sessions-backup";

/** Room for the braces around what is counted. */
const OVERHEAD_BYTES = 1_024;

interface Parts {
  readonly source: LegacySource;
  readonly storage: KeyValueStorage;
  readonly shelf: Shelf;
  readonly call: SessionCall;
  readonly now: () => number;
}

/**
 * Sends all that is there, in batches; the server takes each message once, so that one that was interrupted begins anew.
 * Only then is it put aside. Does nothing where nothing has changed since the last time. Rejects with what `read` throws,
 * or with `RequestError`: nothing is put aside then.
 */
export async function importLegacy({ source, storage, shelf, call, now }: Parts): Promise<void> {
  const { id, keys, transitionOver = false } = source;
  const done = `legacy/${id}`;
  const values = () => keys.map((key) => storage.getItem(key));
  let found = values();
  if (found.every((value) => value === null)) {
    return;
  }
  // An old program may go on writing meanwhile: then all is read again, and the server takes what is new.
  while (shelf.get(done) !== digest(found)) {
    const { conversations } = await source.read();
    for (const batch of batches(readable(conversations, now()))) {
      await call<ImportAnswer>("POST", "/import", { conversations: batch });
    }
    for (const [index, key] of keys.entries()) {
      backUp(storage, key, found[index] ?? null);
    }
    shelf.set(done, digest(found));
    found = values();
  }
  if (transitionOver) {
    for (const key of keys) {
      storage.removeItem(key);
    }
    shelf.set(done, undefined);
  }
}

/** Each state of an item that was taken over is kept: a second one does not overwrite the first. */
function backUp(storage: KeyValueStorage, key: string, value: string | null): void {
  if (value === null) {
    return;
  }
  let name = key + BACKUP_SUFFIX;
  for (let count = 2; ; count += 1) {
    const kept = storage.getItem(name);
    if (kept === null || kept === value || value.startsWith(kept)) {
      storage.setItem(name, value);
      return;
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

/** What the server can take of what was read, the newest where it is too much for a session. */
function readable(conversations: unknown, now: number): ImportedConversation[] {
  const found = (Array.isArray(conversations) ? conversations : []).flatMap((conversation) => {
    const { id, messages } = asFields(conversation);
    const name = importedId(id);
    const all = Array.isArray(messages) ? messages : [];
    const taken = all.flatMap((message) => importedMessages(message, now));
    return name === undefined || taken.length === 0 ? [] : [{ id: name, messages: taken }];
  });
  return found.slice(-MAX_CONVERSATIONS_PER_SESSION);
}

function* batches(
  conversations: readonly ImportedConversation[],
): Generator<readonly ImportedConversation[]> {
  let batch: { id: string; messages: ImportedMessage[] }[] = [];
  let count = 0;
  let bytes = OVERHEAD_BYTES;
  for (const { id, messages } of conversations) {
    for (const message of messages) {
      const size = jsonBytes(message) + id.length * 6;
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

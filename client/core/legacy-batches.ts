// What an older program kept, as the server takes it: in calls that keep to its limits, the same ones whenever the same is read.
import type { ImportedConversation, ImportedMessage } from "../../src/protocol/import.ts";
import {
  MAX_ATTACHMENT_NAME_LENGTH,
  MAX_ATTACHMENT_URL_LENGTH,
  MAX_ATTACHMENTS_PER_MESSAGE,
  MAX_CONTENT_BYTES,
  MAX_CONVERSATIONS_PER_SESSION,
  MAX_IMPORT_BODY_BYTES,
  MAX_IMPORTED_ID_LENGTH,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGES_PER_IMPORT,
} from "../../src/protocol/limits.ts";
import type { LinkedAttachment } from "../../src/protocol/message.ts";
import type { LegacyAttachment, LegacyConversation, LegacyMessage } from "./legacy-source.ts";

/** Room for what a body, a conversation and a stored message have beside what is measured here. */
const OVERHEAD_BYTES = 2_048;

/** A character of a text comes to this many bytes of JSON at most. */
const MAX_BYTES_PER_CHARACTER = 6;

const MEDIA_TYPE = /^[\w.+-]{1,63}\/[\w.+-]{1,63}$/;

/** One message on its way, and the conversation that it goes to. */
export interface ImportItem {
  readonly conversationId: string;
  readonly message: ImportedMessage;
}

/**
 * All messages in their order. A session holds so many conversations and no more: the youngest go into one together.
 *
 * @param now stands for a time that is none or lies ahead
 */
export function importItems(
  conversations: readonly LegacyConversation[],
  now: number,
): ImportItem[] {
  const homes = homesOf(conversations, now);
  const known = new Map<string, string>();
  return conversations.flatMap(({ id, messages }) => {
    const conversationId = homes.get(String(id)) ?? shortened(String(id));
    const isGuest = conversationId !== shortened(String(id));
    return messages.flatMap((message) => {
      const key = JSON.stringify([String(id), String(message.id)]);
      const said = JSON.stringify([message.role, message.content]);
      // Programs that count anew give an id twice: neither message may count as the other.
      const isOther = (known.get(key) ?? said) !== said;
      known.set(key, known.get(key) ?? said);
      const named = isOther ? hashed(`${message.id}`, said) : String(message.id);
      return taken({ ...message, id: named }, now).map((one) => {
        const item = { conversationId, message: one };
        return isGuest ? movedInto(conversationId, String(id), item) : item;
      });
    });
  });
}

/** The same message in another conversation, where another's of the same id is not taken for it. */
export function movedInto(conversationId: string, from: string, { message }: ImportItem) {
  return { conversationId, message: { ...message, id: hashed(message.id, from) } };
}

/** As many as one call takes, in order. */
export function* batchesOf(items: readonly ImportItem[]): Generator<readonly ImportItem[]> {
  let batch: ImportItem[] = [];
  let bytes = OVERHEAD_BYTES;
  for (const item of items) {
    const size = bytesOf(item) + OVERHEAD_BYTES / 2;
    if (batch.length === MAX_MESSAGES_PER_IMPORT || bytes + size > MAX_IMPORT_BODY_BYTES) {
      yield batch;
      batch = [];
      bytes = OVERHEAD_BYTES;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) {
    yield batch;
  }
}

export function asConversations(items: readonly ImportItem[]): ImportedConversation[] {
  const found = new Map<string, ImportedMessage[]>();
  for (const { conversationId, message } of items) {
    const messages = found.get(conversationId) ?? [];
    messages.push(message);
    found.set(conversationId, messages);
  }
  return Array.from(found, ([id, messages]) => ({ id, messages }));
}

/** The oldest keep their place, whatever comes later: what was imported before is found again where it was. */
function homesOf(conversations: readonly LegacyConversation[], now: number): Map<string, string> {
  const begun = ({ messages: [first] }: LegacyConversation) => first && timeOf(first, now);
  const ids = conversations
    .filter(({ messages }) => messages.length > 0)
    .sort((one, other) => (begun(one) ?? now) - (begun(other) ?? now))
    .map(({ id }) => String(id));
  const inOrder = [...new Set(ids)];
  return new Map(
    inOrder.map((id, index) => {
      const home = inOrder[Math.min(index, MAX_CONVERSATIONS_PER_SESSION - 1)] ?? id;
      return [id, shortened(home)];
    }),
  );
}

/** One that is too long for a message becomes several; what the server could never take is left where it is. */
function taken(message: LegacyMessage, now: number): ImportedMessage[] {
  const { id, role, content, attachments = [] } = message;
  if (typeof content !== "string" || (role !== "user" && role !== "assistant")) {
    return [];
  }
  const files = attachments.flatMap(fileOf);
  // A file that a message cannot carry is still to be found by whoever reads it.
  const elsewhere = attachments.filter((one) => fileOf(one).length === 0 && isAddress(one.url));
  const text = [content, ...elsewhere.map(({ url }) => url)].filter(Boolean).join("\n");
  const createdAt = new Date(timeOf(message, now)).toISOString();
  const whole = { id: shortened(id), role, content: text, createdAt };
  const groups = chunks(files);
  if (groups.length <= 1 && fits({ ...whole, ...withFiles(files) })) {
    return text === "" && files.length === 0 ? [] : [{ ...whole, ...withFiles(files) }];
  }
  const texts = pieces(text);
  return Array.from({ length: Math.max(texts.length, groups.length) }, (_, index) => ({
    ...whole,
    id: index === 0 ? whole.id : hashed(id, `piece ${index + 1}`),
    content: texts[index] ?? "",
    ...withFiles(groups[index] ?? []),
  }));
}

const withFiles = (attachments: readonly LinkedAttachment[]) =>
  attachments.length > 0 && { attachments };

function fits(message: ImportedMessage): boolean {
  const content = new TextEncoder().encode(message.content).length;
  return (
    content <= MAX_CONTENT_BYTES &&
    new TextEncoder().encode(JSON.stringify(message)).length <= MAX_MESSAGE_BYTES - OVERHEAD_BYTES
  );
}

/** Of what it says only what the server takes. */
function fileOf({ url, name, type, size }: LegacyAttachment): LinkedAttachment[] {
  if (!isAddress(url) || !/^https:/i.test(url) || url.length > MAX_ATTACHMENT_URL_LENGTH) {
    return [];
  }
  return [
    {
      url,
      name: String(name || url).slice(0, MAX_ATTACHMENT_NAME_LENGTH),
      ...(type !== undefined && MEDIA_TYPE.test(type) && { type }),
      ...(size !== undefined && Number.isSafeInteger(size) && size >= 0 && { size }),
    },
  ];
}

function isAddress(url: string): boolean {
  try {
    return /^https?:$/.test(new URL(url).protocol);
  } catch {
    return false;
  }
}

function chunks(files: readonly LinkedAttachment[]): LinkedAttachment[][] {
  return Array.from({ length: Math.ceil(files.length / MAX_ATTACHMENTS_PER_MESSAGE) }, (_, index) =>
    files.slice(index * MAX_ATTACHMENTS_PER_MESSAGE, (index + 1) * MAX_ATTACHMENTS_PER_MESSAGE),
  );
}

function timeOf({ createdAt }: LegacyMessage, now: number): number {
  const time = typeof createdAt === "number" ? createdAt : Date.parse(createdAt);
  return time >= Date.UTC(2000) && time <= now ? time : now;
}

function shortened(id: string): string {
  // Storage makes all lone surrogates the same.
  const isAsItIs = id !== "" && id.length <= MAX_IMPORTED_ID_LENGTH && !/\p{Surrogate}/u.test(id);
  return isAsItIs ? id : hashed(id, "");
}

/** The end of an id and what tells it from all others that end so. */
function hashed(id: string, salt: string): string {
  const text = JSON.stringify([id, salt]);
  const tail = `~${digest(text)}`;
  return id.slice(tail.length - MAX_IMPORTED_ID_LENGTH) + tail;
}

/** Tells texts apart; nothing depends on that it is hard to forge. (FNV-1a twice, 64 bits together, and the length.) */
export function digest(text: string): string {
  let [one, other] = [0x811c9dc5, 0x01234567];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 0x01000193);
    other = Math.imul(other ^ (code + index), 0x01000193);
  }
  return [text.length, one >>> 0, other >>> 0].map((part) => part.toString(36)).join("-");
}

function bytesOf(item: ImportItem): number {
  return new TextEncoder().encode(JSON.stringify(item)).length;
}

function pieces(content: string): string[] {
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

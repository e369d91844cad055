// A message that an older program left, as the server takes it. Anything may stand in what was kept for years: what the server
// could never take is left where it is, and keeps nothing else from being taken over.
import { IMPORTED_ROLES, type ImportedMessage } from "../../src/protocol/import.ts";
import {
  MAX_ATTACHMENT_NAME_LENGTH,
  MAX_ATTACHMENT_URL_LENGTH,
  MAX_ATTACHMENTS_PER_MESSAGE,
  MAX_IMPORTED_ID_LENGTH,
  MAX_MESSAGE_BYTES,
} from "../../src/protocol/limits.ts";
import type { Attachment } from "../../src/protocol/message.ts";
import { jsonBytes } from "./send-frames.ts";
import { asFields } from "./stored-fields.ts";

/** A message's text takes at most half of its room, its files less than the other. */
const MAX_TEXT_BYTES = MAX_MESSAGE_BYTES / 2;
const MAX_FILES_BYTES = MAX_MESSAGE_BYTES / 3;

/** A character of a message's text comes to this many bytes of JSON at most. */
const MAX_BYTES_PER_CHARACTER = 6;

const MEDIA_TYPE = /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/;

/** One whose text is too long becomes several. */
export function importedMessages(message: unknown, now: number): ImportedMessage[] {
  const { id, role: given, content, createdAt: time, attachments } = asFields(message);
  const role = IMPORTED_ROLES.find((known) => known === given);
  const name = importedId(id);
  const files = filesOf(attachments);
  const isSaid = typeof content === "string" && (content !== "" || files.length > 0);
  if (role === undefined || name === undefined || !isSaid) {
    return [];
  }
  const createdAt = new Date(timeOf(time) ?? now).toISOString();
  return pieces(content).map((piece, index) => ({
    id: index === 0 ? name : shortened(`${name}#${index + 1}`),
    role,
    content: piece,
    createdAt,
    ...(index === 0 && files.length > 0 && { attachments: files }),
  }));
}

/** Undefined for what names nothing. */
export function importedId(id: unknown): string | undefined {
  return (typeof id === "string" && id !== "") || typeof id === "number"
    ? shortened(String(id))
    : undefined;
}

/** The end of an id tells more of it apart than its beginning. */
function shortened(id: string): string {
  return id.slice(-MAX_IMPORTED_ID_LENGTH);
}

function filesOf(attachments: unknown): Attachment[] {
  const files = (Array.isArray(attachments) ? attachments : [])
    .flatMap(fileOf)
    .slice(0, MAX_ATTACHMENTS_PER_MESSAGE);
  while (jsonBytes(files) > MAX_FILES_BYTES) {
    files.pop();
  }
  return files;
}

/** Without what is wrong about it; none where that is the address. */
function fileOf(attachment: unknown): Attachment[] {
  const { url, name, type, size } = asFields(attachment);
  if (typeof url !== "string" || !URL.canParse(url)) {
    return [];
  }
  const { protocol, href } = new URL(url);
  if (protocol !== "https:" || href.length > MAX_ATTACHMENT_URL_LENGTH) {
    return [];
  }
  const label = typeof name === "string" && name !== "" ? name : href;
  return [
    {
      url: href,
      name: label.slice(0, MAX_ATTACHMENT_NAME_LENGTH),
      ...(typeof type === "string" && MEDIA_TYPE.test(type) && { type }),
      ...(typeof size === "number" && Number.isSafeInteger(size) && size >= 0 && { size }),
    },
  ];
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === "string" ? Date.parse(value) : Number(value);
  return time >= Date.UTC(2000) && time <= 8.64e15 ? time : undefined;
}

function pieces(content: string): string[] {
  if (jsonBytes(content) <= MAX_TEXT_BYTES) {
    return [content];
  }
  const length = Math.floor(MAX_TEXT_BYTES / MAX_BYTES_PER_CHARACTER);
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

// The fields that requests and frames share. Unknown fields are refused; lone surrogates become U+FFFD, as they would in
// storage, so that what was acknowledged is what is replayed.
import { z } from "zod";
import type { NewAttachment, StoredAttachment } from "../protocol/file.ts";
import type { JsonObject } from "../protocol/json.ts";
import {
  MAX_ATTACHMENT_NAME_LENGTH,
  MAX_ATTACHMENT_URL_LENGTH,
  MAX_ATTACHMENTS_PER_MESSAGE,
} from "../protocol/limits.ts";
import type {
  Attachment,
  Author,
  LinkedAttachment,
  NewMessage,
  NewStreamedMessage,
  NewTeamMessage,
} from "../protocol/message.ts";
import { MESSAGE_ROLES } from "../protocol/message.ts";
import { DEVICE_TYPES, type DeviceInfo, type LocationInfo } from "../protocol/session.ts";

// The validators' code generation is not available in Workers.
z.config({ jitless: true });

export function text(maxLength: number) {
  return z
    .string()
    .min(1)
    .max(maxLength)
    .overwrite((value) => value.toWellFormed());
}

/** A schema of exactly the fields of `T`: one that is missing, even an optional one, does not compile. */
export type Shape<T> = z.ZodType<T> & {
  readonly shape: { readonly [Field in keyof T]-?: z.ZodType };
};

/** Ids that clients choose. */
export const clientIdField = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,64}$/)
  .describe("1–64 letters, digits or ._:- ; unique per side of the session");

export const conversationIdField = z.string().min(1).max(64);

/** Its values are JSON by the time they get here; a recursive schema of it could not be described in the OpenAPI document. */
export const metadataField = z
  .record(z.string(), z.unknown())
  .describe("A JSON object, at most 4 KiB") as unknown as z.ZodType<JsonObject>;

const contentField = z
  .string()
  .overwrite((value) => value.toWellFormed())
  .describe("Text, at most 32 KiB of UTF-8; empty only beside attachments");

interface Sayable {
  readonly content: string;
  readonly attachments?: readonly unknown[];
}

export const saysSomething = ({ content, attachments = [] }: Sayable) =>
  content !== "" || attachments.length > 0;

export const NOTHING_SAID = { message: "neither content nor attachments", path: ["content"] };

const newAttachmentSchema: Shape<NewAttachment> = z.strictObject({
  fileId: z.string().min(1).max(64),
});

const newAttachmentsField = z
  .array(newAttachmentSchema)
  .max(MAX_ATTACHMENTS_PER_MESSAGE)
  .describe("Files of this session that are uploaded, and in no other message");

const newMessageFields = {
  clientId: clientIdField,
  conversationId: conversationIdField.exactOptional(),
  metadata: metadataField.exactOptional(),
};

export const newMessageSchema: Shape<NewMessage> = z
  .strictObject({
    ...newMessageFields,
    content: contentField,
    attachments: newAttachmentsField.exactOptional(),
  })
  .refine(saysSomething, NOTHING_SAID);

/** Only where it can be fetched without showing what it is to the network. */
export const linkedAttachmentSchema: Shape<LinkedAttachment> = z.strictObject({
  url: z
    .url({ protocol: /^https$/ })
    .max(MAX_ATTACHMENT_URL_LENGTH)
    .overwrite((value) => value.toWellFormed()),
  name: text(MAX_ATTACHMENT_NAME_LENGTH),
  type: z
    .string()
    .max(127)
    .regex(/^[\w.+-]+\/[\w.+-]+$/)
    .exactOptional()
    .describe("A media type, without parameters"),
  size: z.int().min(0).exactOptional().describe("Bytes"),
});

export const storedAttachmentSchema: Shape<StoredAttachment> = z.strictObject({
  fileId: z.string(),
  name: z.string(),
  type: z.string(),
  size: z.int().min(0).describe("Bytes"),
});

export const attachmentSchema: z.ZodType<Attachment> = z.union([
  storedAttachmentSchema,
  linkedAttachmentSchema,
]);

export const avatarUrlField = z.url({ protocol: /^https$/ }).max(1024);

export const authorSchema: Shape<Author> = z.strictObject({
  id: text(128).exactOptional(),
  name: text(128).exactOptional(),
  avatarUrl: avatarUrlField.exactOptional(),
});

export const newStreamedMessageFields = {
  ...newMessageFields,
  role: z.enum(MESSAGE_ROLES).exactOptional(),
  author: authorSchema.exactOptional(),
};

/** Its content comes apart from it. */
export const newStreamedMessageSchema: Shape<NewStreamedMessage> =
  z.strictObject(newStreamedMessageFields);

export const newTeamMessageSchema: Shape<NewTeamMessage> = z
  .strictObject({
    ...newStreamedMessageFields,
    content: contentField,
    attachments: newAttachmentsField.exactOptional(),
  })
  .refine(saysSomething, NOTHING_SAID);

export const deviceInfoSchema: Shape<DeviceInfo> = z.strictObject({
  browser: text(64).exactOptional(),
  browserVersion: text(32).exactOptional(),
  os: text(64).exactOptional(),
  osVersion: text(32).exactOptional(),
  deviceType: z.enum(DEVICE_TYPES).exactOptional(),
  userAgent: text(512).exactOptional(),
  screen: z
    .strictObject({
      width: z.int().min(1).max(100_000),
      height: z.int().min(1).max(100_000),
    })
    .exactOptional(),
  timeZone: text(64).exactOptional(),
  languages: z.array(text(35)).max(16).exactOptional(),
});

export const locationInfoSchema: Shape<LocationInfo> = z.strictObject({
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .exactOptional(),
  region: text(128).exactOptional(),
  city: text(128).exactOptional(),
  timeZone: text(64).exactOptional(),
});

// What an older client kept, as an import takes it.
import { z } from "zod";
import {
  IMPORTED_ROLES,
  type ImportAnswer,
  type ImportedConversation,
  type ImportedMessage,
  type ImportRequest,
} from "../protocol/import.ts";
import {
  MAX_ATTACHMENTS_PER_MESSAGE,
  MAX_CONVERSATIONS_PER_SESSION,
  MAX_IMPORTED_ID_LENGTH,
  MAX_MESSAGES_PER_IMPORT,
} from "../protocol/limits.ts";
import { linkedAttachmentSchema, NOTHING_SAID, type Shape, saysSomething, text } from "./fields.ts";

/** Before it nobody chatted on a site: a time below is seconds taken for milliseconds, or none at all. */
const EARLIEST_MS = Date.UTC(2000);

const importedMessageSchema: Shape<ImportedMessage> = z
  .strictObject({
    id: text(MAX_IMPORTED_ID_LENGTH),
    role: z.enum(IMPORTED_ROLES),
    content: z
      .string()
      .overwrite((value) => value.toWellFormed())
      .describe("Text, at most 32 KiB of UTF-8; empty only beside attachments"),
    createdAt: z.iso
      .datetime({ offset: true })
      .refine((time) => !(Date.parse(time) < EARLIEST_MS), { message: "before the year 2000" })
      .describe("ISO 8601"),
    attachments: z.array(linkedAttachmentSchema).max(MAX_ATTACHMENTS_PER_MESSAGE).exactOptional(),
  })
  .refine(saysSomething, NOTHING_SAID);

const importedConversationSchema: Shape<ImportedConversation> = z.strictObject({
  id: text(MAX_IMPORTED_ID_LENGTH),
  messages: z.array(importedMessageSchema).max(MAX_MESSAGES_PER_IMPORT),
});

export const importSchema: Shape<ImportRequest> = z.strictObject({
  conversations: z
    .array(importedConversationSchema)
    .max(MAX_CONVERSATIONS_PER_SESSION)
    .refine(
      (all) => all.reduce((sum, one) => sum + one.messages.length, 0) <= MAX_MESSAGES_PER_IMPORT,
      { message: `more than ${MAX_MESSAGES_PER_IMPORT} messages in all` },
    ),
});

const count = z.int().min(0);

export const importAnswer: Shape<ImportAnswer> = z.object({ imported: count, skipped: count });

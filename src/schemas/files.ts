// What the calls about files take and answer.
import { z } from "zod";
import type { UploadedFile, UploadQuery } from "../protocol/file.ts";
import { MAX_ATTACHMENT_NAME_LENGTH } from "../protocol/limits.ts";
import { clientIdField, type Shape, storedAttachmentSchema, text } from "./fields.ts";

export const uploadQuerySchema = z.strictObject({
  name: text(MAX_ATTACHMENT_NAME_LENGTH).describe(
    "What the person calls it; kept without folders, and with an ending that fits its type",
  ),
  clientId: clientIdField,
}) satisfies Shape<UploadQuery>;

export const uploadedFileAnswer: Shape<UploadedFile> = z.strictObject({
  file: storedAttachmentSchema,
});

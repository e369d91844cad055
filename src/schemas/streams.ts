// What begins and carries an answer that is being written. A message's fields are JSON to a binding, and text in a query.
import { z } from "zod";
import type { JsonObject } from "../protocol/json.ts";
import type { MessagePiece } from "../protocol/message.ts";
import { authorSchema, metadataField, newStreamedMessageFields, type Shape } from "./fields.ts";
import { BadJsonError, parseJson } from "./json.ts";

/** JSON in a parameter, as `schema` has it. */
function jsonText<T>(schema: z.ZodType<T>) {
  return z
    .string()
    .max(16_384)
    .transform((text, context): unknown => {
      try {
        return parseJson(text);
      } catch (error) {
        if (!(error instanceof BadJsonError)) throw error;
        context.addIssue({ code: "custom", message: error.message });
        return z.NEVER;
      }
    })
    .pipe(schema);
}

export const streamMessageQuerySchema = z.strictObject({
  ...newStreamedMessageFields,
  author: jsonText(authorSchema).exactOptional(),
  metadata: jsonText(metadataField).exactOptional(),
});

/** Half a surrogate pair is no mistake here: the next piece may begin with the other half. */
export const messagePieceSchema: Shape<MessagePiece> = z.strictObject({
  offset: z.int().min(0),
  text: z.string(),
});

export const finishMessageSchema = z.strictObject({
  metadata: metadataField.exactOptional(),
}) satisfies z.ZodType<{ readonly metadata?: JsonObject }>;

// What the end of a session's data takes and answers.
import { z } from "zod";
import type { EraseReceipt } from "../protocol/lifecycle.ts";
import { time } from "./answers.ts";
import type { Shape } from "./fields.ts";

export const terminateQuerySchema = z.strictObject({
  erase: z
    .literal("true")
    .exactOptional()
    .describe("Also removes all that is held about the session, now and for good"),
});

const count = z.int().min(0);

export const eraseReceiptAnswer: Shape<EraseReceipt> = z.object({
  sessionId: z.string(),
  erasedAt: time,
  removed: z.object({
    conversations: count,
    messages: count,
    files: count,
    bytes: count.describe("Of the files"),
    credentials: count,
  }),
  checksum: z.string().describe("Hex of SHA-256 over what was removed; see docs/transcripts.md"),
});

// Frames from clients, decoded once, where they enter.
import { z } from "zod";
import { byteLength } from "../protocol/bytes.ts";
import type { ErrorFrame, SendFrame, UpFrame } from "../protocol/frames.ts";
import { MAX_FRAME_BYTES, MAX_MESSAGES_PER_SEND } from "../protocol/limits.ts";
import type { NewMessage } from "../protocol/message.ts";
import { fieldErrors } from "./field-errors.ts";
import { clientIdField, conversationIdField, newMessageSchema } from "./fields.ts";
import { BadJsonError, parseJson } from "./json.ts";

const seqField = z.int().min(0);

/** The messages of a `send` are validated one by one, so that a bad one does not take the others with it. */
const sendSchema = z.strictObject({
  type: z.literal("send"),
  messages: z.array(z.unknown()).min(1).max(MAX_MESSAGES_PER_SEND),
});

const typingSchema = z.strictObject({
  type: z.literal("typing"),
  conversationId: conversationIdField.exactOptional(),
  active: z.boolean(),
});

const readSchema = z.strictObject({
  type: z.literal("read"),
  conversationId: conversationIdField,
  seq: seqField,
});

const receivedSchema = z.strictObject({ type: z.literal("received"), seq: seqField });

/** One for every frame but `send`, whose messages are looked at one by one. */
const cancelSchema = z.strictObject({
  type: z.literal("cancel"),
  messageId: z.string().min(1).max(64),
});

const schemas = {
  typing: typingSchema,
  read: readSchema,
  received: receivedSchema,
  cancel: cancelSchema,
} satisfies {
  readonly [T in Exclude<UpFrame["type"], "send">]: z.ZodType<Extract<UpFrame, { type: T }>>;
};

export type FrameError = Omit<ErrorFrame, "type">;

export interface DecodedUp {
  /** What of the frame is good; undefined where nothing is. */
  readonly frame: UpFrame | undefined;
  readonly errors: readonly FrameError[];
}

export function decodeUp(data: string | ArrayBuffer): DecodedUp {
  if (typeof data !== "string") return bad({ code: "invalid_frame", message: "not a text frame" });
  if (byteLength(data) > MAX_FRAME_BYTES) return bad({ code: "frame_too_large" });
  let value: unknown;
  try {
    value = parseJson(data);
  } catch (error) {
    if (!(error instanceof BadJsonError)) throw error;
    return bad({ code: "malformed_json", message: error.message });
  }
  const type = typeOf(value);
  if (type === undefined) return bad({ code: "invalid_frame", path: "/type" });
  if (type === "send") return decodeSend(value);
  if (!isKnown(type)) return bad({ code: "unknown_type", path: "/type" });
  const parsed = schemas[type].safeParse(value);
  return parsed.success ? { frame: parsed.data, errors: [] } : invalid(parsed.error);
}

function isKnown(type: string): type is keyof typeof schemas {
  return Object.hasOwn(schemas, type);
}

function decodeSend(value: unknown): DecodedUp {
  const send = sendSchema.safeParse(value);
  if (!send.success) return invalid(send.error);
  const messages: NewMessage[] = [];
  const errors: FrameError[] = [];
  send.data.messages.forEach((input, index) => {
    const parsed = newMessageSchema.safeParse(input);
    if (parsed.success) {
      messages.push(parsed.data);
      return;
    }
    const [first] = fieldErrors(parsed.error);
    const clientId = clientIdField.safeParse((input as { clientId?: unknown } | null)?.clientId);
    errors.push({
      code: "validation_failed",
      path: `/messages/${index}${first?.path ?? ""}`,
      ...(first !== undefined && { message: first.message }),
      ...(clientId.success && { clientId: clientId.data }),
    });
  });
  const frame: SendFrame | undefined = messages.length > 0 ? { type: "send", messages } : undefined;
  return { frame, errors };
}

function typeOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  return typeof value.type === "string" ? value.type : undefined;
}

function invalid(error: z.ZodError): DecodedUp {
  const [first] = fieldErrors(error);
  return bad({ code: "invalid_frame", ...first });
}

function bad(error: FrameError): DecodedUp {
  return { frame: undefined, errors: [error] };
}

// Messages of the team that are shown while they are being written.
import type { Posted } from "../../objects/calls.ts";
import type { Caller } from "../caller.ts";
import type { Result } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/json.ts";
import type {
  Message,
  MessagePiece,
  NewStreamedMessage,
  StartedMessage,
} from "../protocol/message.ts";
import type { Services } from "../services.ts";
import { openSession } from "./session-access.ts";

/** Stores what `body` says as one message, at its end; answers early where somebody stops it. */
export async function streamMessage(
  services: Services,
  caller: Caller,
  id: string,
  message: NewStreamedMessage,
  body: ReadableStream<Uint8Array>,
): Promise<Result<Posted>> {
  const opened = await openSession(services, caller, id, "streamMessage");
  return opened.ok ? await opened.stub.streamMessage(opened.call, message, body) : opened;
}

export async function startMessage(
  services: Services,
  caller: Caller,
  id: string,
  message: NewStreamedMessage,
): Promise<Result<StartedMessage>> {
  const opened = await openSession(services, caller, id, "streamMessage");
  return opened.ok ? await opened.stub.startMessage(opened.call, message) : opened;
}

export async function appendMessage(
  services: Services,
  caller: Caller,
  id: string,
  messageId: string,
  piece: MessagePiece,
): Promise<Result<{ readonly length: number }>> {
  const opened = await openSession(services, caller, id, "streamMessage");
  return opened.ok ? await opened.stub.appendMessage(opened.call, messageId, piece) : opened;
}

export async function finishMessage(
  services: Services,
  caller: Caller,
  id: string,
  messageId: string,
  metadata: JsonObject | undefined,
): Promise<Result<{ readonly message: Message }>> {
  const opened = await openSession(services, caller, id, "streamMessage");
  return opened.ok ? await opened.stub.finishMessage(opened.call, messageId, metadata) : opened;
}

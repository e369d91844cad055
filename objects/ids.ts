// Ids that the object mints: unguessable, unique within their session, and readable in a log line.
import { toBase64Url } from "../src/domain/base64url.ts";

/** Names the place in the log, so that a message is found by its id without an index of its own. */
export function newMessageId(seq: number): string {
  return `msg_${seq}_${randomText(6)}`;
}

/** The place in the log that a message's id names: its own, or, of an answer that was streamed, where the log ended when it began. */
export function seqInMessageId(id: string): number | undefined {
  const [, digits] = /^msg_(\d{1,15})_/.exec(id) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export function newConversationId(): string {
  return `conv_${randomText(12)}`;
}

export function newConnectionId(): string {
  return `conn_${randomText(9)}`;
}

function randomText(bytes: number): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(bytes)));
}

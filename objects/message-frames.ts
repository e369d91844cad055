// `messages` frames from messages that are JSON already: each is encoded once, however many read it.
import { byteLength } from "../src/protocol/bytes.ts";
import { MAX_FRAME_BYTES } from "../src/protocol/limits.ts";

/** Bytes of a `messages` frame that are left to its messages, beside its type and two numbers. */
export const FRAME_ROOM_BYTES = MAX_FRAME_BYTES - 256;

/** Encoded messages that follow `from` in the log, in as few `messages` frames as the frame limit allows. */
export function messageFrames(from: number, encoded: readonly string[]): string[] {
  const texts: string[] = [];
  let first = 0;
  let bytes = 0;
  encoded.forEach((text, index) => {
    const size = byteLength(text) + 1;
    if (index > first && bytes + size > FRAME_ROOM_BYTES) {
      texts.push(frame(from + first, encoded.slice(first, index)));
      first = index;
      bytes = 0;
    }
    bytes += size;
  });
  if (first < encoded.length) texts.push(frame(from + first, encoded.slice(first)));
  return texts;
}

function frame(from: number, encoded: readonly string[]): string {
  const to = from + encoded.length;
  return `{"type":"messages","from":${from},"to":${to},"messages":[${encoded.join(",")}]}`;
}

import type { DownFrame } from "../../src/protocol/frames.ts";

const KNOWN: Readonly<Record<DownFrame["type"], true>> = {
  welcome: true,
  messages: true,
  synced: true,
  stored: true,
  presence: true,
  typing: true,
  read: true,
  delta: true,
  discarded: true,
  redacted: true,
  session: true,
  truncated: true,
  error: true,
};

/**
 * A frame of a type that this client knows; undefined for any other, which a newer server may send. The fields are the
 * server's promise (src/protocol/frames.ts), and those that this client does not know are left alone.
 */
export function decodeFrame(text: string): DownFrame | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isKnown(value) ? value : undefined;
}

function isKnown(value: unknown): value is DownFrame {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    Object.hasOwn(KNOWN, value.type)
  );
}

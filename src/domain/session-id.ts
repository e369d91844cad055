// 1 byte key version, 4 bytes team number, 11 random bytes, 8 bytes tag; base64url, 32 characters.

const BODY_BYTES = 16;
const TAG_BYTES = 8;
const RANDOM_BYTES = 11;

export const SESSION_ID_RANDOM_BYTES = RANDOM_BYTES;
export const SESSION_ID_PATTERN = /^[A-Za-z0-9_-]{32}$/;

/** The part of an id that its tag is computed over. */
export function sessionIdBody(
  keyVersion: number,
  teamNumber: number,
  random: Uint8Array,
): Uint8Array {
  const body = new Uint8Array(BODY_BYTES);
  const view = new DataView(body.buffer);
  view.setUint8(0, keyVersion);
  view.setUint32(1, teamNumber);
  body.set(random.subarray(0, RANDOM_BYTES), 5);
  return body;
}

export interface SessionIdParts {
  readonly keyVersion: number;
  readonly teamNumber: number;
  readonly body: Uint8Array;
  readonly tag: Uint8Array;
}

/** Takes the 24 bytes of an id apart; whether the tag is right is for the holder of the key to say. */
export function splitSessionId(bytes: Uint8Array): SessionIdParts | undefined {
  if (bytes.length !== BODY_BYTES + TAG_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    keyVersion: view.getUint8(0),
    teamNumber: view.getUint32(1),
    body: bytes.subarray(0, BODY_BYTES),
    tag: bytes.subarray(BODY_BYTES),
  };
}

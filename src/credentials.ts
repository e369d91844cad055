// Ids, tokens, tickets and team keys: made and checked without asking anybody. Every secret carries a tag, so that a
// forged one wakes no object and reads no row; whether a true one is still good is for its keeper to say.
import { fromBase64Url, toBase64Url } from "./domain/base64url.ts";
import {
  SESSION_ID_PATTERN,
  SESSION_ID_RANDOM_BYTES,
  sessionIdBody,
  splitSessionId,
} from "./domain/session-id.ts";
import type { Keys, Purpose } from "./keys.ts";
import { TICKET_TTL_MS } from "./protocol/limits.ts";

const SECRET_BYTES = 32;
const TAG_BYTES = 8;
const TICKET_MAC_BYTES = 16;

const utf8 = new TextEncoder();

export interface SessionAddress {
  readonly id: string;
  readonly teamNumber: number;
}

/** What a token that this deployment issued proves; the object knows whether it still opens. */
export interface PresentedCredential {
  readonly sessionId: string;
  readonly teamNumber: number;
  readonly credentialId: string;
  readonly secretDigest: Uint8Array;
  /** What its successor is computed from; never leaves the Worker. */
  readonly secret: Uint8Array;
}

/** @param random 11 bytes; left out, they come from the system's CSPRNG */
export async function newSessionId(
  keys: Keys,
  teamNumber: number,
  random = crypto.getRandomValues(new Uint8Array(SESSION_ID_RANDOM_BYTES)),
): Promise<string> {
  const body = sessionIdBody(keys.current, teamNumber, random);
  return toBase64Url(concat(body, await tag(keys, "session-id", body)));
}

/** The address behind an id, or undefined when its tag is not ours. */
export async function readSessionId(keys: Keys, id: string): Promise<SessionAddress | undefined> {
  const bytes = SESSION_ID_PATTERN.test(id) ? fromBase64Url(id) : undefined;
  const parts = bytes && splitSessionId(bytes);
  if (parts === undefined) return undefined;
  const { body, keyVersion, teamNumber } = parts;
  const isOurs = await keys.verify("session-id", body, parts.tag, keyVersion);
  return isOurs ? { id, teamNumber } : undefined;
}

/**
 * The random bytes of a session id that one caller class, team and idempotency key always get, under one signing key: a
 * retry across the minutes in which a newer key is put in front makes a second session.
 */
export async function idempotentBytes(
  keys: Keys,
  callerClass: "visitor" | "team",
  teamId: string,
  key: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const mac = await keys.sign("create", utf8.encode(JSON.stringify([callerClass, teamId, key])));
  return new Uint8Array(mac.subarray(0, SESSION_ID_RANDOM_BYTES));
}

/** A new key to a session: `token` goes to its holder, the rest to the object. */
export async function mintToken(keys: Keys, sessionId: string): Promise<MintedToken> {
  const credentialId = toBase64Url(crypto.getRandomValues(new Uint8Array(9)));
  const secret = await mintSecret(keys, "token", `${sessionId}.${credentialId}`);
  return await tokenOf(sessionId, credentialId, secret);
}

/** A token, and what its keepers know of it. */
export interface MintedToken {
  readonly sessionId: string;
  readonly credentialId: string;
  readonly secretDigest: Uint8Array;
  readonly token: string;
}

/**
 * What may follow a secret: an HMAC of it and its credential's id, so that everybody who presents the same secret gets
 * the same successor. One under each signing key held, the current one first.
 */
export function successorTokens(
  keys: Keys,
  { sessionId, credentialId, secret }: PresentedCredential,
): Promise<MintedToken[]> {
  const name = `${sessionId}.${credentialId}`;
  const data = concat(utf8.encode(name), secret);
  return Promise.all(
    keys.versions.map(async (version) => {
      const random = await keys.sign("rotation", data, version);
      const successor = await tagged(keys, "token", name, random, version);
      return await tokenOf(sessionId, credentialId, successor);
    }),
  );
}

async function tokenOf(
  sessionId: string,
  credentialId: string,
  secret: Uint8Array,
): Promise<MintedToken> {
  return {
    sessionId,
    credentialId,
    secretDigest: await digest(secret),
    token: `${sessionId}.${credentialId}.${toBase64Url(secret)}`,
  };
}

const NO_BYTES = new Uint8Array();

const TOKEN = /^([A-Za-z0-9_-]{32})\.([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{54})$/;

/** The credential behind a token, or undefined when this deployment did not issue it. */
export async function readToken(
  keys: Keys,
  token: string,
): Promise<PresentedCredential | undefined> {
  const [, sessionId, credentialId, encoded] = TOKEN.exec(token) ?? [];
  if (sessionId === undefined || credentialId === undefined || encoded === undefined) {
    return undefined;
  }
  const parts = splitSessionId(fromBase64Url(sessionId) ?? NO_BYTES);
  const checked = await checkSecret(keys, "token", `${sessionId}.${credentialId}`, encoded);
  if (parts === undefined || checked === undefined) return undefined;
  return { sessionId, teamNumber: parts.teamNumber, credentialId, ...checked };
}

/** What the holder of an invite has, and what the session keeps of it. */
export interface MintedInvite {
  readonly inviteId: string;
  readonly secret: string;
  readonly secretDigest: Uint8Array;
}

/** A new `inv_<sessionId>.<inviteId>.<secret>`. */
export async function mintInvite(keys: Keys, sessionId: string): Promise<MintedInvite> {
  const inviteId = toBase64Url(crypto.getRandomValues(new Uint8Array(9)));
  const secret = await mintSecret(keys, "invite", `${sessionId}.${inviteId}`);
  return {
    inviteId,
    secret: `inv_${sessionId}.${inviteId}.${toBase64Url(secret)}`,
    secretDigest: await digest(secret),
  };
}

/** What an invite's secret proves; its session knows whether it still opens. */
export interface PresentedInvite {
  readonly sessionId: string;
  readonly teamNumber: number;
  readonly inviteId: string;
  readonly secretDigest: Uint8Array;
}

/** The invite behind a secret, or undefined when this deployment did not make it. */
export async function readInvite(keys: Keys, text: string): Promise<PresentedInvite | undefined> {
  const [, sessionId, inviteId, encoded] = INVITE.exec(text) ?? [];
  if (sessionId === undefined || inviteId === undefined || encoded === undefined) return undefined;
  const parts = splitSessionId(fromBase64Url(sessionId) ?? NO_BYTES);
  const checked = await checkSecret(keys, "invite", `${sessionId}.${inviteId}`, encoded);
  if (parts === undefined || checked === undefined) return undefined;
  const { secretDigest } = checked;
  return { sessionId, teamNumber: parts.teamNumber, inviteId, secretDigest };
}

const INVITE = /^inv_([A-Za-z0-9_-]{32})\.([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{54})$/;

/** Opens a socket of `credential` within a minute; safe to show in a log after that. */
export async function mintTicket(
  keys: Keys,
  { sessionId, credentialId }: Pick<PresentedCredential, "sessionId" | "credentialId">,
  now: number,
): Promise<string> {
  const expires = (now + TICKET_TTL_MS).toString(36);
  const mac = await keys.sign("ticket", utf8.encode(`${sessionId}.${credentialId}.${expires}`));
  return `${credentialId}.${expires}.${toBase64Url(mac.subarray(0, TICKET_MAC_BYTES))}`;
}

const TICKET = /^([A-Za-z0-9_-]{12})\.([0-9a-z]{1,10})\.([A-Za-z0-9_-]{22})$/;

/** Whose ticket it is, or undefined when it is forged, for another session, or too old. */
export async function readTicket(
  keys: Keys,
  sessionId: string,
  ticket: string,
  now: number,
): Promise<{ readonly credentialId: string } | undefined> {
  const [, credentialId, expires, encoded = ""] = TICKET.exec(ticket) ?? [];
  const mac = fromBase64Url(encoded);
  if (credentialId === undefined || expires === undefined || mac === undefined) return undefined;
  const data = utf8.encode(`${sessionId}.${credentialId}.${expires}`);
  const isOurs = await keys.verify("ticket", data, mac);
  return isOurs && now < Number.parseInt(expires, 36) ? { credentialId } : undefined;
}

/** A new `sk_<keyId>_<secret>` and what the index keeps of it. */
export async function mintTeamKey(
  keys: Keys,
): Promise<{ readonly keyId: string; readonly key: string; readonly secretHash: string }> {
  const keyId = crypto.getRandomValues(new Uint8Array(8)).toHex();
  const secret = await mintSecret(keys, "team-key", keyId);
  return {
    keyId,
    key: `sk_${keyId}_${toBase64Url(secret)}`,
    secretHash: toBase64Url(await digest(secret)),
  };
}

const TEAM_KEY = /^sk_([0-9a-f]{16})_([A-Za-z0-9_-]{54})$/;

/** The id and the secret's hash of a team key, or undefined when this deployment did not issue it. */
export async function readTeamKey(
  keys: Keys,
  key: string,
): Promise<{ readonly keyId: string; readonly secretHash: string } | undefined> {
  const [, keyId, encoded] = TEAM_KEY.exec(key) ?? [];
  if (keyId === undefined || encoded === undefined) return undefined;
  const checked = await checkSecret(keys, "team-key", keyId, encoded);
  return checked && { keyId, secretHash: toBase64Url(checked.secretDigest) };
}

/** A new `op_<tokenId>_<secret>` for a member of a team's staff, and what the index keeps of it. */
export async function mintOperatorToken(
  keys: Keys,
): Promise<{ readonly tokenId: string; readonly token: string; readonly secretHash: string }> {
  const tokenId = crypto.getRandomValues(new Uint8Array(8)).toHex();
  const secret = await mintSecret(keys, "operator", tokenId);
  return {
    tokenId,
    token: `op_${tokenId}_${toBase64Url(secret)}`,
    secretHash: toBase64Url(await digest(secret)),
  };
}

const OPERATOR_TOKEN = /^op_([0-9a-f]{16})_([A-Za-z0-9_-]{54})$/;

/** The id and the secret's hash of an operator's token, or undefined when this deployment did not issue it. */
export async function readOperatorToken(
  keys: Keys,
  token: string,
): Promise<{ readonly tokenId: string; readonly secretHash: string } | undefined> {
  const [, tokenId, encoded] = OPERATOR_TOKEN.exec(token) ?? [];
  if (tokenId === undefined || encoded === undefined) return undefined;
  const checked = await checkSecret(keys, "operator", tokenId, encoded);
  return checked && { tokenId, secretHash: toBase64Url(checked.secretDigest) };
}

/**
 * The 32 bytes that a team's backend signs identity tokens with, under one version of the signing keys: derived, so that
 * they are stored nowhere. Undefined when that version is no longer held.
 */
export async function identitySecret(
  keys: Keys,
  { teamId, kid, keyVersion }: Readonly<Record<"teamId" | "kid", string>> & { keyVersion: number },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!keys.versions.includes(keyVersion)) return undefined;
  return await keys.sign("identity", utf8.encode(JSON.stringify([teamId, kid])), keyVersion);
}

/**
 * A fingerprint as it is stored and looked up: one value for each key version, the current one first. Without the
 * signing key nobody can tell which browser it was, and two teams never share a value.
 */
export async function fingerprintHashes(
  keys: Keys,
  teamId: string,
  fingerprint: string,
): Promise<readonly string[]> {
  const data = utf8.encode(JSON.stringify([teamId, fingerprint]));
  return (await keys.signUnderEach("fingerprint", data)).map(toBase64Url);
}

/** Whether two secrets of any length are the same, in a time that tells nothing. */
export async function isSameSecret(presented: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(utf8.encode(presented)), digest(utf8.encode(expected))]);
  return crypto.subtle.timingSafeEqual(a, b);
}

function mintSecret(keys: Keys, purpose: Purpose, name: string): Promise<Uint8Array> {
  const random = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return tagged(keys, purpose, name, random, keys.current);
}

/** `random` with the tag by which this deployment knows it again. */
async function tagged(
  keys: Keys,
  purpose: Purpose,
  name: string,
  random: Uint8Array,
  version: number,
): Promise<Uint8Array> {
  const mac = await keys.sign(purpose, concat(utf8.encode(name), random), version);
  return concat(random, mac.subarray(0, TAG_BYTES));
}

/** A presented secret and its digest, if its tag is ours. */
async function checkSecret(
  keys: Keys,
  purpose: Purpose,
  name: string,
  encoded: string,
): Promise<{ readonly secret: Uint8Array; readonly secretDigest: Uint8Array } | undefined> {
  const secret = fromBase64Url(encoded);
  if (secret?.length !== SECRET_BYTES + TAG_BYTES) return undefined;
  const data = concat(utf8.encode(name), secret.subarray(0, SECRET_BYTES));
  const [isOurs, secretDigest] = await Promise.all([
    keys.verify(purpose, data, secret.subarray(SECRET_BYTES)),
    digest(secret),
  ]);
  return isOurs ? { secret, secretDigest } : undefined;
}

async function tag(keys: Keys, purpose: Purpose, data: Uint8Array): Promise<Uint8Array> {
  return (await keys.sign(purpose, data)).subarray(0, TAG_BYTES);
}

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

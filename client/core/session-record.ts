// What is kept of a session between two pages: one storage item, so that all of it is read and replaced at once.
import type { CredentialRole } from "../../src/protocol/session.ts";
import { keyOf } from "./rest.ts";
import type { Shelf } from "./shelf.ts";
import { fieldsOf } from "./stored-fields.ts";

/** A browser's own session, for all its tabs. */
export interface OwnRecord {
  /** Grows with each session that follows another here: of two with the same, one is too many. */
  readonly generation: number;
  /** Of the creation that is under way, or that the session came of. */
  readonly createKey?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Not here while it is in a cookie. */
  readonly token?: string | undefined;
  /** When the token was issued or last offered for rotation, by this device's clock; 0 when nobody knows. */
  readonly refreshedAt: number;
  /** When the session ends by itself, as far as it was told; by the server's clock. */
  readonly expiresAt: number;
  /** When the session was created, by the server's clock; 0 while there is none. */
  readonly beganAt: number;
  /** Whether a tab of this browser ended it. */
  readonly ended: boolean;
  /** Whether it was being bound to a person, and no answer came yet: the token is dead if the server has done so. */
  readonly identifying: boolean;
}

export const NO_SESSION: OwnRecord = {
  generation: 0,
  refreshedAt: 0,
  expiresAt: 0,
  beganAt: 0,
  ended: false,
  identifying: false,
};

/** What one tab keeps of the link that it was opened with: the invite, then what came of it. */
export interface InvitedRecord {
  /** `offered`: handed over from another device, and this browser's own session as soon as the person says so. */
  readonly kind: "none" | "redeeming" | "guest" | "offered";
  /** The secret that is to be redeemed. */
  readonly invite?: string;
  /** What was got for it. */
  readonly token?: string;
  /** A guest's. */
  readonly role?: CredentialRole;
}

export const NOT_INVITED: InvitedRecord = { kind: "none" };

const OWN = "session";
const INVITED = "invited";

/** Anything may stand in storage: what is not a record counts as none. */
export function readOwn(shelf: Shelf): OwnRecord {
  const fields = fieldsOf(shelf.get(OWN));
  const token = tokenOf(fields.token);
  return {
    generation: number(fields.generation),
    createKey: text(fields.createKey),
    sessionId: token ? keyOf(token).sessionId : text(fields.sessionId),
    token,
    refreshedAt: number(fields.refreshedAt),
    expiresAt: number(fields.expiresAt),
    beganAt: number(fields.beganAt),
    ended: fields.ended === true,
    identifying: fields.identifying === true,
  };
}

/**
 * Which of two sessions the browser keeps: the one that followed the other, or of two that were created at once the elder.
 * Every tab comes to the same, in whichever order storage tells it: nobody ends the session that another tab goes over to.
 */
export function outranks(one: OwnRecord, other: OwnRecord): boolean {
  const ahead = one.generation - other.generation || other.beganAt - one.beganAt;
  return ahead > 0 || (ahead === 0 && (one.sessionId ?? "") < (other.sessionId ?? ""));
}

export function writeOwn(shelf: Shelf, record: OwnRecord): void {
  shelf.set(OWN, JSON.stringify(record));
}

export function readInvited(shelf: Shelf): InvitedRecord {
  const { kind, role, invite, token: kept } = fieldsOf(shelf.get(INVITED));
  const token = tokenOf(kept);
  if (kind === "redeeming" && typeof invite === "string") {
    return { kind, invite };
  }
  if (kind === "guest" && token && (role === "reader" || role === "writer")) {
    return { kind, token, role };
  }
  return kind === "offered" && token ? { kind, token } : NOT_INVITED;
}

export function writeInvited(shelf: Shelf, record: InvitedRecord): void {
  shelf.set(INVITED, record.kind === "none" ? undefined : JSON.stringify(record));
}

/** Of ids, keys and tokens. In an address or a header anything else would fail, and be taken for a network that does. */
function text(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w.-]+$/.test(value) ? value : undefined;
}

/** One that names no session opens none. */
function tokenOf(value: unknown): string | undefined {
  const token = text(value);
  return token && keyOf(token).sessionId ? token : undefined;
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

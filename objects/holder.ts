// Whose a connection is: a credential's, or an operator's token's.
import type { Author } from "../src/protocol/message.ts";
import type { ConnectionRole } from "../src/protocol/session.ts";
import type { ConnectCall, StaffToken } from "./calls.ts";

/** Who of the staff is connected, and what with. */
export interface Operator extends StaffToken {
  /** Signs what the operator writes. */
  readonly author: Author;
}

export interface Holder {
  /** The id of a credential, or of an operator's token, which is no credential's. */
  readonly holderId: string;
  readonly role: ConnectionRole;
  /** Undefined for the people with a credential. */
  readonly operator: Operator | undefined;
}

/** Whose the connection is that `actor` opens as `role`. */
export function holderOf(actor: ConnectCall["actor"], role: ConnectionRole, now: number): Holder {
  if (actor.kind !== "operator") {
    return { holderId: actor.credentialId, role, operator: undefined };
  }
  const { tokenId, expiresAt, author } = actor;
  const confirmedAt = Math.min(actor.confirmedAt, now);
  return { holderId: tokenId, role, operator: { tokenId, expiresAt, confirmedAt, author } };
}

// The link that a tab was opened with, and what came of it. A guest's token stays in the tab; this browser's own session is touched
// only by a hand-off, and only once the person has said so.
import type { SessionWithToken, ValidateSessionResponse } from "../../src/protocol/rest.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";
import type { RedeemedInvite } from "../../src/protocol/sharing.ts";
import type { OwnSession } from "./own-session.ts";
import { RequestError } from "./request-error.ts";
import type { Key, Rest } from "./rest.ts";
import { callWith, credentialIdOf, sessionIdOf } from "./rest.ts";
import type { InvitedRecord } from "./session-record.ts";
import { readInvited, writeInvited } from "./session-record.ts";
import type { Shelf } from "./shelf.ts";

export type Invitation = ReturnType<typeof createInvitation>;

/** @param shelf this tab's alone */
export function createInvitation(rest: Rest, shelf: Shelf, own: OwnSession) {
  const record = () => readInvited(shelf);
  const write = (record: InvitedRecord) => writeInvited(shelf, record);
  const keyOf = (token: string): Key => ({ sessionId: sessionIdOf(token), token });

  function adopt(opened: Omit<SessionWithToken, "ticket">): void {
    const before = own.key();
    own.replace({ ...opened, ticket: "" });
    write({ kind: "none" });
    if (before?.token !== undefined) {
      signOut(before.token);
    }
  }

  /** A key that nobody holds any more is to open nothing; where that cannot be said now, it ends with the session. */
  function signOut(token: string): void {
    callWith(rest, keyOf(token), "DELETE", `/devices/${credentialIdOf(token)}`).catch(
      () => undefined,
    );
  }

  return {
    record,

    /** A guest's; undefined for everybody else. */
    key(): Key | undefined {
      const found = record();
      return found.kind === "guest" ? keyOf(found.token) : undefined;
    },

    /** What a guest may do; undefined for everybody else. */
    role(): CredentialRole | undefined {
      const found = record();
      return found.kind === "guest" ? found.role : undefined;
    },

    /** The secret of a link that was opened in this tab: it is redeemed with the next entry. */
    take(invite: string): void {
      write({ kind: "redeeming", invite });
    },

    /** @returns undefined when the invite hands a session over, which waits for a yes */
    async redeem(): Promise<SessionWithToken | undefined> {
      const found = record();
      if (found.kind !== "redeeming") {
        return undefined;
      }
      const redeemed = await rest<RedeemedInvite & SessionWithToken>("POST", "invites/redeem", {
        body: { secret: found.invite },
      });
      const { token, role } = redeemed;
      if (role !== "owner") {
        write({ kind: "guest", token, role });
        return redeemed;
      }
      write({ kind: "offered", token });
      if (own.key()?.sessionId !== sessionIdOf(token)) {
        return undefined;
      }
      // The session is this browser's already: all that changes is its key.
      adopt(redeemed);
      return redeemed;
    },

    /** Makes the session that was handed over this browser's own and signs out of the one that it had. */
    async accept(): Promise<void> {
      const found = record();
      if (found.kind !== "offered") {
        return;
      }
      const { token } = found;
      const { isValid, session, reason } = await callWith<ValidateSessionResponse>(
        rest,
        keyOf(token),
        "GET",
        "/validate",
      );
      if (!isValid || !session) {
        throw new RequestError(`session_${reason ?? "terminated"}`, { status: 410 });
      }
      const now = record();
      if (now.kind !== "offered" || now.token !== token) {
        // Accepted by a second click, or declined meanwhile.
        return;
      }
      adopt({ session, token });
    },

    /** Leaves the link's session, which puts this browser's own back in its place. */
    leave(): void {
      const found = record();
      write({ kind: "none" });
      if (found.kind === "offered") {
        signOut(found.token);
      }
    },
  };
}

// The link that a tab was opened with, and what came of it. A guest's token stays in the tab; this browser's own session is touched
// only by a hand-off, and only once the person has said so.
import type { SessionWithToken, ValidateSessionResponse } from "../../src/protocol/rest.ts";
import type { RedeemedInvite } from "../../src/protocol/sharing.ts";
import type { OwnSession } from "./own-session.ts";
import { RequestError } from "./request-error.ts";
import type { Rest } from "./rest.ts";
import { callWith, credentialIdOf, keyOf } from "./rest.ts";
import type { InvitedRecord } from "./session-record.ts";
import { NOT_INVITED, readInvited, writeInvited } from "./session-record.ts";
import type { Shelf } from "./shelf.ts";

export type Invitation = ReturnType<typeof createInvitation>;

/** @param shelf this tab's alone */
export function createInvitation(rest: Rest, shelf: Shelf, own: OwnSession) {
  const record = () => readInvited(shelf);
  const write = (record: InvitedRecord) => writeInvited(shelf, record);

  function adopt(opened: Omit<SessionWithToken, "ticket">): void {
    const before = own.key()?.token;
    own.replace(opened);
    write(NOT_INVITED);
    signOut(before);
  }

  /** A key that nobody holds any more is to open nothing; where that cannot be said now, it ends with the session. */
  function signOut(token: string | undefined): void {
    if (token) {
      const path = `/devices/${credentialIdOf(token)}`;
      callWith(rest, keyOf(token), "DELETE", path).catch(() => undefined);
    }
  }

  return {
    record,

    /** The secret of a link that was opened in this tab: it is redeemed with the next entry. */
    take: (invite: string) => write({ kind: "redeeming", invite }),

    /** @returns undefined when the invite hands a session over, which waits for a yes */
    async redeem(): Promise<SessionWithToken | undefined> {
      const redeemed = await rest<RedeemedInvite & SessionWithToken>("POST", "invites/redeem", {
        body: { secret: record().invite },
      });
      const { token, role } = redeemed;
      if (role !== "owner") {
        write({ kind: "guest", token, role });
        return redeemed;
      }
      write({ kind: "offered", token });
      if (own.key()?.sessionId !== keyOf(token).sessionId) {
        return undefined;
      }
      // The session is this browser's already: all that changes is its key.
      adopt(redeemed);
      return redeemed;
    },

    /** Makes the session that was handed over this browser's own and signs out of the one that it had. */
    async accept(): Promise<void> {
      const { kind, token } = record();
      if (kind !== "offered" || !token) {
        return;
      }
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
      // Else it was accepted by a second click, or declined meanwhile.
      if (now.kind === "offered" && now.token === token) {
        adopt({ session, token });
      }
    },

    /** Leaves the link's session, which puts this browser's own back in its place. */
    leave(): void {
      const { kind, token } = record();
      write(NOT_INVITED);
      if (kind === "offered") {
        signOut(token);
      }
    },
  };
}

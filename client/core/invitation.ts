// The link that a tab was opened with, and what came of it. A guest's token stays in the tab; this browser's own session is touched
// only by a hand-off, and only once the person has said so.
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";
import type { OwnSession } from "./own-session.ts";
import { RequestError } from "./request-error.ts";
import type { RestClient } from "./rest-client.ts";
import { credentialIdOf, sessionIdOf } from "./rest-client.ts";
import type { InvitedRecord, RecordStore } from "./session-record.ts";

export class Invitation {
  readonly #rest: RestClient;
  readonly #records: RecordStore<InvitedRecord>;
  readonly #own: OwnSession;

  constructor(rest: RestClient, records: RecordStore<InvitedRecord>, own: OwnSession) {
    this.#rest = rest;
    this.#records = records;
    this.#own = own;
  }

  get state(): InvitedRecord["kind"] {
    return this.#records.read().kind;
  }

  /** A guest's token; undefined for everybody else. */
  get token(): string | undefined {
    const record = this.#records.read();
    return record.kind === "guest" ? record.token : undefined;
  }

  /** What a guest may do; undefined for everybody else. */
  get role(): CredentialRole | undefined {
    const record = this.#records.read();
    return record.kind === "guest" ? record.role : undefined;
  }

  /** @returns undefined when the invite hands a session over, which waits for a yes */
  async redeem(): Promise<SessionWithToken | undefined> {
    const record = this.#records.read();
    if (record.kind !== "redeeming") {
      return undefined;
    }
    const redeemed = await this.#rest.redeem({ secret: record.invite });
    const { token, role } = redeemed;
    if (role !== "owner") {
      this.#records.write({ kind: "guest", token, role });
      return redeemed;
    }
    this.#records.write({ kind: "offered", token });
    const own = this.#own.token;
    if (own === undefined || sessionIdOf(own) !== sessionIdOf(token)) {
      return undefined;
    }
    // The session is this browser's already: all that changes is its key.
    this.#adopt(token);
    return redeemed;
  }

  /** Makes the session that was handed over this browser's own and signs out of the one that it had. */
  async accept(): Promise<void> {
    const record = this.#records.read();
    if (record.kind !== "offered") {
      return;
    }
    const { isValid, reason } = await this.#rest.validate(record.token);
    if (!isValid) {
      throw RequestError.fromKnown(`session_${reason ?? "terminated"}`);
    }
    this.#adopt(record.token);
  }

  /** Leaves the link's session, which puts this browser's own back in its place. */
  leave(): void {
    const record = this.#records.read();
    this.#records.write({ kind: "none" });
    if (record.kind === "offered") {
      this.#signOut(record.token);
    }
  }

  #adopt(token: string): void {
    const before = this.#own.token;
    this.#own.replace(token);
    this.#records.write({ kind: "none" });
    if (before !== undefined) {
      this.#signOut(before);
    }
  }

  /** A key that nobody holds any more is to open nothing; where that cannot be said now, it ends with the session. */
  #signOut(token: string): void {
    this.#rest.revokeDevice(token, credentialIdOf(token)).catch(() => undefined);
  }
}

// This browser's own session with the team: its token, which all tabs share through storage, how it is made and kept young.
import { ROTATE_AFTER_MS } from "../../src/protocol/limits.ts";
import type { RefreshSessionResponse, SessionWithToken } from "../../src/protocol/rest.ts";
import type { Environment } from "./environment.ts";
import { RequestError } from "./request-error.ts";
import type { RestClient } from "./rest-client.ts";
import { credentialIdOf, sessionIdOf } from "./rest-client.ts";
import type { OwnRecord, RecordStore } from "./session-record.ts";

export class OwnSession {
  readonly #rest: RestClient;
  readonly #records: RecordStore<OwnRecord>;
  readonly #teamId: string;
  readonly #environment: Pick<Environment, "clock" | "newId">;
  #token: string | undefined;

  constructor(
    rest: RestClient,
    records: RecordStore<OwnRecord>,
    teamId: string,
    environment: Pick<Environment, "clock" | "newId">,
  ) {
    this.#rest = rest;
    this.#records = records;
    this.#teamId = teamId;
    this.#environment = environment;
  }

  /**
   * The session's token as storage has it at this moment, undefined before there is one. Never keep it: once another tab
   * has rotated it, the server takes whoever comes with the old one for a thief and shuts all tabs out.
   */
  get token(): string | undefined {
    const stored = this.#stored;
    if (stored !== undefined && (this.#token === undefined || sameSession(stored, this.#token))) {
      this.#token = stored;
    }
    return this.#token;
  }

  /** Goes over to whatever storage has, be it of another session; false when that is the token that was refused. */
  adoptStored(refused: string | undefined): boolean {
    const stored = this.#stored;
    if (stored === undefined || stored === refused) {
      return false;
    }
    this.#token = stored;
    return true;
  }

  /** This browser's session is another one from now on. */
  replace(token: string): void {
    this.#write(token);
  }

  /** Leaves the session that is over, for the one another tab began since, or else for a new one. */
  leave(): void {
    const stored = this.#stored;
    if (stored !== undefined && this.#token !== undefined && sameKey(stored, this.#token)) {
      this.#records.write({ kind: "creating", createKey: this.#environment.newId() });
    }
    this.#token = undefined;
  }

  /** Whether the token is old enough to be offered for rotation. */
  get refreshDue(): boolean {
    const record = this.#records.read();
    if (record.kind !== "session" || record.token !== this.token) {
      return false;
    }
    const age = this.#environment.clock.now() - record.refreshedAt;
    return age >= ROTATE_AFTER_MS || age < 0;
  }

  /** Slides the expiry and takes the new token, if there is one. Tabs that do it at once get the same. */
  async refresh(
    token: string,
    options: { readonly rotate: boolean },
  ): Promise<RefreshSessionResponse> {
    const answer = await this.#rest.refresh(token, options);
    // What another tab has stored meanwhile came of this token or of its successor: it is the younger one.
    if (this.#stored === token) {
      this.#write(answer.token ?? token);
    } else if (this.#token === token && answer.token !== undefined) {
      this.#token = answer.token;
    }
    return answer;
  }

  /**
   * Tabs that create at the same time share one key through storage, and the same key makes the same session. Where two
   * keys were written in the same moment, the one that stands in storage afterwards wins, and the other session is ended.
   *
   * @returns undefined when this tab's session was the other one
   */
  async create(): Promise<SessionWithToken | undefined> {
    const createKey = this.#createKey();
    const created = await this.#rest.create({ teamId: this.#teamId }, createKey).catch((error) => {
      if (isExpiredKey(error)) {
        this.#replaceKey(createKey);
      }
      throw error;
    });
    const now = this.#records.read();
    if (now.kind === "session") {
      if (sameSession(now.token, created.token)) {
        return { ...created, token: now.token };
      }
    } else if (now.kind === "none" || now.createKey === createKey) {
      this.#write(created.token);
      return created;
    }
    await this.#rest.terminate(created.token).catch(() => undefined);
    return undefined;
  }

  /** Stored before it is used: when the answer gets lost, the same key asks for it again. */
  #createKey(): string {
    const record = this.#records.read();
    if (record.kind === "creating") {
      return record.createKey;
    }
    const createKey = this.#environment.newId();
    this.#records.write({ kind: "creating", createKey });
    return createKey;
  }

  /** The session behind an expired key is out of reach: nobody kept its token. */
  #replaceKey(expired: string): void {
    const record = this.#records.read();
    if (record.kind === "creating" && record.createKey === expired) {
      this.#records.write({ kind: "creating", createKey: this.#environment.newId() });
    }
  }

  /** Stored first and used after: a page that is closed between the two must not come back with the old one. */
  #write(token: string): void {
    this.#records.write({
      kind: "session",
      token,
      refreshedAt: this.#environment.clock.now(),
    });
    this.#token = token;
  }

  get #stored(): string | undefined {
    const record = this.#records.read();
    return record.kind === "session" ? record.token : undefined;
  }
}

/** Whether a creation was refused because its key is too old. */
export function isExpiredKey(error: unknown): boolean {
  return error instanceof RequestError && error.code === "idempotency_key_expired";
}

function sameSession(a: string, b: string): boolean {
  return sessionIdOf(a) === sessionIdOf(b);
}

/** Whether one came of the other by rotation. */
function sameKey(a: string, b: string): boolean {
  return sameSession(a, b) && credentialIdOf(a) === credentialIdOf(b);
}

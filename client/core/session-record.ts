// What is kept of a session between two pages: one storage item per team, so that all of it is read and replaced at once.
import type { CredentialRole } from "../../src/protocol/session.ts";
import type { KeyValueStorage } from "./environment.ts";

/** A browser's own session, for all its tabs: the key of a creation that is under way, or the token that came of it. */
export type OwnRecord =
  | { readonly kind: "none" }
  | { readonly kind: "creating"; readonly createKey: string }
  | {
      readonly kind: "session";
      readonly token: string;
      /** When the token was issued or last offered for rotation, by this device's clock; 0 when nobody knows. */
      readonly refreshedAt: number;
    };

/** What one tab keeps of the link that it was opened with: the invite, then what came of it. */
export type InvitedRecord =
  | { readonly kind: "none" }
  | { readonly kind: "redeeming"; readonly invite: string }
  | { readonly kind: "guest"; readonly token: string; readonly role: CredentialRole }
  /** A session handed over from another device: this browser's own as soon as the person says so. */
  | { readonly kind: "offered"; readonly token: string };

/** Anything may stand in storage: what is not a record counts as none. */
type Fields = Readonly<Partial<Record<string, unknown>>>;

export function ownRecords(
  storage: KeyValueStorage | undefined,
  teamId: string,
): RecordStore<OwnRecord> {
  return new RecordStore<OwnRecord>(
    storage,
    `durable-sessions/${teamId}`,
    ({ token, createKey, refreshedAt }) => {
      if (typeof token === "string") {
        const known = typeof refreshedAt === "number" ? refreshedAt : 0;
        return { kind: "session", token, refreshedAt: known };
      }
      return typeof createKey === "string" ? { kind: "creating", createKey } : { kind: "none" };
    },
  );
}

export function invitedRecords(
  tabStorage: KeyValueStorage | undefined,
  teamId: string,
): RecordStore<InvitedRecord> {
  return new RecordStore<InvitedRecord>(
    tabStorage,
    `durable-sessions/${teamId}/invited`,
    ({ kind, invite, token, role }) => {
      if (kind === "redeeming" && typeof invite === "string") {
        return { kind, invite };
      }
      if (
        kind === "guest" &&
        typeof token === "string" &&
        (role === "reader" || role === "writer")
      ) {
        return { kind, token, role };
      }
      return kind === "offered" && typeof token === "string" ? { kind, token } : { kind: "none" };
    },
  );
}

/** One item of a storage. */
export class RecordStore<T> {
  readonly #storage: KeyValueStorage | undefined;
  readonly #key: string;
  readonly #parse: (fields: Fields) => T;
  /** Takes over for good once the storage has failed: full, blocked, or never there. */
  #memory: { readonly record: T } | undefined;

  /** @param parse makes a record of whatever stands there, and of no fields at all the one that means nothing */
  constructor(storage: KeyValueStorage | undefined, key: string, parse: (fields: Fields) => T) {
    this.#storage = storage;
    this.#key = key;
    this.#parse = parse;
    this.#memory = storage ? undefined : { record: parse({}) };
  }

  read(): T {
    if (this.#memory) {
      return this.#memory.record;
    }
    try {
      return this.#parse(fieldsOf(this.#storage?.getItem(this.#key) ?? "null"));
    } catch {
      this.#memory = { record: this.#parse({}) };
      return this.#memory.record;
    }
  }

  write(record: T): void {
    if (this.#memory) {
      this.#memory = { record };
      return;
    }
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(record));
    } catch {
      this.#memory = { record };
    }
  }
}

function fieldsOf(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

// What a browser keeps of its session: one storage item per team, so that every tab reads and replaces all of it at once.
import type { KeyValueStorage } from "./environment.ts";

/** Either the key of a creation that is under way, or the token that came of it. */
export type SessionRecord =
  | { readonly kind: "none" }
  | { readonly kind: "creating"; readonly createKey: string }
  | { readonly kind: "session"; readonly token: string };

const NONE: SessionRecord = { kind: "none" };

export class SessionRecordStore {
  readonly #storage: KeyValueStorage | undefined;
  readonly #key: string;
  /** Takes over for good once the storage has failed: full, blocked, or never there. */
  #memory: SessionRecord | undefined;

  constructor(storage: KeyValueStorage | undefined, teamId: string) {
    this.#storage = storage;
    this.#key = `durable-sessions/${teamId}`;
    this.#memory = storage ? undefined : NONE;
  }

  read(): SessionRecord {
    if (this.#memory) {
      return this.#memory;
    }
    try {
      return parse(this.#storage?.getItem(this.#key) ?? null);
    } catch {
      this.#memory = NONE;
      return NONE;
    }
  }

  write(record: SessionRecord): void {
    if (this.#memory) {
      this.#memory = record;
      return;
    }
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(record));
    } catch {
      this.#memory = record;
    }
  }
}

/** Anything may stand in storage: what is not a record counts as none. */
function parse(text: string | null): SessionRecord {
  if (text === null) {
    return NONE;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) {
      if ("token" in value && typeof value.token === "string") {
        return { kind: "session", token: value.token };
      }
      if ("createKey" in value && typeof value.createKey === "string") {
        return { kind: "creating", createKey: value.createKey };
      }
    }
  } catch {
    // Not JSON.
  }
  return NONE;
}

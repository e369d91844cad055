// What a session keeps of its end beside its row: how often that was tried in vain, and what whoever erases it is told.
import { backoffMs } from "../src/domain/backoff.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { EraseReceipt } from "../src/protocol/lifecycle.ts";
import type { AuditRecord } from "../src/session-index/audit.ts";

const RETRY = "lifecycle-retry";
const ERASURE = "erasure";

interface Retry {
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly notBefore: number;
}

export interface Erasure {
  readonly actor: AuditActor;
  /** Made once, before anything is removed: later there would be less to tell of. */
  readonly told?: { readonly receipt: EraseReceipt; readonly event: AuditRecord };
}

export class LifecycleNotes {
  readonly #kv: SyncKvStorage;
  #retry: Retry | undefined;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    this.#retry = kv.get<Retry>(RETRY);
  }

  /** Nothing is tried again before that; 0 while nothing failed. */
  get notBefore(): number {
    return this.#retry?.notBefore ?? 0;
  }

  /** @param random in [0, 1) */
  failed(now: number, random: number): void {
    const attempts = (this.#retry?.attempts ?? 0) + 1;
    this.#retry = { attempts, notBefore: now + backoffMs(attempts, random) };
    this.#kv.put(RETRY, this.#retry);
  }

  succeeded(): void {
    if (this.#retry === undefined) return;
    this.#retry = undefined;
    this.#kv.delete(RETRY);
  }

  get erasure(): Erasure | undefined {
    return this.#kv.get<Erasure>(ERASURE);
  }

  saveErasure(erasure: Erasure): void {
    this.#kv.put(ERASURE, erasure);
  }
}

// What a session keeps of its end beside its row: how often that was tried in vain, whether it has begun, and what whoever erases it is told.
import { backoffMs } from "../src/domain/backoff.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { EraseReceipt } from "../src/protocol/lifecycle.ts";
import type { AuditRecord } from "../src/session-index/audit.ts";

const RETRY = "lifecycle-retry";
const ERASURE = "erasure";
const PURGING = "purging-since";

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
  #purgingSince: number | undefined;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
    this.#retry = kv.get<Retry>(RETRY);
    this.#purgingSince = kv.get<number>(PURGING);
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

  /** Since when parts of it may be gone, epoch milliseconds: from then on there is no way back. */
  get purgingSince(): number | undefined {
    return this.#purgingSince;
  }

  purging(now: number): void {
    if (this.#purgingSince !== undefined) return;
    this.#purgingSince = now;
    this.#kv.put(PURGING, now);
  }

  get erasure(): Erasure | undefined {
    return this.#kv.get<Erasure>(ERASURE);
  }

  saveErasure(erasure: Erasure): void {
    this.#kv.put(ERASURE, erasure);
  }
}

// The session's credentials: whom a secret opens the session for, and what becomes of the secret. Memory here is a cache
// of the store; every change is written in the same breath.
import {
  generationOf,
  presentSecret,
  type RotationRequest,
  rotateSecret,
  type SameDigest,
} from "../src/domain/credential.ts";
import { FRESH_CREDENTIAL_MS } from "../src/protocol/limits.ts";
import type { AccessStore, Credential } from "./access-store.ts";

/** How exact `lastUsedAt` is: a call is not worth a row. */
const USE_PRECISION_MS = 3_600_000;

export const isSameDigest: SameDigest = (a, b) =>
  a.byteLength === b.byteLength && crypto.subtle.timingSafeEqual(a, b);

export type Presented =
  | { readonly kind: "good"; readonly credential: Credential }
  /** The secret was replaced, and its time is over: two parties hold this credential. */
  | {
      readonly kind: "stolen";
      readonly credential: Credential;
      /** Of the secret that came; the first where nothing is kept of it. */
      readonly generation: number;
    }
  | { readonly kind: "unknown" };

export class Credentials {
  readonly #store: AccessStore;
  readonly #byId: Map<string, Credential>;

  constructor(store: AccessStore) {
    this.#store = store;
    this.#byId = new Map(store.credentials().map((one) => [one.id, one]));
  }

  [Symbol.iterator](): IterableIterator<Credential> {
    return this.#byId.values();
  }

  /** One that is good: those that were revoked are gone. */
  get(id: string): Credential | undefined {
    return this.#byId.get(id);
  }

  /** Whose secret has this digest. The Worker has checked that this deployment issued it, for this credential. */
  present(id: string, digest: Uint8Array, now: number): Presented {
    const credential = this.#byId.get(id);
    if (credential === undefined) return { kind: "unknown" };
    const secrets = presentSecret(credential.secrets, digest, now, isSameDigest);
    if (secrets === undefined) {
      const generation = generationOf(credential.secrets, digest, isSameDigest) ?? 0;
      return { kind: "stolen", credential, generation };
    }
    const isUseOld = now - credential.lastUsedAt >= USE_PRECISION_MS;
    if (secrets !== credential.secrets || isUseOld) {
      this.save({ ...credential, secrets, lastUsedAt: isUseOld ? now : credential.lastUsedAt });
    }
    return { kind: "good", credential };
  }

  /** Replaces the secret that was presented when that is due or asked for; see `rotateSecret`. */
  rotate(
    id: string,
    presented: Uint8Array,
    successors: readonly Uint8Array[],
    request: RotationRequest,
  ): number | undefined {
    const credential = this.#byId.get(id);
    if (credential === undefined) return undefined;
    const { secrets } = credential;
    const rotation = rotateSecret(secrets, presented, successors, request, isSameDigest);
    if (rotation.secrets !== secrets) this.save({ ...credential, secrets: rotation.secrets });
    return rotation.successor;
  }

  /** Which of a credential's secrets was presented. */
  generationOf(id: string, digest: Uint8Array): number | undefined {
    const secrets = this.#byId.get(id)?.secrets;
    return secrets && generationOf(secrets, digest, isSameDigest);
  }

  /** Whether the secret is the newest one and was minted lately: what a thief of an old one cannot show. */
  isFresh(id: string, digest: Uint8Array, now: number): boolean {
    const secrets = this.#byId.get(id)?.secrets;
    return (
      secrets !== undefined &&
      isSameDigest(secrets.digest, digest) &&
      now - secrets.mintedAt < FRESH_CREDENTIAL_MS
    );
  }

  save(credential: Credential): void {
    this.#store.saveCredential(credential);
    this.#byId.set(credential.id, credential);
  }

  remove(id: string): void {
    this.#store.deleteCredential(id);
    this.#byId.delete(id);
  }
}

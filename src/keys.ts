// The signing keys: one secret a version, from which a key of its own is derived for every purpose (HKDF, RFC 5869), so
// that a MAC made for one thing is worth nothing as another. A session id names the version that it was made with.
import { fromBase64Url } from "./domain/base64url.ts";

const PURPOSES = [
  "session-id",
  "token",
  "ticket",
  "create",
  "fingerprint",
  "team-key",
  "rotation",
  "invite",
  "operator",
  "identity",
  "network",
  "bot-check",
  "webhook",
] as const;
export type Purpose = (typeof PURPOSES)[number];

const SECRET_BYTES = 32;

/** A shorter tag could be guessed. */
const MIN_TAG_BYTES = 8;

const utf8 = new TextEncoder();

export class Keys {
  /** The version that signs; the others only verify. */
  readonly current: number;
  /** Newest first. */
  readonly versions: readonly number[];
  readonly #keys: ReadonlyMap<string, CryptoKey>;

  private constructor(versions: readonly number[], keys: ReadonlyMap<string, CryptoKey>) {
    const [current] = versions;
    if (current === undefined) throw new Error("SIGNING_KEYS holds no key");
    this.current = current;
    this.versions = versions;
    this.#keys = keys;
  }

  /**
   * @param text `<version>:<base64url of 32 bytes>`, newest first, separated by commas; versions are 1–255
   * @throws Error when it is malformed
   */
  static async parse(text: string): Promise<Keys> {
    const versions: number[] = [];
    const keys = new Map<string, CryptoKey>();
    for (const entry of text.split(",")) {
      const [, version, encoded = ""] = /^\s*(\d{1,3}):([A-Za-z0-9_-]{43})\s*$/.exec(entry) ?? [];
      const secret = fromBase64Url(encoded);
      if (secret?.length !== SECRET_BYTES || !(Number(version) <= 255)) {
        throw new Error("SIGNING_KEYS is malformed");
      }
      const root = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
      for (const purpose of PURPOSES) {
        keys.set(`${purpose}/${Number(version)}`, await deriveKey(root, purpose));
      }
      versions.push(Number(version));
    }
    return new Keys(versions, keys);
  }

  /** HMAC-SHA-256 of `data` for `purpose`, under the current version or another one that is held. */
  sign(
    purpose: Purpose,
    data: Uint8Array,
    version = this.current,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return mac(this.#key(purpose, version), data);
  }

  /** The same under every version held, the current one first. */
  signUnderEach(purpose: Purpose, data: Uint8Array): Promise<Uint8Array[]> {
    return Promise.all(this.versions.map((version) => mac(this.#key(purpose, version), data)));
  }

  /** Whether `tag` begins the MAC of `data` under any version held, or under `version` alone. */
  async verify(
    purpose: Purpose,
    data: Uint8Array,
    tag: Uint8Array,
    version?: number,
  ): Promise<boolean> {
    if (tag.byteLength < MIN_TAG_BYTES) return false;
    for (const candidate of this.versions) {
      if (version !== undefined && candidate !== version) continue;
      const expected = await mac(this.#key(purpose, candidate), data);
      if (crypto.subtle.timingSafeEqual(expected.subarray(0, tag.byteLength), tag)) return true;
    }
    return false;
  }

  #key(purpose: Purpose, version: number): CryptoKey {
    const key = this.#keys.get(`${purpose}/${version}`);
    if (key === undefined) throw new Error(`no signing key of version ${version}`);
    return key;
  }
}

async function mac(key: CryptoKey, data: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
}

function deriveKey(root: CryptoKey, purpose: Purpose): Promise<CryptoKey> {
  return crypto.subtle.deriveKey(
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: new Uint8Array(),
      info: utf8.encode(`durable-sessions/${purpose}`),
    },
    root,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign"],
  );
}

let parsed: { readonly text: string; readonly keys: Promise<Keys> } | undefined;

/** The keys of this deployment, derived once an isolate. */
export function signingKeys(env: Pick<Env, "SIGNING_KEYS">): Promise<Keys> {
  if (parsed?.text !== env.SIGNING_KEYS) {
    parsed = { text: env.SIGNING_KEYS, keys: Keys.parse(env.SIGNING_KEYS) };
  }
  return parsed.keys;
}

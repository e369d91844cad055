/**
 * Keeps every secret that was seen and finds it again: in clear, in base64, in hex, in a URL, as raw bytes, whole or in
 * part. What is searched is text; bytes are given as latin1 or hex.
 */

/** Letters or bytes of a piece; any part of a secret as long as two steps and a bit is found. A shorter one could be chance. */
const WINDOW = 16;
const STEP = 8;

/** Different ones in a piece. */
const MIN_LETTERS = 6;

/** Nothing shorter is a secret that has to hold by itself. */
export const MIN_SECRET_LENGTH = 20;

export interface Finding {
  readonly kind: string;
  /** How it was written there. */
  readonly form: string;
  /** Where, with something around it. */
  readonly near: string;
}

/** The secret part of what carries one, by the name of the field in an answer or a request. */
const SECRET_PART: Readonly<Record<string, (value: string) => string | undefined>> = {
  token: lastAfterDot,
  ticket: lastAfterDot,
  identityToken: lastAfterDot,
  key: afterPrefix,
  operatorToken: afterPrefix,
  secret: secretIn,
  url: inFragment,
  dashboardUrl: inFragment,
  turnstileToken: whole,
  userFingerprint: whole,
};

/** Fields of answers that are long and open nothing. */
const HARMLESS: readonly string[] = ["userId", "nextCursor", "objectId"];

export class SecretSearch {
  /** Of secrets in clear and of the bytes that they encode, by kind. */
  readonly #pieces = new Map<string, string>();
  readonly #known = new Set<string>();

  /** @param secret the part of it that nobody else may know */
  add(kind: string, secret: string): void {
    if (secret.length < MIN_SECRET_LENGTH || this.#known.has(secret)) return;
    this.#known.add(secret);
    for (const text of [secret, bytesIn(secret, 0)]) {
      for (let start = 0; start + WINDOW <= text.length; start += STEP) {
        this.#addPiece(kind, text.slice(start, start + WINDOW));
      }
      if (text.length >= WINDOW) this.#addPiece(kind, text.slice(-WINDOW));
    }
  }

  /** What is the same letter over and over may be anything's. */
  #addPiece(kind: string, piece: string): void {
    if (new Set(piece).size >= MIN_LETTERS) this.#pieces.set(piece, kind);
  }

  /** Adds all that is a secret in the JSON of a request or an answer, by its field's name. */
  addAll(json: unknown): void {
    walk(json, (field, value) => {
      const secret = SECRET_PART[field]?.(value);
      if (secret !== undefined) this.add(field, secret);
    });
  }

  /** What in an answer looks like a secret and is none that is known: somebody has to say what it is. */
  strangers(json: unknown): string[] {
    const found: string[] = [];
    walk(json, (field, value) => {
      if (HARMLESS.includes(field)) return;
      for (const [run] of value.matchAll(/[A-Za-z0-9_-]{40,}/g)) {
        if (![...this.#known].some((secret) => run.includes(secret) || secret.includes(run))) {
          found.push(field);
        }
      }
    });
    return found;
  }

  search(text: string): Finding[] {
    const found = new Map<string, Finding>();
    for (const [form, read] of readings(text)) {
      for (let start = 0; start + WINDOW <= read.length; start++) {
        const kind = this.#pieces.get(read.slice(start, start + WINDOW));
        if (kind === undefined || found.has(`${kind} ${form}`)) continue;
        const near = read.slice(Math.max(0, start - 80), start + 2 * WINDOW);
        found.set(`${kind} ${form}`, { kind, form, near });
      }
    }
    return [...found.values()];
  }
}

function walk(json: unknown, visit: (field: string, value: string) => void): void {
  if (typeof json !== "object" || json === null) return;
  for (const [field, value] of Object.entries(json)) {
    if (typeof value === "string") visit(field, value);
    else walk(value, visit);
  }
}

/** A text as it is, and whatever may be encoded in it: each encoding may begin at any letter. */
function* readings(text: string): Generator<readonly [form: string, read: string]> {
  yield ["in clear", text];
  const unescaped = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => fromHex(hex));
  if (unescaped !== text) yield ["in a URL", unescaped];
  for (const [run] of text.matchAll(/[0-9a-f]{32,}/gi)) {
    yield ["in hex", fromHex(run)];
    yield ["in hex", fromHex(run.slice(1))];
  }
  for (const [run] of text.matchAll(/[\w+/-]{22,}/g)) {
    for (const skipped of [0, 1, 2, 3]) yield ["in base64", bytesIn(run, skipped)];
  }
}

function fromHex(hex: string): string {
  let bytes = "";
  for (let at = 0; at + 2 <= hex.length; at += 2) {
    bytes += String.fromCharCode(Number.parseInt(hex.slice(at, at + 2), 16));
  }
  return bytes;
}

/** The bytes that a text encodes in base64, of either alphabet, from so many letters on. */
function bytesIn(text: string, skipped: number): string {
  const letters = text.slice(skipped).replaceAll("-", "+").replaceAll("_", "/");
  const whole = letters.slice(0, letters.length - (letters.length % 4 === 1 ? 1 : 0));
  return /^[\w+/]*$/.test(whole) ? atob(whole) : "";
}

export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return text;
}

function whole(value: string): string {
  return value;
}

function lastAfterDot(value: string): string | undefined {
  return value.includes(".") ? value.slice(value.lastIndexOf(".") + 1) : undefined;
}

/** Of `sk_<id>_<secret>` and the like, whose id is hexadecimal. */
function afterPrefix(value: string): string | undefined {
  return /^[a-z]+_[0-9a-f]+_(.+)$/.exec(value)?.[1];
}

/** Of a token, an invite, a key or nothing but a secret. */
function secretIn(value: string): string {
  return lastAfterDot(value) ?? afterPrefix(value) ?? value;
}

/** The first of a fragment's parameters; what follows it, such as the team's id, anybody may know. */
function inFragment(value: string): string | undefined {
  const fragment = /#[\w-]+=([^&]+)/.exec(value)?.[1];
  return fragment && secretIn(fragment);
}

// Whether a delivery is the server's, by Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA-256 of
// `<webhook-id>.<webhook-timestamp>.<body>`. Nothing of the body is looked at before.
import type { WebhookPayload } from "../../src/protocol/events.ts";

const DEFAULT_TOLERANCE_SECONDS = 300;
const SECRET_PREFIX = "whsec_";
const SIGNATURE_PREFIX = "v1,";

/** So many are looked at: the server makes one for each secret in use. Each costs a pass over the body. */
const MAX_SIGNATURES = 10;
const SIGNATURE_BYTES = 32;

/** The headers of a web `Request`, or of Node's `IncomingMessage`. */
export type WebhookHeaders =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A delivery: a `Request` whose body is unread, or its parts. The body is what came, byte for byte. */
export type WebhookDelivery =
  | Request
  | { readonly headers: WebhookHeaders; readonly body: string | Uint8Array };

export type WebhookRefusal =
  | "missing_header"
  | "bad_timestamp"
  | "too_old"
  | "too_new"
  | "bad_signature"
  | "bad_body";

/** What came is not to be acted upon: answer it with 401. */
export class WebhookVerificationError extends Error {
  override readonly name = "WebhookVerificationError";
  readonly reason: WebhookRefusal;

  constructor(
    message: string,
    options: { readonly reason: WebhookRefusal; readonly cause?: unknown },
  ) {
    super(message, options);
    this.reason = options.reason;
  }
}

/**
 * The events of a delivery that the server signed. Throws `WebhookVerificationError`.
 *
 * @param secrets `whsec_…` as the webhook's making showed it; several while one is being replaced
 * @param options.toleranceSeconds how far the two clocks may differ, and how old a delivery may be; 300 when it is left out
 */
export async function verifyWebhook(
  delivery: WebhookDelivery,
  secrets: string | readonly string[],
  options: { readonly toleranceSeconds?: number } = {},
): Promise<WebhookPayload> {
  const id = header(delivery.headers, "webhook-id");
  const timestamp = header(delivery.headers, "webhook-timestamp");
  const signatures = header(delivery.headers, "webhook-signature");
  const body = bytesOf("arrayBuffer" in delivery ? await delivery.arrayBuffer() : delivery.body);

  const signed = concat(bytesOf(`${id}.${timestamp}.`), body);
  const isSigned = await anySigned(
    signed,
    signatures,
    typeof secrets === "string" ? [secrets] : secrets,
  );
  if (!isSigned)
    throw new WebhookVerificationError("No signature fits the secret.", {
      reason: "bad_signature",
    });
  checkTime(timestamp, options.toleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS);
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new WebhookVerificationError("The body is no JSON.", { reason: "bad_body", cause });
  }
}

/** Whether any of the secrets made any of the signatures; WebCrypto compares in constant time. */
async function anySigned(
  signed: Uint8Array<ArrayBuffer>,
  signatures: string,
  secrets: readonly string[],
): Promise<boolean> {
  const given = signatures
    .split(" ")
    .filter((signature) => signature.startsWith(SIGNATURE_PREFIX))
    .slice(0, MAX_SIGNATURES)
    .map((signature) => fromBase64(signature.slice(SIGNATURE_PREFIX.length)))
    .filter((bytes) => bytes?.length === SIGNATURE_BYTES);
  for (const secret of secrets) {
    const key = await keyOf(secret);
    for (const bytes of given) {
      if (bytes && (await crypto.subtle.verify("HMAC", key, bytes, signed))) return true;
    }
  }
  return false;
}

async function keyOf(secret: string) {
  const bytes = fromBase64(
    secret.slice(secret.startsWith(SECRET_PREFIX) ? SECRET_PREFIX.length : 0),
  );
  // The caller's mistake and not the delivery's: said as such, and without the secret.
  if (bytes === undefined || bytes.length === 0) {
    throw new TypeError("A webhook secret is whsec_ and base64.");
  }
  return await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [
    "verify",
  ]);
}

function checkTime(timestamp: string, toleranceSeconds: number): void {
  if (!/^\d{1,15}$/.test(timestamp)) {
    throw new WebhookVerificationError("webhook-timestamp is no time.", {
      reason: "bad_timestamp",
    });
  }
  const ageSeconds = Date.now() / 1000 - Number(timestamp);
  // A tolerance that is no number tolerates nothing.
  if (!(ageSeconds <= toleranceSeconds)) {
    throw new WebhookVerificationError(`Sent ${Math.round(ageSeconds)} seconds ago.`, {
      reason: "too_old",
    });
  }
  if (ageSeconds < -toleranceSeconds) {
    throw new WebhookVerificationError("Sent in the future: is this clock right?", {
      reason: "too_new",
    });
  }
}

function header(headers: WebhookHeaders, name: string): string {
  const value = isHeaders(headers) ? headers.get(name) : headers[name];
  if (typeof value !== "string" || value === "") {
    throw new WebhookVerificationError(`There is no ${name}.`, { reason: "missing_header" });
  }
  return value;
}

/** By its look: a framework may bring a class of its own. */
function isHeaders(headers: WebhookHeaders): headers is Headers {
  return typeof headers.get === "function";
}

function bytesOf(body: string | Uint8Array | ArrayBuffer): Uint8Array {
  if (typeof body === "string") return new TextEncoder().encode(body);
  return body instanceof Uint8Array ? body : new Uint8Array(body);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

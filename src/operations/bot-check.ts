// Whether a person is behind a creation: Cloudflare Turnstile's word for it, where the deployment has a widget's secret.
// https://developers.cloudflare.com/turnstile/get-started/server-side-validation/

import { z } from "zod";
import { UNAVAILABLE } from "../../objects/calls.ts";
import type { Caller } from "../caller.ts";
import type { Keys } from "../keys.ts";
import { log } from "../log.ts";
import type { Failure } from "../protocol/errors.ts";
import type { Services } from "../services.ts";

const SITEVERIFY = "https://challenges.cloudflare.com/turnstile/v0/siteverify";

/** A visitor waits for it. */
const PATIENCE_MS = 3_000;

const FAILED: Failure = { ok: false, code: "bot_check_failed" };

/** What the token is to blame for; any other code, or none, is a trouble of ours or of Turnstile's. */
const OF_THE_TOKEN: ReadonlySet<string> = new Set([
  "missing-input-response",
  "invalid-input-response",
  "timeout-or-duplicate",
]);

const verdictSchema = z.discriminatedUnion("success", [
  z.object({ success: z.literal(true), hostname: z.string() }),
  z.object({ success: z.literal(false), "error-codes": z.array(z.string()) }),
]);

export interface BotCheck {
  readonly teamId: string;
  readonly turnstileToken: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** Of the page that asks; undefined where none does. */
  readonly origin: string | undefined;
}

/**
 * Why `caller` counts as a bot, if so. A team answers for those it creates sessions for. The visitor's address is not
 * passed on: who moves between IPv4 and IPv6, or from Wi-Fi to a phone's network, is no bot.
 */
export async function checkBot(
  { env, keys }: Services,
  caller: Caller,
  check: BotCheck,
): Promise<Failure | undefined> {
  if (!env.TURNSTILE_SECRET || caller.kind === "team") return undefined;
  if (check.turnstileToken === undefined) return FAILED;
  let verdict: z.infer<typeof verdictSchema>;
  try {
    const response = await fetch(SITEVERIFY, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        secret: env.TURNSTILE_SECRET,
        response: check.turnstileToken,
        ...(await retryKey(keys, check)),
      }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    verdict = verdictSchema.parse(await response.json());
  } catch (error) {
    return unavailable(error instanceof z.ZodError ? "not a verdict" : String(error));
  }
  if (verdict.success) return isFrom(check.origin, verdict.hostname) ? undefined : FAILED;
  const codes = verdict["error-codes"];
  const isTokens = codes.length > 0 && codes.every((code) => OF_THE_TOKEN.has(code));
  return isTokens ? FAILED : unavailable(codes.join());
}

/** A challenge solved on one site is worth nothing on another. */
function isFrom(origin: string | undefined, hostname: string): boolean {
  return origin === undefined || URL.parse(origin)?.hostname === hostname;
}

/**
 * A token works once, and again for who asks with the same key, which is a UUID: a creation that is retried under its
 * idempotency key passes, another one does not.
 */
async function retryKey(
  keys: Keys,
  { teamId, idempotencyKey, turnstileToken }: BotCheck,
): Promise<{ readonly idempotency_key?: string }> {
  if (idempotencyKey === undefined) return {};
  const data = new TextEncoder().encode(JSON.stringify([teamId, idempotencyKey, turnstileToken]));
  const bytes = (await keys.sign("bot-check", data)).slice(0, 16);
  // In the form of a random UUID, RFC 9562 version 4.
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const groups = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;
  return { idempotency_key: bytes.toHex().replace(groups, "$1-$2-$3-$4-$5") };
}

function unavailable(error: string): Failure {
  log.error({ event: "bot_check_unavailable", error });
  return UNAVAILABLE;
}

// One attempt to deliver to a team's webhook, signed as Standard Webhooks has it (https://www.standardwebhooks.com). It
// never throws, and tells nothing of the address but what its team may read.
import { Webhook } from "standardwebhooks";
import packageJson from "../../package.json" with { type: "json" };
import type { WebhookSettings } from "../domain/policy.ts";
import { signingKeys } from "../keys.ts";
import type { WebhookPayload } from "../protocol/events.ts";
import { type Delivered, undelivered } from "./delivered.ts";
import { inTime, TOO_LATE } from "./timeout.ts";
import { addressProblem } from "./webhook-address.ts";
import { signingSecrets } from "./webhook-secret.ts";

export interface WebhookDelivery {
  readonly teamId: string;
  readonly webhook: WebhookSettings;
  /** The same at each attempt; without a dot, which separates what is signed. */
  readonly id: string;
  readonly payload: WebhookPayload;
}

type Bindings = Pick<Env, "SIGNING_KEYS" | "LOCAL_WEBHOOKS">;

export function isLocalAllowed({ LOCAL_WEBHOOKS }: Pick<Env, "LOCAL_WEBHOOKS">): boolean {
  return LOCAL_WEBHOOKS === "allowed";
}

export async function sendWebhook(
  env: Bindings,
  { teamId, webhook, id, payload }: WebhookDelivery,
): Promise<Delivered> {
  // Looked at again: the rules, or the configuration, may have changed since it was set.
  const problem = addressProblem(webhook.url, isLocalAllowed(env));
  if (problem !== undefined) return undelivered(`address refused: ${problem}`);
  const now = new Date();
  const secrets = await signingSecrets(
    await signingKeys(env),
    teamId,
    webhook.secrets,
    now.getTime(),
  );
  if (secrets.length === 0) return undelivered("the secret is no longer valid: rotate it");
  const body = JSON.stringify(payload);
  const headers = {
    "Content-Type": "application/json",
    "User-Agent": `durable-sessions/${packageJson.version}`,
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(" "),
  };
  const sent = await inTime((signal) => post(webhook.url, { headers, body, signal }));
  return sent ?? undelivered(TOO_LATE);
}

async function post(
  url: string,
  init: Required<Pick<RequestInit, "headers" | "body" | "signal">>,
): Promise<Delivered> {
  let response: Response;
  try {
    // A redirect could lead to where the address may not point.
    response = await fetch(url, { ...init, method: "POST", redirect: "manual" });
  } catch {
    return undelivered("no connection");
  }
  const { status } = response;
  // Nothing in it is wanted, however much there is.
  await response.body?.cancel().catch(() => undefined);
  if (status >= 200 && status < 300) return { ok: true, status };
  const retryAfterMs = retryAfter(response.headers.get("Retry-After"), Date.now());
  return { ok: false, status, error: `status ${status}`, retryAfterMs, isGone: status === 410 };
}

/** Seconds or a date, RFC 9110. */
function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

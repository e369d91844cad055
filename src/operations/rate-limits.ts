// Who may how often. The exact counts are the limiter objects'; before them, whoever has no credential meets an outer ring
// that is approximate and costs no object. A limiter that is down lets nobody new in and shuts nobody out.

import { UNAVAILABLE } from "../../objects/calls.ts";
import type { LimiterAnswer, LimiterObject } from "../../objects/limiter.ts";
import type { Caller, CredentialCaller } from "../caller.ts";
import { toBase64Url } from "../domain/base64url.ts";
import type { TeamSettings } from "../domain/policy.ts";
import { log } from "../log.ts";
import type { Failure } from "../protocol/errors.ts";
import {
  CLEANUPS_PER_MINUTE_PER_TEAM,
  EXPORTS_PER_MINUTE_PER_OWNER,
  IDENTIFICATIONS_PER_MINUTE_PER_OWNER,
  IMPORTS_PER_MINUTE_PER_OWNER,
  INVITES_PER_MINUTE_PER_OWNER,
  LOOKUPS_PER_MINUTE_PER_OWNER,
  LOOKUPS_PER_MINUTE_PER_TEAM,
  REDEMPTIONS_PER_MINUTE_PER_NETWORK,
  RESUMES_PER_MINUTE_PER_NETWORK,
  UPLOADS_PER_MINUTE_PER_CREDENTIAL,
  WEBHOOK_TESTS_PER_MINUTE,
} from "../protocol/limits.ts";
import type { Services } from "../services.ts";
import { within } from "../session-index/timeout.ts";

/** A limiter that has not answered by then counts as down. */
const PATIENCE_MS = 1_000;

const NETWORK_HASH_BYTES = 16;

/**
 * Why `caller` may not create a session of `team` now, if so. The network is asked before the team, though both at once
 * would save a round trip: a flood from one network then neither uses up what the team's other visitors may, nor reaches
 * the one object that they all have to pass.
 * @param network of the visitor; undefined where it is not known, and then the team's limit alone holds
 */
export async function limitCreation(
  services: Services,
  caller: Caller,
  team: TeamSettings,
  network: string | undefined,
): Promise<Failure | undefined> {
  const { createsPerMinute, createsPerMinutePerNetwork } = team.policy.limits;
  const hash = network && (await networkHash(services, network));
  if (hash !== undefined) {
    const refused =
      (caller.kind === "team" ? undefined : await outerRing(services, hash)) ??
      (await take(services, {
        what: "create",
        of: `${team.id}:${hash}`,
        limit: createsPerMinutePerNetwork,
        whenDown: "refuse",
      }));
    if (refused !== undefined) return refused;
  }
  return await take(services, {
    what: "create",
    of: team.id,
    limit: createsPerMinute,
    whenDown: "refuse",
  });
}

/** Why nobody from `network` may redeem an invite now, if so. */
export function limitRedemption(
  services: Services,
  network: string | undefined,
): Promise<Failure | undefined> {
  return admitNetwork(services, "redeem", network, REDEMPTIONS_PER_MINUTE_PER_NETWORK);
}

/** Why nobody from `network` may resume a session now, if so. */
export function limitResume(
  services: Services,
  network: string | undefined,
): Promise<Failure | undefined> {
  return admitNetwork(services, "resume", network, RESUMES_PER_MINUTE_PER_NETWORK);
}

const OWNERS_PER_MINUTE = {
  invite: INVITES_PER_MINUTE_PER_OWNER,
  identify: IDENTIFICATIONS_PER_MINUTE_PER_OWNER,
  import: IMPORTS_PER_MINUTE_PER_OWNER,
  export: EXPORTS_PER_MINUTE_PER_OWNER,
} as const;

/** Why `caller` may not make a link now, present an identity token, import, or export, if so. */
export function limitOwner(
  services: Services,
  { credential }: CredentialCaller,
  what: keyof typeof OWNERS_PER_MINUTE,
): Promise<Failure | undefined> {
  const limit = OWNERS_PER_MINUTE[what];
  return take(services, { what, of: credential.credentialId, limit, whenDown: "admit" });
}

/** Why `caller` may upload nothing now, if so. */
export function limitUpload(
  services: Services,
  { credential }: CredentialCaller,
): Promise<Failure | undefined> {
  const limit = UPLOADS_PER_MINUTE_PER_CREDENTIAL;
  return take(services, { what: "upload", of: credential.credentialId, limit, whenDown: "admit" });
}

/** Why `caller` may not ask the index about the sessions of a team now, if so. */
export function limitLookup(
  services: Services,
  caller: Caller,
  teamId: string,
): Promise<Failure | undefined> {
  const [of, limit] =
    caller.kind === "credential"
      ? [caller.credential.credentialId, LOOKUPS_PER_MINUTE_PER_OWNER]
      : [teamId, LOOKUPS_PER_MINUTE_PER_TEAM];
  return take(services, { what: "look-up", of, limit, whenDown: "admit" });
}

/** Why no test goes to a team's webhook now, if so. */
export function limitWebhookTest(services: Services, teamId: string): Promise<Failure | undefined> {
  const limit = WEBHOOK_TESTS_PER_MINUTE;
  return take(services, { what: "webhook-test", of: teamId, limit, whenDown: "refuse" });
}

/** Why a team's sessions are not cleaned up now, if so. */
export function limitCleanup(services: Services, teamId: string): Promise<Failure | undefined> {
  const limit = CLEANUPS_PER_MINUTE_PER_TEAM;
  return take(services, { what: "cleanup", of: teamId, limit, whenDown: "refuse" });
}

async function admitNetwork(
  services: Services,
  what: "redeem" | "resume",
  network: string | undefined,
  limit: number,
): Promise<Failure | undefined> {
  if (network === undefined) return undefined;
  const of = await networkHash(services, network);
  return (
    (await outerRing(services, of)) ??
    (await take(services, { what, of, limit, whenDown: "refuse" }))
  );
}

interface Limited {
  readonly what:
    | "create"
    | "redeem"
    | "resume"
    | "look-up"
    | "invite"
    | "identify"
    | "import"
    | "export"
    | "upload"
    | "webhook-test"
    | "cleanup";
  readonly of: string;
  /** A minute; null for no limit, and then nobody is asked. */
  readonly limit: number | null;
  readonly whenDown: "refuse" | "admit";
}

async function take(
  { env }: Services,
  { what, of, limit, whenDown }: Limited,
): Promise<Failure | undefined> {
  if (limit === null) return undefined;
  let answer: LimiterAnswer;
  try {
    answer = await within(PATIENCE_MS, limiterStub(env, `${what}:${of}`).take(limit, 1));
  } catch (error) {
    log.error({ event: "limiter_down", what, error: String(error) });
    return whenDown === "refuse" ? UNAVAILABLE : undefined;
  }
  return answer.allowed ? undefined : rateLimited(answer.retryAfterMs);
}

/**
 * Cloudflare's own counter for one network over all teams: for each of its locations, approximate, and free. It only
 * keeps floods off the objects, so that one which does not answer is passed by.
 */
async function outerRing({ env }: Services, key: string): Promise<Failure | undefined> {
  try {
    const outcome = await env.OUTER_RING?.limit({ key });
    return outcome?.success === false ? rateLimited(OUTER_RING_PERIOD_MS) : undefined;
  } catch (error) {
    log.error({ event: "outer_ring_down", error: String(error) });
    return undefined;
  }
}

/** The period that wrangler.toml gives it; the binding does not say when it opens again. */
const OUTER_RING_PERIOD_MS = 60_000;

function rateLimited(retryAfterMs: number): Failure {
  const retryAfterSeconds = Math.ceil(retryAfterMs / 1000);
  return { ok: false, code: "rate_limited", retryAfterSeconds };
}

/** Names of objects show up in logs and dashboards: addresses have no place in them. */
async function networkHash({ keys }: Services, network: string): Promise<string> {
  const mac = await keys.sign("network", new TextEncoder().encode(network));
  return toBase64Url(mac.subarray(0, NETWORK_HASH_BYTES));
}

function limiterStub(env: Env, name: string): Pick<LimiterObject, "take"> {
  return env.LIMITERS.getByName(name) as unknown as Pick<LimiterObject, "take">;
}

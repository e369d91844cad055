// A team's webhook: where its events go, how they fare, and what the team may do about it.
import type { Caller } from "../caller.ts";
import { readSessionId } from "../credentials/session-id.ts";
import { isLocalAllowed, sendWebhook } from "../delivery/send-webhook.ts";
import { addressProblem } from "../delivery/webhook-address.ts";
import { webhookSecret } from "../delivery/webhook-secret.ts";
import type { WebhookSecretSource, WebhookSettings } from "../domain/policy.ts";
import { isoTime } from "../domain/view.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import { WEBHOOK_SECRET_OVERLAP_MS } from "../protocol/limits.ts";
import type {
  PutWebhookRequest,
  PutWebhookResponse,
  ReplayEventsRequest,
  ReplayEventsResponse,
  ResumeWebhookResponse,
  Webhook,
  WebhookStatus,
  WebhookTest,
} from "../protocol/webhook.ts";
import type { Services } from "../services.ts";
import type { NewAuditEvent } from "../session-index/audit.ts";
import { sessionsDatabase, teamsDatabase } from "../session-index/databases.ts";
import { getTeam, type TeamRecord } from "../session-index/teams.ts";
import { webhookFailureStatus } from "../session-index/webhook-failures.ts";
import * as index from "../session-index/webhooks.ts";
import { forgetTeam, teamByNumber } from "../team-cache.ts";
import { teamActor } from "./audit.ts";
import { resumeSome } from "./event-resumption.ts";
import { limitWebhookTest } from "./rate-limits.ts";
import { sessionStub, teamWord } from "./session-access.ts";
import { mayAsk } from "./team-access.ts";
import { tellSessions } from "./team-changes.ts";

const NO_WEBHOOK: Failure = { ok: false, code: "webhook_not_found" };

/** Secrets that sign at a time: more rotations in a day than that leave the oldest behind. */
const MAX_SECRETS = 4;

/** How often a change is tried again over one that came in between; each such round, another change succeeded. */
const MAX_CHANGE_ROUNDS = 8;

/** Sessions that one call wakes. */
const MAX_RESUMED = 100;

export async function putWebhook(
  { env, keys }: Services,
  caller: Caller,
  teamId: string,
  input: PutWebhookRequest,
): Promise<Result<PutWebhookResponse & { readonly isNew: boolean }>> {
  const asked = mayAsk(caller, teamId, "changeWebhook");
  if (!asked.ok) return asked;
  const rotateSecret = input.rotateSecret === true;
  const problem = addressProblem(input.url, isLocalAllowed(env));
  if (problem !== undefined) {
    return { ok: false, code: "validation_failed", errors: [{ path: "/url", message: problem }] };
  }
  const url = new URL(input.url);
  url.hash = "";
  const changed = await change(env, teamId, (before, now) => {
    const secret = { id: newId(), keyVersion: keys.current, until: null };
    const webhook =
      before === null ? newWebhook(url.href, secret, now) : moved(before, url.href, now);
    const after = before !== null && rotateSecret ? rotated(webhook, secret, now) : webhook;
    if (before !== null && after === before) return undefined;
    const type = before === null ? "webhook.created" : "webhook.updated";
    // The path and the query may be what lets a caller in.
    const details = { origin: url.origin, ...(before !== null && { secretRotated: rotateSecret }) };
    return { webhook: after, event: { type, actor: teamActor(caller), details } };
  });
  if (!changed.ok) return changed;
  const { webhook, before } = changed;
  if (webhook === null) return NO_WEBHOOK;
  const [newest] = webhook.secrets;
  const isShown = before === null || rotateSecret;
  const secret = isShown && newest ? await webhookSecret(keys, teamId, newest) : undefined;
  return {
    ok: true,
    isNew: before === null,
    webhook: viewWebhook(webhook),
    ...(secret !== undefined && { secret }),
  };
}

export async function getWebhook(
  { env }: Services,
  caller: Caller,
  teamId: string,
): Promise<Result<WebhookStatus>> {
  const asked = mayAsk(caller, teamId, "readWebhook");
  if (!asked.ok) return asked;
  const webhook = (await getTeam(teamsDatabase(env), teamId))?.webhook;
  if (!webhook) return NO_WEBHOOK;
  const database = sessionsDatabase(env, asked.number);
  const status = await webhookFailureStatus(database, teamId, webhook.id);
  return { ok: true, webhook: viewWebhook(webhook), ...status };
}

export async function deleteWebhook(
  { env }: Services,
  caller: Caller,
  teamId: string,
): Promise<Result<object>> {
  const asked = mayAsk(caller, teamId, "changeWebhook");
  if (!asked.ok) return asked;
  const changed = await change(env, teamId, (before) =>
    before === null
      ? undefined
      : { webhook: null, event: { type: "webhook.deleted", actor: teamActor(caller) } },
  );
  if (!changed.ok) return changed;
  return changed.before === null ? NO_WEBHOOK : { ok: true };
}

/** Sends one event that is of no session, now, and tells what came of it. */
export async function testWebhook(
  services: Services,
  caller: Caller,
  teamId: string,
): Promise<Result<WebhookTest>> {
  const { env } = services;
  const asked = mayAsk(caller, teamId, "changeWebhook");
  if (!asked.ok) return asked;
  const refusal = await limitWebhookTest(services, teamId);
  if (refusal) return refusal;
  const webhook = (await getTeam(teamsDatabase(env), teamId))?.webhook;
  if (!webhook) return NO_WEBHOOK;
  const startedAt = Date.now();
  const payload = {
    type: "webhook.test",
    timestamp: isoTime(startedAt),
    data: { teamId },
  } as const;
  const sent = await sendWebhook(env, { teamId, webhook, id: `msg_test_${newId()}`, payload });
  return {
    ok: true,
    delivered: sent.ok,
    ...(sent.status !== undefined && { status: sent.status }),
    ...(!sent.ok && { error: sent.error }),
    durationMs: Math.max(0, Date.now() - startedAt),
  };
}

/** Has the sessions that gave up go on: some now, the rest at another call or in the hourly run. */
export async function resumeWebhook(
  { env }: Services,
  caller: Caller,
  teamId: string,
): Promise<Result<ResumeWebhookResponse>> {
  const asked = mayAsk(caller, teamId, "changeWebhook");
  if (!asked.ok) return asked;
  const changed = await change(env, teamId, (before, now) =>
    before === null
      ? undefined
      : {
          webhook: { ...before, resumedAt: now },
          event: { type: "webhook.resumed", actor: teamActor(caller) },
        },
  );
  if (!changed.ok) return changed;
  if (changed.before === null) return NO_WEBHOOK;
  const woken = await resumeSome(env, { teamId, last: undefined, limit: MAX_RESUMED });
  return { ok: true, resumed: woken.length, more: woken.length === MAX_RESUMED };
}

/** Has one session's events delivered again from some time on. */
export async function replayEvents(
  { env, keys }: Services,
  caller: Caller,
  teamId: string,
  { sessionId, since }: ReplayEventsRequest,
): Promise<Result<ReplayEventsResponse>> {
  const asked = mayAsk(caller, teamId, "changeWebhook");
  if (!asked.ok) return asked;
  const address = await readSessionId(keys, sessionId);
  if (address?.teamNumber !== asked.number) return { ok: false, code: "session_not_found" };
  const team = await teamByNumber(env, asked.number);
  if (!team?.webhook) return NO_WEBHOOK;
  return await sessionStub(env, sessionId).replayEvents({
    teamId,
    since: Date.parse(since),
    actor: teamActor(caller),
    ...teamWord(team),
  });
}

interface Change {
  readonly webhook: WebhookSettings | null;
  readonly event: NewAuditEvent;
}

/** Changes a team's webhook by what it is now, and tells those who go by it. Throws `IndexError`. */
async function change(
  env: Env,
  teamId: string,
  decide: (before: WebhookSettings | null, now: number) => Change | undefined,
): Promise<Result<Record<"webhook" | "before", WebhookSettings | null>>> {
  const database = teamsDatabase(env);
  for (let round = 0; round < MAX_CHANGE_ROUNDS; round++) {
    const team: TeamRecord | undefined = await getTeam(database, teamId);
    if (team === undefined) return { ok: false, code: "team_not_found" };
    const { webhook: before } = team;
    const now = Date.now();
    const wanted = decide(before, now);
    if (wanted === undefined) return { ok: true, webhook: before, before };
    const { webhook, event } = wanted;
    const changed = await index.changeWebhook(database, team, webhook, event, now);
    if (changed === undefined) continue;
    forgetTeam(changed.id, changed.number);
    tellSessions(env, changed);
    return { ok: true, webhook, before };
  }
  return { ok: false, code: "unavailable", message: "The team is being changed by many at once." };
}

function newWebhook(url: string, secret: WebhookSecretSource, now: number): WebhookSettings {
  return { id: newId(), url, since: now, resumedAt: null, secrets: [secret] };
}

/** At another address; what failed at the old one is tried at once there. */
function moved(webhook: WebhookSettings, url: string, now: number): WebhookSettings {
  return webhook.url === url ? webhook : { ...webhook, url, resumedAt: now };
}

function rotated(
  webhook: WebhookSettings,
  secret: WebhookSecretSource,
  now: number,
): WebhookSettings {
  const until = now + WEBHOOK_SECRET_OVERLAP_MS;
  const superseded = webhook.secrets
    .filter((one) => one.until === null || one.until > now)
    .map((one) => ({ ...one, until: one.until ?? until }));
  return { ...webhook, secrets: [secret, ...superseded].slice(0, MAX_SECRETS) };
}

function viewWebhook({ url, since }: WebhookSettings): Webhook {
  return { url, createdAt: isoTime(since) };
}

function newId(): string {
  return crypto.getRandomValues(new Uint8Array(8)).toHex();
}

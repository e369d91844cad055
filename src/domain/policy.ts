import type { TeamPolicy } from "../protocol/team.ts";

export const DEFAULT_POLICY: TeamPolicy = {
  allowedOrigins: [],
  operatorOrigins: [],
  crossSiteCookies: false,
  disabled: false,
  idleDays: 30,
  absoluteDays: 180,
  archiveAfterDays: 7,
  retentionDays: 180,
  timeZone: "UTC",
  limits: {
    createsPerMinutePerNetwork: 20,
    createsPerMinute: 600,
    messagesPerMinutePerCredential: 120,
    socketsPerSession: 200,
    bytesPerSession: 50_000_000,
  },
};

/** Where a team's events go. Its secrets are derived, from the signing key and what stands here. */
export interface WebhookSettings {
  /** A cursor belongs to one webhook: another begins anew, with what happened since it was made. */
  readonly id: string;
  readonly url: string;
  /** Epoch milliseconds: events from then on are its. */
  readonly since: number;
  /** Cursors that gave up before then go on; null when nobody asked. */
  readonly resumedAt: number | null;
  /** What signs, newest first. */
  readonly secrets: readonly WebhookSecretSource[];
}

export interface WebhookSecretSource {
  readonly id: string;
  /** Of the signing key that it is derived from. */
  readonly keyVersion: number;
  /** Epoch milliseconds: it signs no more from then on; null for the newest. */
  readonly until: number | null;
}

/** A team as sessions know it. `revision` grows with each change, so that objects see cheaply whether theirs is old. */
export interface TeamSettings {
  readonly id: string;
  readonly number: number;
  readonly revision: number;
  readonly policy: TeamPolicy;
  readonly webhook: WebhookSettings | null;
}

/** The settings alone of what may hold more of a team. */
export function settingsOf({ id, number, revision, policy, webhook }: TeamSettings): TeamSettings {
  return { id, number, revision, policy, webhook };
}

/**
 * Whether a browser page from `origin` may call for this team. Exact, but for a listed `http://localhost:*`, which
 * stands for any port of that one host.
 */
export function isOriginAllowed(origin: string, allowed: readonly string[]): boolean {
  return originPatterns(origin).some((pattern) => allowed.includes(pattern));
}

/** Without a port where that is 80. */
const LOCAL_ORIGIN = /^(http:\/\/(?:localhost|127\.0\.0\.1))(?::\d{1,5})?$/;

/** What a list of allowed origins may hold for `origin` to be allowed. */
export function originPatterns(origin: string): readonly string[] {
  const local = LOCAL_ORIGIN.exec(origin);
  return local ? [origin, `${local[1]}:*`] : [origin];
}

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

/** A team as sessions know it. `revision` grows with each change, so that objects see cheaply whether theirs is old. */
export interface TeamSettings {
  readonly id: string;
  readonly number: number;
  readonly revision: number;
  readonly policy: TeamPolicy;
}

/** The settings alone of what may hold more of a team. */
export function settingsOf({ id, number, revision, policy }: TeamSettings): TeamSettings {
  return { id, number, revision, policy };
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

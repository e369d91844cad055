// A team's webhook: where its events go, and how they fare.

export interface PutWebhookRequest {
  /** `https:`, no address of a private network; in development `http://localhost` too. */
  readonly url: string;
  /** Replaces the secret; the one before signs beside it for a day. */
  readonly rotateSecret?: true;
}

export interface Webhook {
  readonly url: string;
  /** ISO 8601, UTC, as all times here. */
  readonly createdAt: string;
}

export interface PutWebhookResponse {
  readonly webhook: Webhook;
  /** `whsec_…`, shown this once: with a new webhook, or with `rotateSecret`. */
  readonly secret?: string;
}

/** A session whose events do not get through. */
export interface WebhookFailure {
  readonly sessionId: string;
  readonly failingSince: string;
  readonly attempts: number;
  /** What the last attempt came to: a status, or what kept it from one. */
  readonly lastError: string;
  /** Nothing is tried any more until somebody resumes. */
  readonly stoppedAt?: string;
}

export interface WebhookStatus {
  readonly webhook: Webhook;
  /** How many sessions wait for a retry, after three failures in a row or more … */
  readonly failing: number;
  /** … and how many have given up, after three days or at a 410. */
  readonly stopped: number;
  /** The first hundred, longest failing first. */
  readonly failures: readonly WebhookFailure[];
}

export interface WebhookTest {
  readonly delivered: boolean;
  /** Of the receiver's answer, where there was one. */
  readonly status?: number;
  readonly error?: string;
  readonly durationMs: number;
}

export interface ResumeWebhookResponse {
  /** Sessions that deliver again. */
  readonly resumed: number;
  /** Whether there are more: call again, or the hourly run does it. */
  readonly more: boolean;
}

export interface ReplayEventsRequest {
  readonly sessionId: string;
  /** Events from then on are delivered again, under the ids that they had. */
  readonly since: string;
}

export interface ReplayEventsResponse {
  /** How many are delivered again. */
  readonly events: number;
}

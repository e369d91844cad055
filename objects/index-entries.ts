// What the outbox names its entries by, and when they are tried.
import { backoffMs } from "../src/domain/backoff.ts";
import type { Projection } from "../src/session-index/write.ts";
import type { OutboxEntry } from "./outbox-store.ts";

/** When the alarm tries a fresh entry if whoever marked it died. */
const FALLBACK_MS = 1_800_000;

export const SESSION = "session";
/** The session with everything that the index has of it. */
export const WHOLE = "whole";
export const WEBHOOK = "webhook";
const CONVERSATION_PREFIX = "conversation:";
const FILE_PREFIX = "file:";
const EVENT_PREFIX = "audit:";

export const conversationEntity = (id: string): string => CONVERSATION_PREFIX + id;
export const fileEntity = (id: string): string => FILE_PREFIX + id;
export const eventEntity = (id: string): string => EVENT_PREFIX + id;

/** The file that an entity stands for; undefined where it stands for something else. */
export function fileIdOf(entity: string): string | undefined {
  return entity.startsWith(FILE_PREFIX) ? entity.slice(FILE_PREFIX.length) : undefined;
}

export function isWhole({ entity }: OutboxEntry): boolean {
  return entity === WHOLE;
}

export function isEvent({ entity }: OutboxEntry): boolean {
  return entity.startsWith(EVENT_PREFIX);
}

export function isOfWebhook({ entity }: OutboxEntry): boolean {
  return entity === WEBHOOK;
}

/** Is tried at once by whoever marked it. */
export function fresh(entity: string, now: number): OutboxEntry {
  return { entity, dueAt: now + FALLBACK_MS, attempts: 0, failure: null };
}

/** Is tried again later; or never, where `failure` lies in the data. */
export function retried(
  entry: OutboxEntry,
  failure: Exclude<Projection, { readonly ok: true }>,
  now: number,
): OutboxEntry {
  const attempts = entry.attempts + 1;
  return {
    ...entry,
    attempts,
    dueAt: now + backoffMs(attempts, Math.random()),
    failure: failure.retryable ? null : failure.message,
  };
}

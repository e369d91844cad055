// How events get to one listener: in order, one batch at a time, at least once. The end of a batch is written before the
// batch is sent, so that a retry, whoever makes it, carries the same events under the same id. Where nobody listens, or
// all is delivered, nothing is read, written or set.

import type { Delivered } from "../src/delivery/delivered.ts";
import { undelivered } from "../src/delivery/delivered.ts";
import {
  delivered,
  type EventCursor,
  type EventListenerKind,
  failed,
  isNews,
  isTold,
  newCursor,
  replayed,
  resumed,
} from "../src/domain/event-cursor.ts";
import { log } from "../src/log.ts";
import type { EventBatch } from "../src/protocol/events.ts";
import type { EventSource } from "./event-source.ts";
import type { EventStore } from "./event-store.ts";
import type { Troubles } from "./troubles.ts";

/** When the alarm tries if whoever was delivering died. */
const FALLBACK_MS = 30_000;

/** The rest comes with another alarm: one may run for 15 minutes at most. */
const MAX_BATCHES_PER_RUN = 20;

export interface EventListener {
  readonly kind: EventListenerKind;
  /** Which one it is now; null while nobody listens. */
  id(): string | null;
  /** Where one begins that has no cursor. */
  start(): number;
  /** Whether somebody asked that it goes on, after it began to fail. */
  isResumed(cursor: EventCursor): boolean;
  /** @param id of the batch, the same at each attempt */
  send(id: string, batch: EventBatch): Promise<Delivered>;
}

export interface DeliveryParts {
  readonly store: EventStore;
  readonly source: EventSource;
  /** Whose events these are. */
  session(): { readonly id: string; readonly teamId: string };
  /** Its cursor changed in a way that others have to hear of, in the turn that writes it. */
  isNews(): void;
  /** An attempt failed, or what had failed so often before came through. */
  readonly troubles: Troubles;
  /** It has stopped for now: its `dueAt` is another. */
  settled(): void;
}

export class EventDelivery {
  readonly #listener: EventListener;
  readonly #parts: DeliveryParts;
  /** As stored, or where it will begin. */
  #cursor: EventCursor | undefined;
  #isStored = false;
  #running: Promise<void> | undefined;
  /** Since when something waits that nobody has failed to deliver. */
  #behindSince: number | undefined;
  #isClosed = false;

  constructor(listener: EventListener, parts: DeliveryParts) {
    this.#listener = listener;
    this.#parts = parts;
  }

  /** The cursor of whoever listens now. */
  get cursor(): EventCursor | undefined {
    const id = this.#listener.id();
    if (id === null) return undefined;
    if (this.#cursor?.listenerId !== id) {
      const { kind } = this.#listener;
      const stored = this.#parts.store.cursor(kind);
      this.#isStored = stored?.listenerId === id;
      this.#cursor =
        stored !== undefined && this.#isStored
          ? stored
          : newCursor(kind, id, this.#listener.start());
    }
    if (this.#listener.isResumed(this.#cursor)) this.#save(resumed(this.#cursor));
    return this.#cursor;
  }

  /** Begins at `position`. */
  beginAt(position: number): void {
    const { cursor } = this;
    if (cursor !== undefined) this.#save({ ...cursor, position });
  }

  /** Writes down where it began, which cannot be told later; and goes on where it had stopped. */
  keepOn(): void {
    const { cursor } = this;
    if (cursor?.stoppedAt != null) this.#save(resumed(cursor));
    else if (cursor !== undefined && !this.#isStored) this.#save(cursor);
  }

  /** Whether there is something to deliver, to somebody who is not given up. */
  get owes(): boolean {
    const { cursor } = this;
    return cursor !== undefined && this.#isBehind(cursor);
  }

  /** The session's data goes: nothing more is delivered, and what is under way is not noted. */
  close(): void {
    this.#isClosed = true;
  }

  /** When the alarm has to try, if ever. */
  dueAt(now: number): number | undefined {
    if (this.#isClosed) return undefined;
    const { cursor } = this;
    if (cursor === undefined || !this.#isBehind(cursor)) return undefined;
    // Also of a batch that is tried again just now: its time is behind, and no alarm needs to hurry.
    if (this.#running !== undefined) return now + FALLBACK_MS;
    if (cursor.dueAt !== null) return cursor.dueAt;
    this.#behindSince ??= now;
    return this.#behindSince + FALLBACK_MS;
  }

  /** Delivers what is due; resolves when that is done, or has failed. The caller's turn ends first. */
  run(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const { cursor } = this;
    if (cursor !== undefined && (this.#running !== undefined || this.#isDue(cursor, Date.now()))) {
      this.#running ??= this.#drain();
    }
    return this.#running ?? Promise.resolve();
  }

  /** Delivers again what lies after `position`, to whoever listens. */
  replay(position: number): void {
    const { cursor } = this;
    if (cursor !== undefined) this.#save(replayed(cursor, position));
  }

  #isBehind({ stoppedAt, position, batchEnd }: EventCursor): boolean {
    return stoppedAt === null && (batchEnd !== null || position < this.#parts.source.end());
  }

  #isDue(cursor: EventCursor, now: number): boolean {
    return this.#isBehind(cursor) && (cursor.dueAt ?? 0) <= now;
  }

  async #drain(): Promise<void> {
    try {
      // What is written from here on holds nobody's answer back.
      await scheduler.wait(0);
      for (let batches = 0; batches < MAX_BATCHES_PER_RUN && !this.#isClosed; batches++) {
        const { cursor } = this;
        if (cursor === undefined || !this.#isDue(cursor, Date.now())) break;
        await this.#deliver(cursor);
      }
    } catch (error) {
      log.error({ event: "event_delivery_failed", error: String(error) });
    } finally {
      // In the turn of the last look: what happens after it starts another run.
      this.#running = undefined;
      this.#behindSince = undefined;
      if (!this.#isClosed) this.#parts.settled();
    }
  }

  async #deliver(cursor: EventCursor): Promise<void> {
    const { source } = this.#parts;
    const { position, replays } = cursor;
    const to = cursor.batchEnd ?? source.batchEnd(position);
    if (cursor.batchEnd === null) this.#save({ ...cursor, batchEnd: to });
    const outcome = await this.#send(cursor, to);
    if (this.#isClosed) return;
    // Meanwhile another webhook may have taken its place, or somebody wants it all again.
    const now = this.cursor;
    if (now?.listenerId !== cursor.listenerId || now.replays !== replays) return;
    const next = outcome.ok ? delivered(now) : failed(now, outcome, Date.now(), Math.random());
    this.#save(next);
    this.#monitor(now, next);
  }

  /** Tells of a receiver that goes on failing, and that it takes something again. */
  #monitor(before: EventCursor, after: EventCursor): void {
    const { troubles, source } = this.#parts;
    const { kind } = this.#listener;
    if (after.failingSince === null) troubles.resolved(kind, before.attempts);
    else if (isTold(after)) {
      const waiting = source.count(after.position);
      troubles.report({ kind, since: after.failingSince, waiting }, Date.now());
    }
  }

  async #send({ position, replays }: EventCursor, to: number): Promise<Delivered> {
    try {
      const { id, teamId } = this.#parts.session();
      const events = this.#parts.source.events(position, to);
      // What it was of may have been taken back.
      if (events.length === 0) return { ok: true, status: undefined };
      const batchId = `msg_${id}_${position}-${to}_${replays}`;
      return await this.#listener.send(batchId, { teamId, sessionId: id, events });
    } catch (error) {
      log.error({ event: "event_delivery_failed", error: String(error) });
      return undelivered("internal error");
    }
  }

  #save(cursor: EventCursor): void {
    const before = this.#cursor;
    this.#parts.store.save(cursor);
    this.#cursor = cursor;
    this.#isStored = true;
    if (before !== undefined && isNews(before, cursor)) this.#parts.isNews();
  }
}

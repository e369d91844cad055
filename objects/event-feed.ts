// Those who hear of the session's events: its team's webhook, and the Worker that is bound as `APP`. Visitors never wait
// for them: whatever is done here is done after a commit, and behind the answer to it.
import { callApp } from "../src/delivery/call-app.ts";
import { sendWebhook } from "../src/delivery/send-webhook.ts";
import { earliest } from "../src/domain/deadlines.ts";
import type { EventCursor } from "../src/domain/event-cursor.ts";
import { BEGINNING } from "../src/domain/event-order.ts";
import { isoTime } from "../src/domain/view.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { EventBatch } from "../src/protocol/events.ts";
import { EventDelivery, type EventListener } from "./event-delivery.ts";
import { EventSource, type EventSourceParts } from "./event-source.ts";
import type { IndexProjector } from "./index-projector.ts";
import type { Troubles } from "./troubles.ts";

export interface FeedParts extends EventSourceParts {
  readonly ctx: DurableObjectState;
  readonly env: Env;
  readonly projector: IndexProjector;
  readonly troubles: Troubles;
  /** When something is due has changed. */
  readonly changed: () => void;
}

export class EventFeed {
  readonly #parts: FeedParts;
  readonly #source: EventSource;
  readonly #webhook: EventDelivery;
  readonly #app: EventDelivery;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#source = new EventSource(parts);
    const { state, events: store, projector, troubles, changed } = parts;
    const shared = {
      store,
      source: this.#source,
      session: () => state.record,
      troubles,
      settled: changed,
    };
    this.#webhook = new EventDelivery(this.#webhookListener(), {
      ...shared,
      isNews: () => this.#tellTeam(projector),
    });
    this.#app = new EventDelivery(this.#appListener(), { ...shared, isNews: () => undefined });
    // An app that hears of this session for the first time begins here: bots must not answer what is history.
    void this.#app.cursor;
  }

  /** The session begins, in the transaction that creates it: whoever listens hears of all of it. */
  begin(): void {
    this.#app.beginAt(BEGINNING);
  }

  /** Something has happened, in the turn in which it was stored. */
  happened(): void {
    this.#app.keepOn();
    this.deliver();
  }

  /** Delivers what is due, behind whatever is going on. */
  deliver(): void {
    for (const delivery of [this.#webhook, this.#app]) {
      if (delivery.cursor !== undefined) this.#parts.ctx.waitUntil(delivery.run());
    }
  }

  /** Delivers what is due; resolves when that is done, or has failed. */
  async run(): Promise<void> {
    await Promise.all([this.#webhook.run(), this.#app.run()]);
  }

  /** Whether a listener that is not given up has yet to hear of something. */
  get owes(): boolean {
    return this.#webhook.owes || this.#app.owes;
  }

  /** The session's data goes: nobody hears of it any more. */
  close(): void {
    this.#webhook.close();
    this.#app.close();
  }

  /** How far those who listen have come. */
  get cursors(): readonly EventCursor[] {
    return [this.#webhook.cursor, this.#app.cursor].filter((cursor) => cursor !== undefined);
  }

  dueAt(now: number): number | undefined {
    return earliest(this.#webhook.dueAt(now), this.#app.dueAt(now));
  }

  /**
   * Delivers to the webhook again what happened at `since` or later, which the audit trail tells. What of before has yet to
   * get through comes too: a cursor is set back and never on.
   * Returns how many events that are; undefined without a webhook.
   */
  replay(since: number, actor: AuditActor, now: number): number | undefined {
    const { store, projector } = this.#parts;
    const { cursor } = this.#webhook;
    if (cursor === undefined) return undefined;
    const position = Math.min(cursor.position, this.#source.positionBefore(since));
    const events = this.#source.count(position);
    store.transaction(() => {
      this.#webhook.replay(position);
      const details = { since: isoTime(since), events };
      projector.record({ type: "events.replayed", actor, details }, now);
    });
    this.deliver();
    return events;
  }

  /** Tells the team's list of failures again how it is, in case that was lost. */
  tellAgain(now: number): void {
    this.#parts.projector.markWebhook(now);
  }

  #tellTeam(projector: IndexProjector): void {
    projector.markWebhook(Date.now());
    this.#parts.ctx.waitUntil(projector.run().then(() => this.#parts.changed()));
  }

  #webhookListener(): EventListener {
    const { env, state } = this.#parts;
    const current = () => state.team.webhook;
    return {
      kind: "webhook",
      id: () => current()?.id ?? null,
      start: () => this.#source.positionBefore(current()?.since ?? 0),
      isResumed: ({ failingSince }) => {
        const resumedAt = current()?.resumedAt ?? null;
        return failingSince !== null && resumedAt !== null && resumedAt >= failingSince;
      },
      async send(id: string, batch: EventBatch) {
        const webhook = current();
        if (webhook === null) throw new Error("there is no webhook any more");
        const timestamp = batch.events.at(-1)?.at ?? "";
        const payload = { type: "session.events", timestamp, data: batch } as const;
        return await sendWebhook(env, { teamId: batch.teamId, webhook, id, payload });
      },
    };
  }

  #appListener(): EventListener {
    const { APP: app } = this.#parts.env;
    return {
      kind: "app",
      id: () => (app === undefined ? null : "app"),
      start: () => this.#source.end(),
      // Nobody has to ask: the session's next event does; see `happened`.
      isResumed: () => false,
      async send(_, batch) {
        if (app === undefined) throw new Error("no APP is bound");
        return await callApp(app, batch);
      },
    };
  }
}

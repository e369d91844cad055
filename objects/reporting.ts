// Those who are told of what happens in a session, put together: the index, the listeners to its events, and whoever looks
// after the deployment.
import { EventFeed } from "./event-feed.ts";
import { EventStore } from "./event-store.ts";
import type { FileStore } from "./file-store.ts";
import { IndexProjector } from "./index-projector.ts";
import type { MessageLog } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import { OutboxStore } from "./outbox-store.ts";
import type { SessionState } from "./session-state.ts";
import type { SessionStore } from "./store.ts";
import { Troubles } from "./troubles.ts";

interface Parts {
  readonly ctx: DurableObjectState;
  readonly env: Env;
  readonly store: SessionStore;
  readonly messages: MessageStore;
  readonly state: SessionState;
  readonly log: MessageLog;
  readonly fileRows: FileStore;
  /** What the session waits for may have changed. */
  readonly changed: () => void;
}

export interface Reporting {
  readonly troubles: Troubles;
  readonly projector: IndexProjector;
  readonly events: EventFeed;
}

export function reportingOf(parts: Parts): Reporting {
  const { ctx, env, state, fileRows } = parts;
  const { sql } = ctx.storage;
  const troubles = new Troubles(ctx, env);
  const events = new EventStore(sql);
  const projector = new IndexProjector({
    ...parts,
    outbox: new OutboxStore(sql),
    events,
    files: fileRows,
    source: state,
    troubles,
  });
  return { troubles, projector, events: new EventFeed({ ...parts, events, projector, troubles }) };
}

// What of a session has to do with what is said in it, put together: the log, answers that are being written, the sockets
// of those who follow.
import { teamsDatabase } from "../src/session-index/databases.ts";
import { findOperatorToken } from "../src/session-index/operator-tokens.ts";
import { type LogListener, MessageLog } from "./message-log.ts";
import type { MessageStore } from "./message-store.ts";
import type { SessionState } from "./session-state.ts";
import { Sockets } from "./sockets.ts";
import type { SessionStore } from "./store.ts";
import { StreamStore } from "./stream-store.ts";
import { Streams } from "./streams.ts";

interface Parts {
  readonly ctx: DurableObjectState;
  readonly env: Env;
  readonly store: SessionStore;
  readonly messages: MessageStore;
  readonly state: SessionState;
  /** What the session waits for may have changed. */
  readonly changed: () => void;
}

export interface Messaging {
  readonly log: MessageLog;
  readonly streams: Streams;
  readonly sockets: Sockets;
}

export function messagingOf(parts: Parts, listener: Omit<LogListener, "deliver">): Messaging {
  const { ctx, env, store, messages, state } = parts;
  const log = new MessageLog(store, messages, state, {
    ...listener,
    deliver: (frames) => sockets.deliver(frames),
  });
  const streams = new Streams({
    ...parts,
    rows: new StreamStore(ctx.storage.sql),
    log,
    toLive: (frame) => sockets.toLive(frame),
  });
  const sockets: Sockets = new Sockets({
    ...parts,
    log,
    streams,
    loadStaff: (tokenId) => findOperatorToken(teamsDatabase(env), tokenId),
  });
  return { log, streams, sockets };
}

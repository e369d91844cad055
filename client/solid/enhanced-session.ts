import type { Accessor } from "solid-js";
import type { ChatMessage, SessionClient, SessionClientState } from "../core/index.ts";

/** Each accessor changes only when its own field did. */
export type Fields<State> = { readonly [Field in keyof State]: Accessor<State[Field]> };

/** As the client's own. They throw until the page is mounted: call them from handlers and effects. */
export type Actions = Omit<SessionClient, "getState" | "subscribe" | "start" | "stop">;

export interface EnhancedSession extends Fields<Omit<SessionClientState, "session">>, Actions {
  /** The session's record; undefined until the server has told it. */
  readonly sessionData: Accessor<SessionClientState["session"]>;
  /** Whether there is a session that can be used. */
  readonly isValid: Accessor<boolean>;
  /** Whether a session is being created or looked up. */
  readonly loading: Accessor<boolean>;
  /** Those of `messages` that are being written. */
  readonly streaming: Accessor<readonly ChatMessage[]>;
  /** The one of now; undefined until the page is mounted. */
  readonly client: Accessor<SessionClient | undefined>;
}

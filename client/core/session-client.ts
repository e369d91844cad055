// What the client can do, as its users see it.
import type { JsonObject } from "../../src/protocol/json.ts";
import type { Environment } from "./environment.ts";
import type { SessionClientState } from "./session-state.ts";
import type { Sharing } from "./sharing.ts";

export interface SessionClientOptions {
  /** Where the API is: an origin, without a slash at the end. */
  readonly baseUrl: string;
  readonly teamId: string;
  /** What to use in place of the browser's own. */
  readonly environment?: Partial<Environment>;
}

/** What both sides of a session do. */
export interface ChatClient {
  getState(): SessionClientState;
  /** The listener is called after every change; the returned function ends it. */
  subscribe(listener: () => void): () => void;
  /** Opens what the client is for, and stays connected. */
  start(): void;
  /** Closes the connection; the session goes on. */
  stop(): void;
  /**
   * Writes a message. It is shown at once and sent as soon as there is a connection, once however often it takes.
   *
   * @returns its clientId, which is also its `key`
   */
  send(content: string, options?: SendOptions): string;
  /** Tries a `failed` message again. */
  retry(key: string): void;
  /** Stops an answer that is `streaming`: what there is of it stays. Without a connection it does nothing. */
  cancel(key: string): void;
  /** Loads the page of messages before the first that is here. Does nothing while one is loading. */
  loadOlder(): Promise<void>;
  /** Call it as the person types; it is told to others sparingly. */
  setTyping(active: boolean): void;
  /** Everything that is here was read by this side. Tells the server only what is new to it; a guest nothing. */
  markRead(): void;
}

export interface SendOptions {
  /** A JSON object of the sender's own, at most 4 KiB. */
  readonly metadata?: JsonObject;
}

export interface SessionClient extends ChatClient {
  /**
   * Opens this browser's session with the team, creating it where there is none, or the one that the link in the page's
   * address is for; and stays connected.
   */
  start(): void;
  /** Ends the session in every tab and on every device. Rejects with `RequestError`. */
  terminateSession(): Promise<void>;
  /** Leaves a session that is over and opens the next one: the one another tab began since, or a new one. */
  startNewSession(): void;
  /** Who has access, and how others get it. For owners. */
  readonly sharing: Sharing;
  /**
   * Makes the session that was `offered` this browser's own, in all its tabs, in place of the one that it had: that one
   * goes on for whoever else has it. Rejects with `RequestError`.
   */
  acceptHandOff(): Promise<void>;
  /** Leaves what a link opened, or declines what was `offered`, and opens this browser's own session. */
  leaveInvite(): void;
}

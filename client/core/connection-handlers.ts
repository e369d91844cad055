// What a connection asks of whoever uses it, and tells.
import type { DownFrame } from "../../src/protocol/frames.ts";
import type { Entry, Offer, SessionEnd } from "./entry.ts";
import type { RequestError } from "./request-error.ts";
import type { ConnectionState } from "./session-state.ts";

export type ConnectionEnd =
  | SessionEnd
  | Offer
  /** The API refused a ticket for good. */
  | { readonly reason: "refused"; readonly error: RequestError }
  | { readonly reason: "closed"; readonly code: number };

/**
 * `hole`: something is missing, and a new connection has to bring it. `SessionEnd`: this was the last frame; a browser
 * may take seconds to say that the socket is closed.
 */
export type FrameVerdict = "applied" | "hole" | SessionEnd;

export interface ConnectionHandlers {
  /** A ticket young enough to be used now, or why there is none to be had. Rejects with `RequestError`. */
  ticket(): Promise<Entry>;
  /** The query of the socket's URL: where history is to begin. */
  resumeQuery(): string;
  /** A new socket is about to be used. */
  opening(): void;
  frame(frame: DownFrame, bytes: number): FrameVerdict;
  changed(state: ConnectionState): void;
  /** No further attempt comes. */
  ended(end: ConnectionEnd): void;
}

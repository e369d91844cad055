// What is handed to the log, and what becomes of each message of it.
import type { CallerRole } from "../src/domain/access.ts";
import type { ErrorCode } from "../src/protocol/errors.ts";
import type { Message, NewTeamMessage } from "../src/protocol/message.ts";
import type { LogEntry } from "./log-entry.ts";

/** Who submits: settled when it arrived, checked again when it is stored. */
export interface Sender {
  readonly role: CallerRole;
  /** Null for the team. */
  readonly credentialId: string | null;
  /** What was begun in time goes in though the session's deadline is behind, and does not keep it alive then. */
  readonly begunInTime?: true;
}

export type Outcome =
  | { readonly kind: "stored"; readonly message: Message }
  | { readonly kind: "duplicate"; readonly message: Message }
  | Refused;

export interface Refused {
  readonly kind: "refused";
  readonly code: ErrorCode;
  readonly clientId: string;
  /** Known where time alone will mend it. */
  readonly retryAfterMs: number | undefined;
}

export interface Batch {
  readonly sender: Sender;
  readonly messages: readonly LogEntry[];
  /** Called in the transaction that stores them: what it writes is stored with them or not at all. */
  readonly within?: (outcomes: readonly Outcome[], now: number) => void;
  /** Called after the commit and the delivery, with one outcome a message, in order. */
  readonly settle: (outcomes: readonly Outcome[]) => void;
}

export function refused(
  code: ErrorCode,
  { clientId }: NewTeamMessage,
  retryAfterMs: number | undefined = undefined,
): Refused {
  return { kind: "refused", code, clientId, retryAfterMs };
}

// What is handed to the log, and what becomes of each message of it.
import type { CallerRole } from "../src/domain/access.ts";
import type { ErrorCode, FieldError } from "../src/protocol/errors.ts";
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
  /** Known where one field is at fault. */
  readonly errors: readonly FieldError[] | undefined;
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
  return { kind: "refused", code, clientId, retryAfterMs, errors: undefined };
}

/** One of its attachments is not there to be sent. */
export function unattached(message: NewTeamMessage, index: number): Refused {
  const path = `/attachments/${index}/fileId`;
  const errors = [{ path, message: "no file of this session that can be sent" }];
  return { ...refused("attachment_not_found", message), errors };
}

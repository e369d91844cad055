// What the host's page and the chat in its frame tell each other. Each side takes a message only from the other's window
// and origin, and only if it is one of these.

/** Of these messages; what has another is not for us. */
const VERSION = 1;

export type MessageToFrame =
  /** Whether the frame is in sight. */
  | { readonly type: "shown"; readonly shown: boolean }
  /** The host knows who the person is, and tells when it is asked. */
  | { readonly type: "identify" }
  /** The answer to the request `id`; without a token, the person is nobody known. */
  | { readonly type: "identity"; readonly id: number; readonly token: string | undefined };

export type MessageToHost =
  | { readonly type: "ready" }
  | { readonly type: "close" }
  /** Asks who the person is. */
  | { readonly type: "identity"; readonly id: number }
  | { readonly type: "event"; readonly event: ChatEvent };

/** What was said stays in the frame: none of these tells it. */
export type ChatEvent =
  | { readonly name: "unread"; readonly detail: number }
  | { readonly name: "message"; readonly detail: MessageDetail }
  | { readonly name: "session"; readonly detail: SessionDetail }
  | { readonly name: "error"; readonly detail: ErrorDetail };

/** A message was stored. */
export interface MessageDetail {
  /** `user`, `assistant`, `operator` or `system`. */
  readonly role: string;
  /** Its place in the session's log. */
  readonly seq: number;
}

/** The session is another, or stands otherwise. */
export interface SessionDetail {
  /** An address that opens nothing; undefined while there is none. */
  readonly sessionId: string | undefined;
  /** As in the client's state. */
  readonly status: string;
}

export interface ErrorDetail {
  /** As in docs/errors.md; `unavailable` when the frame did not come up. */
  readonly code: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** As it is posted. */
export function envelope(message: MessageToFrame | MessageToHost): object {
  return { durableSessions: VERSION, ...message };
}

/** What the frame was told; undefined for anything else. */
export function readByFrame(data: unknown): MessageToFrame | undefined {
  const { type, shown, id, token } = opened(data);
  if (type === "shown" && typeof shown === "boolean") {
    return { type, shown };
  }
  if (type === "identity" && typeof id === "number" && isOptionalText(token)) {
    return { type, id, token };
  }
  return type === "identify" ? { type } : undefined;
}

/** What the host was told; undefined for anything else. */
export function readByHost(data: unknown): MessageToHost | undefined {
  const { type, id, event } = opened(data);
  if (type === "ready" || type === "close") {
    return { type };
  }
  if (type === "identity") {
    return typeof id === "number" ? { type, id } : undefined;
  }
  const read = type === "event" ? readEvent(event) : undefined;
  return read && { type: "event", event: read };
}

function readEvent(event: unknown): ChatEvent | undefined {
  const { name, detail } = fieldsOf(event);
  const { role, seq, sessionId, status, code } = fieldsOf(detail);
  if (name === "unread" && typeof detail === "number") {
    return { name, detail };
  }
  if (name === "message" && typeof role === "string" && typeof seq === "number") {
    return { name, detail: { role, seq } };
  }
  if (name === "session" && isOptionalText(sessionId) && typeof status === "string") {
    return { name, detail: { sessionId, status } };
  }
  return name === "error" && typeof code === "string" ? { name, detail: { code } } : undefined;
}

function opened(data: unknown): Fields {
  const fields = fieldsOf(data);
  return fields.durableSessions === VERSION ? fields : {};
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

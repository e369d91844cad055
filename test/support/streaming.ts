/** A bot that streams: its team's sessions, a body that is written piece by piece, and what a reader makes of it. */
import { env, exports } from "cloudflare:workers";
import type { Result } from "../../src/protocol/errors.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { BASE, call } from "./api.ts";
import { TestSocket } from "./socket.ts";
import { BOUND_CALLER, TEST_ADMIN_TOKEN } from "./test-env.ts";

/** The team that the calling Worker's binding is for; made once a file. */
export async function newBoundTeam(policy: object = {}): Promise<string> {
  const limits = { createsPerMinutePerNetwork: null, createsPerMinute: null };
  const body = { id: BOUND_CALLER.teamId, name: "Bound", limits, ...policy };
  const made = await call("/api/admin/teams", { bearer: TEST_ADMIN_TOKEN, body });
  if (made.status !== 201) throw new Error(await made.text());
  return BOUND_CALLER.teamId;
}

export function bound<T extends object>(
  method: string,
  ...args: readonly unknown[]
): Promise<Result<T>> {
  return env.CALLING_WORKER.call("SESSIONS", method, ...args) as Promise<Result<T>>;
}

/** The value of a result that has to be one. */
export async function good<T extends object>(result: Promise<Result<T>>): Promise<T> {
  const value = await result;
  if (!value.ok) throw new Error(JSON.stringify(value));
  return value;
}

/** A result's code, "ok" of a good one. */
export async function codeOf(result: Promise<Result<object>>): Promise<string> {
  const value = await result;
  return value.ok ? "ok" : value.code;
}

/** Somebody who is there, live. */
export async function reader(
  { session, ticket }: SessionWithToken,
  query = "",
): Promise<TestSocket> {
  const socket = await TestSocket.open(session, ticket, { query });
  await socket.first("synced");
  return socket;
}

/** A message that is written by calls. */
export class CalledMessage {
  readonly chat: SessionWithToken;
  readonly messageId: string;
  text = "";

  private constructor(chat: SessionWithToken, messageId: string) {
    this.chat = chat;
    this.messageId = messageId;
  }

  static async start(chat: SessionWithToken, fields: object = {}): Promise<CalledMessage> {
    const message = { clientId: crypto.randomUUID(), ...fields };
    const started = await good(
      bound<{ messageId: string }>("startMessage", chat.session.id, message),
    );
    return new CalledMessage(chat, started.messageId);
  }

  /** Adds to what was added before. */
  async append(text: string): Promise<void> {
    await good(this.appendAt(this.text.length, text));
    this.text += text;
  }

  appendAt(offset: number, text: string): Promise<Result<{ readonly length: number }>> {
    return bound("appendMessage", this.chat.session.id, this.messageId, { offset, text });
  }

  finish(options: object = {}): Promise<Result<{ readonly message: Message }>> {
    return bound("finishMessage", this.chat.session.id, this.messageId, options);
  }
}

/** A request whose body is written while it is under way. */
export class StreamedRequest {
  readonly response: Promise<Response>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(
    sessionId: string,
    bearer: string,
    query: string | Readonly<Record<string, string>> = {},
  ) {
    const { readable, writable } = new IdentityTransformStream();
    this.#writer = writable.getWriter();
    const search = new URLSearchParams({ clientId: crypto.randomUUID(), ...Object(query) });
    this.response = exports.default.fetch(
      `${BASE}/api/sessions/${sessionId}/messages/stream?${search}`,
      {
        method: "POST",
        headers: { Authorization: `Bearer ${bearer}`, "Content-Type": "text/plain" },
        body: readable,
      },
    );
  }

  /** Settles when the piece was read. */
  async write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  async end(): Promise<void> {
    await this.#writer.close();
  }

  async message(): Promise<Message> {
    const response = await this.response;
    if (!response.ok) throw new Error(await response.text());
    return (await response.json<{ message: Message }>()).message;
  }
}

/** The same by service binding. */
export class BoundStream {
  readonly result: Promise<Result<{ readonly message: Message; readonly isNew: boolean }>>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor({ session }: SessionWithToken, fields: object = {}) {
    const { readable, writable } = new IdentityTransformStream();
    this.#writer = writable.getWriter();
    const message = { clientId: crypto.randomUUID(), ...fields };
    this.result = bound("streamMessage", session.id, message, readable);
  }

  async write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text));
  }

  async end(): Promise<void> {
    await this.#writer.close();
  }

  /** The producer dies. */
  async breakOff(): Promise<void> {
    await this.#writer.abort(new Error("the producer died"));
  }
}

/** What a reader shows of an answer by its deltas; undefined where it has heard of none. */
export function shownOn(socket: TestSocket, messageId: string): string | undefined {
  let text: string | undefined;
  for (const delta of socket.all("delta")) {
    if (delta.messageId !== messageId) continue;
    text = (text ?? "").slice(0, delta.offset) + delta.text;
  }
  return text;
}

/** Whether a reader's deltas of an answer follow one another: the first at 0, each where the last one ended. */
export function joins(socket: TestSocket, messageId: string): boolean {
  let length = 0;
  return socket
    .all("delta")
    .filter((delta) => delta.messageId === messageId)
    .every(({ offset, text }) => {
      const isNext = offset === length;
      length = offset + text.length;
      return isNext;
    });
}

/** The session's messages by HTTP, as its owner sees them. */
export async function messagesOf({ session, token }: SessionWithToken): Promise<Message[]> {
  const path = `/api/sessions/${session.id}/messages?after=0`;
  const response = await call(path, { bearer: token });
  return (await response.json<{ messages: Message[] }>()).messages;
}

// A client's surroundings under a test's control: scripted sockets and answers, a storage that tabs can share, and time that vitest's
// fake timers move.
import type {
  AttentionEvent,
  Environment,
  KeyValueStorage,
  SocketListeners,
} from "../../client/core/environment.ts";
import type { Conversation } from "../../src/protocol/conversation.ts";
import type { DownFrame, UpFrame } from "../../src/protocol/frames.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { Session } from "../../src/protocol/session.ts";

/** One socket that the client opened; the test plays the server. */
export class FakeSocket {
  readonly url: URL;
  readonly protocols: readonly string[];
  readonly sent: string[] = [];
  closedByClient = false;
  readonly #listeners: SocketListeners;

  constructor(url: string, protocols: readonly string[], listeners: SocketListeners) {
    this.url = new URL(url);
    this.protocols = protocols;
    this.#listeners = listeners;
  }

  /** Frames that the client sent, pings left out. */
  get frames(): UpFrame[] {
    return this.sent.filter((text) => text !== "ping").map((text) => JSON.parse(text));
  }

  get pings(): number {
    return this.sent.filter((text) => text === "ping").length;
  }

  down(...frames: DownFrame[]): void {
    for (const frame of frames) {
      this.text(JSON.stringify(frame));
    }
  }

  text(text: string): void {
    if (!this.closedByClient) {
      this.#listeners.text(text);
    }
  }

  close(code: number, reason = ""): void {
    if (!this.closedByClient) {
      this.#listeners.closed(code, reason);
    }
  }

  handle() {
    return {
      send: (text: string) => void this.sent.push(text),
      close: () => {
        this.closedByClient = true;
      },
    };
  }
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

export type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | "down";

export class FakeEnvironment implements Environment {
  readonly sockets: FakeSocket[] = [];
  readonly requests: Request[] = [];
  readonly storage: KeyValueStorage | undefined;
  readonly tabStorage: MemoryStorage = new MemoryStorage();
  /** In the page's address, as long as nobody has taken it out. */
  invite: string | undefined;
  /** Answers the next requests; may await. */
  respond: (request: Request) => Answer | Promise<Answer> = () => ({ status: 404 });
  /** What the API says of the session's conversations, which every connection asks; apart from `requests`. */
  conversations: readonly Conversation[] | "down" = [];
  /** Answers what is about files, which is not JSON, in place of `respond`. */
  answerFile: ((url: URL, init: RequestInit) => Promise<Response>) | undefined;
  isVisible = true;
  nextRandom = 0.5;
  readonly #attentionListeners = new Set<(event: AttentionEvent) => void>();
  #ids = 0;
  readonly #idPrefix: string;

  constructor(storage: KeyValueStorage | undefined = new MemoryStorage(), idPrefix = "id") {
    this.storage = storage;
    this.#idPrefix = idPrefix;
  }

  readonly clock: Environment["clock"] = {
    now: () => Date.now(),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  };

  readonly attention: Environment["attention"] = {
    visible: () => this.isVisible,
    subscribe: (listener) => {
      this.#attentionListeners.add(listener);
      return () => this.#attentionListeners.delete(listener);
    },
  };

  readonly tabs: Environment["tabs"] = {
    post: () => undefined,
    subscribe: () => () => undefined,
  };

  readonly exclusively: Environment["exclusively"] = (_name, work) => work();
  readonly deviceInfo: Environment["deviceInfo"] = async () => undefined;
  readonly fingerprint: Environment["fingerprint"] = async () => undefined;

  /** No bytes are kept, nobody is told how far an upload is, and other tabs' are not waited for. */
  readonly files: NonNullable<Environment["files"]> = {
    XMLHttpRequest: undefined,
    indexedDB: undefined,
    locks: undefined,
  };

  readonly takeInvite = () => {
    const { invite } = this;
    this.invite = undefined;
    return invite;
  };

  /** The last socket that the client opened. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) {
      throw new Error("The client has opened no socket.");
    }
    return socket;
  }

  readonly random = () => this.nextRandom;

  readonly newId = () => {
    this.#ids += 1;
    return `${this.#idPrefix}-${this.#ids}`;
  };

  readonly openSocket: Environment["openSocket"] = (url, protocols, listeners) => {
    const socket = new FakeSocket(url, protocols, listeners);
    this.sockets.push(socket);
    return socket.handle();
  };

  readonly fetch: Environment["fetch"] = async (url, init) => {
    const { pathname, search } = new URL(url);
    if (this.answerFile && pathname.includes("/files")) {
      return await this.answerFile(new URL(url), init);
    }
    const request: Request = {
      method: init.method ?? "GET",
      path: pathname + search,
      headers: Object.fromEntries(new Headers(init.headers)),
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
    };
    const answer = await this.#answer(request);
    if (answer === "down") {
      throw new TypeError("fetch failed");
    }
    const type = answer.status < 400 ? "application/json" : "application/problem+json";
    return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), {
      status: answer.status,
      headers: { "content-type": type, ...answer.headers },
    });
  };

  async #answer(request: Request): Promise<Answer> {
    if (request.method === "GET" && request.path.endsWith("/conversations")) {
      const { conversations } = this;
      return conversations === "down" ? "down" : { status: 200, body: { conversations } };
    }
    this.requests.push(request);
    return await this.respond(request);
  }

  get attentionListeners(): number {
    return this.#attentionListeners.size;
  }

  /** What the page would hear from the browser. */
  signal(event: AttentionEvent): void {
    for (const listener of this.#attentionListeners) {
      listener(event);
    }
  }
}

export class MemoryStorage implements KeyValueStorage {
  readonly items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }

  get length(): number {
    return this.items.size;
  }

  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }
}

export function session(fields: Partial<Session> = {}): Session {
  return {
    id: "S1",
    teamId: "demo",
    status: "active",
    version: 1,
    createdAt: "2026-01-01T00:00:00.000Z",
    lastAccessed: "2026-01-01T00:00:00.000Z",
    expiresAt: "2026-01-31T00:00:00.000Z",
    defaultConversationId: "C1",
    lastSeq: 0,
    ...fields,
  };
}

export function message(seq: number, fields: Partial<Message> = {}): Message {
  return {
    id: `M${seq}`,
    seq,
    conversationId: "C1",
    role: "assistant",
    content: `message ${seq}`,
    createdAt: "2026-01-01T00:00:00.000Z",
    ...fields,
  };
}

/** A `messages` frame of everything in (from, to]. */
export function messages(from: number, to: number): DownFrame {
  const list = Array.from({ length: to - from }, (_, index) => message(from + index + 1));
  return { type: "messages", from, to, messages: list };
}

export function welcome(fields: Partial<Session> = {}): DownFrame {
  return {
    type: "welcome",
    session: session(fields),
    connectionId: "K1",
    role: "owner",
    lastSeq: fields.lastSeq ?? 0,
    presence: [{ connectionId: "K1", role: "owner", since: "2026-01-01T00:00:00.000Z" }],
  };
}

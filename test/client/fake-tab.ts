// Tabs of one browser without their connection: replicas over one storage, and a server that stores each clientId once.
import { vi } from "vitest";
import type { Environment, KeyValueStorage } from "../../client/core/environment.ts";
import type { OwnMessages } from "../../client/core/outbox.ts";
import type { SessionReplica } from "../../client/core/session-replica.ts";
import { createReplica } from "../../client/core/session-replica.ts";
import type { SessionClientState } from "../../client/core/session-state.ts";
import { INITIAL_STATE } from "../../client/core/session-state.ts";
import type { Shelf } from "../../client/core/shelf.ts";
import { createShelf } from "../../client/core/shelf.ts";
import { Store } from "../../client/core/store.ts";
import type { Conversation } from "../../src/protocol/conversation.ts";
import type { DownFrame, UpFrame } from "../../src/protocol/frames.ts";
import type { Message, NewMessage } from "../../src/protocol/message.ts";
import { MemoryStorage, message, session, welcome } from "./fake-environment.ts";

export const PREFIX = "durable-sessions/demo/";

/** One session's log, as far as a visitor's messages go. */
export class FakeServer {
  readonly id: string;
  readonly log: Message[] = [];
  readonly tabs = new Set<Tab>();

  constructor(id = "S1") {
    this.id = id;
  }

  get contents(): string[] {
    return this.log.map(({ content }) => content);
  }

  store(tab: Tab, { clientId, content, conversationId = "C1" }: NewMessage): void {
    const known = this.log.find((one) => one.clientId === clientId);
    if (known) {
      tab.hear({ type: "stored", items: [{ clientId, seq: known.seq }] });
      return;
    }
    this.say({ role: "user", clientId, content, conversationId });
  }

  say(fields: Partial<Message>): void {
    const from = this.log.length;
    this.log.push(message(from + 1, fields));
    for (const tab of this.tabs) {
      tab.hear({ type: "messages", from, to: from + 1, messages: this.log.slice(from) });
    }
  }
}

export class Tab {
  readonly store = new Store<SessionClientState>(INITIAL_STATE);
  readonly shelf: Shelf;
  readonly frames: UpFrame[] = [];
  replica: SessionReplica;
  conversations: readonly Conversation[] = [];
  isVisible = true;
  wrote = 0;
  /** Frames that are lost on the way up. */
  isMute = false;
  /** What the shelf was refused. */
  refusals = 0;
  resumedWith = "";
  readonly #own: OwnMessages = new Map();
  #server: FakeServer | undefined;
  static #written = 0;

  constructor(
    storage: KeyValueStorage = new MemoryStorage(),
    sessionId: string | undefined = undefined,
  ) {
    this.shelf = createShelf(storage, PREFIX, () => {
      this.refusals += 1;
    });
    this.replica = this.#newReplica(sessionId);
  }

  get state(): SessionClientState {
    return this.store.get();
  }

  get contents(): string[] {
    return this.state.messages.map(({ content }) => content);
  }

  get deliveries(): string[] {
    return this.state.messages.map(({ content, delivery }) => `${content}: ${delivery}`);
  }

  get sent(): string[] {
    return this.frames.flatMap((frame) =>
      frame.type === "send" ? frame.messages.map(({ content }) => content) : [],
    );
  }

  write(content: string): { readonly clientId: string; readonly delivered: Promise<void> } {
    Tab.#written += 1;
    const clientId = `c-${Tab.#written}`;
    return { clientId, delivered: this.replica.send({ clientId, content }) };
  }

  /** Connects and takes the history that it lacks. */
  connect(server: FakeServer, ...before: DownFrame[]): void {
    this.#server = server;
    const seq = server.log.length;
    const opened = { id: server.id, lastSeq: seq };
    this.replica.adopt(session(opened));
    this.resumedWith = this.replica.resumeQuery();
    this.replica.opening();
    this.hear(welcome(opened), ...before);
    const from = Number(/after=(\d+)/.exec(this.resumedWith)?.[1] ?? 0);
    if (from < seq) {
      this.hear({ type: "messages", from, to: seq, messages: server.log.slice(from) });
    }
    server.tabs.add(this);
    this.hear({ type: "synced", seq });
    this.replica.outboxChanged();
  }

  disconnect(): void {
    this.#server?.tabs.delete(this);
    this.#server = undefined;
    this.replica.offline();
  }

  /** The tab is gone, without a chance to do anything. */
  crash(): void {
    this.#server?.tabs.delete(this);
    this.#server = undefined;
    this.replica.retire(() => false);
  }

  /** Another session takes the place of this one's. */
  renew(sessionId?: string, isRival = false): void {
    const moved = isRival ? this.replica.ownMessages() : undefined;
    this.disconnect();
    this.replica.retire((one) => isRival || one.sessionId === undefined);
    this.store.patch(INITIAL_STATE);
    this.replica = this.#newReplica(sessionId);
    if (moved) {
      this.replica.requeue(moved);
    }
  }

  hear(...frames: DownFrame[]): void {
    for (const frame of frames) {
      this.replica.frame(frame, JSON.stringify(frame).length);
    }
  }

  #up(frame: UpFrame): void {
    if (!this.#server) {
      return;
    }
    this.frames.push(frame);
    if (frame.type === "send" && !this.isMute) {
      const server = this.#server;
      for (const one of frame.messages) {
        // As over a network: never while the sender is still at it.
        void Promise.resolve().then(() => server.store(this, one));
      }
    }
  }

  #newReplica(sessionId: string | undefined): SessionReplica {
    return createReplica({
      store: this.store,
      clock: CLOCK,
      ownRole: "user",
      own: this.#own,
      shelf: this.shelf,
      sessionId,
      handlers: {
        sendUp: (frame) => this.#up(frame),
        conversations: async () => ({ conversations: this.conversations }),
        wrote: () => {
          this.wrote += 1;
        },
        isVisible: () => this.isVisible,
      },
    });
  }
}

/** What the tabs of one browser share: its storage, and the server of their session. */
export function fakeBrowser(): {
  readonly storage: MemoryStorage;
  readonly server: FakeServer;
  readonly open: () => Tab;
} {
  const storage = new MemoryStorage();
  const server = new FakeServer();
  return { storage, server, open: () => new Tab(storage, server.id) };
}

const CLOCK: Environment["clock"] = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Names of what stands in the outbox. */
export function outboxItems(storage: MemoryStorage): string[] {
  return [...storage.items.keys()].filter((key) => key.startsWith(`${PREFIX}out/`));
}

export async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

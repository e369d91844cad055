// This client's copy of the session: what the server's frames and the visitor's messages lead to, put where subscribers see it.
// Knows neither socket nor URL. Long, because every frame comes to its one switch, and each case is a line or a few.
import type { DownFrame, UpFrame, WelcomeFrame } from "../../src/protocol/frames.ts";
import { DEFAULT_PAGE_MESSAGES } from "../../src/protocol/limits.ts";
import type { NewMessage } from "../../src/protocol/message.ts";
import type { ConversationList, MessagePage } from "../../src/protocol/rest.ts";
import type { Session } from "../../src/protocol/session.ts";
import type { FrameVerdict } from "./connection-handlers.ts";
import type { OwnRole } from "./conversation-view.ts";
import { ConversationView } from "./conversation-view.ts";
import type { Clock } from "./environment.ts";
import { OutboxSender } from "./outbox-sender.ts";
import { ReadMarks } from "./read-marks.ts";
import { ReceivedPolicy } from "./received-policy.ts";
import type { SessionEnd } from "./session-access.ts";
import type { SessionClientState } from "./session-state.ts";
import type { Store } from "./store.ts";
import { ThreadState } from "./thread-state.ts";
import { Typists } from "./typing.ts";

/** What a replica asks of whoever has the connection. */
export interface ReplicaHandlers {
  /** May drop a frame when there is no connection: the next one begins where this copy ends. */
  readonly sendUp: (frame: UpFrame) => void;
  /** Rejects when it cannot be had now. */
  readonly conversations: () => Promise<ConversationList>;
}

export class SessionReplica {
  readonly #store: Store<SessionClientState>;
  readonly #clock: Clock;
  readonly #handlers: ReplicaHandlers;
  readonly #typists: Typists;
  readonly #view: ConversationView;
  readonly #thread = new ThreadState();
  readonly #sender: OutboxSender;
  readonly #marks: ReadMarks;
  #threadListed = false;
  #received = new ReceivedPolicy();
  #older: "idle" | "loading" | "failed" = "idle";
  #retired = false;

  constructor(
    store: Store<SessionClientState>,
    clock: Clock,
    ownRole: OwnRole,
    handlers: ReplicaHandlers,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#view = new ConversationView(ownRole);
    this.#marks = new ReadMarks(ownRole);
    this.#sender = new OutboxSender({
      outbox: this.#view.outbox,
      clock,
      isSynced: () => store.get().synced,
      sendUp: (frame) => this.#sendUp(frame),
    });
    this.#typists = new Typists(clock, (typing) => store.patch({ typing }));
  }

  /** The query of the next socket's URL: where history is to begin. */
  resumeQuery(): string {
    const { last } = this.#view.log;
    return last === undefined ? `tail=${DEFAULT_PAGE_MESSAGES}` : `after=${last}`;
  }

  /** Whether nothing is known of the log yet. */
  get empty(): boolean {
    return this.#view.log.last === undefined;
  }

  /** The log ends at `seq`, and all of it is older history to be loaded. */
  beginAt(seq: number): void {
    this.#view.log.synced(seq);
  }

  /** A new socket is about to bring frames. */
  opening(): void {
    this.#received = new ReceivedPolicy();
    this.#marks.opening();
  }

  /** Frames have stopped: who is here is not known any more. */
  offline(): void {
    this.#typists.clear();
    this.#store.patch({ synced: false, presence: [] });
  }

  /** The session is over: what is not stored by now never will be. */
  over({ reason, session }: SessionEnd): void {
    this.#view.outbox.failAll(reason === "expired" ? "session_expired" : "session_terminated");
    if (session) {
      this.adopt(session);
    }
    this.#view.answers.forget();
    this.#store.patch({ status: reason });
    this.#showMessages();
  }

  /** Another session takes this one's place: what still arrives for it is shown no more. */
  retire(): void {
    this.#sender.stop();
    this.#typists.clear();
    this.#retired = true;
  }

  /** The higher version is the newer record, whichever arrived first. */
  adopt(session: Session): void {
    const known = this.#store.get().session;
    if (!known || known.id !== session.id || session.version >= known.version) {
      this.#store.patch({ session, sessionId: session.id });
    }
  }

  /** @returns what settles once it is stored or refused */
  send(message: NewMessage): Promise<void> {
    const { delivery } = this.#view.outbox.add(message, this.#clock.now());
    if (delivery === "sending") {
      this.#sender.one(message);
    }
    this.#showMessages();
    return this.#view.outbox.delivered(message.clientId);
  }

  retry(clientId: string): void {
    const message = this.#view.outbox.retry(clientId);
    if (message) {
      this.#sender.one(message);
    }
    this.#showMessages();
  }

  cancel(messageId: string): void {
    this.#sendUp({ type: "cancel", messageId });
  }

  /** Everything that is here was read. Guests have no mark. */
  markRead(): void {
    const { role, synced } = this.#store.get();
    const conversationId = this.#conversationId;
    if (!synced || conversationId === undefined || (role !== "owner" && role !== "operator")) {
      return;
    }
    const seq = this.#marks.next(this.#view.log.messages, conversationId);
    if (seq !== undefined) {
      this.#sendUp({ type: "read", conversationId, seq });
    }
  }

  /** @param load asks for the page of messages before a `seq` */
  async loadOlder(load: (before: number) => Promise<MessagePage>): Promise<void> {
    const { log } = this.#view;
    if (!log.hasOlder || this.#older === "loading") {
      return;
    }
    const before = log.olderBefore;
    this.#older = "loading";
    this.#showMessages();
    const page = await load(before).catch(() => undefined);
    // The stretch may have begun anew while the page was on its way; it then belongs nowhere.
    if (page && before === log.olderBefore) {
      log.prepend(page.messages, page.nextBefore);
    }
    this.#older = page ? "idle" : "failed";
    this.#showMessages();
  }

  frame(frame: DownFrame, bytes: number): FrameVerdict {
    switch (frame.type) {
      case "welcome":
        this.#welcomed(frame);
        break;
      case "messages":
        if (this.#view.messages(frame) === "hole") {
          return "hole";
        }
        this.#thread.told(frame.messages, this.#conversationId);
        if (this.#received.messages(bytes)) {
          this.#sendUp({ type: "received", seq: frame.to });
        }
        break;
      case "synced":
        if (!this.#view.log.synced(frame.seq)) {
          return "hole";
        }
        this.#synced();
        break;
      case "stored":
        this.#view.stored(frame);
        break;
      case "truncated":
        this.#view.log.truncate(frame.firstSeq);
        this.#threadListed = false;
        break;
      case "presence":
        this.#typists.present(frame.presence);
        this.#store.patch({ presence: frame.presence });
        break;
      case "typing":
        if (frame.connectionId !== this.#store.get().connectionId) {
          this.#typists.heard(frame);
        }
        break;
      case "session": {
        const { session } = frame;
        this.adopt(session);
        if (session.status !== "active") {
          return { reason: session.status, session };
        }
        break;
      }
      case "error":
        if (frame.code === "rate_limited") {
          this.#sender.later(frame.retryAfterMs ?? 0);
        } else if (frame.clientId !== undefined) {
          this.#view.outbox.markFailed(frame.clientId, frame.code);
        }
        break;
      case "delta":
        this.#view.answers.delta(frame, this.#clock.now());
        break;
      case "discarded":
        this.#view.answers.end([frame.messageId]);
        break;
      case "redacted":
        this.#view.redacted(frame);
        break;
      case "read":
        if (frame.conversationId === this.#conversationId) {
          this.#marks.told(frame);
          this.#store.patch({ readUpTo: this.#marks.upTo });
        }
        break;
    }
    this.#showMessages();
    return "applied";
  }

  #welcomed({ session, role, connectionId, presence }: WelcomeFrame): void {
    this.#view.answers.forget();
    this.#view.ownAuthor = presence.find((one) => one.connectionId === connectionId)?.author;
    this.adopt(session);
    this.#store.patch({ status: "active", role, connectionId, presence });
  }

  /** What the history did not acknowledge is sent again only now, when it is known what it acknowledged. */
  #synced(): void {
    this.#received.synced();
    this.#sender.all();
    this.#store.patch({ synced: true });
    void this.#listThread();
  }

  /** Once, and again after messages were left out that may have told a change. */
  async #listThread(): Promise<void> {
    if (this.#threadListed) {
      return;
    }
    this.#threadListed = true;
    try {
      this.#thread.listed(await this.#handlers.conversations(), this.#conversationId);
      this.#showMessages();
    } catch {
      // The next connection asks again.
      this.#threadListed = false;
    }
  }

  get #conversationId(): string | undefined {
    return this.#store.get().session?.defaultConversationId;
  }

  #sendUp(frame: UpFrame): void {
    this.#handlers.sendUp(frame);
  }

  #showMessages(): void {
    if (this.#retired) {
      return;
    }
    const more = this.#view.log.hasOlder ? "more" : "none";
    this.#store.patch({
      messages: this.#view.list(),
      conversation: this.#thread.state,
      pendingCount: this.#view.outbox.pendingCount,
      older: this.#older === "idle" ? more : this.#older,
    });
  }
}

// This client's copy of the session: what the server's frames and the visitor's messages lead to, put where subscribers see it.
// Knows neither socket nor URL. Long, because every frame and every action comes through here, each a line or a few.
import type { Conversation } from "../../src/protocol/conversation.ts";
import type { StoredAttachment } from "../../src/protocol/file.ts";
import type { DownFrame } from "../../src/protocol/frames.ts";
import { DEFAULT_PAGE_MESSAGES, RECEIVED_EVERY_BYTES } from "../../src/protocol/limits.ts";
import type { Author, NewMessage } from "../../src/protocol/message.ts";
import type { MessagePage } from "../../src/protocol/rest.ts";
import type { Session } from "../../src/protocol/session.ts";
import { loggedMessage } from "./chat-message.ts";
import type { FrameVerdict } from "./connection-handlers.ts";
import type { SessionEnd } from "./entry.ts";
import { createMessageLog } from "./message-log.ts";
import { createOutbox } from "./outbox.ts";
import type { Written } from "./outbox-store.ts";
import { createOutboxStore } from "./outbox-store.ts";
import type { EndReason } from "./previous-session.ts";
import { keepPrevious, keptPrevious } from "./previous-session.ts";
import { createReadMarks } from "./read-marks.ts";
import type { ReplicaParts } from "./replica-parts.ts";
import type { RequestErrorCode } from "./request-error.ts";
import type { ChatMessage } from "./session-state.ts";
import { createStreamedAnswers } from "./streamed-answers.ts";
import { createThreads } from "./threads.ts";
import { createTimeline } from "./timeline.ts";
import { createTranscript, endOf } from "./transcript.ts";
import { createTypingSignal, createTypists } from "./typing.ts";

export type SessionReplica = ReturnType<typeof createReplica>;

export function createReplica({
  store,
  clock,
  ownRole,
  own,
  shelf,
  sessionId: openedAs,
  handlers,
}: ReplicaParts) {
  const { sendUp } = handlers;
  const isVisitor = ownRole === "user";
  const isOwn = ({ role }: ChatMessage) => (role === "user") === isVisitor;
  const answers = createStreamedAnswers();
  const log = createMessageLog((message) => {
    const { id, clientId, role } = message;
    // A clientId is unique per side: the team's may collide with ours and mean nothing by it.
    const isKeyed = role === ownRole && clientId !== undefined && !answers.has(id);
    return loggedMessage(isKeyed ? clientId : id, message);
  });
  const transcript = createTranscript({ shelf, clock, log, isVisible: handlers.isVisible });
  const timeline = createTimeline();
  const threads = createThreads(isOwn);
  const marks = createReadMarks(isVisitor ? "visitor" : "team", isOwn);
  const typists = createTypists(clock, (typing) => store.patch({ typing }));
  /** What the server will sign own messages with. */
  let ownAuthor: Author | undefined;
  let sessionId: string | undefined;
  /** The conversation that somebody chose to see. */
  let chosen: string | undefined;
  let areThreadsListed = false;
  /** Bytes of messages that the server does not know to have arrived. */
  let unacknowledged = 0;
  let older: "loading" | "failed" | undefined;
  let isRetired = false;
  /** The `previous` that is shown, as JSON: what did not change stays the same object. */
  let previousText: string | undefined = "";

  const outbox = createOutbox({
    store: createOutboxStore(shelf),
    clock,
    ownRole,
    own,
    isSynced: () => store.get().synced,
    isLogged: (clientId) => log.messages.some(({ key }) => key === clientId),
    author: () => ownAuthor,
    sendUp,
    changed: () => refresh(),
  });
  const typing = createTypingSignal(clock, (active) => {
    sendUp({ type: "typing", ...where(), active });
  });

  const first = () => store.get().session?.defaultConversationId ?? transcript.conversationId;
  const shown = () => chosen ?? first();
  const where = () => (chosen === undefined ? {} : { conversationId: chosen });

  const show = (): void => {
    if (isRetired) {
      return;
    }
    const conversationId = shown();
    transcript.changed(first());
    store.patch({
      messages: timeline(log.messages, outbox.pending, answers.running, conversationId, first()),
      pendingCount: outbox.count,
      conversations: threads.list,
      conversationId,
      conversation: threads.state(conversationId),
      readUpTo: marks.upTo(conversationId),
      older: older ?? (log.base > 0 ? "more" : "none"),
    });
  };
  /** What is in storage is shown anew, too: other tabs write there. */
  const refresh = (): void => {
    show();
    const previous = keptPrevious(shelf, sessionId, outbox.unsent());
    const text = JSON.stringify(previous);
    if (!isRetired && text !== previousText) {
      previousText = text;
      store.patch({ previous });
    }
  };

  /** Once, and again after messages were left out that may have told a change. */
  const listThreads = async (): Promise<void> => {
    if (areThreadsListed) {
      return;
    }
    areThreadsListed = true;
    try {
      const before = log.last ?? 0;
      threads.listed((await handlers.conversations()).conversations);
      // What came meanwhile, the answer may not know of.
      if (threads.told(log.messages.filter(({ seq = 0 }) => seq > before))) {
        areThreadsListed = false;
        void listThreads();
      }
      show();
    } catch {
      // The next connection asks again.
      areThreadsListed = false;
    }
  };

  const open = (id: string, isActive: boolean): void => {
    if (sessionId !== id) {
      sessionId = id;
      transcript.open(id);
      outbox.opened(id, isActive);
      refresh();
    }
  };

  /** The higher version is the newer record, whichever arrived first. */
  const adopt = (session: Session): void => {
    const known = store.get().session;
    if (!known || known.id !== session.id || session.version >= known.version) {
      store.patch({ session, sessionId: session.id });
    }
    open(session.id, session.status === "active");
    show();
  };

  const over = (reason: EndReason): void => {
    outbox.over(reason === "expired" ? "session_expired" : "session_terminated");
    answers.forget();
  };

  const requeue = (list: readonly Written[], isAsked: boolean): void => {
    outbox.requeue(list, isAsked);
    refresh();
    handlers.wrote();
  };
  const dismissPrevious = (): void => {
    outbox.drop(outbox.unsent());
    keepPrevious(shelf, undefined);
    refresh();
    handlers.wrote();
  };
  const showConversation = (id: string): void => {
    typing(false);
    typists.present([]);
    chosen = id;
    show();
  };

  const apply = (frame: DownFrame, bytes: number): FrameVerdict => {
    switch (frame.type) {
      case "welcome": {
        const { session, role, connectionId, presence } = frame;
        answers.forget();
        ownAuthor = presence.find((one) => one.connectionId === connectionId)?.author;
        adopt(session);
        store.patch({ status: "active", role, connectionId, presence });
        break;
      }
      case "messages": {
        const added = log.apply(frame);
        if (!added) {
          return "hole";
        }
        outbox.stored(new Set(added.map(({ key }) => key)), true);
        answers.end(frame.messages.map(({ id }) => id));
        if (threads.told(added)) {
          areThreadsListed = false;
          void listThreads();
        }
        unacknowledged += bytes;
        // Each answer pulls the next piece of history; live, only volume counts.
        if (!store.get().synced || unacknowledged >= RECEIVED_EVERY_BYTES) {
          unacknowledged = 0;
          sendUp({ type: "received", seq: frame.to });
        }
        break;
      }
      case "synced":
        if (!log.synced(frame.seq)) {
          return "hole";
        }
        store.patch({ synced: true });
        // What the history did not acknowledge is sent again only now, when it is known what it acknowledged.
        outbox.flush();
        void listThreads();
        break;
      case "stored":
        for (const { clientId, seq } of frame.items) {
          outbox.stored(new Set([clientId]), seq <= (log.last ?? 0));
        }
        break;
      case "truncated":
        log.truncate(frame.firstSeq);
        areThreadsListed = false;
        break;
      case "presence":
        typists.present(frame.presence);
        store.patch({ presence: frame.presence });
        break;
      case "typing":
        if (frame.connectionId !== store.get().connectionId && frame.conversationId === shown()) {
          typists.heard(frame);
        }
        break;
      case "session": {
        const { session } = frame;
        adopt(session);
        if (session.status !== "active") {
          return { reason: session.status, session };
        }
        break;
      }
      case "error":
        if (frame.code === "rate_limited" || frame.code === "unavailable") {
          outbox.later(frame.retryAfterMs ?? 0);
        } else if (frame.clientId !== undefined) {
          outbox.refused(frame.clientId, frame.code);
        }
        break;
      case "delta":
        answers.delta(frame, clock.now());
        break;
      case "discarded":
        answers.end([frame.messageId]);
        break;
      case "redacted":
        if (log.redact(frame.seq)) {
          transcript.persist();
        }
        break;
      case "read":
        marks.told(frame);
        if ((frame.side === "visitor") === isVisitor && frame.seq >= log.base) {
          const { length } = log.messages.filter(
            (message) =>
              message.conversationId === frame.conversationId &&
              (message.seq ?? 0) > frame.seq &&
              !isOwn(message),
          );
          threads.unread(frame.conversationId, length);
        }
        break;
    }
    return "applied";
  };

  if (openedAs === undefined) {
    refresh();
  } else {
    open(openedAs, true);
  }

  return {
    /** The query of the next socket's URL: where history is to begin. */
    resumeQuery: (): string =>
      log.last === undefined ? `tail=${DEFAULT_PAGE_MESSAGES}` : `after=${log.last}`,
    /** Whether nothing is known of the log yet. */
    get empty(): boolean {
      return log.last === undefined;
    },
    /** The log ends at `seq`, and all of it is older history to be loaded. */
    beginAt: (seq: number) => void log.synced(seq),
    /** A new socket is about to bring frames. */
    opening(): void {
      unacknowledged = 0;
      marks.opening();
    },
    frame(frame: DownFrame, bytes: number): FrameVerdict {
      const verdict = apply(frame, bytes);
      show();
      return verdict;
    },
    /** Frames have stopped: who is here is not known any more. */
    offline(): void {
      typists.present([]);
      outbox.offline();
      store.patch({ synced: false, presence: [] });
      show();
    },
    adopt,
    /** The session is over: what is not stored by now never will be. */
    over({ reason, session }: SessionEnd): void {
      over(reason);
      if (session) {
        adopt(session);
      }
      store.patch({ status: reason });
      show();
    },
    /**
     * The session is over, and another takes its place: what is known of this one is kept as the `previous`. The next
     * replica over the same shelf shows it.
     */
    bury(reason: EndReason): void {
      over(reason);
      if (sessionId !== undefined) {
        const messages = endOf(log.messages);
        if (messages.length + outbox.pending.length > 0) {
          keepPrevious(shelf, { sessionId, reason, messages });
        }
      }
      transcript.forget();
    },
    /**
     * Another session takes this one's place: what still arrives for it is shown no more.
     *
     * @param goesOn whether that one goes on with a message
     */
    retire(goesOn: (one: Written) => boolean): void {
      transcript.stop();
      outbox.stop(goesOn);
      typists.present([]);
      isRetired = true;
    },
    /** Writes the end of the transcript now, if it has changed. */
    persist: transcript.persist,
    /** What is written from now on has no session to come into. */
    refuse: outbox.over,
    /** Nothing that was said stays in the browser, nor what was about to be: it may be in other hands. */
    forget(why: RequestErrorCode): void {
      transcript.forget();
      outbox.forget(why);
      dismissPrevious();
    },

    /** @returns what settles once it is stored or refused */
    send(message: NewMessage, files?: Written["files"]): Promise<void> {
      typing(false);
      const delivered = outbox.send({ ...where(), ...message }, files);
      show();
      handlers.wrote();
      return delivered;
    },
    retry(clientId: string): void {
      outbox.retry(clientId);
      show();
      handlers.wrote();
    },
    /** Another tab wrote something down, or may have died after it did. */
    outboxChanged(): void {
      refresh();
      outbox.look();
    },
    /**
     * All that was written for this session and not refused, in this tab or in one that may be gone, in order: for
     * `requeue` of the one that replaces it.
     */
    ownMessages(): readonly Written[] {
      const written = outbox.written();
      const known = new Set(written.map(({ message }) => message.clientId));
      /** The server's clock may be another, and know no difference between what came at once. */
      let next = written[0]?.order ?? Number.POSITIVE_INFINITY;
      const others = log.messages
        // What was brought along is brought along again, by whoever has it.
        .filter(({ role, imported, key }) => role === ownRole && !imported && !known.has(key))
        .reverse()
        .map(({ key: clientId, content, metadata, attachments, createdAt }) => {
          next = Math.min(createdAt, next - 1);
          return {
            order: next,
            message: { clientId, content, ...(metadata && { metadata }) },
            sessionId,
            files: attachments[0] && (attachments as StoredAttachment[]),
            failure: undefined,
          };
        });
      return [...others.reverse(), ...written];
    },
    /** Writes them for this session, under the same clientIds. Whoever waits for one of them goes on waiting. */
    requeue: (list: readonly Written[]) => requeue(list, false),
    sendUnsent: () => requeue(outbox.unsent(), true),
    dismissPrevious,

    setTyping: typing,
    cancel: (messageId: string) => sendUp({ type: "cancel", messageId }),
    /** What waits, for whoever sees to its files. */
    outbox,
    /** Everything that is shown was read. Guests have no mark. */
    markRead(): void {
      const { role, synced, messages, conversationId } = store.get();
      if (synced && conversationId !== undefined && (role === "owner" || role === "operator")) {
        const seq = marks.next(messages, conversationId);
        if (seq !== undefined) {
          sendUp({ type: "read", conversationId, seq });
        }
      }
    },
    showConversation,
    /** Shows one that was made just now. */
    opened(conversation: Conversation): void {
      threads.opened(conversation);
      showConversation(conversation.id);
    },
    /** @param load asks for the page of messages before a `seq` */
    async loadOlder(load: (before: number) => Promise<MessagePage>): Promise<void> {
      const { base } = log;
      if (base === 0 || older === "loading") {
        return;
      }
      older = "loading";
      show();
      const page = await load(base + 1).catch(() => undefined);
      // The stretch may have begun anew while the page was on its way; it then belongs nowhere.
      if (page && base === log.base) {
        log.prepend(page.messages, page.nextBefore);
      }
      older = page ? undefined : "failed";
      show();
    },
  };
}

// One visitor's session with one team: the actions, and who in this directory does each.
// Long, because each way in, out of and between sessions passes here, a few lines each.
import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import type { Conversation } from "../../src/protocol/conversation.ts";
import type { Session } from "../../src/protocol/session.ts";
import { environmentOf } from "./browser-environment.ts";
import { createChat } from "./chat.ts";
import type { ConnectionEnd } from "./connection-handlers.ts";
import type { Entry, SessionEnd } from "./entry.ts";
import type { AttentionEvent, TabMessage, Tabs } from "./environment.ts";
import { createInvitation } from "./invitation.ts";
import { isPending } from "./legacy-source.ts";
import type { LegacyUpgrade } from "./legacy-upgrade.ts";
import { createOwnSession } from "./own-session.ts";
import { createRefreshing } from "./refreshing.ts";
import { closeError, RequestError, requestError } from "./request-error.ts";
import { createRest } from "./rest.ts";
import { createSessionAccess } from "./session-access.ts";
import type { SessionClient, SessionClientOptions } from "./session-client.ts";
import type { SessionClientState } from "./session-state.ts";
import { isValid } from "./session-state.ts";
import { createSharing } from "./sharing.ts";
import { createShelf } from "./shelf.ts";
import { whenOpened } from "./when-opened.ts";

/** How long what another tab did at the same moment may take to come to light. */
const RIVAL_PATIENCE_MS = 1_000;

/** Where each tab goes its own way. */
const NO_TABS: Tabs = { post() {}, subscribe: () => () => {} };

/** A client for one team's session in this browser; `start()` sets it off. */
export function createSessionClient(options: SessionClientOptions): SessionClient {
  const { baseUrl, teamId, autoCreate = true, crossTabSync = true } = options;
  const found = environmentOf(options);
  const environment = crossTabSync ? found : { ...found, tabs: NO_TABS };
  const { clock, attention, tabs } = environment;
  let kept: SessionClientState["storage"] = "persistent";
  /** Storage may refuse before there is a state to say it in. */
  let inMemory = () => {
    kept = "memory";
  };
  const prefix = `durable-sessions/${teamId}/`;
  const shelf = createShelf(environment.storage, prefix, () => inMemory());
  const tabShelf = createShelf(environment.tabStorage, prefix, () => undefined);
  const rest = createRest(baseUrl, environment);
  const own = createOwnSession({ rest, shelf, environment, options, look: () => void look() });
  const invitation = createInvitation(rest, tabShelf, own);
  const access = createSessionAccess({ rest, own, invitation, clock, learned });
  takeInvite();
  const chat = createChat({
    baseUrl,
    environment,
    ownRole: "user",
    call: access.call,
    withKey: access.withKey,
    ticket: enter,
    ended: (end) => void ended(end),
    kept: () => ({
      shelf: access.isInvited() ? tabShelf : shelf,
      sessionId: access.sessionId(),
    }),
    wrote: () => tabs.post({ kind: "outbox", teamId }),
  });
  const { store, connection, actions } = chat;
  const refreshing = createRefreshing({ options, environment, store, own, access, learned });
  inMemory = () => store.patch({ storage: "memory" });
  store.patch({ storage: kept });
  let loading: Promise<LegacyUpgrade | undefined> | undefined;

  /** Undefined where no older program left anything, or what takes it over cannot be loaded now. */
  async function legacy(): Promise<LegacyUpgrade | undefined> {
    const { legacy: source } = options;
    if (source) {
      loading ??= import("./legacy-upgrade.ts").then(
        ({ createLegacyUpgrade }) =>
          createLegacyUpgrade({
            source,
            teamId,
            environment,
            shelf,
            call: access.call,
            target() {
              const { sessionId, generation } = own.record();
              const isOpen = ending !== undefined && !access.isInvited();
              return isOpen && sessionId !== undefined ? { sessionId, generation } : undefined;
            },
            show: (state) => store.patch({ legacy: state }),
          }),
        () => {
          loading = undefined;
          return undefined;
        },
      );
    }
    return await loading;
  }

  /** What ends the subscriptions and timers of a client that was started. */
  let ending: (() => void)[] | undefined;
  /** Whether somebody asked for a session, where none is made by itself. */
  let isWanted = false;

  /** True when the page's address had one, which it has no longer. */
  function takeInvite(): boolean {
    const invite = environment.takeInvite();
    if (invite !== undefined) {
      invitation.take(invite);
    }
    return invite !== undefined;
  }

  function start(): void {
    if (takeInvite()) {
      chat.renew();
    }
    ending ??= [attention.subscribe(noticed), tabs.subscribe(heard), refreshing.keepLooking()];
    const isInvited = access.isInvited();
    store.patch({ offer: undefined, isInvited, role: access.role, error: undefined });
    const isMade = autoCreate === true || isWanted || (autoCreate && isLegacyPending());
    if (isInvited || access.sessionId() !== undefined || isMade) {
      store.patch({ status: "creating" });
      connection.start();
    }
  }

  function isLegacyPending(): boolean {
    return options.legacy !== undefined && isPending(options.legacy, environment.storage, shelf);
  }

  function stop(): void {
    for (const end of ending ?? []) {
      end();
    }
    ending = undefined;
    own.stop();
    void loading?.then((upgrade) => upgrade?.stop());
    chat.replica.persist();
    connection.stop();
  }

  async function enter(): Promise<Entry> {
    const entry = await access.ticket();
    if ("ticket" in entry) {
      // What was said before comes before what is said now.
      await (await legacy())?.beginBefore();
    }
    return entry;
  }

  function renew(): void {
    access.renewed();
    chat.renew();
  }

  /** Opens whatever there is to be opened now, or makes it. */
  function reopen(): void {
    renew();
    start();
  }

  function learned(session: Session): void {
    if (session.id !== access.sessionId()) {
      return;
    }
    isWanted = false;
    store.patch({ isInvited: access.isInvited(), role: access.role });
    chat.replica.adopt(session);
  }

  function noticed(event: AttentionEvent): void {
    if (event === "left") {
      chat.replica.persist();
    } else {
      look();
      refreshing.refreshIfDue();
      chat.replica.outboxChanged();
      if (isValid(store.get())) {
        void legacy().then((upgrade) => upgrade?.begin());
      }
    }
  }

  function heard({ kind, teamId: theirs = teamId }: TabMessage): void {
    if (theirs !== teamId) {
      return;
    }
    look();
    if (kind === "outbox") {
      chat.replica.outboxChanged();
    }
  }

  function mayBeAlive(): boolean {
    const { status } = store.get();
    return status === "creating" || isValid({ status });
  }

  /**
   * Looks into storage for what other tabs did with the browser's session.
   *
   * @param isAlive whether this tab's goes on, as far as is known
   * @returns whether this tab is in another session now
   */
  function look(isAlive = mayBeAlive()): boolean {
    if (!ending || access.isInvited()) {
      return false;
    }
    const { sessionId, status } = store.get();
    const followed = own.follow(isAlive);
    if (followed) {
      const written = followed.isRival ? chat.replica.ownMessages() : [];
      reopen();
      chat.replica.requeue(written);
      return true;
    }
    const record = own.record();
    if (record.ended && status !== "terminated") {
      connection.stop();
      over({ reason: "terminated", session: undefined });
    } else if (record.sessionId !== undefined && sessionId === undefined && status === "idle") {
      start();
    }
    return false;
  }

  async function ended(end: ConnectionEnd): Promise<void> {
    if (end.kind === "session_over") {
      await conclude(end.end);
    } else if (end.kind === "offered") {
      store.patch({ status: "idle", offer: { replacesOwn: own.key() !== undefined } });
    } else if (end.kind === "closed" && end.code === CLOSE_CODES.ended) {
      await learnReason();
    } else if (look()) {
      // The browser's session is another by now.
    } else if (end.kind === "refused") {
      shutOut(end.error);
    } else if (end.code === CLOSE_CODES.unauthenticated && access.renew()) {
      connection.start();
    } else {
      shutOut(closeError(end.code));
    }
  }

  /** Whoever was signed out reads no further, nor again: the device may be in other hands. */
  function shutOut(error: RequestError): void {
    if (signsOut(error)) {
      chat.replica.forget(error.code);
      chat.renew();
    }
    store.patch({ status: "error", error, isInvited: access.isInvited(), role: access.role });
  }

  /** The socket says that the session ended, and the API how. */
  async function learnReason(): Promise<void> {
    const { replica } = chat;
    store.patch({ status: "creating" });
    const answer = await access.lookUp().catch(requestError);
    if (replica !== chat.replica || !ending) {
      return;
    }
    if ("ticket" in answer || (answer instanceof RequestError && answer.retryable)) {
      connection.again();
    } else {
      const isOver = "session" in answer;
      await conclude(isOver ? answer : { reason: "terminated", session: undefined });
    }
  }

  /** A session may have ended because another tab has a better one. */
  async function conclude(end: SessionEnd): Promise<void> {
    const { replica } = chat;
    if (end.reason === "terminated" && own.mayHaveRival && !access.isInvited()) {
      await new Promise<void>((resolve) => clock.after(RIVAL_PATIENCE_MS, resolve));
    }
    if (replica === chat.replica && ending && !look(false)) {
      over(end);
    }
  }

  /**
   * One that expired is followed by another where that is wanted, unless it was made just now: that would go on for ever.
   * One that was terminated, never by itself.
   */
  function over(end: SessionEnd): void {
    const isFollowed = autoCreate !== false && !access.isInvited() && !own.isYoung;
    if (end.reason === "expired" && isFollowed) {
      next("expired");
    } else {
      chat.over(end);
    }
  }

  function next(reason: SessionEnd["reason"]): void {
    chat.replica.bury(reason);
    access.leave();
    reopen();
  }

  return {
    ...actions,
    start,
    stop,

    send(content, sendOptions) {
      const sent = actions.send(content, sendOptions);
      if (autoCreate === "lazy" && store.get().status === "idle" && !store.get().offer) {
        isWanted = true;
        start();
      }
      return sent;
    },

    async createSession() {
      const { status, error } = store.get();
      isWanted = true;
      if (access.isInvited()) {
        access.leave();
        reopen();
      } else if (status === "expired" || status === "terminated") {
        next(status);
      } else if (error && signsOut(error)) {
        access.leave();
        reopen();
      } else if (!ending || status === "idle" || status === "error") {
        start();
      }
      return await whenOpened(store);
    },

    refreshSession: refreshing.refreshSession,

    async terminateSession() {
      const { replica } = chat;
      await access.call("DELETE", "");
      // Another tab may have begun the next one meanwhile.
      if (replica !== chat.replica) {
        return;
      }
      const { session } = store.get();
      if (session && !access.isInvited()) {
        own.ended(session);
      }
      connection.stop();
      chat.over({ reason: "terminated", session: undefined });
    },

    async identify(identityToken) {
      const { session } = await access.withKey((key) => own.identify(key, identityToken));
      learned(session);
      return session;
    },

    async openConversation(conversationId) {
      if (conversationId === undefined) {
        const { conversation } = await access.call<{ readonly conversation: Conversation }>(
          "POST",
          "/conversations",
          {},
        );
        chat.replica.opened(conversation);
        return conversation.id;
      }
      chat.replica.showConversation(conversationId);
      return conversationId;
    },

    sendUnsent: () => chat.replica.sendUnsent(),
    dismissPrevious: () => chat.replica.dismissPrevious(),

    async acceptHandOff() {
      await invitation.accept();
      renew();
      if (ending) {
        start();
      }
    },

    leaveInvite() {
      if (access.isInvited()) {
        access.leave();
        reopen();
      }
    },

    ...createSharing(access),
  };
}

/** A refused identity token says nothing about the session's key. */
function signsOut({ status, code }: RequestError): boolean {
  return status === 401 && code !== "invalid_identity_token";
}

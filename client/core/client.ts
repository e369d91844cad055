// One visitor's session with one team: the actions, and who in this directory does each.
// Long, because each way in, out of and between sessions passes here, a few lines each.
import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import type { Conversation } from "../../src/protocol/conversation.ts";
import type { Session } from "../../src/protocol/session.ts";
import { environmentOf } from "./browser-environment.ts";
import { createChat } from "./chat.ts";
import type { ConnectionEnd } from "./connection-handlers.ts";
import type { Entry, SessionEnd } from "./entry.ts";
import { TERMINATED } from "./entry.ts";
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
import { INITIAL_STATE, isValid } from "./session-state.ts";
import { createSharing } from "./sharing.ts";
import { createShelf } from "./shelf.ts";
import { Store } from "./store.ts";
import { whenOpened } from "./when-opened.ts";

/** How long what another tab did at the same moment may take to come to light. */
const RIVAL_PATIENCE_MS = 1_000;

/** So often a session is asked for in vain before the state says why: most failures are over sooner. */
const ATTEMPTS_UNTOLD = 5;

/** Where each tab goes its own way. */
const NO_TABS: Tabs = { post() {}, subscribe: () => () => {} };

/** A client for one team's session in this browser; `start()` sets it off. */
export function createSessionClient(options: SessionClientOptions): SessionClient {
  const { baseUrl, teamId, autoCreate = true, crossTabSync = true } = options;
  const found = environmentOf(options);
  const environment = crossTabSync ? found : { ...found, tabs: NO_TABS };
  const { clock, attention, tabs } = environment;
  const store = new Store<SessionClientState>(INITIAL_STATE);
  const prefix = `durable-sessions/${teamId}/`;
  const inMemory = () => store.patch({ storage: "memory" });
  const shelf = createShelf(environment.storage, prefix, inMemory);
  const tabShelf = createShelf(environment.tabStorage, prefix, () => undefined);
  const rest = createRest(baseUrl, environment);
  const own = createOwnSession({ rest, shelf, environment, options, look: () => void look() });
  const invitation = createInvitation(rest, tabShelf, own);
  const access = createSessionAccess({ rest, own, invitation, clock, learned });
  takeInvite();
  const chat = createChat({
    baseUrl,
    store,
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
  const { connection, actions } = chat;
  const refreshing = createRefreshing({ options, environment, store, own, access, learned });
  let upgrade: Promise<LegacyUpgrade | undefined> | undefined;

  /** Undefined where no older program left anything, or what takes it over cannot be loaded now. */
  async function legacy(): Promise<LegacyUpgrade | undefined> {
    const { legacy: source } = options;
    if (source) {
      upgrade ??= import("./legacy-upgrade.ts").then(
        ({ createLegacyUpgrade }) =>
          createLegacyUpgrade({
            source,
            teamId,
            environment,
            shelf,
            call: access.call,
            target() {
              const { sessionId, generation } = own.record();
              const isOpen = ending && sessionId && !access.isInvited();
              return isOpen ? { sessionId, generation } : undefined;
            },
            show: (state) => store.patch({ legacy: state }),
          }),
        () => {
          upgrade = undefined;
          return undefined;
        },
      );
    }
    return await upgrade;
  }

  /** What ends the subscriptions and timers of a client that was started. */
  let ending: (() => void)[] | undefined;
  /** Whether somebody asked for a session, where none is made by itself. */
  let isWanted = false;

  /** True when the page's address had one, which it has no longer. */
  function takeInvite(): boolean {
    const invite = environment.takeInvite();
    if (invite) {
      invitation.take(invite);
    }
    return Boolean(invite);
  }

  function start(): void {
    if (takeInvite()) {
      chat.renew();
    }
    ending ??= [attention.subscribe(noticed), tabs.subscribe(heard), refreshing.keepLooking()];
    store.patch({ offer: undefined, error: undefined, ...access.standing() });
    const isNeeded = store.get().pendingCount > 0 || isLegacyPending();
    const isMade = autoCreate === true || isWanted || (autoCreate && isNeeded);
    if (access.isInvited() || access.sessionId() || isMade) {
      store.patch({ status: "creating" });
      connection.start();
    }
  }

  function isLegacyPending(): boolean {
    const { legacy: source } = options;
    return source !== undefined && isPending(source, environment.storage, shelf);
  }

  function stop(): void {
    for (const end of ending ?? []) {
      end();
    }
    ending = undefined;
    own.stop();
    void upgrade?.then((loaded) => loaded?.stop());
    chat.replica.persist();
    connection.stop();
  }

  async function enter(): Promise<Entry> {
    const entry = await access.ticket().catch((error) => {
      const { attempt } = store.get().connection;
      if (ending && access.sessionId() === undefined && attempt + 1 >= ATTEMPTS_UNTOLD) {
        // Whoever set the page up with a wrong address would never hear of it.
        store.patch({ error: requestError(error) });
      }
      throw error;
    });
    if ("ticket" in entry) {
      // What was said before comes before what is said now.
      await (await legacy())?.beginBefore();
    }
    return entry;
  }

  function renew(isRival = false): void {
    access.renewed();
    chat.renew(isRival);
  }

  /** Opens whatever there is to be opened now, or makes it. */
  function reopen(isRival = false): void {
    renew(isRival);
    start();
  }

  function learned(session: Session): void {
    if (session.id !== access.sessionId()) {
      return;
    }
    isWanted = false;
    store.patch({ error: undefined, ...access.standing() });
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
        void legacy().then((loaded) => loaded?.begin());
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

  /**
   * Looks into storage for what other tabs did with the browser's session.
   *
   * @param isAlive whether this tab's goes on, as far as is known
   * @returns whether this tab is in another session now
   */
  function look(isAlive = store.get().status === "creating" || isValid(store.get())): boolean {
    if (!ending || access.isInvited()) {
      return false;
    }
    const { sessionId, status } = store.get();
    const followed = own.follow(isAlive);
    if (followed) {
      const written = followed.isRival ? chat.replica.ownMessages() : [];
      reopen(followed.isRival);
      chat.replica.requeue(written);
      return true;
    }
    const record = own.record();
    if (record.sessionId !== undefined && sessionId === undefined && status === "idle") {
      start();
    } else if (record.ended && status !== "terminated") {
      connection.stop();
      over(TERMINATED);
    }
    return false;
  }

  async function ended(end: ConnectionEnd): Promise<void> {
    if ("session" in end) {
      await conclude(end);
    } else if (end.reason === "offered") {
      store.patch({ status: "idle", offer: { replacesOwn: own.key() !== undefined } });
    } else if (end.reason === "closed" && end.code === CLOSE_CODES.ended) {
      await learnReason();
    } else if (look()) {
      // The browser's session is another by now.
    } else if (end.reason === "refused") {
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
      chat.replica.refuse(error.code);
    }
    store.patch({ status: "error", error, ...access.standing() });
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
      await conclude("session" in answer ? answer : TERMINATED);
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
  function over({ reason, session }: SessionEnd): void {
    const isOwn = !access.isInvited();
    // What a person ended in this browser is over for good, whether or not its time had come before.
    const isEnded = isOwn && own.record().ended;
    if (reason === "expired" && isOwn && autoCreate !== false && !isEnded && !own.isYoung) {
      next("expired");
    } else {
      // Also where this tab never came into it.
      store.patch({ sessionId: access.sessionId() });
      chat.over({ reason: isEnded ? "terminated" : reason, session });
    }
  }

  function next(reason: SessionEnd["reason"]): void {
    chat.replica.bury(reason);
    leave();
  }

  function leave(): void {
    access.leave();
    reopen();
  }

  if (autoCreate === "lazy") {
    // Whichever tab wrote the first message: it may be gone.
    store.subscribe(() => {
      const { status, offer, pendingCount } = store.get();
      if (ending && status === "idle" && !offer && pendingCount > 0) {
        start();
      }
    });
  }

  return {
    ...actions,
    start,
    stop,

    async createSession() {
      const { status, error } = store.get();
      isWanted = true;
      if (access.isInvited()) {
        leave();
      } else if (status === "expired" || status === "terminated") {
        next(status);
      } else if (error && signsOut(error)) {
        leave();
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
      if (!access.isInvited()) {
        own.ended(store.get().session?.version);
      }
      connection.stop();
      over(TERMINATED);
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
        leave();
      }
    },

    ...createSharing(access),
  };
}

/** A refused identity token says nothing about the session's key. */
function signsOut({ status, code }: RequestError): boolean {
  return status === 401 && code !== "invalid_identity_token";
}

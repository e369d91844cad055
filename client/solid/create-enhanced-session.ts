// A session as signals. Until the page is mounted they all have the values of INITIAL_STATE, in the browser as in server
// rendering, so that hydration meets what the server has rendered.
import { createMemo, createSignal, onCleanup } from "solid-js";
import type { ChatMessage, SessionClient, SessionClientState } from "../core/index.ts";
import { INITIAL_STATE, isValid } from "../core/index.ts";
import { afterMount } from "./after-mount.ts";
import type { EnhancedSession } from "./enhanced-session.ts";
import type { Lend, Loan } from "./loans.ts";
import { lendOwn, lendShared } from "./loans.ts";
import type { EnhancedSessionOptions, MaybeAccessor } from "./options.ts";
import { address, clientOptions } from "./options.ts";

interface Shown {
  readonly client: SessionClient | undefined;
  readonly state: SessionClientState;
}

const NOTHING: Shown = { client: undefined, state: INITIAL_STATE };

/**
 * A session of this owner's alone: opened once it is mounted, stopped when it is disposed.
 *
 * @param options also as an accessor. Another `teamId` or `baseUrl` opens that session; the rest counts as it was then.
 */
export function createEnhancedSession(
  options: MaybeAccessor<EnhancedSessionOptions>,
): EnhancedSession {
  return enhancedSession(options, lendOwn);
}

/**
 * The page's session with the team: all that ask for the same `teamId` at the same `baseUrl` share one client, with the
 * options of the first. It is stopped when the last of them is disposed.
 *
 * @param options as for `createEnhancedSession`
 */
export function useEnhancedSession(
  options: MaybeAccessor<EnhancedSessionOptions>,
): EnhancedSession {
  return enhancedSession(options, lendShared);
}

function enhancedSession(
  options: MaybeAccessor<EnhancedSessionOptions>,
  lend: Lend,
): EnhancedSession {
  const [shown, show] = createSignal(NOTHING);
  let loan: Loan | undefined;
  let unsubscribe: (() => void) | undefined;

  const close = () => {
    unsubscribe?.();
    loan?.giveBack();
  };
  const wanted = createMemo(() => address(options));
  afterMount(wanted, () => {
    close();
    loan = lend(clientOptions(options));
    const { client } = loan;
    const update = () => {
      show({ client, state: client.getState() });
    };
    unsubscribe = client.subscribe(update);
    update();
  });
  onCleanup(close);

  const client = () => {
    if (!loan) {
      throw new Error("The session is opened once the page is mounted");
    }
    return loan.client;
  };
  const field = <Field extends keyof SessionClientState>(name: Field) =>
    createMemo(() => shown().state[name]);
  const status = field("status");
  const messages = field("messages");
  return {
    status,
    messages,
    connection: field("connection"),
    sessionId: field("sessionId"),
    sessionData: field("session"),
    error: field("error"),
    previous: field("previous"),
    offer: field("offer"),
    storage: field("storage"),
    isInvited: field("isInvited"),
    role: field("role"),
    connectionId: field("connectionId"),
    conversations: field("conversations"),
    conversationId: field("conversationId"),
    conversation: field("conversation"),
    pendingCount: field("pendingCount"),
    readUpTo: field("readUpTo"),
    synced: field("synced"),
    older: field("older"),
    presence: field("presence"),
    typing: field("typing"),
    isValid: createMemo(() => isValid({ status: status() })),
    loading: createMemo(() => status() === "creating"),
    streaming: createMemo<readonly ChatMessage[]>((before) =>
      keepIfSame(
        before,
        messages().filter((message) => message.streaming),
      ),
    ),
    client: createMemo(() => shown().client),
    createSession: () => client().createSession(),
    refreshSession: () => client().refreshSession(),
    terminateSession: () => client().terminateSession(),
    identify: (identityToken) => client().identify(identityToken),
    send: (content, options) => client().send(content, options),
    retry: (key) => client().retry(key),
    cancel: (key) => client().cancel(key),
    loadOlder: () => client().loadOlder(),
    openConversation: (conversationId) => client().openConversation(conversationId),
    setTyping: (active) => client().setTyping(active),
    markRead: () => client().markRead(),
    share: (request) => client().share(request),
    handOff: (request) => client().handOff(request),
    invites: () => client().invites(),
    revokeInvite: (inviteId, options) => client().revokeInvite(inviteId, options),
    devices: () => client().devices(),
    revokeDevice: (credentialId) => client().revokeDevice(credentialId),
    revokeOtherDevices: () => client().revokeOtherDevices(),
    sendUnsent: () => client().sendUnsent(),
    dismissPrevious: () => client().dismissPrevious(),
    acceptHandOff: () => client().acceptHandOff(),
    leaveInvite: () => client().leaveInvite(),
  };
}

function keepIfSame<T>(before: readonly T[] | undefined, now: readonly T[]): readonly T[] {
  return before?.length === now.length && before.every((item, index) => item === now[index])
    ? before
    : now;
}

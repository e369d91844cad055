// A session as signals. Until the page is mounted they all have the values of INITIAL_STATE, in the browser as in server
// rendering, so that hydration meets what the server has rendered.
import type { Accessor } from "solid-js";
import { createMemo, createSignal, onCleanup } from "solid-js";
import type { ChatMessage, SessionClient, SessionClientState } from "../core/index.ts";
import { INITIAL_STATE, isValid } from "../core/index.ts";
import { afterMount } from "./after-mount.ts";
import type { Actions, EnhancedSession, Fields } from "./enhanced-session.ts";
import type { LentClients, Loan } from "./lent-clients.ts";
import { borrow } from "./lent-clients.ts";
import type { EnhancedSessionOptions, MaybeAccessor } from "./options.ts";
import { address, clientOptions } from "./options.ts";

interface Shown {
  /** Undefined until the mount. */
  readonly client?: SessionClient;
  readonly state: SessionClientState;
}

/** Nobody borrows in server rendering, where these would be every visitor's. */
const OF_THE_PAGE: LentClients = new Map();

/**
 * A session of this owner's alone: opened once it is mounted, stopped when it is disposed.
 *
 * @param options also as an accessor. Another `teamId` or `baseUrl` opens that session; the rest counts as it was then.
 */
export function createEnhancedSession(
  options: MaybeAccessor<EnhancedSessionOptions>,
): EnhancedSession {
  return enhancedSession(options, new Map());
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
  return enhancedSession(options, OF_THE_PAGE);
}

function enhancedSession(
  options: MaybeAccessor<EnhancedSessionOptions>,
  clients: LentClients,
): EnhancedSession {
  const [shown, show] = createSignal<Shown>({ state: INITIAL_STATE });
  let loan: Loan | undefined;
  let unsubscribe: (() => void) | undefined;

  const close = () => {
    unsubscribe?.();
    loan?.giveBack();
  };
  const wanted = createMemo(() => address(options));
  afterMount(wanted, () => {
    close();
    loan = borrow(clients, clientOptions(options));
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
      throw new Error("Not mounted yet");
    }
    return loan.client;
  };
  const { session: sessionData, ...fields } = fieldsOf(() => shown().state);
  const { status, messages } = fields;
  return {
    ...fields,
    sessionData,
    isValid: createMemo(() => isValid({ status: status() })),
    loading: createMemo(() => status() === "creating"),
    streaming: createMemo<readonly ChatMessage[]>((before) =>
      keepIfSame(
        before,
        messages().filter((message) => message.streaming),
      ),
    ),
    client: createMemo(() => shown().client),
    ...passedOn(client, [
      "createSession",
      "refreshSession",
      "terminateSession",
      "identify",
      "send",
      "retry",
      "cancel",
      "loadOlder",
      "openConversation",
      "setTyping",
      "markRead",
      "share",
      "handOff",
      "invites",
      "revokeInvite",
      "devices",
      "revokeDevice",
      "revokeOtherDevices",
      "sendUnsent",
      "dismissPrevious",
      "uploadFile",
      "downloadFile",
      "prepareFiles",
      "acceptHandOff",
      "leaveInvite",
    ]),
  };
}

/** One accessor per field: a state has every field from the first one on, if only as undefined. */
function fieldsOf(state: Accessor<SessionClientState>): Fields<SessionClientState> {
  const names = Object.keys(INITIAL_STATE) as (keyof SessionClientState)[];
  const fields = names.map((name) => [name, createMemo(() => state()[name])]);
  return Object.fromEntries(fields);
}

function passedOn<Name extends keyof Actions>(
  client: () => SessionClient,
  names: readonly Name[],
): Pick<Actions, Name> {
  const actions = names.map((name) => [
    name,
    (...args: never[]) => Reflect.apply(client()[name], client(), args),
  ]);
  return Object.fromEntries(actions);
}

function keepIfSame<T>(before: readonly T[] | undefined, now: readonly T[]): readonly T[] {
  return before?.length === now.length && before.every((item, index) => item === now[index])
    ? before
    : now;
}

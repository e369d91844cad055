// The environment of a page, and what there is of it elsewhere: in React Native or Node nothing is looked at and no tab shared.
import { INVITE_FRAGMENT } from "../../src/protocol/sharing.ts";
import { browserTabs } from "./browser-tabs.ts";
import type {
  Attention,
  Environment,
  KeyValueStorage,
  Socket,
  SocketListeners,
} from "./environment.ts";
import { fingerprintIfAllowed } from "./fingerprint-consent.ts";
import type { SessionClientOptions } from "./session-client.ts";

/** What is to come later than this, a browser's timer does at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The page's own fetch, WebSocket, storage, address, clock and visibility, but for what the options put in their place. */
export function environmentOf(
  options: Omit<SessionClientOptions, "baseUrl" | "teamId">,
): Environment {
  let { inviteUrl } = options;
  const { now = Date.now, storage = ownStorage("localStorage"), fingerprint = false } = options;
  return {
    fetch: (url, init) => (options.fetch ?? fetch)(url, init),
    openSocket: (url, protocols, listeners) =>
      openSocket(new (options.WebSocket ?? WebSocket)(url, [...protocols]), listeners),
    storage: storage ?? undefined,
    tabStorage: ownStorage("sessionStorage"),
    takeInvite() {
      const given = inviteIn(inviteUrl);
      inviteUrl = undefined;
      return given ?? takeInvite();
    },
    clock: {
      now,
      after(ms, callback) {
        const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS));
        return () => clearTimeout(timer);
      },
    },
    random: Math.random,
    newId,
    attention,
    tabs: browserTabs,
    exclusively,
    deviceInfo: () =>
      import("./device-info.ts").then(
        ({ readDeviceInfo }) => readDeviceInfo(),
        () => undefined,
      ),
    fingerprint: () => fingerprintIfAllowed(fingerprint),
    // Progress comes only around `fetch`, which whoever replaced it would not expect.
    ...(options.fetch && { files: { XMLHttpRequest: undefined } }),
    ...options.environment,
  };
}

const attention: Attention = {
  visible: () => globalThis.document?.visibilityState !== "hidden",
  subscribe(listener) {
    const { document, window } = globalThis;
    const controller = new AbortController();
    const { signal } = controller;
    const on = (target: EventTarget | undefined, type: string, heard: () => void) =>
      target?.addEventListener?.(type, heard, { signal });
    const returned = () => {
      if (attention.visible()) {
        listener("returned");
      }
    };
    const network = () => listener("network");
    on(document, "visibilitychange", returned);
    on(window, "focus", returned);
    on(window, "pageshow", returned);
    on(window, "pagehide", () => listener("left"));
    on(window, "online", network);
    on(window, "offline", network);
    return () => controller.abort();
  },
};

/** How long a tab waits for another before it goes ahead regardless. */
const LOCK_PATIENCE_MS = 3_000;

async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  let working: Promise<T> | undefined;
  const begin = () => {
    working = work();
    return working;
  };
  try {
    const signal = AbortSignal.timeout(LOCK_PATIENCE_MS);
    await globalThis.navigator?.locks?.request(`durable-sessions/${name}`, { signal }, begin);
  } catch {
    // It took too long, or there are no locks here; what `work` threw comes below.
  }
  return await (working ?? work());
}

function openSocket(socket: WebSocket, listeners: SocketListeners): Socket {
  socket.onmessage = ({ data }) => listeners.text(data);
  // A connection that fails says `error` and then `close`; the second carries all that a page may know.
  socket.onclose = ({ code, reason }) => listeners.closed(code, reason);
  return {
    send: (text) => socket.send(text),
    close() {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close(1000);
    },
  };
}

/** Even naming a storage throws where the browser blocks it. */
function ownStorage(name: "localStorage" | "sessionStorage"): KeyValueStorage | undefined {
  try {
    return globalThis.window?.[name];
  } catch {
    return undefined;
  }
}

const INVITE = new RegExp(`#${INVITE_FRAGMENT}=([^&]+)$`);

const inviteIn = (url = ""): string | undefined => INVITE.exec(url)?.[1];

/** The secret leaves the address bar and the history: neither a look over the shoulder nor a copied address gives it away. */
function takeInvite(): string | undefined {
  const { location, history } = globalThis;
  const invite = inviteIn(location?.hash);
  if (invite !== undefined) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return invite;
}

/** 128 bits in hexadecimal. `crypto.randomUUID` would need a secure context, and carries only 122. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

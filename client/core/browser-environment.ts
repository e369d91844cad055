// The environment of a page.
import { INVITE_FRAGMENT } from "../../src/protocol/sharing.ts";
import type {
  Attention,
  Clock,
  Environment,
  KeyValueStorage,
  Socket,
  SocketListeners,
  TabMessage,
  Tabs,
} from "./environment.ts";

/** The page's own fetch, WebSocket, storage, address, clock and visibility. */
export function browserEnvironment(): Environment {
  return {
    fetch: (url, init) => fetch(url, init),
    openSocket,
    storage: storageIfAllowed(() => window.localStorage),
    tabStorage: storageIfAllowed(() => window.sessionStorage),
    takeInvite,
    clock,
    random: () => Math.random(),
    newId,
    attention,
    tabs,
    exclusively,
    deviceInfo: async () => undefined,
    fingerprint: async () => undefined,
  };
}

const clock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

const attention: Attention = {
  visible: () => document.visibilityState === "visible",
  subscribe(listener) {
    const controller = new AbortController();
    const { signal } = controller;
    const returned = () => {
      if (attention.visible()) {
        listener("returned");
      }
    };
    const network = () => listener("network");
    document.addEventListener("visibilitychange", returned, { signal });
    window.addEventListener("focus", returned, { signal });
    window.addEventListener("pageshow", returned, { signal });
    window.addEventListener("pagehide", () => listener("left"), { signal });
    window.addEventListener("online", network, { signal });
    window.addEventListener("offline", network, { signal });
    return () => controller.abort();
  },
};

const CHANNEL = "durable-sessions";

/** Where there is no channel, an item of storage that changes tells the other tabs the same. */
const tabs: Tabs = {
  post(message) {
    if (typeof BroadcastChannel === "undefined") {
      storageIfAllowed(() => window.localStorage)?.setItem(
        CHANNEL,
        JSON.stringify({ ...message, at: Date.now() }),
      );
      return;
    }
    const channel = new BroadcastChannel(CHANNEL);
    channel.postMessage(message);
    channel.close();
  },
  subscribe(listener) {
    const controller = new AbortController();
    const { signal } = controller;
    const heard = (message: TabMessage) => listener(message);
    if (typeof BroadcastChannel === "undefined") {
      window.addEventListener(
        "storage",
        ({ key, newValue }) => {
          if (key === CHANNEL && newValue !== null) {
            heard(JSON.parse(newValue));
          }
        },
        { signal },
      );
    } else {
      const channel = new BroadcastChannel(CHANNEL);
      channel.addEventListener("message", ({ data }) => heard(data), { signal });
      signal.addEventListener("abort", () => channel.close());
    }
    return () => controller.abort();
  },
};

/** How long a tab waits for another before it goes ahead regardless. */
const LOCK_PATIENCE_MS = 3_000;

async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (!navigator.locks) {
    return await work();
  }
  let started = false;
  const once = () => {
    started = true;
    return work();
  };
  try {
    const signal = AbortSignal.timeout(LOCK_PATIENCE_MS);
    return await navigator.locks.request(`durable-sessions/${name}`, { signal }, once);
  } catch (error) {
    if (started) {
      throw error;
    }
    return await work();
  }
}

function openSocket(url: string, protocols: readonly string[], listeners: SocketListeners): Socket {
  const socket = new WebSocket(url, [...protocols]);
  const controller = new AbortController();
  const { signal } = controller;
  socket.addEventListener(
    "message",
    (event) => {
      if (typeof event.data === "string") {
        listeners.text(event.data);
      }
    },
    { signal },
  );
  // A connection that fails says `error` and then `close`; the second carries all that a page may know.
  socket.addEventListener("close", ({ code, reason }) => listeners.closed(code, reason), {
    signal,
  });
  return {
    send: (text) => socket.send(text),
    close() {
      controller.abort();
      socket.close(1000);
    },
  };
}

/** Even naming a storage throws where the browser blocks it. */
function storageIfAllowed(name: () => KeyValueStorage): KeyValueStorage | undefined {
  try {
    return name();
  } catch {
    return undefined;
  }
}

const INVITE = new RegExp(`^#${INVITE_FRAGMENT}=([^&]+)$`);

/** The secret leaves the address bar and the history: neither a look over the shoulder nor a copied address gives it away. */
function takeInvite(): string | undefined {
  if (typeof location === "undefined") {
    return undefined;
  }
  const [, invite] = INVITE.exec(location.hash) ?? [];
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

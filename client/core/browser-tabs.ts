import type { TabMessage, Tabs } from "./environment.ts";

const CHANNEL = "durable-sessions";

/** Undefined in Node, too, which has channels and no tabs. */
const channelOf = () =>
  globalThis.document && globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : undefined;

/**
 * The other tabs of the origin, on whichever page. They hear by `BroadcastChannel`, and where there is none by an item of
 * storage; and of every item that a client wrote, since storage may bring it to a tab later than the message about it.
 */
export const browserTabs: Tabs = {
  post(message) {
    const channel = channelOf();
    if (channel) {
      channel.postMessage(message);
      channel.close();
      return;
    }
    try {
      // Written twice, the same is no change, and nobody would hear of it.
      const item = JSON.stringify({ ...message, at: Math.random() });
      globalThis.window?.localStorage?.setItem(CHANNEL, item);
    } catch {
      // Then they find out when they look.
    }
  },
  subscribe(listener) {
    const controller = new AbortController();
    const { signal } = controller;
    const heard = (message: unknown) => {
      if (isTabMessage(message)) {
        listener(message);
      }
    };
    globalThis.window?.addEventListener?.(
      "storage",
      ({ key, newValue }) => {
        if (key === CHANNEL) {
          heard(parsed(newValue));
        } else if (key === null || key.startsWith(`${CHANNEL}/`)) {
          listener({ kind: key?.includes("/out/") ? "outbox" : "session" });
        }
      },
      { signal },
    );
    const channel = channelOf();
    if (channel) {
      channel.onmessage = ({ data }) => heard(data);
      signal.addEventListener("abort", () => channel.close());
    }
    return () => controller.abort();
  },
};

/**
 * For a page that gave this browser another session without the client, such as one that its server opened: the clients
 * of all other tabs look into storage, and follow.
 */
export function broadcastSessionChange(sessionId: string): void {
  browserTabs.post({ kind: "session", sessionId });
}

/** Any page of the origin may write here. */
function isTabMessage(message: unknown): message is TabMessage {
  return typeof message === "object" && message !== null && "kind" in message;
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

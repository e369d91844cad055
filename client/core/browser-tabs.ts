import type { TabMessage, Tabs } from "./environment.ts";

const CHANNEL = "durable-sessions";

/** Items of what waits to be sent, in this session or in the one before. */
const UNSENT = /\/(out\/|previous$)/;

/** Undefined in Node, too, which has channels and no tabs. */
const channelOf = () =>
  globalThis.document && globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : undefined;

/**
 * The other tabs of the origin, on whichever page. They hear by `BroadcastChannel`, and of every item that a client wrote, since
 * storage may bring it to a tab later than the message about it.
 */
export const browserTabs: Tabs = {
  post(message) {
    const channel = channelOf();
    channel?.postMessage(message);
    channel?.close();
  },
  subscribe(listener) {
    const controller = new AbortController();
    const { signal } = controller;
    const changed = ({ key }: StorageEvent) => {
      if (key === null || key.startsWith(`${CHANNEL}/`)) {
        listener({ kind: UNSENT.test(key ?? "") ? "outbox" : "session" });
      }
    };
    globalThis.window?.addEventListener?.("storage", changed, { signal });
    const channel = channelOf();
    channel?.addEventListener(
      "message",
      ({ data }) => {
        if (isTabMessage(data)) {
          listener(data);
        }
      },
      { signal },
    );
    return () => {
      controller.abort();
      channel?.close();
    };
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

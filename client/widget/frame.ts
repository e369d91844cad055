// The chat in its frame, as the host's page deals with it.
import type { Identity } from "./api.ts";
import type { ChatEvent, MessageToFrame, MessageToHost } from "./messages.ts";
import { envelope, readByHost } from "./messages.ts";

/** A frame that has said nothing by then was not let in, or cannot be reached. */
const READY_WITHIN_MS = 20_000;

/** Nothing but what a chat needs: above all, it cannot lead the host's page elsewhere. */
const SANDBOX =
  "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox";

export interface FrameOptions {
  /** The Worker's. */
  readonly origin: string;
  readonly teamId: string;
  readonly tokenTransport: string | undefined;
  readonly title: string;
  readonly isShown: () => boolean;
  readonly identity: () => Identity;
  readonly onReady: () => void;
  readonly onClose: () => void;
  readonly onEvent: (event: ChatEvent) => void;
}

export interface Frame {
  readonly element: HTMLIFrameElement;
  /** Tells the frame; what is told before it is ready is lost, and it asks for what it needs. */
  tell(message: MessageToFrame): void;
}

export function createFrame(options: FrameOptions): Frame {
  const { origin } = options;
  const element = document.createElement("iframe");
  let isReady = false;
  const tell = (message: MessageToFrame) => {
    if (isReady) {
      element.contentWindow?.postMessage(envelope(message), origin);
    }
  };
  const answer = async (id: number) => {
    let token: string | undefined;
    try {
      const identity = options.identity();
      token = typeof identity === "function" ? await identity() : identity;
    } finally {
      tell({ type: "identity", id, token });
    }
  };
  const heard = (message: MessageToHost) => {
    switch (message.type) {
      case "ready":
        isReady = true;
        tell({ type: "shown", shown: options.isShown() });
        return options.onReady();
      case "close":
        return options.onClose();
      case "identity":
        return void answer(message.id);
      case "event":
        return options.onEvent(message.event);
    }
  };
  addEventListener("message", (event) => {
    const isOurs = event.origin === origin && event.source === element.contentWindow;
    const message = isOurs ? readByHost(event.data) : undefined;
    if (message) {
      heard(message);
    }
  });
  setTimeout(() => {
    if (!isReady) {
      options.onEvent({ name: "error", detail: { code: "unavailable" } });
    }
  }, READY_WITHIN_MS);
  const query = new URLSearchParams({ team: options.teamId, origin: location.origin });
  if (options.tokenTransport) {
    query.set("transport", options.tokenTransport);
  }
  element.title = options.title;
  element.allow = "clipboard-write";
  element.setAttribute("sandbox", SANDBOX);
  element.src = `${origin}/widget?${query}`;
  return { element, tell };
}

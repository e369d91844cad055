// The page that holds the chat's frame. Who that may be is settled before: the Worker lets only the team's origins frame it.
// Which of them it is the address says, and the browser's word on every message has to agree.
import type { Accessor } from "solid-js";
import { createSignal } from "solid-js";
import type { ChatEvent, MessageToHost } from "../../widget/messages.ts";
import { envelope, readByFrame } from "../../widget/messages.ts";

/** A page that has not said by then who the person is does not know. */
const IDENTITY_WITHIN_MS = 10_000;

export interface HostPage {
  /** Whether the frame is in sight. */
  readonly isShown: Accessor<boolean>;
  /** Tells that the chat is there; from then on the page is heard. */
  ready(): void;
  close(): void;
  tell(event: ChatEvent): void;
  /** Who the person is, as the page has it from its backend. Never rejects. */
  identityToken(): Promise<string | undefined>;
}

/**
 * @param origin of the page; null where the chat is in no frame
 * @param onIdentify called when the page has learned who the person is
 */
export function connectHostPage(origin: string | null, onIdentify: () => void): HostPage {
  const host = origin === null || parent === window ? undefined : parent;
  const [isShown, setShown] = createSignal(host === undefined);
  const asked = new Map<number, (token: string | undefined) => void>();
  let lastId = 0;
  const post = (message: MessageToHost) => {
    if (origin !== null) {
      host?.postMessage(envelope(message), origin);
    }
  };
  const listen = () =>
    addEventListener("message", ({ data, source, origin: sender }) => {
      const message = sender === origin && source === host ? readByFrame(data) : undefined;
      switch (message?.type) {
        case "shown":
          setShown(message.shown);
          break;
        case "identify":
          onIdentify();
          break;
        case "identity":
          asked.get(message.id)?.(message.token);
          break;
        default:
      }
    });
  return {
    isShown,
    ready() {
      if (host) {
        listen();
        post({ type: "ready" });
      }
    },
    close: () => post({ type: "close" }),
    tell: (event) => post({ type: "event", event }),
    identityToken() {
      if (!host) {
        return Promise.resolve(undefined);
      }
      lastId += 1;
      const id = lastId;
      return new Promise<string | undefined>((resolve) => {
        asked.set(id, resolve);
        setTimeout(() => resolve(undefined), IDENTITY_WITHIN_MS);
        post({ type: "identity", id });
      }).finally(() => asked.delete(id));
    },
  };
}

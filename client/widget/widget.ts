// `<script async src="https://chat.example/widget.js" data-team="acme"></script>` on any page that the team allows: a button,
// and, once it is pressed, the chat in a frame of the Worker's own origin, into which the page cannot look.
import type { Identity, WidgetApi, WidgetEvent, WidgetEventName } from "./api.ts";
import type { Frame } from "./frame.ts";
import { createFrame } from "./frame.ts";
import { createLauncher } from "./launcher.ts";

/** What hears one kind of event is called with nothing else. */
type AnyListener = (detail: never) => void;

function startWidget({ src, dataset }: HTMLScriptElement, calls: readonly unknown[]): void {
  const label = dataset.label || "Chat";
  const listeners: [WidgetEventName, AnyListener][] = [];
  let frame: Frame | undefined;
  let identity: Identity;
  let isOpen = false;
  let opener: Element | null;

  const emit = ({ name, detail }: WidgetEvent) => {
    for (const [heard, listener] of [...listeners]) {
      if (heard === name) {
        // What fails there is the page's, and stops nothing here.
        queueMicrotask(() => listener(detail as never));
      }
    }
  };
  const launcher = createLauncher({
    label,
    showsLabel: !!dataset.label,
    position: dataset.position,
    onToggle: () => api.toggle(),
  });
  const load = () => {
    if (!frame) {
      frame = createFrame({
        origin: new URL(src).origin,
        teamId: dataset.team || "",
        tokenTransport: dataset.transport,
        title: label,
        isShown: () => isOpen,
        identity() {
          const known = identity;
          // A token works once.
          identity = typeof known === "function" ? known : undefined;
          return known;
        },
        onReady: () => emit({ name: "ready", detail: undefined }),
        onClose: () => api.close(),
        onEvent(event) {
          if (event.name === "unread") {
            launcher.setUnread(event.detail);
          }
          emit(event);
        },
      });
      launcher.hold(frame.element);
    }
    return frame;
  };
  const show = (shown: boolean) => {
    if (shown !== isOpen) {
      isOpen = shown;
      launcher.show(shown);
      emit({ name: shown ? "open" : "close", detail: undefined });
      load().tell({ type: "shown", shown });
    }
  };

  const api: WidgetApi = {
    open() {
      if (!isOpen) {
        opener = document.activeElement;
        show(true);
        load().element.focus();
      }
    },
    close() {
      const hasFocus = launcher.focused();
      show(false);
      // Whoever is elsewhere on the page by now stays there.
      if (hasFocus) {
        launcher.focus();
        if (opener instanceof HTMLElement && opener !== document.body) {
          opener.focus();
        }
      }
    },
    toggle: () => (isOpen ? api.close() : api.open()),
    identify(who) {
      identity = who;
      frame?.tell({ type: "identify" });
    },
    on: (name, listener) => void listeners.push([name, listener]),
    off(name, listener) {
      const index = listeners.findIndex(([heard, known]) => heard === name && known === listener);
      if (index >= 0) {
        listeners.splice(index, 1);
      }
    },
    push(...more) {
      for (const [name, ...args] of more) {
        (api[name] as (...args: unknown[]) => void)(...args);
      }
    },
  };
  window.DurableSessions = api;
  if ("preload" in dataset) {
    load();
  }
  api.push(...(calls as Parameters<WidgetApi["push"]>));
}

const script = document.currentScript;
const before = window.DurableSessions ?? [];
// A page that has it twice has it once.
if (script instanceof HTMLScriptElement && Array.isArray(before)) {
  if (document.body) {
    startWidget(script, before);
  } else {
    addEventListener("DOMContentLoaded", () => startWidget(script, before));
  }
}

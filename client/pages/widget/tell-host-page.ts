import type { Accessor } from "solid-js";
import { createEffect, createMemo, on } from "solid-js";
import type { EnhancedSession } from "../../solid/index.ts";
import type { HostPage } from "./host-page.ts";

type Told = Pick<
  EnhancedSession,
  "messages" | "conversationId" | "readUpTo" | "sessionId" | "status" | "error" | "synced"
>;

/** Tells the page around the frame what happens in it, and nothing of what is said. */
export function tellHostPage(session: Told, host: HostPage): void {
  const unread = createUnreadCount(session, host.isShown);
  createEffect(on(unread, (detail) => host.tell({ name: "unread", detail }), { defer: true }));
  createEffect(() => {
    const status = session.status();
    if (status !== "idle" && status !== "refreshing") {
      host.tell({ name: "session", detail: { sessionId: session.sessionId(), status } });
    }
  });
  createEffect(() => {
    const error = session.error();
    if (error) {
      host.tell({ name: "error", detail: { code: error.code } });
    }
  });
  // What was there before is no news: neither at first, nor when another conversation is shown.
  createEffect<Known>((known) => {
    const conversationId = session.conversationId();
    const messages = session.messages();
    const lastSeq = messages.findLast(({ seq }) => seq !== undefined)?.seq ?? 0;
    if (!session.synced()) {
      return known;
    }
    if (known.conversationId === conversationId) {
      for (const { role, seq = 0 } of messages) {
        if (seq > known.lastSeq) {
          host.tell({ name: "message", detail: { role, seq } });
        }
      }
    }
    return { conversationId, lastSeq };
  }, NOTHING);
}

interface Known {
  readonly conversationId: string | undefined;
  readonly lastSeq: number;
}

const NOTHING: Known = { conversationId: undefined, lastSeq: 0 };

/** What others wrote that nobody has seen on any of the visitor's devices, while the frame is out of sight. */
function createUnreadCount(session: Told, isShown: Accessor<boolean>): Accessor<number> {
  return createMemo(() => {
    const { visitor } = session.readUpTo();
    return isShown()
      ? 0
      : session
          .messages()
          .filter(({ role, seq }) => role !== "user" && seq !== undefined && seq > visitor).length;
  });
}

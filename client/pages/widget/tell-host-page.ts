import type { Accessor } from "solid-js";
import { createEffect, createMemo, on } from "solid-js";
import type { ChatMessage } from "../../core/index.ts";
import type { EnhancedSession } from "../../solid/index.ts";
import type { HostPage } from "./host-page.ts";

type Told = Pick<
  EnhancedSession,
  "messages" | "readUpTo" | "sessionId" | "status" | "error" | "synced"
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
  const lastSeq = () => session.messages().findLast(isStored)?.seq ?? 0;
  // What was there before is no news: neither at first, nor what came while there was no connection.
  createEffect<number | undefined>((known) => {
    const newest = lastSeq();
    if (!session.synced()) {
      return known;
    }
    for (const { role, seq = 0 } of known === undefined ? [] : session.messages()) {
      if (known !== undefined && seq > known) {
        host.tell({ name: "message", detail: { role, seq } });
      }
    }
    return newest;
  }, undefined);
}

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

function isStored({ seq }: ChatMessage): boolean {
  return seq !== undefined;
}

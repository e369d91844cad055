import type { Accessor } from "solid-js";
import { createMemo, createSignal, onCleanup } from "solid-js";
import type { OperatorClient, SessionClientState } from "../../core/index.ts";
import type { Chat } from "../chat/chat.ts";

export interface OperatorChat extends Chat {
  readonly presence: Accessor<SessionClientState["presence"]>;
  readonly connectionId: Accessor<SessionClientState["connectionId"]>;
  readonly error: Accessor<SessionClientState["error"]>;
}

/** A session as an operator has it, in signals: each changes only when its own value did. */
export function createOperatorChat(client: OperatorClient): OperatorChat {
  const [state, setState] = createSignal(client.getState());
  onCleanup(client.subscribe(() => setState(client.getState())));
  const field = <Field extends keyof SessionClientState>(name: Field) =>
    createMemo(() => state()[name]);
  const messages = field("messages");
  return {
    status: field("status"),
    error: field("error"),
    connection: field("connection"),
    connectionId: field("connectionId"),
    sessionData: field("session"),
    messages,
    streaming: createMemo(() => messages().filter((message) => message.streaming)),
    conversation: field("conversation"),
    pendingCount: field("pendingCount"),
    readUpTo: field("readUpTo"),
    synced: field("synced"),
    older: field("older"),
    presence: field("presence"),
    typing: field("typing"),
    role: field("role"),
    isInvited: field("isInvited"),
    send: (content, options) => client.send(content, options),
    retry: (key) => client.retry(key),
    cancel: (key) => client.cancel(key),
    loadOlder: () => client.loadOlder(),
    setTyping: (active) => client.setTyping(active),
    markRead: () => client.markRead(),
    uploadFile: (file, options) => client.uploadFile(file, options),
    downloadFile: (id) => client.downloadFile(id),
    prepareFiles: () => client.prepareFiles(),
  };
}

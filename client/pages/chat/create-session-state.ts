import type { Accessor } from "solid-js";
import { createMemo, createSignal, onCleanup } from "solid-js";
import type { ChatClient, SessionClientState } from "../../core/index.ts";

export type Select = <T>(pick: (state: SessionClientState) => T) => Accessor<T>;

/** The client's state as signals: each part that is picked changes only when it really did. */
export function createSessionState(client: ChatClient): Select {
  const [state, setState] = createSignal(client.getState());
  onCleanup(client.subscribe(() => setState(client.getState())));
  return (pick) => createMemo(() => pick(state()));
}

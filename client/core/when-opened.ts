import { RequestError } from "./request-error.ts";
import type { SessionClientState } from "./session-state.ts";
import { isValid } from "./session-state.ts";
import type { Store } from "./store.ts";

/** Resolves with the id of the session that is open then; rejects with `RequestError` where it comes to an end before. */
export function whenOpened(store: Store<SessionClientState>): Promise<string> {
  return new Promise((resolve, reject) => {
    const unsubscribe = store.subscribe(look);
    look();
    function look() {
      const state = store.get();
      if (state.sessionId !== undefined && isValid(state)) {
        resolve(state.sessionId);
      } else if (state.error && state.status === "error") {
        reject(state.error);
      } else if (state.status === "expired" || state.status === "terminated") {
        reject(new RequestError(`session_${state.status}`, { status: 410 }));
      } else {
        return;
      }
      unsubscribe();
    }
  });
}

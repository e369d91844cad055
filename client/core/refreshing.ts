// Prolongs the session's life: when somebody asks, and by itself in a page that is looked at.
import type { Session } from "../../src/protocol/session.ts";
import type { Environment } from "./environment.ts";
import type { OwnSession } from "./own-session.ts";
import type { SessionAccess } from "./session-access.ts";
import type { SessionClientOptions } from "./session-client.ts";
import type { SessionClientState } from "./session-state.ts";
import type { Store } from "./store.ts";

const MINUTE_MS = 60_000;

interface Parts {
  readonly options: Pick<SessionClientOptions, "autoRefresh" | "refreshInterval">;
  readonly environment: Pick<Environment, "clock" | "attention">;
  readonly store: Store<SessionClientState>;
  readonly own: OwnSession;
  readonly access: Pick<SessionAccess, "isInvited" | "withKey">;
  /** Told of the session that the answer brings. */
  readonly learned: (session: Session) => void;
}

export function createRefreshing({ options, environment, store, own, access, learned }: Parts) {
  const { autoRefresh = true, refreshInterval = 30 } = options;
  const { clock, attention } = environment;
  // Less than a minute, or no number at all, would be a storm.
  const intervalMs = (refreshInterval >= 1 ? refreshInterval : 1) * MINUTE_MS;
  let triedAt = 0;

  async function refreshSession(): Promise<Session> {
    triedAt = clock.now();
    if (store.get().status === "active") {
      store.patch({ status: "refreshing" });
    }
    try {
      const { session } = await access.withKey((key) => own.refresh(key, false));
      learned(session);
      return session;
    } finally {
      if (store.get().status === "refreshing") {
        store.patch({ status: "active" });
      }
    }
  }

  /** One tab's prolongation is all tabs': each looks when the last was. What failed is tried again an interval later. */
  function refreshIfDue(): void {
    const { status, role } = store.get();
    const isDue =
      autoRefresh &&
      attention.visible() &&
      status === "active" &&
      role === "owner" &&
      !access.isInvited() &&
      own.isOlderThan(intervalMs) &&
      Math.abs(clock.now() - triedAt) >= intervalMs;
    if (isDue) {
      refreshSession().catch(() => undefined);
    }
  }

  return {
    refreshSession,
    refreshIfDue,

    /** Looks from time to time. Returns what ends that. */
    keepLooking(): () => void {
      let cancel: () => void;
      const later = () => {
        cancel = clock.after(intervalMs, () => {
          refreshIfDue();
          later();
        });
      };
      later();
      return () => cancel();
    },
  };
}

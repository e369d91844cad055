// When what an older program left in this browser is taken over: with each way into the session, and whenever somebody looks.
// Loaded only where there may be something.
import type { SessionCall } from "./chat.ts";
import type { Environment } from "./environment.ts";
import type { ImportTarget } from "./legacy-import.ts";
import { importLegacy } from "./legacy-import.ts";
import type { LegacySource } from "./legacy-source.ts";
import { RequestError } from "./request-error.ts";
import type { LegacyUpgrade as State } from "./session-state.ts";
import type { Shelf } from "./shelf.ts";

/** How long the chat waits for it: what was said before is to come before what is said now, but not at any price. */
const PATIENCE_MS = 10_000;

/** Before it is tried again where the server could not be reached. */
const RETRY_MS = 30_000;

/** Will be the same for as long as the session is. */
const FINAL_CODES: readonly string[] = [
  "import_closed",
  "quota_exceeded",
  "too_many_conversations",
];

interface Parts {
  readonly source: LegacySource;
  readonly teamId: string;
  readonly environment: Environment;
  readonly shelf: Shelf;
  readonly call: SessionCall;
  /** Undefined while this tab is in no session of this browser's own. */
  readonly target: () => ImportTarget | undefined;
  readonly show: (state: State) => void;
}

export type LegacyUpgrade = ReturnType<typeof createLegacyUpgrade>;

export function createLegacyUpgrade(parts: Parts) {
  const { source, teamId, environment, shelf, call, target, show } = parts;
  const { clock, storage } = environment;
  let running: Promise<void> | undefined;
  /** The session that takes nothing; the next load asks it again. */
  let refusedBy: string | undefined;
  let cancelRetry = () => {};

  async function run(): Promise<void> {
    const sessionId = target()?.sessionId;
    if (!storage || sessionId === undefined) {
      return;
    }
    if (sessionId === refusedBy) {
      show("refused");
      return;
    }
    cancelRetry();
    show("running");
    try {
      const state = await environment.exclusively(`${teamId}/legacy`, async () => {
        return await importLegacy({ source, storage, shelf, call, target, clock });
      });
      show(state);
    } catch (error) {
      failed(error, sessionId);
    }
  }

  function failed(error: unknown, sessionId: string): void {
    if (!(error instanceof RequestError)) {
      // The page's own, when it reads: at the next occasion.
      show("waiting");
    } else if (FINAL_CODES.includes(error.code)) {
      refusedBy = sessionId;
      show("refused");
    } else {
      show("waiting");
      if (error.retryable) {
        cancelRetry = clock.after(error.retryAfterMs ?? RETRY_MS, () => void begin());
      }
    }
  }

  /** Never rejects: what fails is tried again. */
  function begin(): Promise<void> {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    begin,

    /** The same, for as long as a person may be kept waiting. */
    async beginBefore(): Promise<void> {
      let cancel = () => {};
      const patience = new Promise<void>((resolve) => {
        cancel = clock.after(PATIENCE_MS, resolve);
      });
      await Promise.race([begin(), patience]);
      cancel();
    },

    stop: () => cancelRetry(),
  };
}

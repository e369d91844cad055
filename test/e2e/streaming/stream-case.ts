/** One answer streamed by `durable-sessions/server`, in whatever runtime this is: what came of it, on the caller's side. */
import { ApiError } from "../../../client/server/api-error.ts";
import { createTeamClient } from "../../../client/server/team-client.ts";
import type { Message } from "../../../src/protocol/message.ts";

const POLL_MS = 20;
const LEFT_WITHIN_MS = 10_000;

export interface StreamCase {
  readonly baseUrl: string;
  readonly teamId: string;
  readonly teamKey: string;
  readonly sessionId: string;
  readonly clientId: string;
  /** Null for a source that never ends, "none" for one that never says anything. */
  readonly words: number | null | "none";
  readonly everyMs: number;
  /** What the source throws after its words … */
  readonly failure?: string;
  /** … or the caller aborts with. */
  readonly aborted?: string;
}

export interface StreamOutcome {
  readonly message?: Message;
  readonly isNew?: boolean;
  /** Of an ApiError its code. */
  readonly error?: string;
  /** Whether the source was left. */
  readonly isLeft: boolean;
}

export async function streamCase(given: StreamCase): Promise<StreamOutcome> {
  const { baseUrl, teamId, teamKey, sessionId, clientId } = given;
  const team = createTeamClient({ baseUrl, teamId, teamKey });
  const abort = new AbortController();
  let isLeft = false;
  async function* words() {
    try {
      const count = given.words ?? Number.POSITIVE_INFINITY;
      for (let word = 0; word < Number(count); word += 1) {
        yield `word${word} `;
        await pause(given.everyMs);
      }
      if (given.aborted !== undefined) {
        abort.abort(new Error(given.aborted));
        await pause(LEFT_WITHIN_MS / 10);
        yield "too late";
      }
      if (given.failure !== undefined) throw new Error(given.failure);
    } finally {
      isLeft = true;
    }
  }
  const silence = new ReadableStream<string>({
    cancel() {
      isLeft = true;
    },
  });
  const { signal } = abort;
  const source = given.words === "none" ? silence : words();
  const outcome = await team
    .streamMessage(sessionId, { clientId }, source, { signal })
    .catch((error) => ({ error: error instanceof ApiError ? error.code : String(error) }));
  // A source that waits hears of it when it goes on.
  for (let waited = 0; !isLeft && waited < LEFT_WITHIN_MS; waited += POLL_MS) {
    await pause(POLL_MS);
  }
  return { ...outcome, isLeft };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

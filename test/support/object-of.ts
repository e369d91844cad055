import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

/** The stub of a session's object, for what only a test may do to it. */
export function objectOf(sessionId: string): DurableObjectStub {
  return env.SESSIONS.getByName(sessionId);
}

/** Ends the session's object in the middle of whatever it does. */
export async function killObject(sessionId: string): Promise<void> {
  const abort = runInDurableObject(objectOf(sessionId), (_, ctx) => ctx.abort("killed"));
  await abort.catch(() => undefined);
}

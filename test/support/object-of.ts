import { env } from "cloudflare:workers";

/** The stub of a session's object, for what only a test may do to it. */
export function objectOf(sessionId: string): DurableObjectStub {
  return env.SESSIONS.getByName(sessionId);
}

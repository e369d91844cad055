// `durable-sessions/solid`: the client as Solid's signals. Runs on solid-js 1.9 and 2.0.
export { createEnhancedSession, useEnhancedSession } from "./create-enhanced-session.ts";
export type { EnhancedSession } from "./enhanced-session.ts";
export type { EnhancedSessionOptions, MaybeAccessor } from "./options.ts";

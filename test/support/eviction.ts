// Memory is a cache: a test of the object runs on one that stays awake, and on one that is evicted between any two steps.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { objectOf } from "./object-of.ts";

export const RESIDENCIES = ["stays awake", "is evicted between steps"] as const;
export type Residency = (typeof RESIDENCIES)[number];

/** What a test calls between its steps. */
export function stepper(residency: Residency): (sessionId: string) => Promise<void> {
  return residency === "stays awake" ? async () => undefined : (sessionId) => evict(sessionId);
}

/** The session's object dies in the middle: what it was doing, and its sockets, with it. */
export async function abort(sessionId: string): Promise<void> {
  await runInDurableObject(objectOf(sessionId), (_, ctx) => ctx.abort("dies")).catch(
    () => undefined,
  );
}

/** Evicts the session's object; one that is not in memory already counts as evicted. */
export async function evict(
  sessionId: string,
  webSockets: "hibernate" | "close" = "hibernate",
): Promise<void> {
  try {
    await evictDurableObject(objectOf(sessionId), { webSockets });
  } catch (error) {
    if (!String(error).includes("not currently running")) throw error;
  }
}

// One attempt to deliver to the Worker that is bound as `APP`.
import type { EventBatch, SessionEventsHandler } from "../protocol/events.ts";
import { WEBHOOK_TIMEOUT_MS } from "../protocol/limits.ts";
import { type Delivered, undelivered } from "./delivered.ts";

export async function callApp(app: SessionEventsHandler, batch: EventBatch): Promise<Delivered> {
  const done = new AbortController();
  const late = scheduler.wait(WEBHOOK_TIMEOUT_MS, { signal: done.signal }).then(
    () => undelivered(`no answer within ${WEBHOOK_TIMEOUT_MS / 1000} s`),
    // Aborted: the answer came first.
    () => undelivered("aborted"),
  );
  try {
    return await Promise.race([call(app, batch), late]);
  } finally {
    // A timer left running would keep the object from hibernating.
    done.abort();
  }
}

async function call(app: SessionEventsHandler, batch: EventBatch): Promise<Delivered> {
  try {
    await app.handleEvents(batch);
    return { ok: true, status: undefined };
  } catch (error) {
    console.warn({ event: "app_failed", error: String(error) });
    return undelivered("handleEvents threw");
  }
}

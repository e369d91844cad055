// One attempt to deliver to the Worker that is bound as `APP`.
import { log } from "../log.ts";
import type { EventBatch, SessionEventsHandler } from "../protocol/events.ts";
import { type Delivered, undelivered } from "./delivered.ts";
import { inTime, TOO_LATE } from "./timeout.ts";

export async function callApp(app: SessionEventsHandler, batch: EventBatch): Promise<Delivered> {
  return (await inTime(() => call(app, batch))) ?? undelivered(TOO_LATE);
}

async function call(app: SessionEventsHandler, batch: EventBatch): Promise<Delivered> {
  try {
    await app.handleEvents(batch);
    return { ok: true, status: undefined };
  } catch (error) {
    log.warn({ event: "app_failed", error: String(error) });
    return undelivered("handleEvents threw");
  }
}

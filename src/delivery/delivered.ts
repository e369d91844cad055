import type { DeliveryFailure } from "../domain/event-cursor.ts";

/** What an attempt to deliver came to. `status` is the receiver's, where there was an answer. */
export type Delivered =
  | { readonly ok: true; readonly status: number | undefined }
  | (DeliveryFailure & { readonly ok: false; readonly status: number | undefined });

/** An attempt that came to no answer. */
export function undelivered(error: string): Delivered {
  return { ok: false, error, status: undefined, retryAfterMs: undefined, isGone: false };
}

// What can be asked of a session about its data as a whole, and about its end.
import type { Result } from "../src/protocol/errors.ts";
import type { EraseReceipt } from "../src/protocol/lifecycle.ts";
import type { Call, ReconcileCall, Reconciled, Reindexed } from "./calls.ts";
import { FileCalls } from "./file-calls.ts";

const NO_SESSION: Omit<Reconciled, "wasPurged"> = {
  exists: false,
  expired: false,
  archivedConversations: 0,
  archivedFiles: 0,
  purged: false,
  repaired: false,
};

export abstract class LifecycleCalls extends FileCalls {
  /** All that is held about the session, as lines of JSON. */
  async exportSession(call: Call): Promise<Result<{ stream: ReadableStream<Uint8Array> }>> {
    return await this.entrance.as(call, "exportSession", ({ live }) => live.requests.export(call));
  }

  /** Removes the session from everywhere, for good. */
  async eraseSession(call: Call): Promise<Result<EraseReceipt>> {
    return await this.entrance.as(call, "eraseSession", ({ live }) => live.requests.erase(call));
  }

  /**
   * What the alarm should have done, asked for by the cleanup. Where no session is, nothing is written.
   * @param call left out by Workers of before
   */
  async reconcile(call: ReconcileCall = { indexVersion: undefined }): Promise<Reconciled> {
    const reconciled = await this.entrance.known?.upkeep.reconcile(call);
    return reconciled ?? { ...NO_SESSION, wasPurged: this.entrance.wasPurged };
  }

  /** Tells the index everything, whatever it was told before. */
  async reindex(): Promise<Reindexed> {
    return (await this.entrance.known?.upkeep.reindex()) ?? "absent";
  }
}

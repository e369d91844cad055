// A session's data as a whole: all of it taken out, all of it removed.
import type { Caller } from "../caller.ts";
import type { Result } from "../protocol/errors.ts";
import type { EraseReceipt } from "../protocol/lifecycle.ts";
import type { Services } from "../services.ts";
import { limitOwner } from "./rate-limits.ts";
import { openSession } from "./session-access.ts";

/** All that is held about the session, as lines of JSON; see docs/transcripts.md. */
export async function exportSession(
  services: Services,
  caller: Caller,
  id: string,
): Promise<Result<{ readonly stream: ReadableStream<Uint8Array> }>> {
  const opened = await openSession(services, caller, id, "exportSession");
  if (!opened.ok) return opened;
  const limited = caller.kind === "credential" && (await limitOwner(services, caller, "export"));
  return limited || (await opened.stub.exportSession(opened.call));
}

/** Removes the session from everywhere, for good. */
export async function eraseSession(
  services: Services,
  caller: Caller,
  id: string,
): Promise<Result<EraseReceipt>> {
  const opened = await openSession(services, caller, id, "eraseSession");
  return opened.ok ? await opened.stub.eraseSession(opened.call) : opened;
}

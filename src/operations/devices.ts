// The devices that have a key to a session, as its owner sees and ends them.
import type { Caller } from "../caller.ts";
import type { Result } from "../protocol/errors.ts";
import type { DeviceList } from "../protocol/sharing.ts";
import type { Services } from "../services.ts";
import { openSession } from "./session-access.ts";

export async function listDevices(
  services: Services,
  caller: Caller,
  id: string,
): Promise<Result<DeviceList>> {
  const opened = await openSession(services, caller, id, "listDevices");
  return opened.ok ? await opened.stub.listDevices(opened.call) : opened;
}

/** @param which a credential's id, or `others`: all but the caller's own */
export async function revokeDevice(
  services: Services,
  caller: Caller,
  id: string,
  which: string,
): Promise<Result<object>> {
  const opened = await openSession(services, caller, id, "revokeDevice");
  return opened.ok ? await opened.stub.revokeDevice(opened.call, which) : opened;
}

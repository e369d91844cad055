// Who else has access to the session, and how others get it: the owner's calls.
import type { CreatedInvite, DeviceList, InviteList } from "../../src/protocol/sharing.ts";
import type { SessionAccess } from "./session-access.ts";
import type { Sharing } from "./session-client.ts";

export function createSharing(access: Pick<SessionAccess, "call" | "callFresh">): Sharing {
  const { call } = access;
  return {
    devices: async () => (await call<DeviceList>("GET", "/devices")).devices,
    revokeDevice: (id) => call("DELETE", `/devices/${encodeURIComponent(id)}`),
    revokeOtherDevices: () => call("DELETE", "/devices/others"),
    share: (request) => call<CreatedInvite>("POST", "/invites", request),
    handOff: (request) =>
      access.callFresh<CreatedInvite>("POST", "/invites", { ...request, role: "owner" }),
    invites: async () => (await call<InviteList>("GET", "/invites")).invites,
    revokeInvite(id, { revokeCredentials }) {
      const query = revokeCredentials ? "?revokeCredentials=true" : "";
      return call("DELETE", `/invites/${encodeURIComponent(id)}${query}`);
    },
  };
}

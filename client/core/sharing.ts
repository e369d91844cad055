// Who else has access to the session, and how others get it: the owner's calls.
import type { RestClient } from "./rest-client.ts";
import type { SessionAccess } from "./session-access.ts";
import type { Sharing } from "./session-client.ts";

/** @param access of the session that is open at the time of a call */
export function sharing(rest: RestClient, access: () => SessionAccess): Sharing {
  return {
    devices: () => access().withToken(async (token) => (await rest.devices(token)).devices),
    revokeDevice: (id) => access().withToken((token) => rest.revokeDevice(token, id)),
    revokeOtherDevices: () => access().withToken((token) => rest.revokeDevice(token, "others")),
    share: (request) => access().withToken((token) => rest.createInvite(token, request)),
    handOff: (request = {}) =>
      access().withFreshToken((token) => rest.createInvite(token, { ...request, role: "owner" })),
    invites: () => access().withToken(async (token) => (await rest.invites(token)).invites),
    revokeInvite: (id, options) =>
      access().withToken((token) => rest.revokeInvite(token, id, options)),
  };
}

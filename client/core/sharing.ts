// Who else has access to the session, and how others get it: the owner's calls.
import type {
  CreatedInvite,
  CreateInviteRequest,
  Device,
  Invite,
} from "../../src/protocol/sharing.ts";
import type { RestClient } from "./rest-client.ts";
import type { SessionAccess } from "./session-access.ts";

export interface ShareRequest extends CreateInviteRequest {
  readonly role: "reader" | "writer";
}

/** Each rejects with `RequestError`: `forbidden` for guests. */
export interface Sharing {
  /** Every device and guest with access, this one first. */
  devices(): Promise<readonly Device[]>;
  /** Signs a device or guest out: when this returns, it can neither read nor write any more. */
  revokeDevice(credentialId: string): Promise<void>;
  /** Signs out all but this one, guests too. */
  revokeOtherDevices(): Promise<void>;
  /** Makes a link that lets others read, or write too. The answer is the only one that has the link. */
  share(request: ShareRequest): Promise<CreatedInvite>;
  /** Makes a link that continues the session on another device: good for one use within ten minutes. */
  handOff(request: Pick<CreateInviteRequest, "pageUrl">): Promise<CreatedInvite>;
  /** Links that still let somebody in, or let somebody in who still has access; newest first. */
  invites(): Promise<readonly Invite[]>;
  /** @param options whether those who came in by it are signed out too */
  revokeInvite(inviteId: string, options: { readonly revokeCredentials: boolean }): Promise<void>;
}

/** @param access of the session that is open at the time of a call */
export function sharing(rest: RestClient, access: () => SessionAccess): Sharing {
  return {
    devices: () => access().withToken(async (token) => (await rest.devices(token)).devices),
    revokeDevice: (id) => access().withToken((token) => rest.revokeDevice(token, id)),
    revokeOtherDevices: () => access().withToken((token) => rest.revokeDevice(token, "others")),
    share: (request) => access().withToken((token) => rest.createInvite(token, request)),
    handOff: (request) =>
      access().withFreshToken((token) => rest.createInvite(token, { ...request, role: "owner" })),
    invites: () => access().withToken(async (token) => (await rest.invites(token)).invites),
    revokeInvite: (id, options) =>
      access().withToken((token) => rest.revokeInvite(token, id, options)),
  };
}

// What can be asked of a session about who gets in: the person whose it is, invites, devices.
import type { Result } from "../src/protocol/errors.ts";
import type { CredentialRole, Session } from "../src/protocol/session.ts";
import type { DeviceList, Invite, InviteList } from "../src/protocol/sharing.ts";
import { Callable } from "./callable.ts";
import type { Call, CreateInviteCall, IdentifyCall, RedeemCall, ResumeCall } from "./calls.ts";

export abstract class AccessCalls extends Callable {
  /** Binds the session to a person, and gives the caller a new credential in place of all that there were. */
  async identify(call: IdentifyCall): Promise<Result<{ session: Session; isNew: boolean }>> {
    return await this.entrance.as(call, "identify", async ({ live, role }) => {
      const identified = await live.identify(call);
      return identified.ok ? { ...identified, session: live.view(role) } : identified;
    });
  }

  /** Lets another device of the person in whose session this is. */
  async resume(call: ResumeCall): Promise<Result<{ session: Session }>> {
    return await this.entrance.asNewcomer(call, "session_not_found", async (live) => {
      const refusal = live.access.resume(call);
      if (refusal) return refusal;
      live.touch("owner");
      await live.upkeep.project();
      return { ok: true, session: live.view("owner") };
    });
  }

  /** Whose session it is, for questions across a person's sessions; null while it is nobody's in particular. */
  async readIdentity(call: Call): Promise<Result<{ teamId: string; userId: string | null }>> {
    return await this.entrance.as(call, "readIdentity", ({ live }) => ({
      ok: true,
      teamId: live.state.record.teamId,
      userId: live.state.record.userId,
    }));
  }

  async createInvite(call: CreateInviteCall): Promise<Result<{ invite: Invite }>> {
    return await this.entrance.change(call, "createInvite", ({ live }) =>
      live.invites.create(call),
    );
  }

  async listInvites(call: Call): Promise<Result<InviteList>> {
    return await this.entrance.as(call, "listInvites", ({ live }) => live.invites.list());
  }

  async revokeInvite(call: Call, id: string, andCredentials: boolean): Promise<Result<object>> {
    return await this.entrance.change(call, "revokeInvite", ({ live }) =>
      live.invites.revoke(call, id, andCredentials),
    );
  }

  /** Lets somebody in who has the secret of an invite. */
  async redeem(call: RedeemCall): Promise<Result<{ session: Session; role: CredentialRole }>> {
    return await this.entrance.asNewcomer(call, "invite_expired", async (live) => {
      const redeemed = live.invites.redeem(call);
      if (!redeemed.ok) return redeemed;
      await live.upkeep.project();
      return { ok: true, session: live.view(redeemed.role), role: redeemed.role };
    });
  }

  async listDevices(call: Call): Promise<Result<DeviceList>> {
    return await this.entrance.as(call, "listDevices", ({ live }) => live.access.devices(call));
  }

  /** @param which a credential's id, or all others than the caller's */
  async revokeDevice(call: Call, which: string): Promise<Result<object>> {
    return await this.entrance.change(call, "revokeDevice", ({ live }) =>
      live.access.revokeDevice(call, which),
    );
  }
}

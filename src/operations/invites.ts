// Invites: links that let somebody else, or another device, into a session.
import type { Caller } from "../caller.ts";
import { mintInvite, readInvite } from "../credentials/invite.ts";
import { mintTicket } from "../credentials/ticket.ts";
import { mintToken } from "../credentials/token.ts";
import { isOriginAllowed } from "../domain/policy.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import type { SessionWithToken } from "../protocol/rest.ts";
import type { CredentialRole } from "../protocol/session.ts";
import {
  type CreatedInvite,
  type CreateInviteRequest,
  INVITE_FRAGMENT,
  type InviteList,
  type RedeemInviteRequest,
} from "../protocol/sharing.ts";
import type { Services } from "../services.ts";
import { limitOwner, limitRedemption } from "./rate-limits.ts";
import { knownTeam, newCredential, openSession, sessionStub, teamWord } from "./session-access.ts";
import { deviceOf, type Visitor } from "./visitor.ts";

/** @param pageUrl where the link leads when the request does not say */
export async function createInvite(
  services: Services,
  caller: Caller,
  id: string,
  request: CreateInviteRequest,
  pageUrl: string,
): Promise<Result<CreatedInvite>> {
  const opened = await openSession(services, caller, id, "createInvite");
  if (!opened.ok) return opened;
  const url = new URL(request.pageUrl ?? pageUrl);
  const team = opened.team ?? (await opened.stub.lastKnownTeam());
  const isOurs = isOriginAllowed(url.origin, team?.policy.allowedOrigins ?? []);
  // A name before the host is there to look like one.
  const hasName = url.username !== "" || url.password !== "";
  if (request.pageUrl !== undefined && (!isOurs || hasName)) return NOT_OUR_PAGE;
  const limited = caller.kind === "credential" && (await limitOwner(services, caller, "invite"));
  if (limited) return limited;
  const { inviteId, secret, secretDigest } = await mintInvite(services.keys, id);
  const invite = { id: inviteId, secretDigest };
  const created = await opened.stub.createInvite({ ...opened.call, invite, request });
  if (!created.ok) return created;
  url.hash = `${INVITE_FRAGMENT}=${secret}`;
  return { ok: true, inviteId, url: url.href, expiresAt: created.invite.expiresAt };
}

const NOT_OUR_PAGE: Failure = {
  ok: false,
  code: "validation_failed",
  errors: [{ path: "/pageUrl", message: "not on one of the team's allowed origins" }],
};

export async function listInvites(
  services: Services,
  caller: Caller,
  id: string,
): Promise<Result<InviteList>> {
  const opened = await openSession(services, caller, id, "listInvites");
  return opened.ok ? await opened.stub.listInvites(opened.call) : opened;
}

export async function revokeInvite(
  services: Services,
  caller: Caller,
  id: string,
  inviteId: string,
  revokeCredentials: boolean,
): Promise<Result<object>> {
  const opened = await openSession(services, caller, id, "revokeInvite");
  if (!opened.ok) return opened;
  return await opened.stub.revokeInvite(opened.call, inviteId, revokeCredentials);
}

/** @param origin of the page that redeems, if it is one */
export async function redeemInvite(
  services: Services,
  { secret, deviceInfo, tokenTransport }: RedeemInviteRequest,
  visitor: Visitor,
  origin: string | undefined,
): Promise<Result<SessionWithToken & { readonly role: CredentialRole }>> {
  const { env, keys } = services;
  const limited = await limitRedemption(services, visitor.network);
  if (limited) return limited;
  const presented = await readInvite(keys, secret);
  if (presented === undefined) return { ok: false, code: "invalid_credential" };
  const { sessionId, teamNumber, inviteId, secretDigest } = presented;
  const known = await knownTeam(env, teamNumber);
  const team = known ?? (await sessionStub(env, sessionId).lastKnownTeam());
  if (team?.policy.disabled) return { ok: false, code: "team_disabled" };
  if (origin !== undefined && team && !isOriginAllowed(origin, team.policy.allowedOrigins)) {
    return { ok: false, code: "origin_not_allowed" };
  }
  const minted = await mintToken(keys, sessionId);
  const redeemed = await sessionStub(env, sessionId).redeem({
    ...teamWord(known),
    inviteId,
    secretDigest,
    credential: newCredential(minted, {
      ...visitor,
      deviceInfo: deviceOf(deviceInfo, visitor.deviceInfo),
    }),
    intoCookie: tokenTransport === "cookie",
  });
  if (!redeemed.ok) return redeemed;
  const { session, role } = redeemed;
  const ticket = await mintTicket(keys, minted, Date.now());
  return { ok: true, session, role, token: minted.token, ticket };
}

/** Keys to a session as people get them: by a link, by a hand-off to another device of theirs, by rotation. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { RefreshSessionRequest, RefreshSessionResponse } from "../../src/protocol/rest.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";
import type {
  CreatedInvite,
  CreateInviteRequest,
  DeviceList,
  InviteList,
  RedeemedInvite,
  RedeemInviteRequest,
} from "../../src/protocol/sharing.ts";
import { call, type Sent } from "./api.ts";
import { objectOf } from "./object-of.ts";
import { indexAnswered } from "./object-storage.ts";

export function sessionIdOf(token: string): string {
  return token.split(".")[0] ?? "";
}

export function credentialIdOf(token: string): string {
  return token.split(".")[1] ?? "";
}

/** A call about the session of `token`, with it. */
export function callWith(token: string, path = "", sent: Sent = {}): Promise<Response> {
  return call(`/api/sessions/${sessionIdOf(token)}${path}`, { bearer: token, ...sent });
}

export function askRefresh(token: string, body: RefreshSessionRequest = {}): Promise<Response> {
  return callWith(token, "/refresh", { body });
}

/** What a refresh that has to succeed answers. */
export async function refresh(
  token: string,
  body: RefreshSessionRequest = {},
): Promise<RefreshSessionResponse> {
  return await json(await askRefresh(token, body));
}

/** The token that follows `token`, at once. */
export async function rotated(token: string): Promise<string> {
  const { token: successor } = await refresh(token, { rotate: true });
  if (successor === undefined) throw new Error("the token was not rotated");
  return successor;
}

/** A link, and the secret in it. */
export type Link = CreatedInvite & { readonly secret: string };

export function askInvite(token: string, body: CreateInviteRequest | object): Promise<Response> {
  return callWith(token, "/invites", { body });
}

export async function invite(token: string, body: CreateInviteRequest): Promise<Link> {
  const created = await json<CreatedInvite>(await askInvite(token, body));
  return { ...created, secret: secretIn(created.url) };
}

export function secretIn(url: string): string {
  return new URLSearchParams(new URL(url).hash.slice(1)).get("ds-invite") ?? "";
}

export function askRedeem(
  secret: string,
  body: Omit<RedeemInviteRequest, "secret"> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return call("/api/invites/redeem", { body: { secret, ...body }, headers });
}

export type Holder = RedeemedInvite & { readonly token: string };

export async function redeem(
  secret: string,
  body: Omit<RedeemInviteRequest, "secret"> = {},
): Promise<Holder> {
  return await json(await askRedeem(secret, body));
}

/** Somebody else with a key, by a link of the owner's; with the role `owner`, another device of theirs. */
export async function letIn(token: string, role: CredentialRole): Promise<Holder> {
  const { secret } = await invite(token, { role });
  return await redeem(secret);
}

export async function devicesOf(token: string): Promise<DeviceList["devices"]> {
  return (await json<DeviceList>(await callWith(token, "/devices"))).devices;
}

export function askRevoke(token: string, which: string): Promise<Response> {
  return callWith(token, `/devices/${which}`, { method: "DELETE" });
}

export async function invitesOf(token: string): Promise<InviteList["invites"]> {
  return (await json<InviteList>(await callWith(token, "/invites"))).invites;
}

export async function json<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return await response.json<T>();
}

export interface AuditRow {
  readonly type: string;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly details: string | null;
}

/** What the audit trail tells of the session, of one type, once all that is on its way is there. */
export async function auditOf(sessionId: string, type: string): Promise<AuditRow[]> {
  // An object that is evicted while it tells the index leaves the rest to its alarm.
  await runDurableObjectAlarm(objectOf(sessionId));
  await indexAnswered(sessionId);
  const { results } = await env.INDEX_DB.prepare(
    "SELECT type, actor_kind, actor_id, details FROM audit_events WHERE session_id = ? AND type = ? ORDER BY at",
  )
    .bind(sessionId, type)
    .all<AuditRow>();
  return results;
}

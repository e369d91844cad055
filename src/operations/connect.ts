// A socket's way to its object: the ticket is checked here, whether its credential still opens is checked there.
import { CONNECT_CALL_HEADER, type ConnectCall, type HistoryRequest } from "../../objects/calls.ts";
import { readSessionId } from "../credentials/session-id.ts";
import { readTicket } from "../credentials/ticket.ts";
import { readToken } from "../credentials/token.ts";
import type { Keys } from "../keys.ts";
import type { Failure } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import { knownTeam, sessionStub, teamWord } from "./session-access.ts";

/** The client's end of a socket that the session has taken in. */
export interface Connected {
  readonly ok: true;
  readonly webSocket: WebSocket;
}

/** A ticket, from anybody who has one; or, from a browser, the token in its cookie. */
export type ConnectProof = { readonly ticket: string } | { readonly token: string };

export async function connectSession(
  { env, keys }: Services,
  id: string,
  proof: ConnectProof,
  history: HistoryRequest,
): Promise<Connected | Failure> {
  const address = await readSessionId(keys, id);
  if (address === undefined) return { ok: false, code: "invalid_credential" };
  const actor = await actorOf(keys, id, proof);
  if (actor === undefined) return { ok: false, code: "invalid_credential" };
  const team = await knownTeam(env, address.teamNumber);
  if (team?.policy.disabled) return { ok: false, code: "team_disabled" };
  const call: ConnectCall = { actor, ...teamWord(team), history };
  const answer = await sessionStub(env, id).fetch(
    new Request("https://session/", {
      headers: { Upgrade: "websocket", [CONNECT_CALL_HEADER]: JSON.stringify(call) },
    }),
  );
  return answer.webSocket === null
    ? ((await answer.json()) as Failure)
    : { ok: true, webSocket: answer.webSocket };
}

async function actorOf(
  keys: Keys,
  sessionId: string,
  proof: ConnectProof,
): Promise<ConnectCall["actor"] | undefined> {
  if ("ticket" in proof) {
    const holder = await readTicket(keys, sessionId, proof.ticket, Date.now());
    return holder && { kind: "ticket", credentialId: holder.credentialId };
  }
  const credential = await readToken(keys, proof.token);
  if (credential?.sessionId !== sessionId) return undefined;
  const { credentialId, secretDigest } = credential;
  return { kind: "cookie", credentialId, secretDigest: secretDigest.toHex() };
}

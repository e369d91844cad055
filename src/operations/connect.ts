// A socket's way to its object: the ticket is checked here, and whether an operator is still signed in; whether a credential
// still opens is checked there.
import {
  CONNECT_CALL_HEADER,
  type ConnectCall,
  type ConnectingOperator,
  type HistoryRequest,
} from "../../objects/calls.ts";
import { readSessionId, type SessionAddress } from "../credentials/session-id.ts";
import { readTicket } from "../credentials/ticket.ts";
import { readToken } from "../credentials/token.ts";
import type { Keys } from "../keys.ts";
import type { Failure } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import { operatorToken, teamById } from "../team-cache.ts";
import { isSignedIn, operatorCaller } from "./operators.ts";
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
  const actor = await actorOf(env, keys, address, proof);
  if (actor === undefined) return { ok: false, code: "invalid_credential" };
  const team = await knownTeam(env, address.teamNumber);
  if (team?.policy.disabled) return { ok: false, code: "team_disabled" };
  const call: ConnectCall = { actor, ...teamWord(team), history };
  const answer = await sessionStub(env, id).fetch(
    new Request("https://session/", {
      headers: { Upgrade: "websocket", [CONNECT_CALL_HEADER]: ascii(JSON.stringify(call)) },
    }),
  );
  return answer.webSocket === null
    ? ((await answer.json()) as Failure)
    : { ok: true, webSocket: answer.webSocket };
}

/** A header carries no other letters, and people's names have them. */
function ascii(json: string): string {
  return json.replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

async function actorOf(
  env: Env,
  keys: Keys,
  { id: sessionId, teamNumber }: SessionAddress,
  proof: ConnectProof,
): Promise<ConnectCall["actor"] | undefined> {
  if ("ticket" in proof) {
    const holder = await readTicket(keys, sessionId, proof.ticket, Date.now());
    return holder?.kind === "operator"
      ? await operatorOf(env, holder.tokenId, teamNumber)
      : holder && { kind: "ticket", credentialId: holder.credentialId };
  }
  const credential = await readToken(keys, proof.token);
  if (credential?.sessionId !== sessionId) return undefined;
  const { credentialId, secretDigest } = credential;
  return { kind: "cookie", credentialId, secretDigest: secretDigest.toHex() };
}

/** Who of the staff of the session's team it is, as long as the token is good. Throws `IndexError`. */
async function operatorOf(
  env: Env,
  tokenId: string,
  teamNumber: number,
): Promise<ConnectingOperator | undefined> {
  const record = await operatorToken(env, tokenId);
  if (record === undefined || !isSignedIn(record, Date.now())) return undefined;
  const team = await teamById(env, record.teamId);
  if (team?.number !== teamNumber) return undefined;
  const { kind, teamId, operatorId, author } = operatorCaller(record, teamNumber);
  const { expiresAt, confirmedAt } = record;
  return { kind, teamId, operatorId, author, tokenId, expiresAt, confirmedAt };
}

// A socket's way to its object: the ticket is checked here, whether its credential still opens is checked there.
import { CONNECT_CALL_HEADER, type ConnectCall, type HistoryRequest } from "../../objects/calls.ts";
import { readSessionId, readTicket } from "../credentials.ts";
import type { Failure } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import { knownTeam, sessionStub } from "./session-access.ts";

/** The client's end of a socket that the session has taken in. */
export interface Connected {
  readonly ok: true;
  readonly webSocket: WebSocket;
}

export async function connectSession(
  { env, keys }: Services,
  id: string,
  ticket: string | undefined,
  history: HistoryRequest,
): Promise<Connected | Failure> {
  const address = await readSessionId(keys, id);
  if (address === undefined) return { ok: false, code: "invalid_credential" };
  if (ticket === undefined) return { ok: false, code: "unauthenticated" };
  const holder = await readTicket(keys, id, ticket, Date.now());
  if (holder === undefined) return { ok: false, code: "invalid_credential" };
  const team = await knownTeam(env, address.teamNumber);
  if (team?.policy.disabled) return { ok: false, code: "team_disabled" };
  const { credentialId } = holder;
  const call: ConnectCall = { credentialId, teamRevision: team?.revision, history };
  const answer = await sessionStub(env, id).fetch(
    new Request("https://session/", {
      headers: { Upgrade: "websocket", [CONNECT_CALL_HEADER]: JSON.stringify(call) },
    }),
  );
  return answer.webSocket === null
    ? ((await answer.json()) as Failure)
    : { ok: true, webSocket: answer.webSocket };
}

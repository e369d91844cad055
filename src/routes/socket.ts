// The upgrade. Browsers hide an upgrade's HTTP status, so a refused one is accepted here, in the Worker, and closed with
// a code that tells why; the object only ever sees sockets that it takes.
import { CONNECT_CALL_HEADER, type ConnectCall } from "../../objects/calls.ts";
import { readSessionId, readTicket } from "../credentials.ts";
import { attempt, knownTeam, type Services, sessionStub } from "../operations/session-access.ts";
import { CLOSE_CODES } from "../protocol/close-codes.ts";
import type { ErrorCode, Failure } from "../protocol/errors.ts";
import { SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from "../protocol/version.ts";
import { socketQuerySchema } from "../schemas/requests.ts";
import { readQuery } from "./body.ts";
import type { Matched } from "./dispatch.ts";
import { mayCallFrom } from "./origin.ts";
import { problem } from "./problem.ts";

export async function connect(matched: Matched): Promise<Response> {
  const { request } = matched;
  if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
    return problem({ code: "upgrade_required" });
  }
  const opened = await attempt(() => open(matched));
  return "code" in opened ? refuse(request, opened) : opened;
}

async function open({ request, services, params }: Matched): Promise<Response | Failure> {
  const offered = subprotocols(request);
  if (!offered.includes(SUBPROTOCOL)) return { ok: false, code: "invalid_parameter" };
  const id = params.id ?? "";
  const origin = request.headers.get("Origin");
  if (origin !== null && !(await mayCallFrom(services, "session", origin, id))) {
    const isOurs = (await readSessionId(services.keys, id)) !== undefined;
    return { ok: false, code: isOurs ? "origin_not_allowed" : "invalid_credential" };
  }
  const query = readQuery(new URL(request.url), socketQuerySchema);
  if (!query.ok) return query;
  const { after, tail } = query.value;
  const ticket = offered.find((one) => one.startsWith(TICKET_SUBPROTOCOL_PREFIX));
  const call = await connectCall(services, id, ticket?.slice(TICKET_SUBPROTOCOL_PREFIX.length));
  if (!call.ok) return call;
  const { credentialId, team } = call;
  const history = tail === undefined ? { after: after ?? 0 } : { tail };
  const message: ConnectCall = { credentialId, team, history };
  const answer = await sessionStub(services.env, id).fetch(
    new Request("https://session/", {
      headers: { Upgrade: "websocket", [CONNECT_CALL_HEADER]: JSON.stringify(message) },
    }),
  );
  if (answer.webSocket === null) return (await answer.json()) as Failure;
  return new Response(null, {
    status: 101,
    webSocket: answer.webSocket,
    headers: { "Sec-WebSocket-Protocol": SUBPROTOCOL },
  });
}

async function connectCall(
  { env, keys }: Services,
  id: string,
  ticket: string | undefined,
): Promise<({ readonly ok: true } & Pick<ConnectCall, "credentialId" | "team">) | Failure> {
  const address = await readSessionId(keys, id);
  if (address === undefined) return { ok: false, code: "invalid_credential" };
  if (ticket === undefined) return { ok: false, code: "unauthenticated" };
  const bearer = await readTicket(keys, id, ticket, Date.now());
  if (bearer === undefined) return { ok: false, code: "invalid_credential" };
  const team = await knownTeam(env, address.teamNumber);
  if (team?.policy.disabled) return { ok: false, code: "team_disabled" };
  return { ok: true, credentialId: bearer.credentialId, team };
}

function subprotocols(request: Request): readonly string[] {
  const header = request.headers.get("Sec-WebSocket-Protocol") ?? "";
  return header.split(",").map((one) => one.trim());
}

/** "Try again later", RFC 6455's registry: not final for the client. */
const TRY_AGAIN_LATER = 1013;

const CLOSE_CODE_OF: Readonly<Partial<Record<ErrorCode, number>>> = {
  unauthenticated: CLOSE_CODES.unauthenticated,
  invalid_credential: CLOSE_CODES.unauthenticated,
  forbidden: CLOSE_CODES.forbidden,
  origin_not_allowed: CLOSE_CODES.forbidden,
  team_disabled: CLOSE_CODES.forbidden,
  session_expired: CLOSE_CODES.ended,
  session_terminated: CLOSE_CODES.ended,
  too_many_sockets: CLOSE_CODES.tooMany,
  invalid_parameter: CLOSE_CODES.protocolError,
};

function refuse(request: Request, { code }: Failure): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(CLOSE_CODE_OF[code] ?? TRY_AGAIN_LATER, code);
  const headers = new Headers();
  // A browser that offered subprotocols fails the handshake, and hides the code, unless one of them is chosen.
  if (subprotocols(request).includes(SUBPROTOCOL)) {
    headers.set("Sec-WebSocket-Protocol", SUBPROTOCOL);
  }
  return new Response(null, { status: 101, webSocket: client, headers });
}

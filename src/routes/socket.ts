// The upgrade. Browsers hide an upgrade's HTTP status, so a refused one is accepted here, in the Worker, and closed with
// a code that tells why; the object only ever sees sockets that it takes.
import { readSessionId } from "../credentials/session-id.ts";
import { currentRequest } from "../log.ts";
import { type Connected, type ConnectProof, connectSession } from "../operations/connect.ts";
import { attempt } from "../operations/dependency-failures.ts";
import { noteRefusal } from "../operations/refusals.ts";
import { CLOSE_CODES, closeReason } from "../protocol/close-codes.ts";
import type { ErrorCode, Failure } from "../protocol/errors.ts";
import { SUBPROTOCOL } from "../protocol/version.ts";
import { socketQuerySchema } from "../schemas/requests.ts";
import { readQuery } from "./body.ts";
import { cookieToken } from "./cookies.ts";
import { fromOrigin } from "./dispatch.ts";
import type { Matched } from "./matched.ts";
import { mayCallFrom } from "./origin.ts";
import { problem } from "./problem.ts";
import { isUpgrade, offersProtocol, ticketOf } from "./subprotocols.ts";

export async function connect(matched: Matched): Promise<Response> {
  const { request } = matched;
  if (!isUpgrade(request)) {
    return await fromOrigin("session", matched, async () => problem({ code: "upgrade_required" }));
  }
  const logged = currentRequest();
  if (logged !== undefined) logged.operation = "connect";
  const opened = await attempt(() => open(matched));
  if (opened.ok) return upgraded(request, opened.webSocket);
  const { services, params } = matched;
  noteRefusal(
    services,
    {
      code: opened.code,
      operation: "connect",
      caller: undefined,
      sessionId: params?.id,
      teamId: undefined,
    },
    Date.now(),
  );
  return refused(request, opened);
}

async function open(matched: Matched): Promise<Connected | Failure> {
  const { request, services, params } = matched;
  if (!offersProtocol(request)) return { ok: false, code: "invalid_parameter" };
  const id = params?.id ?? "";
  const origin = request.headers.get("Origin");
  if (origin !== null && !(await mayCallFrom(services, "session", origin, matched))) {
    const isOurs = (await readSessionId(services.keys, id)) !== undefined;
    return { ok: false, code: isOurs ? "origin_not_allowed" : "invalid_credential" };
  }
  const query = readQuery(request.url, socketQuerySchema);
  if (!query.ok) return query;
  const { after = 0, tail } = query.value;
  const proof = proofOf(request, id);
  if (proof === undefined) return { ok: false, code: "unauthenticated" };
  if ("token" in proof && origin === null) return { ok: false, code: "origin_not_allowed" };
  return await connectSession(services, id, proof, tail === undefined ? { after } : { tail });
}

function proofOf(request: Request, sessionId: string): ConnectProof | undefined {
  const ticket = ticketOf(request);
  if (ticket !== undefined) return { ticket };
  const token = cookieToken(request, { sessionId, teamId: undefined });
  return token === undefined ? undefined : { token };
}

/** "Try again later", RFC 6455's registry: not final for the client. */
const TRY_AGAIN_LATER = 1013;

const CLOSE_CODE_OF: Readonly<Partial<Record<ErrorCode, number>>> = {
  unauthenticated: CLOSE_CODES.unauthenticated,
  invalid_credential: CLOSE_CODES.unauthenticated,
  forbidden: CLOSE_CODES.forbidden,
  origin_not_allowed: CLOSE_CODES.forbidden,
  team_disabled: CLOSE_CODES.forbidden,
  insecure_transport: CLOSE_CODES.forbidden,
  session_expired: CLOSE_CODES.ended,
  session_terminated: CLOSE_CODES.ended,
  too_many_sockets: CLOSE_CODES.tooMany,
  rate_limited: CLOSE_CODES.tooMany,
  invalid_parameter: CLOSE_CODES.protocolError,
};

export function refused(
  request: Request,
  { code, retryAfterSeconds }: Pick<Failure, "code" | "retryAfterSeconds">,
): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  const retryAfterMs = retryAfterSeconds && retryAfterSeconds * 1000;
  server.accept();
  server.close(CLOSE_CODE_OF[code] ?? TRY_AGAIN_LATER, closeReason(code, retryAfterMs));
  return upgraded(request, client);
}

/** A browser that offered subprotocols fails the handshake, and hides the close code, unless one of them is chosen. */
function upgraded(request: Request, webSocket: WebSocket): Response {
  const headers = offersProtocol(request) ? { "Sec-WebSocket-Protocol": SUBPROTOCOL } : {};
  return new Response(null, { status: 101, webSocket, headers });
}

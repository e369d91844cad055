// What a request leaves in the log: an id, which its answer carries too, and a line if it failed or was slow.
import type { Caller } from "../caller.ts";
import { inRequest, type LoggedRequest, log } from "../log.ts";

/** Milliseconds; Workers' clocks stand still between calls to other machines, and so tell what those took. */
const SLOW_MS = 3_000;

/** What Cloudflare names a request: sixteen hexadecimal digits, and where it came in. */
const RAY_ID = /^[0-9a-f]{16}(?:-[A-Z]{3})?$/;

const REQUEST_ID = "X-Request-Id";

/** `respond`'s answer with the request's id. */
export async function logged(
  request: Request,
  respond: () => Promise<Response>,
): Promise<Response> {
  const about = newRequest(request.headers.get("cf-ray") ?? "");
  const startedAt = Date.now();
  const response = await inRequest(about, respond);
  inRequest(about, () => tell(about, response.status, Date.now() - startedAt));
  response.headers.set(REQUEST_ID, about.requestId);
  return response;
}

function newRequest(rayId: string): LoggedRequest {
  return {
    requestId: RAY_ID.test(rayId) ? rayId : crypto.randomUUID(),
    operation: undefined,
    team: undefined,
    teamNumber: undefined,
    isLong: false,
    error: undefined,
  };
}

function tell(request: LoggedRequest, status: number, durationMs: number): void {
  const { operation, team, teamNumber, isLong, error } = request;
  const fields = { operation, team, teamNumber, status, durationMs, error };
  if (status >= 500) log.error({ event: "request_failed", ...fields });
  else if (durationMs >= SLOW_MS && !isLong) log.warn({ event: "request_slow", ...fields });
}

/** Who it is, for the log: what was proved, and not what was said. */
export function nameCaller(request: LoggedRequest | undefined, caller: Caller): void {
  if (request === undefined) return;
  if (caller.kind === "team" || caller.kind === "operator") request.team = caller.teamId;
  if (caller.kind === "credential") request.teamNumber = caller.credential.teamNumber;
}

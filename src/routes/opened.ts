// How a new token gets to its holder: in the answer, or, where that is a page that asked for it, as a cookie.
import type { Caller } from "../caller.ts";
import { readSessionId } from "../credentials/session-id.ts";
import { DEFAULT_POLICY } from "../domain/policy.ts";
import { teamOfSession } from "../operations/session-access.ts";
import type { Failure, Result } from "../protocol/errors.ts";
import type { TokenTransport } from "../protocol/rest.ts";
import type { Session } from "../protocol/session.ts";
import type { Services } from "../services.ts";
import { clearedCookies, tokenCookies } from "./cookies.ts";
import type { Answer, JsonAnswer } from "./endpoint.ts";

interface Opened {
  readonly session: Session;
  readonly token?: string;
  readonly ticket?: string;
}

/** The value of a result as the body of an answer, its token moved into a cookie if that is how it travels. */
export async function opened(
  services: Services,
  status: 200 | 201,
  transport: TokenTransport | undefined,
  result: Result<Opened>,
): Promise<Answer | Failure> {
  if (!result.ok) return result;
  const { ok: _, ...body } = result;
  const { token, ...rest } = body;
  if (transport !== "cookie" || token === undefined) return { status, body };
  const { id, teamId } = body.session;
  const cookies = tokenCookies(teamId, token, await policyOf(services, id));
  return { status, body: rest, cookies };
}

/** A new token goes back as the one that it takes the place of came. */
export function transportOf(caller: Caller): TokenTransport | undefined {
  return caller.kind === "credential" ? caller.transport : undefined;
}

/** The answer to a caller who has no access any more, and so no use for its cookie. */
export async function closed(services: Services, caller: Caller, id: string): Promise<JsonAnswer> {
  if (transportOf(caller) !== "cookie") return { status: 204 };
  const team = await teamOfId(services, id);
  return team === undefined ? { status: 204 } : { status: 204, cookies: clearedCookies(team.id) };
}

/** Cookies are for browsers: whoever calls for a team has no page to set one in. */
export function cookieRefusal(
  caller: Caller,
  transport: TokenTransport | undefined,
): Failure | undefined {
  if (transport !== "cookie" || caller.kind !== "team") return undefined;
  const errors = [{ path: "/tokenTransport", message: "with a team's key only `bearer`" }];
  return { ok: false, code: "validation_failed", errors };
}

async function policyOf(services: Services, id: string) {
  return (await teamOfId(services, id))?.policy ?? DEFAULT_POLICY;
}

async function teamOfId(services: Services, id: string) {
  const address = await readSessionId(services.keys, id);
  return address && (await teamOfSession(services, address));
}

/** A request for every route that succeeds, if only its caller may: what it names is really there. */
import { env } from "cloudflare:workers";
import { backUp } from "../../src/operations/backup/export.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { api, call, type Sent } from "../support/api.ts";
import { NAMED, type TeamThings } from "../support/named-things.ts";
import { type RouteSample, requestOf } from "./sample-requests.ts";

/** What every sample names rightly by itself. */
const KNOWN_PARAMS = ["id", "teamId", "fingerprint"];

export interface Prepared {
  readonly pattern: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: string;
  readonly request: ReturnType<typeof requestOf>;
}

export async function prepare(
  sample: RouteSample,
  world: TeamThings,
  chat: SessionWithToken,
): Promise<Prepared> {
  const { pattern, endpoint } = sample;
  const { operationId, access, body } = endpoint;
  const named = NAMED[operationId];
  const isStrange = placesOf(pattern).some((name) => !KNOWN_PARAMS.includes(name));
  const isBySecret = access === "anyone" && body !== undefined;
  if (named === undefined && (isStrange || isBySecret)) {
    throw new Error(`named-things.ts does not say what ${operationId} is to act upon`);
  }
  const names = { id: chat.session.id, teamId: world.teamId };
  // There is none but what the hourly run makes.
  if (operationId === "restore") await backUp(env, Date.now());
  const given = (await named?.(api, world, chat)) ?? {};
  const request = requestOf(sample, names);
  return {
    pattern,
    params: { ...names, fingerprint: "fingerprint", ...given.params },
    query: sample.query(),
    request: given.body === undefined ? request : { ...request, body: given.body },
  };
}

/** The names of the places in a path. */
export function placesOf(pattern: string): readonly string[] {
  return [...pattern.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
}

export function pathOf(pattern: string, params: Readonly<Record<string, string>>): string {
  return pattern.replace(/:(\w+)/g, (_, name: string) => params[name] ?? "");
}

export function send(
  { pattern, params, query, request }: Prepared,
  by: Pick<Sent, "bearer" | "headers">,
): Promise<Response> {
  return call(pathOf(pattern, params) + query, { ...request, ...by });
}

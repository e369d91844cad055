/** A request for every route that succeeds, if only its caller may: what it names is really there. */
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newTeamKey } from "../support/api.ts";
import type { World } from "./callers.ts";
import { type RouteSample, requestOf } from "./sample-requests.ts";

interface Named {
  /** In the place of what the sample's path names. */
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** By operation: things to act upon, made anew each time. */
const NAMED: Readonly<Record<string, (world: World, chat: SessionWithToken) => Promise<Named>>> = {
  revokeTeamKey: async ({ teamId }) => {
    const [, keyId = ""] = (await newTeamKey(teamId)).split("_");
    return { params: { keyId } };
  },
};

/** What every sample names rightly by itself. */
const KNOWN_PARAMS = ["id", "teamId", "fingerprint"];

export interface Prepared {
  readonly path: string;
  readonly request: ReturnType<typeof requestOf>;
}

export async function prepare(
  sample: RouteSample,
  world: World,
  chat: SessionWithToken,
): Promise<Prepared> {
  const { operationId, access } = sample.endpoint;
  const named = NAMED[operationId];
  const places = [...sample.pattern.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const strange = places.filter((name) => !KNOWN_PARAMS.includes(name));
  const isBySecret = access === "anyone" && sample.endpoint.body !== undefined;
  if (named === undefined && (strange.length > 0 || isBySecret)) {
    throw new Error(`prepared-requests.ts does not say what ${operationId} is to act upon`);
  }
  const names = { id: chat.session.id, teamId: world.teamId };
  const { params = {}, body } = (await named?.(world, chat)) ?? {};
  const path = sample.pattern.replace(/:(\w+)/g, (_, name: string) => {
    return params[name] ?? { ...names, fingerprint: "fingerprint" }[name] ?? "";
  });
  const request = requestOf(sample, names);
  return { path, request: body === undefined ? request : { ...request, body } };
}

export function send({ path, request }: Prepared, bearer: string | undefined): Promise<Response> {
  return call(path, { ...request, bearer });
}

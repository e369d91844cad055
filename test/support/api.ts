// The Worker under test as its users call it: over HTTP, with nothing replaced.
import { exports } from "cloudflare:workers";
import { httpApi } from "./http-api.ts";
import { issued } from "./issued-secrets.ts";
import { NamedThings } from "./named-things.ts";
import { indexAnswered } from "./object-storage.ts";

export type { Sent } from "./http-api.ts";
export { NO_LIMITS, ORIGIN } from "./http-api.ts";

/** Requests to the Worker start here. */
export const BASE = "http://localhost";

export const api = httpApi((path, init) => exports.default.fetch(`${BASE}${path}`, init), issued);

export const { call, newTeam, newTeamKey } = api;

export const things = new NamedThings(api);

export const newSession: typeof api.newSession = async (teamId, sent) => {
  const created = await api.newSession(teamId, sent);
  await indexAnswered(created.session.id);
  return created;
};

// The Worker under test as its users call it: over HTTP, with nothing replaced.
import { exports } from "cloudflare:workers";
import type { KeyScope, SessionWithToken, TeamPolicy } from "../../src/protocol/rest.ts";
import { KEY_SCOPES } from "../../src/protocol/rest.ts";
import { indexAnswered } from "./object-storage.ts";
import { TEST_ADMIN_TOKEN } from "./test-env.ts";

/** Requests to the Worker start here. */
export const BASE = "http://localhost";

/** An origin that every team made here allows. */
export const ORIGIN = "https://shop.example";

export interface Sent {
  readonly method?: string;
  /** A token, team key or admin token. */
  readonly bearer?: string | undefined;
  /** Sent as JSON; a string goes as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function call(
  path: string,
  { method, bearer, body, headers }: Sent = {},
): Promise<Response> {
  const all = new Headers(headers);
  if (bearer !== undefined) all.set("Authorization", `Bearer ${bearer}`);
  if (body !== undefined && !all.has("Content-Type")) all.set("Content-Type", "application/json");
  return exports.default.fetch(`${BASE}${path}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: all,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

/** For tests that call more often than a team's visitors may. */
export const NO_LIMITS: TeamPolicy["limits"] = {
  createsPerMinutePerNetwork: null,
  createsPerMinute: null,
  messagesPerMinutePerCredential: null,
  socketsPerSession: null,
  bytesPerSession: null,
};

let teams = 0;

/** What would get in the way of tests that are about something else. */
const LIFTED = {
  createsPerMinutePerNetwork: null,
  createsPerMinute: null,
  messagesPerMinutePerCredential: null,
};

/** A team of its own for a test, allowing ORIGIN; only limits that it names hold for how often something may happen. */
export async function newTeam(
  policy: Partial<Omit<TeamPolicy, "limits">> & { limits?: Partial<TeamPolicy["limits"]> } = {},
): Promise<string> {
  const id = `team-${++teams}-${crypto.randomUUID().slice(0, 8)}`;
  const response = await call("/api/admin/teams", {
    bearer: TEST_ADMIN_TOKEN,
    body: {
      id,
      name: "A team",
      allowedOrigins: [ORIGIN],
      ...policy,
      limits: { ...LIFTED, ...policy.limits },
    },
  });
  if (response.status !== 201) throw new Error(`no team: ${await response.text()}`);
  return id;
}

export async function newTeamKey(
  teamId: string,
  scopes: readonly KeyScope[] = KEY_SCOPES,
): Promise<string> {
  const response = await call(`/api/admin/teams/${teamId}/keys`, {
    bearer: TEST_ADMIN_TOKEN,
    body: { scopes },
  });
  if (response.status !== 201) throw new Error(`no key: ${await response.text()}`);
  return (await response.json<{ key: string }>()).key;
}

export async function newSession(
  teamId: string,
  sent: Sent & { readonly body?: object } = {},
): Promise<SessionWithToken> {
  const response = await call("/api/sessions/create", {
    ...sent,
    body: { teamId, ...(sent.body ?? {}) },
  });
  if (!response.ok) throw new Error(`no session: ${await response.text()}`);
  const created = await response.json<SessionWithToken>();
  await indexAnswered(created.session.id);
  return created;
}

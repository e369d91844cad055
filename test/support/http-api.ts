/** The Worker's HTTP surface as its users call it, over any way to send a request; remembers the secrets that it sees. */
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import type { KeyScope, TeamPolicy } from "../../src/protocol/team.ts";
import { KEY_SCOPES } from "../../src/protocol/team.ts";
import type { SecretSearch } from "./secret-search.ts";
import { TEST_ADMIN_TOKEN } from "./test-env.ts";

/** An origin that every team made here allows. */
export const ORIGIN = "https://shop.example";

/** For tests that call more often than a team's visitors may. */
export const NO_LIMITS: TeamPolicy["limits"] = {
  createsPerMinutePerNetwork: null,
  createsPerMinute: null,
  messagesPerMinutePerCredential: null,
  socketsPerSession: null,
  bytesPerSession: null,
};

export interface Sent {
  readonly method?: string;
  /** A token, team key or admin token. */
  readonly bearer?: string | undefined;
  /** Sent as JSON; a string goes as it is. */
  readonly body?: unknown;
  /** Sent as text instead. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Policy = Partial<Omit<TeamPolicy, "limits">> & {
  readonly limits?: Partial<TeamPolicy["limits"]>;
};

export interface HttpApi {
  readonly adminToken: string;
  call(path: string, sent?: Sent): Promise<Response>;
  /** A team of its own for a test, allowing ORIGIN; only limits that it names hold for how often something may happen. */
  newTeam(policy?: Policy): Promise<string>;
  newTeamKey(teamId: string, scopes?: readonly KeyScope[]): Promise<string>;
  newSession(teamId: string, sent?: Sent & { readonly body?: object }): Promise<SessionWithToken>;
}

export type Send = (
  path: string,
  init: { readonly method: string; readonly headers: Headers; readonly body?: string },
) => Promise<Response>;

/** What would get in the way of tests that are about something else. */
const LIFTED = {
  createsPerMinutePerNetwork: null,
  createsPerMinute: null,
  messagesPerMinutePerCredential: null,
};

let teams = 0;

/** @param adminToken of the deployment that `send` reaches */
export function httpApi(
  send: Send,
  secrets: SecretSearch,
  adminToken: string = TEST_ADMIN_TOKEN,
): HttpApi {
  async function call(
    path: string,
    { method, bearer, body: json, text, headers }: Sent = {},
  ): Promise<Response> {
    const all = new Headers(headers);
    if (bearer !== undefined) all.set("Authorization", `Bearer ${bearer}`);
    const body = text ?? json;
    const contentType = text === undefined ? "application/json" : "text/plain";
    if (body !== undefined && !all.has("Content-Type")) all.set("Content-Type", contentType);
    const response = await send(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: all,
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    secrets.add("Idempotency-Key", all.get("Idempotency-Key") ?? "");
    secrets.addAll(body);
    await addAnswered(secrets, response);
    return response;
  }

  async function made<T>(path: string, sent: Sent): Promise<T> {
    const response = await call(path, sent);
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  return {
    adminToken,
    call,
    async newTeam(policy = {}) {
      const id = `team-${++teams}-${crypto.randomUUID().slice(0, 8)}`;
      const limits = { ...LIFTED, ...policy.limits };
      const body = { id, name: "A team", allowedOrigins: [ORIGIN], ...policy, limits };
      await made("/api/admin/teams", { bearer: adminToken, body });
      return id;
    },
    async newTeamKey(teamId, scopes = KEY_SCOPES) {
      const path = `/api/admin/teams/${teamId}/keys`;
      return (await made<{ key: string }>(path, { bearer: adminToken, body: { scopes } })).key;
    },
    async newSession(teamId, sent = {}) {
      return made("/api/sessions/create", { ...sent, body: { teamId, ...(sent.body ?? {}) } });
    },
  };
}

async function addAnswered(secrets: SecretSearch, response: Response): Promise<void> {
  for (const cookie of response.headers.getSetCookie()) {
    secrets.addAll({ token: /=([^;]*)/.exec(cookie)?.[1] });
  }
  const type = response.headers.get("Content-Type");
  if (type === "application/json") secrets.addAll(await response.clone().json());
}

/** Everybody who may come to a route: with what, and how they stand to the session and the team that it is about. */
import { vi } from "vitest";
import type { KeyScope, SessionWithToken } from "../../src/protocol/rest.ts";
import { KEY_SCOPES } from "../../src/protocol/rest.ts";
import type { Ended, Who } from "../support/access-expectation.ts";
import { call, NO_LIMITS, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { DAY_MS, moveClock } from "../support/clock.ts";
import { guestToken, revoke } from "../support/credentials.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

/** The team that requests are about, another, and what opens them; made once for all cases. */
export interface World {
  readonly teamId: string;
  readonly teamKey: string;
  readonly keyOf: Readonly<Record<KeyScope, string>>;
  readonly foreignTeamId: string;
  readonly foreignKey: string;
}

export async function newWorld(): Promise<World> {
  const [teamId, foreignTeamId] = [await newTeam({ limits: NO_LIMITS }), await newTeam()];
  const keys = await Promise.all(
    KEY_SCOPES.map(async (scope) => [scope, await newTeamKey(teamId, [scope])] as const),
  );
  return {
    teamId,
    teamKey: await newTeamKey(teamId),
    keyOf: Object.fromEntries(keys) as Record<KeyScope, string>,
    foreignTeamId,
    foreignKey: await newTeamKey(foreignTeamId),
  };
}

/** A caller who comes to a session made for it. */
export interface CallerCase {
  readonly title: string;
  readonly who: Who;
  /** What it sends, after whatever has to happen to the session first. */
  bearer(world: World, chat: SessionWithToken): Promise<string | undefined>;
}

const owner = (title: string, changes: object, bearer: CallerCase["bearer"]): CallerCase => ({
  title,
  who: { kind: "credential", role: "owner", fits: true, ended: undefined, ...changes },
  bearer,
});

const guest = (role: "writer" | "reader"): CallerCase => ({
  title: `a ${role}`,
  who: { kind: "credential", role, fits: true, ended: undefined },
  bearer: (_, { session }) => guestToken(session.id, role),
});

const team = (
  title: string,
  who: Omit<Extract<Who, { kind: "team" }>, "kind">,
  bearer: CallerCase["bearer"],
): CallerCase => ({ title, who: { kind: "team", ...who }, bearer });

async function terminate({ session, token }: SessionWithToken): Promise<void> {
  const response = await call(`/api/sessions/${session.id}`, { method: "DELETE", bearer: token });
  if (response.status !== 204) throw new Error("the session did not end");
}

/** The clock stays there until `leaveEnd`. */
async function expire(): Promise<void> {
  moveClock(31 * DAY_MS);
}

/** Puts back the clock that an expired session's case has moved. */
export function leaveEnd(): void {
  vi.useRealTimers();
}

const ENDS: readonly (readonly [Ended, (chat: SessionWithToken) => Promise<void>])[] = [
  ["session_expired", expire],
  ["session_terminated", terminate],
];

export const CALLERS: readonly CallerCase[] = [
  { title: "nobody", who: { kind: "nobody" }, bearer: async () => undefined },
  owner("its owner", {}, async (_, { token }) => token),
  guest("writer"),
  guest("reader"),
  owner("a revoked owner", { fits: false }, async (_, { token }) => {
    await revoke(token);
    return token;
  }),
  ...ENDS.flatMap(([ended, end]) => [
    owner(`its owner, ${ended}`, { ended }, async (_, chat) => {
      await end(chat);
      return chat.token;
    }),
    team(
      `a team key, ${ended}`,
      { scopes: KEY_SCOPES, ours: true, ended },
      async ({ teamKey }, chat) => {
        await end(chat);
        return teamKey;
      },
    ),
  ]),
  owner(
    "another session's owner",
    { fits: false },
    async ({ teamId }) => (await newSession(teamId)).token,
  ),
  owner(
    "a foreign team's owner",
    { fits: false },
    async ({ foreignTeamId }) => (await newSession(foreignTeamId)).token,
  ),
  ...KEY_SCOPES.map((scope) =>
    team(
      `a key for ${scope}`,
      { scopes: [scope], ours: true, ended: undefined },
      async ({ keyOf }) => keyOf[scope],
    ),
  ),
  team(
    "a foreign team's key",
    { scopes: KEY_SCOPES, ours: false, ended: undefined },
    async ({ foreignKey }) => foreignKey,
  ),
  { title: "the administrator", who: { kind: "admin" }, bearer: async () => TEST_ADMIN_TOKEN },
];

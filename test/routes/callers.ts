/** Everybody who may come to a route: with what, and how they stand to the session and the team that it is about. */
import { vi } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import type { KeyScope } from "../../src/protocol/team.ts";
import { KEY_SCOPES } from "../../src/protocol/team.ts";
import type {
  CredentialHolder,
  Ended,
  Operator,
  TeamKey,
  Who,
} from "../support/access-expectation.ts";
import { call, NO_LIMITS, newSession, newTeam, newTeamKey, things } from "../support/api.ts";
import { DAY_MS, moveClock } from "../support/clock.ts";
import { revoke } from "../support/credentials.ts";
import type { TeamThings } from "../support/named-things.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";

/** The team that requests are about, another, and what opens them; made once for all cases. */
export interface World extends TeamThings {
  readonly operatorToken: string;
  readonly keyOf: Readonly<Record<KeyScope, string>>;
  readonly foreign: TeamThings & { readonly operatorToken: string };
}

export async function newWorld(): Promise<World> {
  const ours = await newStaffedTeam();
  const keys = await Promise.all(
    KEY_SCOPES.map(async (scope) => [scope, await newTeamKey(ours.teamId, [scope])] as const),
  );
  const keyOf = Object.fromEntries(keys) as Record<KeyScope, string>;
  return { ...ours, keyOf, foreign: await newStaffedTeam() };
}

async function newStaffedTeam(): Promise<TeamThings & { readonly operatorToken: string }> {
  const team = await things.team(await newTeam({ limits: NO_LIMITS }));
  return { ...team, operatorToken: await things.operatorToken(team, "anna") };
}

/** A caller who comes to a session made for it. */
export interface CallerCase {
  readonly title: string;
  readonly who: Who;
  /** What it has to send; when that is its owner's token, it may be another from now on. */
  bearer(world: World, chat: SessionWithToken): Promise<string | undefined>;
  /** What happens to the session or the caller after that; a caller may have something else to send then. */
  fate?(world: World, chat: SessionWithToken): Promise<string | undefined>;
}

const OWNER: CredentialHolder = {
  kind: "credential",
  role: "owner",
  of: "this session",
  revoked: false,
  identified: false,
  ended: undefined,
};

const holder = (
  title: string,
  changes: Partial<CredentialHolder>,
  bearer: CallerCase["bearer"],
  fate?: CallerCase["fate"],
): CallerCase => ({ title, who: { ...OWNER, ...changes }, bearer, ...(fate && { fate }) });

const guest = (role: "writer" | "reader"): CallerCase =>
  holder(`a ${role}`, { role }, (_, chat) => things.guest(chat, role));

const team = (
  title: string,
  who: Omit<TeamKey, "kind">,
  bearer: CallerCase["bearer"],
  fate?: CallerCase["fate"],
): CallerCase => ({ title, who: { kind: "team", ...who }, bearer, ...(fate && { fate }) });

const operator = (
  title: string,
  who: Omit<Operator, "kind">,
  bearer: CallerCase["bearer"],
  fate?: CallerCase["fate"],
): CallerCase => ({ title, who: { kind: "operator", ...who }, bearer, ...(fate && { fate }) });

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
  { title: "the administrator", who: { kind: "admin" }, bearer: async () => TEST_ADMIN_TOKEN },
  holder("its owner", {}, ownToken),
  holder("its owner, a known person", { identified: true }, (world, chat) =>
    things.identify(world, chat),
  ),
  guest("writer"),
  guest("reader"),
  holder("its owner, revoked", { revoked: true }, ownToken, async (_, { token }) => {
    await revoke(token);
    return undefined;
  }),
  holder("another session's owner", { of: "another session" }, async ({ teamId }) => {
    return (await newSession(teamId)).token;
  }),
  holder("a foreign team's owner", { of: "a foreign team" }, async ({ foreign }) => {
    return (await newSession(foreign.teamId)).token;
  }),
  holder(
    "a foreign team's owner, a known person",
    { of: "a foreign team", identified: true },
    async ({ foreign }) => things.identify(foreign, await newSession(foreign.teamId)),
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
    async ({ foreign }) => foreign.teamKey,
  ),
  operator("an operator", { ours: true, ended: undefined }, async (world) => world.operatorToken),
  operator("a foreign team's operator", { ours: false, ended: undefined }, async ({ foreign }) => {
    return foreign.operatorToken;
  }),
  ...ENDS.flatMap(([ended, end]) => [
    holder(`its owner, ${ended}`, { ended }, ownToken, async (_, chat) => {
      await end(chat);
      return undefined;
    }),
    team(
      `a team key, ${ended}`,
      { scopes: KEY_SCOPES, ours: true, ended },
      async ({ teamKey }) => teamKey,
      async (_, chat) => {
        await end(chat);
        return undefined;
      },
    ),
    operator(
      `an operator, ${ended}`,
      { ours: true, ended },
      async ({ operatorToken }) => operatorToken,
      async (world, chat) => {
        await end(chat);
        // The one that the world has may have run out by then.
        return things.operatorToken(world, "anna");
      },
    ),
  ]),
];

async function ownToken(_: World, { token }: SessionWithToken): Promise<string> {
  return token;
}

/** Has `caller` come to `chat`, then lets its owner do `meanwhile`, and then what is to happen to them happen. */
export async function comes<T>(
  caller: CallerCase,
  world: World,
  chat: SessionWithToken,
  meanwhile: (chat: SessionWithToken) => Promise<T>,
): Promise<{ readonly bearer: string | undefined; readonly made: T }> {
  const bearer = await caller.bearer(world, chat);
  const { who } = caller;
  const isOwner = who.kind === "credential" && who.role === "owner" && who.of === "this session";
  const current = isOwner && bearer !== undefined ? { ...chat, token: bearer } : chat;
  const made = await meanwhile(current);
  return { bearer: (await caller.fate?.(world, current)) ?? bearer, made };
}

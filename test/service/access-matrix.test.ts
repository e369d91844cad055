/** Every method of the service binding × what a binding may be configured with, against the same tables as the routes. */
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import type { Result } from "../../src/protocol/errors.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { KEY_SCOPES } from "../../src/protocol/team.ts";
import { SessionService } from "../../src/session-service.ts";
import { type RouteSample, SAMPLES } from "../routes/sample-requests.ts";
import { expectedOutcome, type Outcome, type Who } from "../support/access-expectation.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { BOUND_CALLER, TEST_ADMIN_TOKEN } from "../support/test-env.ts";

const METHODS = Object.getOwnPropertyNames(SessionService.prototype).filter(
  (name) => name !== "constructor",
);

/** Its configuration gives it no authority, and nobody calls a binding anonymously. */
const WITHOUT_PROPS = "SESSIONS_WITHOUT_PROPS";

interface Names {
  readonly id: string;
  readonly teamId: string;
  readonly chat: SessionWithToken;
}

type Arguments = (names: Names, body: object) => Promise<readonly unknown[]>;

/** Methods that are no route's operation, by the one whose rule is theirs. */
const RULED_BY: Readonly<Record<string, string>> = {
  startMessage: "streamMessage",
  appendMessage: "streamMessage",
  finishMessage: "streamMessage",
  eraseSession: "terminateSession",
};

/** A message of the calling team's that is being written. */
async function started({ id }: Names): Promise<string> {
  const message = { clientId: crypto.randomUUID() };
  const begun = await env.CALLING_WORKER.call("SESSIONS", "startMessage", id, message);
  const { messageId = "msg_1_none" } = begun as { readonly messageId?: string };
  await env.CALLING_WORKER.call("SESSIONS", "appendMessage", id, messageId, piece);
  return messageId;
}

const newUpload = () => [
  { clientId: crypto.randomUUID(), name: "hello.txt", type: "text/plain", size: 5 },
  new Blob(["Hello"]).stream(),
];

const piece = { offset: 0, text: "Hello" };

/** What a method takes, where it is not the session's id and the route's body. */
const ARGUMENTS: Readonly<Record<string, Arguments>> = {
  createSession: async (_, body) => [body],
  findSessionsByFingerprint: async ({ teamId }) => ["fingerprint", teamId],
  updateConversation: async ({ id, chat }, body) => [id, chat.session.defaultConversationId, body],
  redactMessage: async ({ id, chat }) => [id, (await things.message(chat)).id],
  getSessionStats: async ({ teamId }) => [teamId],
  streamMessage: async ({ id }) => [
    id,
    { clientId: crypto.randomUUID() },
    new Blob(["Hello"]).stream(),
  ],
  uploadFile: async ({ id }) => [id, ...newUpload()],
  downloadFile: async ({ id, chat }) => [id, (await things.file(chat)).fileId],
  deleteFile: async ({ id, chat }) => [id, (await things.file(chat)).fileId],
  startMessage: async ({ id }) => [id, { clientId: crypto.randomUUID() }],
  appendMessage: async (names) => [names.id, await started(names), piece],
  finishMessage: async (names) => [names.id, await started(names)],
};

/** The same of methods that can mean no other team than the binding's own. */
const OWN_ARGUMENTS: Readonly<Record<string, Arguments>> = {
  listSessions: async () => [],
  listAuditEvents: async () => [],
  cleanupExpiredSessions: async () => [],
  createOperatorToken: async (_, body) => [body],
  revokeOperator: async () => {
    const signedIn = { operatorId: crypto.randomUUID(), name: "Anna" };
    await env.CALLING_WORKER.call("SESSIONS_FOR_operators", "createOperatorToken", signedIn);
    return [signedIn.operatorId];
  },
};

interface Binding {
  readonly title: string;
  readonly name: string;
  readonly who: (ours: boolean) => Who;
}

const BINDINGS: readonly Binding[] = [
  ...KEY_SCOPES.map((scope) => ({
    title: `props for ${scope}`,
    name: `SESSIONS_FOR_${scope}`,
    who: (ours: boolean): Who => ({ kind: "team", scopes: [scope], ours, ended: undefined }),
  })),
];

let foreignTeamId: string;

beforeAll(async () => {
  await call("/api/admin/teams", {
    bearer: TEST_ADMIN_TOKEN,
    body: { id: BOUND_CALLER.teamId, name: "Bound" },
  });
  foreignTeamId = await newTeam();
});

function sampleOf(method: string): RouteSample {
  const operation = RULED_BY[method] ?? method;
  const sample = SAMPLES.find(({ endpoint }) => endpoint.operationId === operation);
  if (sample === undefined) throw new Error(`${method} is no route's operation: whose rule is it?`);
  return sample;
}

async function argumentsOf(method: string, names: Names): Promise<readonly unknown[]> {
  const sample = sampleOf(method);
  const body = sample.body(names);
  const given = ARGUMENTS[method] ?? OWN_ARGUMENTS[method];
  if (given) return await given(names, body ?? {});
  if (!sample.pattern.includes(":id")) throw new Error(`no arguments for ${method}`);
  return body === undefined ? [names.id] : [names.id, body];
}

async function outcome(binding: string, method: string, names: Names): Promise<Outcome> {
  const args = await argumentsOf(method, names);
  const result = (await env.CALLING_WORKER.call(binding, method, ...args)) as Result<object>;
  return result.ok ? "allowed" : result.code;
}

/** What each binding gets that calls about something of `teamId`. */
async function outcomes(method: string, teamId: string): Promise<Record<string, Outcome>> {
  const seen: Record<string, Outcome> = {};
  for (const { title, name } of BINDINGS) {
    const chat = await newSession(teamId);
    seen[title] = await outcome(name, method, { id: chat.session.id, teamId, chat });
  }
  return seen;
}

const expectedOf = (method: string, ours: boolean) =>
  Object.fromEntries(
    BINDINGS.map(({ title, who }) => [
      title,
      expectedOutcome(sampleOf(method).endpoint, who(ours)),
    ]),
  );

test.each(METHODS)("%s", async (method) => {
  const teamId = BOUND_CALLER.teamId;
  const chat = await newSession(teamId);
  const names = { id: chat.session.id, teamId, chat };
  expect(await outcome(WITHOUT_PROPS, method, names)).toBe("unauthenticated");
  expect(await outcomes(method, BOUND_CALLER.teamId)).toEqual(expectedOf(method, true));
});

test.each(METHODS.filter((method) => !(method in OWN_ARGUMENTS)))(
  "%s, about another team's",
  async (method) => {
    expect(await outcomes(method, foreignTeamId)).toEqual(expectedOf(method, false));
  },
);

test("a binding lists its own team's sessions only", async () => {
  await newSession(foreignTeamId);
  await newSession(BOUND_CALLER.teamId);
  const listed = (await env.CALLING_WORKER.call("SESSIONS", "listSessions")) as {
    readonly sessions: readonly { readonly teamId: string }[];
  };
  expect(new Set(listed.sessions.map(({ teamId }) => teamId))).toEqual(
    new Set([BOUND_CALLER.teamId]),
  );
});

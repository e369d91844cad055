/**
 * Every route × whatever a client may send: an answer or a problem, never our fault, nothing of the input in a header,
 * and nothing changed by what was refused. `HOSTILE_CASES=20000` runs more, `HOSTILE_SEED` those of a seed again.
 */
import { env, exports } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { ERROR_STATUS } from "../../src/protocol/errors.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { OPENAPI_PATH, SOCKET_PATH } from "../../src/routes/table.ts";
import { BASE, call, newSession, ORIGIN } from "../support/api.ts";
import { objectTables } from "../support/object-storage.ts";
import { problemOf } from "../support/problem.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import { newWorld, type World } from "./callers.ts";
import { type FieldPath, fieldsOf, type Hostility, hostility, spoiled } from "./hostile-inputs.ts";
import { type Prepared, pathOf, placesOf, prepare } from "./prepared-requests.ts";
import { type RouteSample, SAMPLES } from "./sample-requests.ts";

const CASES = Number(env.HOSTILE_CASES);
const SEED = env.HOSTILE_SEED === "" ? undefined : Number(env.HOSTILE_SEED);

interface Target {
  readonly title: string;
  /** Acts upon another team, so that the sessions' own is neither disabled nor told of changes behind the answers. */
  readonly isElsewhere: boolean;
  readonly audience: string;
  readonly statuses: readonly number[];
  readonly fields: readonly FieldPath[];
  prepare(): Promise<Prepared>;
}

const isElsewhere = ({ endpoint: { audience, access } }: RouteSample) =>
  audience === "admin" || access === "changeWebhook" || access === "readWebhook";

const bare = (method: string, pattern: string, statuses: readonly number[]): Target => ({
  title: `${method} ${pattern}`,
  isElsewhere: false,
  audience: "public",
  statuses,
  fields: [],
  prepare: async () => ({
    pattern,
    params: { id: victim.session.id },
    query: "",
    request: { method },
  }),
});

const TARGETS: readonly Target[] = [
  ...SAMPLES.map((sample) => ({
    title: sample.title,
    isElsewhere: isElsewhere(sample),
    audience: sample.endpoint.audience,
    statuses: Object.keys(sample.endpoint.answers).map(Number),
    fields: fieldsOf(sample.endpoint),
    prepare: async () => {
      const { audience } = sample.endpoint;
      // What opens a session by a secret opens another than the one whose owner goes on calling.
      const chat = audience === "creation" ? await newChat() : victim;
      return prepare(sample, isElsewhere(sample) ? scratch : world, chat);
    },
  })),
  bare("GET", OPENAPI_PATH, [200]),
  bare("GET", SOCKET_PATH, []),
  bare("OPTIONS", "/api/sessions/:id", []),
  bare("HEAD", "/api/sessions/:id", []),
  bare("PUT", "/api/:id/nothing", []),
];

let world: World;
let scratch: World;
let victim: SessionWithToken;
let witness: SessionWithToken;
/** All of the victim's, before it is attacked. */
let stored: string;

beforeAll(async () => {
  [world, scratch] = [await newWorld(), await newWorld()];
  witness = await newChat();
  victim = await newChat();
});

async function newChat(): Promise<SessionWithToken> {
  const chat = await newSession(world.teamId);
  const { session, token } = chat;
  await call(`/api/sessions/${session.id}/messages`, {
    bearer: token,
    body: { clientId: "before", content: "Before" },
  });
  return chat;
}

function bearerFor(
  { audience, isElsewhere }: Pick<Target, "audience" | "isElsewhere">,
  asTeam: boolean,
): string | undefined {
  if (audience === "public") return undefined;
  if (audience === "admin") return TEST_ADMIN_TOKEN;
  if (audience === "team" || asTeam) return (isElsewhere ? scratch : world).teamKey;
  return audience === "session" ? victim.token : undefined;
}

async function send(
  target: Target,
  { body: attack, place, query, headers: strange = {} }: Hostility,
  asTeam: boolean,
): Promise<Response> {
  const { pattern, params, query: goodQuery, request } = await target.prepare();
  stored = await objectTables(victim.session.id);
  const { method, body: good, text } = request;
  const places = placesOf(pattern);
  const attacked = place && places[place.at % Math.max(1, places.length)];
  const path = pathOf(pattern, { ...params, ...(attacked && { [attacked]: place.text }) });
  const headers = new Headers();
  const bearer = bearerFor(target, asTeam);
  if (bearer !== undefined) headers.set("Authorization", `Bearer ${bearer}`);
  const takesBody = !["GET", "HEAD"].includes(method);
  const goodBody =
    text === undefined
      ? good && { bytes: JSON.stringify(good), contentType: "application/json" }
      : { bytes: text, contentType: "text/plain" };
  const sent = attack && takesBody ? spoiled(good ?? {}, target.fields, attack) : goodBody;
  if (sent) headers.set("Content-Type", sent.contentType);
  for (const [name, value] of Object.entries(strange)) headers.set(name, value);
  return exports.default.fetch(`${BASE}${path}${query === undefined ? goodQuery : `?${query}`}`, {
    method,
    headers,
    ...(sent && { body: sent.bytes }),
  });
}

/** All that an answer's headers may say; what a client sent is no part of any of them. */
const HEADERS: Readonly<Record<string, RegExp>> = {
  "access-control-allow-headers": /^[\w, -]+$/,
  "access-control-allow-methods": /^[A-Z, ]+$/,
  "access-control-allow-credentials": /^true$/,
  "access-control-allow-origin": new RegExp(`^(${ORIGIN}|\\*)$`),
  "x-request-id": /^[\w-]+$/,
  "access-control-expose-headers": /^[\w, -]+$/,
  "access-control-max-age": /^\d+$/,
  allow: /^[A-Z, ]+$/,
  "accept-ranges": /^bytes$/,
  "cache-control": /^no-store$/,
  "content-length": /^\d+$/,
  "content-disposition":
    /^attachment; filename="(hello\.txt"; filename\*=UTF-8''hello\.txt|[\w-]{32}\.ndjson")$/,
  "content-security-policy": /^sandbox; default-src 'none'$/,
  "content-type": /^(application\/((problem\+)?json|x-ndjson)|text\/plain; charset=utf-8)$/,
  "cross-origin-resource-policy": /^same-origin$/,
  etag: /^"file_[\w-]{16}"$/,
  "retry-after": /^\d+$/,
  vary: /^Origin$/,
  "www-authenticate": /^Bearer$/,
  "x-content-type-options": /^nosniff$/,
};

const TRACE = /\bat .*:\d+|\.[jt]s\b|[A-Z]\w+Error\b|SQLITE|D1_/;

async function expectWellAnswered(target: Target, response: Response): Promise<void> {
  for (const [name, value] of response.headers) {
    expect(HEADERS[name], `${name}: ${value}`).toBeDefined();
    expect(value).toMatch(HEADERS[name] ?? /^$/);
  }
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(response.status).toBeLessThan(500);
  if (response.ok) {
    // A route may stand in another's place: `create` for an id.
    const isKnown = TARGETS.some(({ statuses }) => statuses.includes(response.status));
    expect(isKnown, target.title).toBe(true);
    await response.arrayBuffer();
    return;
  }
  if (target.title.startsWith("HEAD")) return;
  const problem = await problemOf(response);
  expect(ERROR_STATUS[problem.code]).toBeDefined();
  const { errors: _, ...own } = problem;
  expect(JSON.stringify(own)).not.toMatch(TRACE);
}

const cases = fc.record({
  target: fc.constantFrom(...TARGETS.keys()),
  asTeam: fc.boolean(),
  attack: hostility,
});

test(`${CASES} hostile requests do no harm`, { timeout: 60_000 + 30 * CASES }, async () => {
  const before = await objectTables(witness.session.id);
  const answered = new Map<string, Set<number>>(TARGETS.map(({ title }) => [title, new Set()]));
  await fc.assert(
    fc.asyncProperty(cases, async ({ target: index, asTeam, attack }) => {
      const target = TARGETS[index] as Target;
      const response = await send(target, attack, asTeam);
      answered.get(target.title)?.add(response.status);
      const isOk = response.ok;
      await expectWellAnswered(target, response);
      if (!isOk) expect(await objectTables(victim.session.id)).toBe(stored);
      else if (target.audience === "session") victim = await newChat();
    }),
    { numRuns: CASES, endOnFailure: true, ...(SEED !== undefined && { seed: SEED }) },
  );
  expect(await objectTables(witness.session.id)).toBe(before);
  // Or else the attacks would all have stopped at the door.
  for (const { title, statuses } of TARGETS) {
    const seen = [...(answered.get(title) ?? [])];
    if (statuses.length === 0) continue;
    const isPastTheDoor = seen.some((status) => ![401, 403, 404].includes(status));
    expect(isPastTheDoor, `${title}: ${seen.join()}`).toBe(true);
  }
  expect([...answered.values()].flatMap((seen) => [...seen])).toContain(200);
});

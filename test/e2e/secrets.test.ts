/**
 * Nothing that opens something is in a log or at rest. The Worker as it is deployed, with a tail Worker on it and on its
 * objects, is called on every route that it describes and on its sockets, with every kind of secret; then all that the
 * tail saw, and every byte that was stored, is searched for all of them.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { convertV4MiniflareOptions, Miniflare, Response as NodeResponse } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../src/cli/wrangler.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { builtWorker, migrate, RUNTIME } from "../support/built-worker.ts";
import { type HttpApi, httpApi, NO_LIMITS, type Sent } from "../support/http-api.ts";
import { NAMED, NamedThings, type TeamThings } from "../support/named-things.ts";
import { SAMPLE_BODIES, SAMPLE_QUERIES, SAMPLE_TEXTS } from "../support/sample-bodies.ts";
import { latin1, SecretSearch } from "../support/secret-search.ts";

const ORIGIN = "http://localhost";

const random = (bytes: number) =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("base64url");
const ADMIN_TOKEN = random(32);
const SIGNING_KEY = random(32);

/** One path of its own, to show that what is logged is found. */
const LEAKING = `
import worker from "./worker.js";
export * from "./worker.js";
export default {
  ...worker,
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/leak") return await worker.fetch(request, env, ctx);
    console.log(await request.text());
    return new Response();
  },
};`;

/** Hands on what a log would show, and the URLs as they were sent: a log may hide parts that look like secrets. */
const TAIL = `
export default {
  async tail(events, env) {
    const seen = events.map((event) => ({
      ...JSON.parse(JSON.stringify(event)),
      sentUrl: event.event?.request?.getUnredacted?.().url,
    }));
    await env.COLLECTOR.fetch("http://collector/", { method: "POST", body: JSON.stringify(seen) });
  },
};`;

interface TailEvent {
  readonly entrypoint?: string;
  readonly sentUrl?: string;
  readonly event?: {
    readonly request?: { readonly url: string; readonly headers: Record<string, string> };
    readonly rpcMethod?: string;
  };
  readonly logs: readonly unknown[];
}

interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

const secrets = new SecretSearch();
secrets.add("ADMIN_TOKEN", ADMIN_TOKEN);
secrets.add("SIGNING_KEYS", SIGNING_KEY);

let folder: string;
let miniflare: Miniflare;
let isStopped = false;
let api: HttpApi;
let things: NamedThings;
let team: TeamThings;
const tailed: TailEvent[] = [];
/** All headers that came back, but for those whose job it is to carry a secret. */
const answeredHeaders: string[] = [];
/** What no secret of an answer's is, though it looks like one. */
const strangers = new Set<string>();
let requests = 0;

beforeAll(async () => {
  const parent = join(ROOT, ".wrangler");
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(join(parent, "secrets-"));
  const bundle = join(folder, "bundle");
  const ours = await builtWorker(bundle);
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      resourcePersistencePath: join(folder, "state"),
      cf: false,
      workers: [
        {
          ...ours,
          modules: [
            { type: "ESModule", path: join(bundle, "leaking.js"), contents: LEAKING },
            ...ours.modules,
          ],
          bindings: { ADMIN_TOKEN, SIGNING_KEYS: `1:${SIGNING_KEY}` },
          tails: ["tail"],
        },
        {
          ...RUNTIME,
          name: "tail",
          modules: [{ type: "ESModule", path: "tail.js", contents: TAIL }],
          serviceBindings: { COLLECTOR: collect },
        },
      ],
    }),
  );
  await miniflare.ready;
  await migrate(await miniflare.getD1Database("INDEX_DB", "ours"));
  api = httpApi(send, secrets, ADMIN_TOKEN);
  things = new NamedThings(api);
  team = await things.team(await api.newTeam({ limits: NO_LIMITS, allowedOrigins: [ORIGIN] }));
});

afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function stop(): Promise<void> {
  if (!isStopped) await miniflare.dispose();
  isStopped = true;
}

type Incoming = { json(): Promise<unknown> };

async function collect(request: Incoming) {
  tailed.push(...((await request.json()) as TailEvent[]));
  return new NodeResponse(null, { status: 204 });
}

async function send(
  path: string,
  init: { readonly method: string; readonly headers: Headers; readonly body?: string },
): Promise<Response> {
  requests++;
  const { headers, ...rest } = init;
  const answered = await miniflare.dispatchFetch(`${ORIGIN}${path}`, {
    ...rest,
    headers: Object.fromEntries(headers),
  });
  const response = answered as unknown as Response;
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie") answeredHeaders.push(`${name}: ${value}`);
  }
  return response;
}

type Opener = (chat: SessionWithToken) => Promise<Pick<Sent, "bearer" | "headers">>;

/** By the names of the document's security schemes. */
const OPENERS: Readonly<Record<string, Opener>> = {
  token: async ({ token }) => ({ bearer: token }),
  cookie: async ({ token }) => ({
    headers: { Origin: ORIGIN, Cookie: `__Host-ds.${team.teamId}=${token}` },
  }),
  teamKey: async () => ({ bearer: team.teamKey }),
  operatorToken: async () => ({ bearer: await things.operatorToken(team, "anna") }),
  adminToken: async () => ({ bearer: ADMIN_TOKEN }),
};

function openerOf(scheme: string | undefined): Opener {
  const opener = scheme === undefined ? async () => ({}) : OPENERS[scheme];
  if (opener === undefined) throw new Error(`nothing here opens by ${scheme}`);
  return opener;
}

/** With as many secrets as a creation can take. */
function newChat(body: object = {}): Promise<SessionWithToken> {
  return api.newSession(team.teamId, {
    headers: { "Idempotency-Key": random(32) },
    body: { userFingerprint: random(32), turnstileToken: random(64), ...body },
  });
}

async function operations(): Promise<Operation[]> {
  const document = (await (await api.call("/api/openapi.json")).json()) as {
    readonly paths: Record<string, Record<string, Omit<Operation, "method" | "path">>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, rest]) => ({
      ...rest,
      path,
      method: method.toUpperCase(),
    })),
  );
}

/** Calls it as everybody who may, each with all of theirs, and as some who may not. */
async function exercise(operation: Operation): Promise<void> {
  for (const [scheme] of operation.security.map((one) => Object.keys(one))) {
    let chat = await newChat();
    // Across sessions, visitors are known persons.
    if ((scheme === "token" || scheme === "cookie") && !operation.path.includes("{id}")) {
      chat = { ...chat, token: await things.identify(team, chat) };
    }
    const sent = await requestOf(operation, chat);
    const response = await api.call(sent.path, { ...sent, ...(await openerOf(scheme)(chat)) });
    const text = await response.text();
    expect(response.ok, `${operation.operationId} as ${scheme}: ${text}`).toBe(true);
    for (const field of jsonOf(response, text).flatMap((json) => secrets.strangers(json))) {
      strangers.add(field);
    }
    const others = [(await newChat()).token, await api.newTeamKey(await api.newTeam())];
    for (const other of others) await api.call(sent.path, { ...sent, bearer: other });
  }
}

/** What an answer says, line by line where it has lines; nothing of a file. */
function jsonOf({ headers }: { readonly headers: Headers }, text: string): unknown[] {
  const type = headers.get("Content-Type") ?? "";
  if (!/json/.test(type)) return [];
  return text
    .split(type.includes("ndjson") ? "\n" : /$/)
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

async function requestOf(
  { operationId, method, path }: Operation,
  chat: SessionWithToken,
): Promise<Sent & { readonly path: string }> {
  const named = (await NAMED[operationId]?.(api, team, chat)) ?? {};
  const names = { id: chat.session.id, teamId: team.teamId };
  const fingerprint = random(32);
  secrets.add("userFingerprint", fingerprint);
  const params: Record<string, string> = { ...names, fingerprint, ...named.params };
  const body = named.body ?? SAMPLE_BODIES[operationId]?.(names);
  const text = SAMPLE_TEXTS[operationId];
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`named-things.ts has no ${name} for ${operationId}`);
    return value;
  });
  return {
    path: filled + (SAMPLE_QUERIES[operationId]?.() ?? ""),
    method,
    ...(body !== undefined && { body }),
    ...(text !== undefined && { text }),
  };
}

/** Says something on a socket, as a page does. */
async function talk({ session }: SessionWithToken, headers: Record<string, string>): Promise<void> {
  requests++;
  const { webSocket } = await miniflare.dispatchFetch(
    `${ORIGIN}/api/sessions/${session.id}/socket`,
    { headers: { Upgrade: "websocket", ...headers } },
  );
  if (!webSocket) throw new Error("no socket");
  const heard = new Promise<void>((resolve, reject) => {
    webSocket.addEventListener("message", ({ data }) => {
      if (String(data).includes("Hello from a socket")) resolve();
    });
    webSocket.addEventListener("close", ({ reason }) => reject(new Error(reason)));
  });
  webSocket.accept();
  const messages = [{ clientId: random(16), content: "Hello from a socket" }];
  webSocket.send(JSON.stringify({ type: "send", messages }));
  await heard;
  webSocket.close(1000);
}

/** What the tail has seen, once it has seen every request. */
async function wholeTail(): Promise<readonly TailEvent[]> {
  const seen = () => tailed.filter(({ sentUrl }) => sentUrl?.startsWith(ORIGIN)).length;
  await expect.poll(seen, { timeout: 20_000, interval: 100 }).toBeGreaterThanOrEqual(requests);
  return tailed;
}

/**
 * The two exceptions, both in the contract: a ticket in the socket's header, which is why it is good for a minute only,
 * and a fingerprint, which is no key, in the path of its route.
 */
function withoutExceptions(events: readonly TailEvent[]): string {
  const text = JSON.stringify(events, (name, value: unknown) => {
    if (name !== "sec-websocket-protocol") return value;
    expect(value).toMatch(/^ds\.v1(, ?ds\.ticket\.[\w.-]+)?$/);
    return "";
  });
  return text.replaceAll(/\/fingerprint\/[^/"]+\//g, "/fingerprint/*/");
}

test("every route and the sockets, with every kind of secret", { timeout: 300_000 }, async () => {
  // Makes a backup, for the route that restores one.
  await (await miniflare.getWorker("ours")).scheduled();
  const all = await operations();
  expect(all.length).toBeGreaterThan(30);
  for (const operation of all) await exercise(operation);
  expect([...strangers]).toEqual([]);

  const chat = await newChat();
  await talk(chat, { "Sec-WebSocket-Protocol": `ds.v1, ds.ticket.${chat.ticket}` });
  const path = `/api/sessions/${chat.session.id}`;
  const rotated = await api.call(`${path}/refresh`, { bearer: chat.token, body: { rotate: true } });
  expect(JSON.stringify(await rotated.json())).toContain('"token"');

  // The same in a browser's cookie.
  const created = await api.call("/api/sessions/create", {
    headers: { Origin: ORIGIN },
    body: { teamId: team.teamId, tokenTransport: "cookie" },
  });
  const cookie = created.headers.getSetCookie().find((one) => !one.includes("=;")) ?? "";
  const headers = { Origin: ORIGIN, Cookie: cookie.split(";")[0] ?? "" };
  expect(headers.Cookie).toContain("__Host-ds.");
  const own = (await created.json()) as SessionWithToken;
  await talk(own, { ...headers, "Sec-WebSocket-Protocol": "ds.v1" });
  const refreshed = await api.call(`/api/sessions/${own.session.id}/refresh`, {
    headers,
    body: { rotate: true },
  });
  expect(refreshed.headers.getSetCookie()).toHaveLength(2);
});

test("no log holds one, of the Worker or its objects", async () => {
  const events = await wholeTail();
  expect(new Set(events.map(({ entrypoint }) => entrypoint))).toContain("SessionObject");
  expect(secrets.search(withoutExceptions(events))).toEqual([]);
});

test("no header of an answer holds one, but Set-Cookie", () => {
  expect(answeredHeaders.length).toBeGreaterThan(1000);
  expect(secrets.search(answeredHeaders.join("\n"))).toEqual([]);
});

test("one that is logged is found", async () => {
  const before = tailed.length;
  await api.call("/leak", { method: "POST", body: `refused ${(await newChat()).token}` });
  await wholeTail();
  const found = secrets.search(withoutExceptions(tailed.slice(before)));
  expect(found).toContainEqual(expect.objectContaining({ kind: "token", form: "in clear" }));
});

test("no byte that is stored is part of one, and one that is stored is found", async () => {
  const leak = (await newChat()).token.split(".")[2] ?? "";
  await stop();
  const state = join(folder, "state");
  const searchState = () =>
    readdirSync(state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => latin1(readFileSync(join(entry.parentPath, entry.name))))
      .flatMap((bytes) => secrets.search(bytes));
  expect(searchState()).toEqual([]);

  const database = new DatabaseSync(join(state, "leak.sqlite"));
  database.exec("CREATE TABLE leak (value)");
  database.prepare("INSERT INTO leak VALUES (?)").run(Buffer.from(leak, "base64url"));
  database.close();
  expect(searchState()).toMatchObject([{ kind: "token" }]);
});

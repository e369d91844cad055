/**
 * Answers by `durable-sessions/server` over a real connection to the real Worker, from Node and from workerd: their
 * fetches differ in how they take an answer that comes before the request has ended.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import type { TeamClient } from "../../../client/server/team-client.ts";
import { createTeamClient } from "../../../client/server/team-client.ts";
import { resultOf, startWrangler } from "../../../src/cli/wrangler.ts";
import type { DownFrame } from "../../../src/protocol/frames.ts";
import type { SessionWithToken } from "../../../src/protocol/rest.ts";
import { SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from "../../../src/protocol/version.ts";
import { RUNTIME } from "../../support/built-worker.ts";
import type { LocalTeam } from "../../support/local-team.ts";
import { createTeam } from "../../support/local-team.ts";
import type { StreamCase, StreamOutcome } from "./stream-case.ts";
import { streamCase } from "./stream-case.ts";

/** What is written to a connection that the server has answered and closed may cost the caller the answer. */
const SLOWLY_MS = 1_000;

let team: LocalTeam;
let client: TeamClient;
let workerd: Miniflare;
let folder: string;
let opened: SessionWithToken;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "durable-sessions-streaming-"));
  [team, workerd] = await Promise.all([createTeam(inject("origin")), startWorkerd()]);
  const { origin: baseUrl, teamId, teamKey } = team;
  client = createTeamClient({ baseUrl, teamId, teamKey });
});
afterAll(async () => {
  await workerd?.dispose();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  opened = await client.createSession();
});

async function startWorkerd(): Promise<Miniflare> {
  const config = join(folder, "wrangler.json");
  const main = fileURLToPath(new URL("worker.ts", import.meta.url));
  const { compatibilityDate: compatibility_date } = RUNTIME;
  writeFileSync(config, JSON.stringify({ name: "streaming", main, compatibility_date }));
  const { code, stderr } = await resultOf(
    startWrangler(["deploy", "--dry-run", "--config", config, "--outdir", folder], {
      output: "capture",
      env: undefined,
      ownGroup: false,
    }),
  );
  if (code !== 0) throw new Error(stderr);
  const modules = [{ type: "ESModule" as const, path: join(folder, "worker.js") }];
  return new Miniflare(
    convertV4MiniflareOptions({ ...RUNTIME, name: "streaming", modulesRoot: folder, modules }),
  );
}

async function inWorkerd(given: StreamCase): Promise<StreamOutcome> {
  const body = JSON.stringify(given);
  const response = await workerd.dispatchFetch("http://streaming/", { method: "POST", body });
  return (await response.json()) as StreamOutcome;
}

/** The visitor's connection; resolves once it is live. */
async function connect(onFrame: (frame: DownFrame, socket: WebSocket) => void): Promise<WebSocket> {
  const url = `${team.origin.replace("http", "ws")}/api/sessions/${opened.session.id}/socket?after=0`;
  const socket = new WebSocket(url, [SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX + opened.ticket]);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("close", ({ code }) => reject(new Error(`closed: ${code}`)));
    socket.addEventListener("message", ({ data }) => {
      const frame: DownFrame = JSON.parse(String(data));
      if (frame.type === "synced") resolve();
      onFrame(frame, socket);
    });
  });
  return socket;
}

describe.each([
  ["Node", streamCase],
  ["workerd", inWorkerd],
])("an answer that %s streams", (_runtime, stream) => {
  const run = (given: Pick<StreamCase, "words"> & Partial<StreamCase>) =>
    stream({
      baseUrl: team.origin,
      teamId: team.teamId,
      teamKey: team.teamKey,
      sessionId: opened.session.id,
      clientId: "answer",
      everyMs: 20,
      ...given,
    });

  test("is shown while it is written, and is one message", async () => {
    const shown: string[] = [];
    const socket = await connect((frame) => {
      if (frame.type === "delta" && frame.text !== "") shown.push(frame.text);
    });
    const outcome = await run({ words: 20 });
    expect(outcome).toMatchObject({ isNew: true, isLeft: true, message: { role: "assistant" } });
    expect(outcome.message?.content).toMatch(/^word0 word1 .*word19 $/);
    expect(shown.length).toBeGreaterThan(1);
    expect(outcome.message?.content.startsWith(shown.join(""))).toBe(true);
    const again = await run({ words: null, everyMs: SLOWLY_MS });
    expect(again).toEqual({ message: outcome.message, isNew: false, isLeft: true });
    socket.close();
  });

  test("is pending for its readers before its first word, and can be stopped then", async () => {
    const socket = await connect((frame, socket) => {
      if (frame.type !== "delta") return;
      expect(frame).toMatchObject({ offset: 0, text: "" });
      socket.send(JSON.stringify({ type: "cancel", messageId: frame.messageId }));
    });
    expect(await run({ words: "none" })).toEqual({ error: "stream_ended", isLeft: true });
    socket.close();
  });

  test("ends when a visitor stops it, and the source is left", async () => {
    const socket = await connect((frame, socket) => {
      if (frame.type !== "delta" || frame.text === "") return;
      socket.send(JSON.stringify({ type: "cancel", messageId: frame.messageId }));
    });
    const outcome = await run({ words: null });
    expect(outcome).toMatchObject({
      isLeft: true,
      message: { metadata: { incomplete: true, cancelled: true } },
    });
    expect(outcome.message?.content).toMatch(/^word0 /);
    socket.close();
  });

  test.each([
    ["its source breaks off", { failure: "the model is gone" }],
    ["its caller aborts", { aborted: "the model is gone" }],
  ])("is kept as far as it came when %s", async (_what, end) => {
    const outcome = await run({ words: 5, ...end });
    expect(outcome).toEqual({ error: "Error: the model is gone", isLeft: true });
    await expect
      .poll(async () => (await client.listMessages(opened.session.id)).messages)
      .toMatchObject([
        { metadata: { incomplete: true }, content: expect.stringMatching(/^word0 /) },
      ]);
  });

  test("is refused before it is written where there is nowhere to put it", async () => {
    await client.terminateSession(opened.session.id);
    const outcome = await run({ words: null, everyMs: SLOWLY_MS });
    expect(outcome).toEqual({ error: "session_terminated", isLeft: true });
  });
});

// Whatever a server, or what stands before it, answers: no call without pause, no rejection that nobody hears.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { environmentOf } from "../../client/core/browser-environment.ts";
import { createSessionClient } from "../../client/core/client.ts";
import { ERROR_STATUS } from "../../src/protocol/errors.ts";
import { BASE_URL, healthyApi, settle, sync, TOKEN } from "./fake-client.ts";
import type { Answer } from "./fake-environment.ts";
import { FakeEnvironment, session } from "./fake-environment.ts";

const KEY = "durable-sessions/demo/session";
const MINUTE_MS = 60_000;
/** In 42 seconds. */
const MOST_CALLS = 40;

const ANSWERS: readonly Answer[] = [
  "down",
  ...Object.entries(ERROR_STATUS).map(([code, status]) => ({ status, body: { code } })),
  ...[undefined, null, [], {}, "text", 7, { session: null }].map((body) => ({ status: 200, body })),
  { status: 200, body: { isValid: true } },
  { status: 200, body: { isValid: true, session: session() } },
  { status: 200, body: { isValid: true, session: session(), ticket: "T", token: "none" } },
  { status: 200, body: { isValid: false } },
  { status: 200, body: { isValid: false, reason: "expired" } },
  {
    status: 200,
    body: { isValid: false, reason: "expired", session: session({ status: "expired" }) },
  },
  { status: 201, body: { session: session(), ticket: "T" } },
  { status: 429, headers: { "retry-after": "99999999999" } },
  { status: 503, headers: { "retry-after": "0" } },
  { status: 401 },
  { status: 418, body: { code: "teapot" } },
];

const CLOSES = [1006, 4400, 4401, 4408, 4410, 4429];

/** A page's own, which knows how long a timer can wait. */
const { clock } = environmentOf({});

const unheard = vi.fn<(reason: unknown) => void>();

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 5, 1) });
  unheard.mockReset();
  process.on("unhandledRejection", unheard);
});

afterEach(() => {
  process.off("unhandledRejection", unheard);
  vi.useRealTimers();
});

describe.each(["new", "known", "expired"] as const)("a browser whose session is %s", (kind) => {
  it.each(ANSWERS.map((answer) => [JSON.stringify(answer), answer] as const))(
    "is answered %s",
    async (_, answer) => {
      for (const code of CLOSES) {
        const environment = Object.assign(new FakeEnvironment(), { clock });
        environment.respond = () => answer;
        const expiresAt = kind === "expired" ? Date.now() - 1 : Date.now() + 60 * MINUTE_MS;
        if (kind !== "new") {
          const record = { token: TOKEN, expiresAt, refreshedAt: Date.now() };
          environment.storage?.setItem(KEY, JSON.stringify(record));
        }
        const client = createSessionClient({ baseUrl: BASE_URL, teamId: "demo", environment });
        client.start();
        client.send("written");
        for (let turn = 0; turn < 40; turn += 1) {
          environment.sockets.at(-1)?.close(code);
          await vi.advanceTimersByTimeAsync(turn < 20 ? 100 : 2_000);
        }
        const calls = environment.requests.length + environment.sockets.length;
        expect(calls, `closed with ${code}`).toBeLessThan(MOST_CALLS);
        client.stop();
      }
      expect(unheard.mock.calls).toEqual([]);
    },
  );
});

describe("an open session", () => {
  it.each(ANSWERS.map((answer) => [JSON.stringify(answer), answer] as const))(
    "whose calls are answered %s",
    async (_, answer) => {
      const environment = Object.assign(new FakeEnvironment(), { clock });
      healthyApi(environment);
      const client = createSessionClient({ baseUrl: BASE_URL, teamId: "demo", environment });
      client.start();
      await settle();
      sync(environment.socket, 0);
      environment.respond = () => answer;
      const outcomes = [
        client.refreshSession(),
        client.terminateSession(),
        client.identify("token"),
        client.openConversation(),
        client.loadOlder(),
        client.devices(),
        client.handOff(),
        client.share({ role: "reader" }),
        client.createSession(),
      ].map((outcome) =>
        outcome.then(
          () => "done",
          () => "refused",
        ),
      );
      await vi.advanceTimersByTimeAsync(MINUTE_MS);
      expect((await Promise.all(outcomes)).length).toBe(9);
      expect(environment.requests.length).toBeLessThan(60);
      client.stop();
      expect(unheard.mock.calls).toEqual([]);
    },
  );
});

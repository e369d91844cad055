/** Creations under a Turnstile widget's secret, against a stand-in for Cloudflare's siteverify. */
import { beforeAll, describe, expect, test, vi } from "vitest";
import { newTeam, newTeamKey, ORIGIN, type Sent } from "../support/api.ts";
import { callConfigured } from "../support/configured.ts";
import { from, newAddress } from "../support/networks.ts";
import { problemOf, refusal } from "../support/problem.ts";
import { TEST_TURNSTILE_SECRET } from "../support/test-env.ts";

const HOST = new URL(ORIGIN).hostname;

let teamId: string;

beforeAll(async () => {
  teamId = await newTeam();
});

let tokens = 0;
const solved = (host = HOST) => `solved@${host}/${++tokens}`;

interface Asked extends Sent {
  readonly turnstileToken?: string;
  readonly secret?: string;
  readonly body?: object;
}

function create({ turnstileToken, secret = TEST_TURNSTILE_SECRET, body, ...sent }: Asked) {
  return callConfigured({ TURNSTILE_SECRET: secret }, "/api/sessions/create", {
    ...sent,
    body: { teamId, ...(turnstileToken !== undefined && { turnstileToken }), ...body },
  });
}

const statusOf = async (asked: Asked) => {
  const response = await create(asked);
  return response.ok ? response.status : await refusal(response);
};

describe("a visitor", () => {
  test("creates a session with what the widget gave the page", async () => {
    const headers = { Origin: ORIGIN, ...from(newAddress()) };
    expect(await statusOf({ turnstileToken: solved(), headers })).toBe(201);
    expect(await statusOf({ turnstileToken: solved() })).toBe(201);
  });

  test.each([
    ["without any", {}],
    ["with a forged one", { turnstileToken: "forged" }],
    [
      "with one for another site",
      { turnstileToken: solved("evil.example"), headers: { Origin: ORIGIN } },
    ],
    [
      "with one for a host that ends like the site's",
      {
        turnstileToken: solved(`not-${HOST}`),
        headers: { Origin: ORIGIN },
      },
    ],
  ] satisfies [string, Asked][])("is refused %s", async (_what, asked) => {
    expect(await statusOf(asked)).toBe("403 bot_check_failed");
  });

  test("uses what the widget gave once", async () => {
    const turnstileToken = solved();
    expect(await statusOf({ turnstileToken })).toBe(201);
    expect(await statusOf({ turnstileToken })).toBe("403 bot_check_failed");
  });

  test("retries a creation with it, and makes no other with it", async () => {
    const turnstileToken = solved();
    const retry = { turnstileToken, headers: { "Idempotency-Key": "r".repeat(22) } };
    expect(await statusOf(retry)).toBe(201);
    expect(await statusOf(retry)).toBe(200);
    for (const headers of [{}, { "Idempotency-Key": "s".repeat(22) }]) {
      expect(await statusOf({ turnstileToken, headers })).toBe("403 bot_check_failed");
    }
    const other = await newTeam();
    expect(await statusOf({ ...retry, body: { teamId: other } })).toBe("403 bot_check_failed");
  });

  test("with a session's token is still a visitor", async () => {
    const created = await create({ turnstileToken: solved() });
    const { token } = await created.json<{ token: string }>();
    expect(await statusOf({ bearer: token })).toBe("403 bot_check_failed");
  });
});

describe("when no verdict is to be had, nobody gets in", () => {
  test.each(["down", "odd", "empty", "broken"])("because the service is %s", async (how) => {
    expect(await statusOf({ turnstileToken: `${how}/1` })).toBe("503 unavailable");
  });

  test("because the service is slow, and nobody waits for it", async () => {
    const since = performance.now();
    expect(await statusOf({ turnstileToken: "slow/1" })).toBe("503 unavailable");
    expect(performance.now() - since).toBeLessThan(6_000);
  });

  test("because the secret is not the widget's", async () => {
    const asked = { turnstileToken: solved(), secret: "mistyped" };
    expect(await statusOf(asked)).toBe("503 unavailable");
  });
});

test("a team's backend is not asked", async () => {
  expect(await statusOf({ bearer: await newTeamKey(teamId) })).toBe(201);
});

test("without the secret nobody is asked", async () => {
  expect(await statusOf({ secret: "" })).toBe(201);
  expect(await statusOf({ secret: "", turnstileToken: "forged" })).toBe(201);
});

test("a flood is turned away before Turnstile is asked", async () => {
  const limited = await newTeam({ limits: { createsPerMinute: 1 } });
  const turnstileToken = solved();
  const asked = { body: { teamId: limited } };
  expect(await statusOf({ ...asked, turnstileToken: solved() })).toBe(201);
  expect(await statusOf({ ...asked, turnstileToken })).toBe("429 rate_limited");
  expect(await statusOf({ turnstileToken })).toBe(201);
});

test("neither the secret nor the visitor's token is logged or told", async () => {
  const logged = vi.spyOn(console, "error");
  const turnstileToken = "broken/told-to-nobody";
  const problem = await problemOf(await create({ turnstileToken }));
  const lines = JSON.stringify([problem, logged.mock.calls]);
  logged.mockRestore();
  expect(lines).toContain("bot_check_unavailable");
  expect(lines).not.toContain("told-to-nobody");
  expect(lines).not.toContain(TEST_TURNSTILE_SECRET);
});

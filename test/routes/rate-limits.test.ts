/** How often somebody may create, and ask: by network and team, whatever a client says of itself, and with limiters down. */
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { toBase64Url } from "../../src/domain/base64url.ts";
import { signingKeys } from "../../src/keys.ts";
import { networkOfAddress, networkOfRequest } from "../../src/network.ts";
import { limitRedemption, limitResume } from "../../src/operations/rate-limits.ts";
import {
  IDENTIFICATIONS_PER_MINUTE_PER_OWNER,
  INVITES_PER_MINUTE_PER_OWNER,
  LOOKUPS_PER_MINUTE_PER_TEAM,
  REDEMPTIONS_PER_MINUTE_PER_NETWORK,
  RESUMES_PER_MINUTE_PER_NETWORK,
} from "../../src/protocol/limits.ts";
import { call, newSession, newTeam, newTeamKey, ORIGIN, type Sent } from "../support/api.ts";
import { MINUTE_MS, moveClock } from "../support/clock.ts";
import { callConfigured } from "../support/configured.ts";
import { evict } from "../support/eviction.ts";
import { breakLimiters, slowLimiters } from "../support/limiters.ts";
import { from, newAddress } from "../support/networks.ts";
import { refusal } from "../support/problem.ts";
import { callWith, letIn } from "../support/sharing.ts";

afterEach(() => {
  vi.useRealTimers();
});

const CREATED = "created";

/** What came of a creation. */
async function create(teamId: string, sent: Sent & { readonly body?: object } = {}) {
  const body = { teamId, ...(sent.body ?? {}) };
  const response = await call("/api/sessions/create", { ...sent, body });
  return response.ok ? CREATED : await refusal(response);
}

async function createMany(count: number, teamId: string, sent: Sent & { body?: object } = {}) {
  const answers = await Promise.all(Array.from({ length: count }, () => create(teamId, sent)));
  return answers.filter((answer) => answer === CREATED).length;
}

describe("creations from one network", () => {
  test("are refused over the team's limit, until the time that the refusal tells", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const teamId = await newTeam({ limits: { createsPerMinutePerNetwork: 3 } });
    const headers = from(newAddress());
    for (let count = 0; count < 3; count++) expect(await create(teamId, { headers })).toBe(CREATED);
    const refused = await call("/api/sessions/create", { body: { teamId }, headers });
    expect(await refusal(refused)).toBe("429 rate_limited");
    const retryAfter = Number(refused.headers.get("Retry-After"));
    expect(retryAfter).toBeGreaterThan(0);
    vi.setSystemTime(Date.now() + (retryAfter - 1) * 1000);
    expect(await create(teamId, { headers })).toBe("429 rate_limited");
    vi.setSystemTime(Date.now() + 1000);
    expect(await create(teamId, { headers })).toBe(CREATED);
  });

  test("do not count for another network, nor for another team", async () => {
    const policy = { limits: { createsPerMinutePerNetwork: 1 } };
    const [one, other] = [await newTeam(policy), await newTeam(policy)];
    const headers = from(newAddress());
    expect(await create(one, { headers })).toBe(CREATED);
    expect(await create(one, { headers })).toBe("429 rate_limited");
    expect(await create(one, { headers: from(newAddress()) })).toBe(CREATED);
    expect(await create(other, { headers })).toBe(CREATED);
  });

  test("are counted together whichever address of an IPv6 /64 they come from", async () => {
    const teamId = await newTeam({ limits: { createsPerMinutePerNetwork: 1 } });
    const site = "2001:db8:85a3";
    expect(await create(teamId, { headers: from(`${site}:1::1`) })).toBe(CREATED);
    expect(await create(teamId, { headers: from(`${site}:1:ffff::2`) })).toBe("429 rate_limited");
    expect(await create(teamId, { headers: from(`${site}:2::1`) })).toBe(CREATED);
  });

  test("are counted by where they come from, not by what a client says that it forwards", async () => {
    const teamId = await newTeam({ limits: { createsPerMinutePerNetwork: 1 } });
    const headers = from(newAddress());
    expect(await create(teamId, { headers })).toBe(CREATED);
    for (const name of [
      "X-Forwarded-For",
      "Forwarded",
      "X-Real-IP",
      "True-Client-IP",
      "CF-Connecting-IPv6",
      "CF-Pseudo-IPv4",
    ]) {
      const forged = {
        ...headers,
        [name]: name === "Forwarded" ? "for=203.0.113.9" : "203.0.113.9",
      };
      expect(await create(teamId, { headers: forged })).toBe("429 rate_limited");
    }
  });

  test("are admitted no more than the limit by two parallel floods", async () => {
    const teamId = await newTeam({ limits: { createsPerMinutePerNetwork: 7 } });
    const headers = from(newAddress());
    const floods = await Promise.all([1, 2].map(() => createMany(20, teamId, { headers })));
    expect(floods.reduce((sum, admitted) => sum + admitted)).toBe(7);
  });

  test("that are refused take nothing from the team's other visitors", async () => {
    const teamId = await newTeam({
      limits: { createsPerMinutePerNetwork: 1, createsPerMinute: 3 },
    });
    await createMany(50, teamId, { headers: from(newAddress()) });
    expect(await create(teamId, { headers: from(newAddress()) })).toBe(CREATED);
    expect(await create(teamId, { headers: from(newAddress()) })).toBe(CREATED);
    expect(await create(teamId, { headers: from(newAddress()) })).toBe("429 rate_limited");
  });

  test("count when they are a retry, too", async () => {
    const teamId = await newTeam({ limits: { createsPerMinutePerNetwork: 2 } });
    const headers = { ...from(newAddress()), "Idempotency-Key": "k".repeat(22) };
    expect(await create(teamId, { headers })).toBe(CREATED);
    expect(await create(teamId, { headers })).toBe(CREATED);
    expect(await create(teamId, { headers })).toBe("429 rate_limited");
  });

  test("may be read about by the page that asks", async () => {
    const teamId = await newTeam({ limits: { createsPerMinute: 1 } });
    const headers = { Origin: ORIGIN };
    await create(teamId, { headers });
    const refused = await call("/api/sessions/create", { body: { teamId }, headers });
    expect(refused.headers.get("Access-Control-Allow-Origin")).toBe(ORIGIN);
    expect(refused.headers.get("Access-Control-Expose-Headers")).toContain("Retry-After");
  });
});

describe("creations of one team", () => {
  test("are refused over its limit, wherever they come from", async () => {
    const teamId = await newTeam({ limits: { createsPerMinute: 2 } });
    expect(await create(teamId)).toBe(CREATED);
    expect(await create(teamId, { headers: from(newAddress()) })).toBe(CREATED);
    expect(await create(teamId, { headers: from(newAddress()) })).toBe("429 rate_limited");
    expect(await create(teamId, { bearer: await newTeamKey(teamId) })).toBe("429 rate_limited");
  });

  test("by its backend count for the network of the visitor that it names, not for its own", async () => {
    const teamId = await newTeam({ limits: { createsPerMinutePerNetwork: 1 } });
    const bearer = await newTeamKey(teamId);
    const headers = from(newAddress());
    const clientIp = newAddress();
    expect(await create(teamId, { bearer, headers })).toBe(CREATED);
    expect(await create(teamId, { bearer, headers })).toBe(CREATED);
    expect(await create(teamId, { bearer, headers, body: { clientIp } })).toBe(CREATED);
    expect(await create(teamId, { bearer, headers, body: { clientIp } })).toBe("429 rate_limited");
    expect(await create(teamId, { headers: from(clientIp) })).toBe("429 rate_limited");
    expect(await create(teamId, { headers })).toBe(CREATED);
  });
});

test("one network over all teams meets the outer ring", async () => {
  const teamId = await newTeam({ limits: { createsPerMinutePerNetwork: 1 } });
  const other = await newTeam();
  const headers = from(newAddress());
  for (let round = 0; round < 12; round++) await createMany(50, teamId, { headers });
  expect(await create(other, { headers })).toBe("429 rate_limited");
  const bearer = await newTeamKey(other);
  expect(await create(other, { headers, bearer })).toBe(CREATED);
});

test("an outer ring that fails, or is not there, is passed by", async () => {
  const teamId = await newTeam({ limits: { createsPerMinutePerNetwork: 1 } });
  const failing: RateLimit = { limit: () => Promise.reject(new Error("internal error")) };
  const { OUTER_RING: _, ...without } = env;
  for (const bindings of [{ OUTER_RING: failing }, { ...without, OUTER_RING: undefined }]) {
    const headers = from(newAddress());
    const sent = { body: { teamId }, headers };
    const again = () => callConfigured(bindings as Partial<Env>, "/api/sessions/create", sent);
    expect((await again()).status).toBe(201);
    expect((await again()).status).toBe(429);
  }
});

describe("look-ups", () => {
  test("of one team are refused over the limit", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const teamId = await newTeam();
    const bearer = await newTeamKey(teamId);
    const paths = [
      `/api/sessions/stats/${teamId}`,
      `/api/teams/${teamId}/sessions`,
      `/api/sessions/fingerprint/print/${teamId}`,
    ];
    const ask = async (index: number) => (await call(paths[index % 3] ?? "", { bearer })).status;
    for (let asked = 0; asked < LOOKUPS_PER_MINUTE_PER_TEAM; asked += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(index)));
      expect(new Set(answers)).toEqual(new Set([200]));
    }
    for (const path of paths) {
      expect(await refusal(await call(path, { bearer }))).toBe("429 rate_limited");
    }
    moveClock(2 * MINUTE_MS);
    expect(await ask(0)).toBe(200);
  });
});

describe("with the limiters down", () => {
  const policy = { limits: { createsPerMinutePerNetwork: 100, createsPerMinute: 100 } };

  test("nobody creates a session, and whoever has one goes on", async () => {
    const teamId = await newTeam(policy);
    const bearer = await newTeamKey(teamId);
    const created = await call("/api/sessions/create", { body: { teamId } });
    const { session, token } = await created.json<{ session: { id: string }; token: string }>();
    const mend = await breakLimiters();
    try {
      const headers = from(newAddress());
      const refused = await call("/api/sessions/create", { body: { teamId }, headers });
      expect(await refusal(refused)).toBe("503 unavailable");
      expect(await create(teamId, { bearer })).toBe("503 unavailable");
      const path = `/api/sessions/${session.id}/messages`;
      const body = { clientId: "1", content: "Hello" };
      expect((await call(path, { bearer: token, body })).status).toBe(201);
      expect((await call(`/api/sessions/stats/${teamId}`, { bearer })).status).toBe(200);
    } finally {
      mend();
    }
    expect(await create(teamId, { headers: from(newAddress()) })).toBe(CREATED);
  });

  test("nobody redeems or resumes", async () => {
    const services = { env, keys: await signingKeys(env) };
    const unavailable = { ok: false, code: "unavailable", retryAfterSeconds: 2 };
    const mend = await breakLimiters();
    try {
      expect(await limitRedemption(services, newAddress())).toEqual(unavailable);
      expect(await limitResume(services, newAddress())).toEqual(unavailable);
    } finally {
      mend();
    }
  });

  test("nobody waits for one that does not answer", async () => {
    const teamId = await newTeam(policy);
    const bearer = await newTeamKey(teamId);
    const mend = slowLimiters(4_000);
    try {
      const since = performance.now();
      const [creation, lookup] = await Promise.all([
        create(teamId),
        call(`/api/sessions/stats/${teamId}`, { bearer }),
      ]);
      expect(creation).toBe("503 unavailable");
      expect(lookup.status).toBe(200);
      expect(performance.now() - since).toBeLessThan(3_000);
    } finally {
      mend();
    }
  });
});

test.each([
  ["redemptions", limitRedemption, REDEMPTIONS_PER_MINUTE_PER_NETWORK],
  ["resumptions", limitResume, RESUMES_PER_MINUTE_PER_NETWORK],
] as const)("%s are limited by network, over all teams", async (_what, admit, limit) => {
  const services = { env, keys: await signingKeys(env) };
  const network = newAddress();
  const answers = await Promise.all(
    Array.from({ length: 2 * limit }, () => admit(services, network)),
  );
  const refused = answers.filter((answer) => answer !== undefined);
  expect(refused).toHaveLength(limit);
  for (const failure of refused) {
    expect(failure).toMatchObject({ ok: false, code: "rate_limited" });
    expect(failure?.retryAfterSeconds).toBeGreaterThan(0);
  }
  expect(await admit(services, newAddress())).toBeUndefined();
  expect(await admit(services, undefined)).toBeUndefined();
});

test("limiters are named by a MAC of the network, not by the network", async () => {
  const teamId = await newTeam({ limits: { createsPerMinutePerNetwork: 9 } });
  const address = newAddress();
  await create(teamId, { headers: from(address) });
  const keys = await signingKeys(env);
  const mac = await keys.sign("network", new TextEncoder().encode(address));
  const isThere = async (name: string) =>
    (await listDurableObjectIds(env.LIMITERS)).some((id) =>
      id.equals(env.LIMITERS.idFromName(name)),
    );
  expect(await isThere(`create:${teamId}:${address}`)).toBe(false);
  expect(await isThere(`create:${teamId}:${toBase64Url(mac.subarray(0, 16))}`)).toBe(true);
});

describe("the network of an address", () => {
  test.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::", "2001:db8:1:2::/64"],
    ["::1", "::/64"],
    ["fe80::1%eth0", "fe80::/64"],
    ["", "unreadable"],
    ["unknown", "unreadable"],
    ["192.0.2.7, 198.51.100.1", "unreadable"],
  ])("of %j is %j", (address, network) => {
    expect(networkOfAddress(address)).toBe(network);
  });

  test("is not known off the edge", () => {
    const headers = { "X-Forwarded-For": "192.0.2.7", "X-Real-IP": "192.0.2.7" };
    expect(networkOfRequest(new Request("http://localhost", { headers }))).toBeUndefined();
  });
});

describe("what an owner may do to the index", () => {
  test.each([
    ["links made", "/invites", { role: "reader" }, INVITES_PER_MINUTE_PER_OWNER],
    [
      "identity tokens presented",
      "/identify",
      { identityToken: "none" },
      IDENTIFICATIONS_PER_MINUTE_PER_OWNER,
    ],
  ] as const)("%s are counted by token", async (_, path, body, limit) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const chat = await newSession(await newTeam());
    const other = await letIn(chat.token, "owner");
    const ask = async (token: string) => (await callWith(token, path, { body })).status;
    const answers = await Promise.all(Array.from({ length: limit + 5 }, () => ask(other.token)));
    expect(answers.filter((status) => status === 429)).toHaveLength(5);
    expect(await ask(chat.token)).not.toBe(429);
    await evict(chat.session.id);
    expect(await ask(other.token)).toBe(429);
    moveClock(2 * MINUTE_MS);
    expect(await ask(other.token)).not.toBe(429);
  });
});

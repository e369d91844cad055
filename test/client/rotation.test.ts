import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FakeTab } from "./fake-client.ts";
import { openTab, settle, sync } from "./fake-client.ts";
import type { Answer, Request } from "./fake-environment.ts";
import { FakeEnvironment, MemoryStorage, messages, session } from "./fake-environment.ts";

const KEY = "durable-sessions/demo/session";
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/**
 * A server that rotates as the real one does: each token has one successor, which `refresh` gives to whoever presents the
 * token when it is a day old or when that is asked for; and the token is refused once its successor was used.
 */
class RotatingApi {
  readonly #issuedAt = new Map([["S1.C1.0", Date.now()]]);
  readonly #used = new Set<string>();
  /** Tokens that came after they had been replaced for good. */
  readonly stolen: string[] = [];
  calls: string[] = [];

  respond({ path, headers, body }: Request): Answer {
    const token = headers.authorization?.slice("Bearer ".length) ?? "";
    this.calls.push(`${path.split("/").at(-1)} ${token}`);
    const successor = successorOf(token);
    if (this.#used.has(successor)) {
      this.stolen.push(token);
      return { status: 401, body: { code: "invalid_credential" } };
    }
    this.#used.add(token);
    const answer = { isValid: true, session: session(), ticket: `of ${token}` };
    if (!path.endsWith("/refresh")) {
      return { status: 200, body: answer };
    }
    const asked = typeof body === "object" && body !== null && "rotate" in body;
    const age = Date.now() - (this.#issuedAt.get(token) ?? 0);
    const rotates = this.#issuedAt.has(successor) || asked || age >= DAY_MS;
    if (rotates && !this.#issuedAt.has(successor)) {
      this.#issuedAt.set(successor, Date.now());
    }
    return { status: 200, body: { ...answer, ...(rotates && { token: successor }) } };
  }
}

function successorOf(token: string): string {
  const [id, credential, generation] = token.split(".");
  return `${id}.${credential}.${Number(generation) + 1}`;
}

/** Tabs of one browser that has had its token for `ageMs`. */
function tabs(count: number, ageMs: number, api: RotatingApi, storage = new MemoryStorage()) {
  const record = { kind: "session", token: "S1.C1.0", refreshedAt: Date.now() };
  storage.setItem(KEY, JSON.stringify(record));
  vi.setSystemTime(Date.now() + ageMs);
  return Array.from({ length: count }, (_, index) => {
    const tab = openTab(new FakeEnvironment(storage, `tab${index}`));
    tab.environment.respond = (request) => api.respond(request);
    return tab;
  });
}

function storedToken({ environment }: FakeTab): unknown {
  return JSON.parse(environment.storage?.getItem(KEY) ?? "{}").token;
}

describe("a token that has grown old", () => {
  it("is offered for rotation by the visit that finds it so, and replaced in storage", async () => {
    const api = new RotatingApi();
    const [tab] = tabs(1, DAY_MS, api);
    tab!.client.start();
    await settle();
    expect(api.calls).toEqual(["refresh S1.C1.0"]);
    expect(tab!.environment.socket.protocols[1]).toBe("ds.ticket.of S1.C1.0");
    expect(storedToken(tab!)).toBe("S1.C1.1");
  });

  it("is left alone before", async () => {
    const api = new RotatingApi();
    const [tab] = tabs(1, DAY_MS - 1, api);
    tab!.client.start();
    await settle();
    expect(api.calls).toEqual(["validate S1.C1.0"]);
  });

  it("is offered when nobody knows how old it is, or when the clock was set back", async () => {
    for (const refreshedAt of [undefined, Date.now() + HOUR_MS]) {
      const api = new RotatingApi();
      const storage = new MemoryStorage();
      const [tab] = tabs(1, 0, api, storage);
      storage.setItem(KEY, JSON.stringify({ token: "S1.C1.0", refreshedAt }));
      tab!.client.start();
      await settle();
      expect(api.calls).toEqual(["refresh S1.C1.0"]);
      // Kept as it is, it is not offered again for a day.
      const [next] = [openTab(tab!.environment)];
      next.client.start();
      await settle();
      expect(api.calls).toEqual(["refresh S1.C1.0", "validate S1.C1.0"]);
    }
  });

  it("is replaced in a tab that stays open for days", async () => {
    const api = new RotatingApi();
    const [tab] = tabs(1, 0, api);
    tab!.client.start();
    await settle();
    for (let hour = 0; hour < 49; hour += 1) {
      await vi.advanceTimersByTimeAsync(HOUR_MS);
      sync(tab!.environment.socket, 0);
    }
    expect(storedToken(tab!)).toBe("S1.C1.2");
    expect(api.stolen).toEqual([]);
  });

  it("tells how a session ended that it does not open any more", async () => {
    const [tab] = tabs(1, DAY_MS, new RotatingApi());
    tab!.environment.respond = ({ path }) =>
      path.endsWith("/refresh")
        ? { status: 410, body: { code: "session_terminated" } }
        : { status: 200, body: { isValid: false, reason: "terminated", session: session() } };
    tab!.client.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(tab!.client.getState()).toMatchObject({ status: "terminated", session: { id: "S1" } });
  });
});

describe("tabs that share a token", () => {
  it("never come with one that was replaced, however they take turns", async () => {
    const api = new RotatingApi();
    const all = tabs(3, DAY_MS, api);
    for (const { client } of all) {
      client.start();
    }
    await settle();
    for (let round = 0; round < 15; round += 1) {
      // Asleep for most of it: every minute awake costs the test pings.
      vi.setSystemTime(Date.now() + 7 * HOUR_MS);
      await vi.advanceTimersByTimeAsync(HOUR_MS);
      const { environment } = all[round % 3]!;
      sync(environment.socket, 0);
      environment.socket.close(1006);
    }
    await vi.advanceTimersByTimeAsync(60_000);
    expect(api.stolen).toEqual([]);
    expect(Number(String(storedToken(all[0]!)).split(".")[2])).toBeGreaterThan(2);
    // Five days of three tabs that are never synced are some hundred thousand connections.
  }, 60_000);

  it("wait for what storage has to tell when the device wakes, even where it sleeps again meanwhile", async () => {
    const api = new RotatingApi();
    const storage = new MemoryStorage();
    const [tab] = tabs(1, 0, api, storage);
    tab!.client.start();
    await settle();
    sync(tab!.environment.socket, 0);
    tab!.environment.socket.close(1006);
    for (let sleeps = 0; sleeps < 2; sleeps += 1) {
      vi.setSystemTime(Date.now() + 2 * DAY_MS);
      tab!.environment.signal("returned");
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(api.calls).toEqual(["validate S1.C1.0"]);
    // Another tab did this before the device slept.
    storage.setItem(
      KEY,
      JSON.stringify({ token: "S1.C1.1", refreshedAt: Date.now() - 2 * DAY_MS }),
    );
    await vi.advanceTimersByTimeAsync(5_000);
    expect(api.calls.slice(1)).not.toContainEqual(expect.stringMatching(/C1\.0$/));
    expect(api.calls.length).toBeGreaterThan(1);
  });

  it("keep what another has stored, when an answer comes late", async () => {
    const api = new RotatingApi();
    const [slow, quick] = tabs(2, DAY_MS, api);
    let release: () => void = () => {};
    slow!.environment.respond = async (request) => {
      const answer = api.respond(request);
      await new Promise<void>((resolve) => (release = resolve));
      return answer;
    };
    slow!.client.start();
    await settle();
    quick!.client.start();
    await settle();
    quick!.environment.respond = (request) => api.respond(request);
    expect(storedToken(quick!)).toBe("S1.C1.1");
    quick!.environment.storage?.setItem(
      KEY,
      JSON.stringify({ token: "S1.C1.2", refreshedAt: Date.now() }),
    );
    release();
    await settle();
    expect(storedToken(slow!)).toBe("S1.C1.2");
  });

  it("look into storage once more when the socket says 4401", async () => {
    const storage = new MemoryStorage();
    const [tab] = tabs(1, 0, new RotatingApi(), storage);
    tab!.client.start();
    await settle();
    sync(tab!.environment.socket, 1, messages(0, 1));
    storage.setItem(KEY, JSON.stringify({ token: "S1.C2.0", refreshedAt: Date.now() }));
    tab!.environment.socket.close(4401);
    await settle();
    expect(tab!.environment.requests.at(-1)).toMatchObject({
      path: "/api/sessions/S1/validate",
      headers: { authorization: "Bearer S1.C2.0" },
    });
    expect(tab!.environment.sockets).toHaveLength(2);
    expect(tab!.environment.socket.url.search).toBe("?after=1");
    tab!.environment.socket.close(4401);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(tab!.environment.sockets).toHaveLength(2);
    expect(tab!.client.getState()).toMatchObject({ status: "error", messages: [] });
  });

  it("show nothing of the old session when the token is another session's", async () => {
    const storage = new MemoryStorage();
    const [tab] = tabs(1, 0, new RotatingApi(), storage);
    tab!.client.start();
    await settle();
    sync(tab!.environment.socket, 1, messages(0, 1));
    storage.setItem(KEY, JSON.stringify({ token: "S2.C2.0", refreshedAt: Date.now() }));
    tab!.environment.respond = () => ({
      status: 200,
      body: { isValid: true, session: session({ id: "S2" }), ticket: "T" },
    });
    tab!.environment.socket.close(4401);
    await settle();
    expect(tab!.environment.socket.url.pathname).toBe("/api/sessions/S2/socket");
    expect(tab!.environment.socket.url.search).toBe("?tail=50");
    expect(tab!.client.getState()).toMatchObject({ session: { id: "S2" }, messages: [] });
  });
});

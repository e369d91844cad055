import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSessionClient } from "../../client/core/client.ts";
import type { SessionClientOptions } from "../../client/core/session-client.ts";
import { BASE_URL, settle, sync } from "./fake-client.ts";
import type { Answer, Request } from "./fake-environment.ts";
import { FakeEnvironment, MemoryStorage, session } from "./fake-environment.ts";

const KEY = "durable-sessions/demo/session";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-01-02T00:00:00.000Z") });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Binds its session to whoever says so first: from then on the key from before is refused. */
class IdentifyingApi {
  token = "S1.C1.first";
  userId: string | undefined;
  calls: string[] = [];
  /** What becomes of the answer of an identification. */
  deliver: (answer: Answer) => Answer | Promise<Answer> = (answer) => answer;

  async respond({ path, headers, body }: Request): Promise<Answer> {
    const call = path.split("/").at(-1) ?? "";
    this.calls.push(call);
    const { identityToken, sessionId } = { ...(body as Record<string, string>) };
    const opened = () => ({ session: session(), token: this.token, ticket: `of ${this.token}` });
    if (call === "create") {
      return { status: 201, body: opened() };
    }
    if (call === "resume") {
      const isTheirs = this.userId === identityToken && (sessionId ?? "S1") === "S1";
      this.token = "S1.C3.resumed";
      return isTheirs
        ? { status: 200, body: opened() }
        : { status: 404, body: { code: "session_not_found" } };
    }
    if (headers.authorization !== `Bearer ${this.token}`) {
      return { status: 401, body: { code: "invalid_credential" } };
    }
    if (call !== "identify") {
      return { status: 200, body: { isValid: true, ...opened() } };
    }
    if (this.userId !== undefined && this.userId !== identityToken) {
      return { status: 409, body: { code: "identity_conflict" } };
    }
    this.userId = identityToken;
    this.token = "S1.C2.identified";
    return await this.deliver({ status: 200, body: opened() });
  }
}

async function openTab(
  api: IdentifyingApi,
  options: Partial<SessionClientOptions> = {},
  storage = new MemoryStorage(),
) {
  const environment = new FakeEnvironment(storage);
  environment.respond = (request) => api.respond(request);
  const client = createSessionClient({
    baseUrl: BASE_URL,
    teamId: "demo",
    environment,
    ...options,
  });
  client.start();
  await settle();
  sync(environment.socket, 0);
  return { client, environment, storage };
}

const storedToken = (storage: MemoryStorage) => JSON.parse(storage.getItem(KEY) ?? "{}").token;

/** Asked before there is a session, nobody is known yet. */
function personLater() {
  const answers: (string | undefined)[] = [undefined];
  return () => (answers.length > 0 ? answers.shift() : "anna");
}

describe("an identification", () => {
  it("gives this browser another key", async () => {
    const api = new IdentifyingApi();
    const { client, storage } = await openTab(api);
    await client.identify("anna");
    expect(storedToken(storage)).toBe("S1.C2.identified");
  });

  it("is no lost session for a tab whose connection is closed before it hears of it", async () => {
    const api = new IdentifyingApi();
    const tab = await openTab(api, { getIdentityToken: personLater() });
    api.deliver = async (answer) => {
      tab.environment.socket.close(4401);
      await settle();
      return answer;
    };
    await tab.client.identify();
    await settle();
    sync(tab.environment.socket, 0);
    expect(tab.client.getState()).toMatchObject({ status: "active", error: undefined });
    expect(tab.environment.socket.protocols).toContain("ds.ticket.of S1.C2.identified");
    expect(api.calls).not.toContain("resume");
  });

  it("whose answer got lost is found out by who the person is", async () => {
    const api = new IdentifyingApi();
    const tab = await openTab(api, { getIdentityToken: personLater() });
    api.deliver = () => "down";
    await expect(tab.client.identify()).rejects.toMatchObject({ code: "network_error" });
    tab.environment.socket.close(4401);
    await settle();
    sync(tab.environment.socket, 0);
    expect(tab.client.getState()).toMatchObject({ status: "active", sessionId: "S1" });
    expect(storedToken(tab.storage)).toBe("S1.C3.resumed");
  });

  it("whose answer got lost with the page is found out by the next one", async () => {
    const api = new IdentifyingApi();
    const { client, storage } = await openTab(api);
    api.deliver = () => "down";
    await client.identify("anna").catch(() => undefined);
    client.stop();
    const next = await openTab(api, { getIdentityToken: () => "anna" }, storage);
    expect(next.client.getState()).toMatchObject({ status: "active", sessionId: "S1" });
    expect(storedToken(storage)).toBe("S1.C3.resumed");
  });

  it("whose answer got lost is found out by the next call", async () => {
    const api = new IdentifyingApi();
    const tab = await openTab(api, { getIdentityToken: personLater() });
    api.deliver = () => "down";
    await expect(tab.client.identify()).rejects.toMatchObject({ code: "network_error" });
    expect(await tab.client.refreshSession()).toMatchObject({ id: "S1" });
    expect(storedToken(tab.storage)).toBe("S1.C3.resumed");
  });

  it.each([
    ["fails", () => Promise.reject(new Error("The page's server is down."))],
    ["never answers", () => new Promise<string>(() => {})],
  ])("whose answer got lost is found out later where the page %s at first", async (_how, say) => {
    const api = new IdentifyingApi();
    const { client, storage } = await openTab(api);
    api.deliver = () => "down";
    await client.identify("anna").catch(() => undefined);
    client.stop();
    const environment = new FakeEnvironment(storage);
    environment.respond = (request) => api.respond(request);
    let asked = 0;
    const getIdentityToken = () => (asked++ === 0 ? say() : "anna");
    const next = createSessionClient({
      baseUrl: BASE_URL,
      teamId: "demo",
      environment,
      getIdentityToken,
    });
    next.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(next.getState()).toMatchObject({ error: undefined });
    expect(storedToken(storage)).toBe("S1.C3.resumed");
    next.stop();
  });

  it("whose answer got lost succeeds when the page asks for it again", async () => {
    const api = new IdentifyingApi();
    const { client, storage } = await openTab(api);
    api.deliver = () => "down";
    await client.identify("anna").catch(() => undefined);
    expect(await client.identify("anna")).toMatchObject({ id: "S1" });
    expect(storedToken(storage)).toBe("S1.C3.resumed");
  });

  it("that was refused brings no one back who is signed out later", async () => {
    const api = new IdentifyingApi();
    const tab = await openTab(api, { getIdentityToken: personLater() });
    api.userId = "berta";
    await expect(tab.client.identify()).rejects.toMatchObject({ code: "identity_conflict" });
    api.token = "gone";
    tab.environment.socket.close(4401);
    await settle();
    expect(tab.client.getState()).toMatchObject({ status: "error", error: { status: 401 } });
    expect(api.calls).not.toContain("resume");
  });

  it("that succeeded brings no one back, either", async () => {
    const api = new IdentifyingApi();
    const tab = await openTab(api, { getIdentityToken: personLater() });
    await tab.client.identify();
    api.token = "gone";
    tab.environment.socket.close(4401);
    await vi.advanceTimersByTimeAsync(1_000);
    tab.environment.socket.close(4401);
    await settle();
    expect(api.calls).not.toContain("resume");
    expect(tab.client.getState()).toMatchObject({ status: "error" });
  });
});

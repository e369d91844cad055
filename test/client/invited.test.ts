import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CredentialRole } from "../../src/protocol/session.ts";
import type { FakeTab } from "./fake-client.ts";
import { openTab, settle, sync, TOKEN } from "./fake-client.ts";
import type { Answer, Request } from "./fake-environment.ts";
import { FakeEnvironment, MemoryStorage, messages, session } from "./fake-environment.ts";

const OWN = "durable-sessions/demo/session";
const INVITED = "durable-sessions/demo/invited";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A server with the session S1 of this browser, and S2 that an invite of `role` opens. */
function api(role: CredentialRole, redeemed: Answer | undefined = undefined) {
  return ({ path, headers }: Request): Answer => {
    const id = headers.authorization?.slice("Bearer ".length).split(".")[0] ?? "S1";
    if (path === "/api/invites/redeem") {
      return (
        redeemed ?? {
          status: 200,
          body: { session: session({ id: "S2" }), token: "S2.G.secret", ticket: "T2", role },
        }
      );
    }
    if (path.endsWith("/create")) {
      return { status: 201, body: { session: session(), token: TOKEN, ticket: "T1" } };
    }
    if (path.includes("/devices/")) {
      return { status: 204 };
    }
    return { status: 200, body: { isValid: true, session: session({ id }), ticket: `of ${id}` } };
  };
}

interface Surroundings {
  readonly storage?: MemoryStorage;
  /** This browser has no session of its own yet. */
  readonly isNew?: boolean;
  readonly respond?: (request: Request) => Answer;
}

function invitedTab(role: CredentialRole, given: Surroundings = {}): FakeTab {
  const { storage = new MemoryStorage(), isNew = false, respond = api(role) } = given;
  if (!isNew) {
    storage.setItem(OWN, JSON.stringify({ token: TOKEN, refreshedAt: Date.now() }));
  }
  const environment = new FakeEnvironment(storage);
  environment.invite = "inv_secret";
  environment.respond = respond;
  return openTab(environment);
}

function paths({ environment }: FakeTab): string[] {
  return environment.requests.map(({ path }) => path);
}

function ownToken({ environment }: FakeTab): unknown {
  return JSON.parse(environment.storage?.getItem(OWN) ?? "{}").token;
}

describe("a share link", () => {
  it.each(["reader", "writer"] as const)(
    "opens the session in this tab alone, for a %s",
    async (role) => {
      const tab = invitedTab(role);
      expect(tab.environment.invite).toBe(undefined);
      tab.client.start();
      expect(tab.client.getState()).toMatchObject({ isInvited: true, role: undefined });
      await settle();
      expect(tab.environment.requests).toMatchObject([{ body: { secret: "inv_secret" } }]);
      expect(tab.environment.socket.url.pathname).toBe("/api/sessions/S2/socket");
      expect(tab.environment.socket.protocols[1]).toBe("ds.ticket.T2");
      expect(ownToken(tab)).toBe(TOKEN);
      expect(tab.environment.storage).not.toBe(tab.environment.tabStorage);
      expect([...(tab.environment.storage as MemoryStorage).items.values()].join()).not.toContain(
        "S2",
      );
    },
  );

  it("stays open over a reload, and is not redeemed again", async () => {
    const tab = invitedTab("reader");
    tab.client.start();
    await settle();
    tab.client.stop();
    const reloaded = openTab(tab.environment);
    reloaded.client.start();
    expect(reloaded.client.getState()).toMatchObject({ isInvited: true, role: "reader" });
    await settle();
    expect(paths(reloaded)).toEqual(["/api/invites/redeem", "/api/sessions/S2/validate"]);
  });

  it("is tried until an answer comes, over a reload too", async () => {
    const tab = invitedTab("reader", { respond: () => ({ status: 503 }) });
    tab.client.start();
    await vi.advanceTimersByTimeAsync(2_000);
    tab.client.stop();
    tab.environment.respond = api("reader");
    const reloaded = openTab(tab.environment);
    reloaded.client.start();
    await settle();
    expect(new Set(paths(reloaded))).toEqual(new Set(["/api/invites/redeem"]));
    expect(reloaded.environment.socket.url.pathname).toBe("/api/sessions/S2/socket");
  });

  it("is redeemed once, though the page starts twice", async () => {
    const tab = invitedTab("reader");
    tab.client.start();
    tab.client.start();
    await settle();
    expect(paths(tab)).toEqual(["/api/invites/redeem"]);
    expect(tab.environment.sockets).toHaveLength(1);
  });

  it("may come into a page that is open", async () => {
    const tab = invitedTab("writer");
    tab.environment.tabStorage.items.clear();
    const own = openTab(tab.environment);
    own.client.start();
    await settle();
    sync(tab.environment.socket, 1, messages(0, 1));
    tab.environment.invite = "inv_secret";
    own.client.start();
    expect(own.client.getState()).toMatchObject({
      isInvited: true,
      session: undefined,
      messages: [],
    });
    await settle();
    expect(tab.environment.socket.url.pathname).toBe("/api/sessions/S2/socket");
    expect(tab.environment.socket.url.search).toBe("?tail=50");
  });

  it.each([
    [410, "invite_expired"],
    [401, "invalid_credential"],
  ])("says that it opens nothing: %i %s", async (status, code) => {
    const tab = invitedTab("reader", { respond: () => ({ status, body: { code } }) });
    tab.client.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(paths(tab)).toHaveLength(1);
    expect(tab.client.getState()).toMatchObject({
      status: "error",
      error: { code },
      isInvited: true,
      role: undefined,
    });
  });

  it("is over when the access is taken back, and this browser's own session is there again", async () => {
    const tab = invitedTab("reader");
    tab.client.start();
    await settle();
    sync(tab.environment.socket, 1, messages(0, 1));
    tab.environment.socket.close(4401);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(tab.environment.sockets).toHaveLength(1);
    expect(tab.client.getState()).toMatchObject({
      status: "error",
      error: { code: "invalid_credential" },
      isInvited: true,
      messages: [],
    });
    tab.client.leaveInvite();
    await settle();
    expect(tab.environment.socket.url.pathname).toBe("/api/sessions/S1/socket");
    expect(tab.client.getState()).toMatchObject({ isInvited: false, role: "owner" });
    expect(ownToken(tab)).toBe(TOKEN);
  });
});

describe("a hand-off", () => {
  it("asks first, and changes nothing until then", async () => {
    const tab = invitedTab("owner");
    tab.client.start();
    await settle();
    expect(tab.client.getState()).toMatchObject({ offer: { replacesOwn: true } });
    expect(tab.environment.sockets).toHaveLength(0);
    expect(ownToken(tab)).toBe(TOKEN);
    const reloaded = openTab(tab.environment);
    reloaded.client.start();
    await settle();
    expect(reloaded.client.getState()).toMatchObject({ offer: { replacesOwn: true } });
    expect(paths(reloaded)).toEqual(["/api/invites/redeem"]);
  });

  it("asks too where there is nothing to lose: it may be somebody else's session", async () => {
    const tab = invitedTab("owner", { isNew: true });
    tab.client.start();
    await settle();
    expect(tab.client.getState()).toMatchObject({ offer: { replacesOwn: false } });
    expect(ownToken(tab)).toBe(undefined);
  });

  it("becomes this browser's own session, which signs out of the one it had", async () => {
    const tab = invitedTab("owner");
    tab.client.start();
    await settle();
    await tab.client.acceptHandOff();
    await settle();
    expect(ownToken(tab)).toBe("S2.G.secret");
    expect(tab.environment.tabStorage.getItem(INVITED)).toBeNull();
    expect(tab.environment.requests).toContainEqual(
      expect.objectContaining({
        method: "DELETE",
        path: "/api/sessions/S1/devices/C1",
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
    );
    expect(tab.client.getState()).toMatchObject({ isInvited: false, role: "owner" });
    expect(tab.environment.socket.url.pathname).toBe("/api/sessions/S2/socket");
  });

  it("is accepted once, however often that is clicked", async () => {
    const tab = invitedTab("owner");
    tab.client.start();
    await settle();
    await Promise.all([tab.client.acceptHandOff(), tab.client.acceptHandOff()]);
    await settle();
    expect(ownToken(tab)).toBe("S2.G.secret");
    const signedOut = tab.environment.requests.filter(({ method }) => method === "DELETE");
    expect(signedOut.map(({ path }) => path)).toEqual(["/api/sessions/S1/devices/C1"]);
  });

  it("is not accepted once it was declined", async () => {
    const tab = invitedTab("owner");
    tab.client.start();
    await settle();
    const accepted = tab.client.acceptHandOff();
    tab.client.leaveInvite();
    await accepted;
    await settle();
    expect(ownToken(tab)).toBe(TOKEN);
  });

  it("takes the other tabs along", async () => {
    const storage = new MemoryStorage();
    const tab = invitedTab("owner", { storage });
    const other = openTab(new FakeEnvironment(storage));
    other.environment.respond = api("owner");
    other.client.start();
    tab.client.start();
    await settle();
    await tab.client.acceptHandOff();
    other.environment.socket.close(4401);
    await settle();
    expect(other.environment.socket.url.pathname).toBe("/api/sessions/S2/socket");
  });

  it("that is declined is given back", async () => {
    const tab = invitedTab("owner");
    tab.client.start();
    await settle();
    tab.client.leaveInvite();
    await settle();
    expect(ownToken(tab)).toBe(TOKEN);
    expect(tab.environment.requests).toContainEqual(
      expect.objectContaining({
        method: "DELETE",
        path: "/api/sessions/S2/devices/G",
        headers: { authorization: "Bearer S2.G.secret" },
      }),
    );
    expect(tab.environment.socket.url.pathname).toBe("/api/sessions/S1/socket");
  });

  it("costs nothing when it is worth nothing by the time of the yes", async () => {
    const tab = invitedTab("owner");
    tab.client.start();
    await settle();
    const answers: Answer[] = [
      { status: 401, body: { code: "invalid_credential" } },
      { status: 200, body: { isValid: false, reason: "expired", session: session() } },
    ];
    for (const [index, code] of ["invalid_credential", "session_expired"].entries()) {
      tab.environment.respond = () => answers[index]!;
      await expect(tab.client.acceptHandOff()).rejects.toMatchObject({ code });
      expect(ownToken(tab)).toBe(TOKEN);
      expect(tab.client.getState().offer).toBeDefined();
    }
  });

  it("of the session that this browser has already only brings a new key", async () => {
    const again = {
      status: 200,
      body: { session: session(), token: "S1.C9.secret", ticket: "T9", role: "owner" },
    };
    const tab = invitedTab("owner", { respond: api("owner", again) });
    tab.client.start();
    await settle();
    expect(ownToken(tab)).toBe("S1.C9.secret");
    expect(paths(tab)).toContain("/api/sessions/S1/devices/C1");
    expect(tab.environment.socket.protocols[1]).toBe("ds.ticket.T9");
    sync(tab.environment.socket, 0);
    expect(tab.client.getState()).toMatchObject({
      status: "active",
      isInvited: false,
      role: "owner",
    });
  });
});

// Everything holds on Solid 1.9 and on 2.0.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ChatMessage } from "../../../client/core/session-state.ts";
import type { EnhancedSession, EnhancedSessionOptions } from "../../../client/solid/index.ts";
import type { SolidVersion } from "./solid-versions.ts";
import { clients, load } from "./solid-versions.ts";

const OPTIONS: EnhancedSessionOptions = { baseUrl: "https://chat.example", teamId: "demo" };

const message = (key: string, streaming = false): ChatMessage => ({
  key,
  seq: undefined,
  conversationId: undefined,
  role: "user",
  author: undefined,
  content: key,
  attachments: [],
  imported: false,
  createdAt: 0,
  delivery: "sent",
  streaming,
  redacted: false,
  metadata: undefined,
  failure: undefined,
});

const disposals: (() => void)[] = [];

beforeEach(() => {
  clients.length = 0;
});

afterEach(() => {
  for (const dispose of disposals.splice(0)) {
    dispose();
  }
  vi.unstubAllGlobals();
  vi.doUnmock("solid-js");
  vi.doUnmock("../../../client/core/index.ts");
});

describe.each(["1.9", "2.0"] as const)("on Solid %s", (version) => {
  let on: SolidVersion;
  beforeEach(async () => {
    on = await load(version);
  });

  /** Mounts what `component` makes. */
  function mount<T>(component: () => T): { readonly made: T; readonly dispose: () => void } {
    const mounted = on.solid.createRoot((dispose) => ({ made: component(), dispose }));
    on.solid.flush();
    disposals.push(mounted.dispose);
    return mounted;
  }

  /** What `read` gave, at first and whenever it was heard to change. */
  function heard<T>(session: () => EnhancedSession, read: (session: EnhancedSession) => T): T[] {
    const values: T[] = [];
    mount(() => {
      const made = session();
      on.watch(() => {
        values.push(read(made));
      });
    });
    return values;
  }

  test("shows constants while it renders, and opens the session once it is mounted", () => {
    let atFirst: unknown[] = [];
    const { made } = mount(() => {
      const session = on.layer.createEnhancedSession(OPTIONS);
      atFirst = [session.status(), session.sessionId(), session.messages(), session.client()];
      expect(clients).toEqual([]);
      return session;
    });
    expect(atFirst).toEqual(["idle", undefined, [], undefined]);
    expect(clients.map(({ calls }) => calls)).toEqual([["start"]]);
    expect(made.status()).toBe("creating");
    expect(made.loading()).toBe(true);
    expect(made.client()).toBe(clients[0]);
  });

  test("follows the client's state", () => {
    const { made } = mount(() => on.layer.createEnhancedSession(OPTIONS));
    clients[0]?.store.patch({ status: "active", sessionId: "S1", messages: [message("a")] });
    on.solid.flush();
    expect(made.status()).toBe("active");
    expect(made.isValid()).toBe(true);
    expect(made.loading()).toBe(false);
    expect(made.sessionId()).toBe("S1");
    expect(made.messages()).toEqual([message("a")]);
  });

  test("tells of each part only when it changed itself", () => {
    let session: EnhancedSession | undefined;
    const make = () => {
      session ??= on.layer.createEnhancedSession(OPTIONS);
      return session;
    };
    const statuses = heard(make, ({ status }) => status());
    const counts = heard(make, ({ messages }) => messages().length);
    const answers = heard(make, ({ streaming }) => streaming().map(({ key }) => key));
    const answer = message("answer", true);
    for (const messages of [[answer], [message("a"), answer], [message("a")]]) {
      clients[0]?.store.patch({ messages });
      on.solid.flush();
    }
    expect(statuses.filter((status) => status === "creating")).toHaveLength(1);
    expect(counts).toEqual([0, 1, 2, 1]);
    expect(answers).toEqual([[], ["answer"], []]);
  });

  test("passes actions on, from the mount on", () => {
    const { made } = mount(() => {
      const session = on.layer.createEnhancedSession(OPTIONS);
      expect(() => session.send("too early")).toThrow("mounted");
      return session;
    });
    expect(made.send("hello").clientId).toBe("one");
    on.solid.flush();
    expect(made.pendingCount()).toBe(1);
    expect(clients[0]?.calls).toEqual(["start", "send hello"]);
  });

  test("stops with its owner, and hears nothing more", async () => {
    const { made, dispose } = mount(() => on.layer.createEnhancedSession(OPTIONS));
    dispose();
    await Promise.resolve();
    expect(clients[0]?.calls).toEqual(["start", "stop"]);
    expect(made.status()).toBe("creating");
  });

  test.each(["an accessor of one option", "an accessor of all"])("takes %s", async (which) => {
    const [teamId, setTeamId] = on.solid.createSignal("one");
    const options =
      which === "an accessor of all"
        ? () => ({ ...OPTIONS, teamId: teamId() })
        : { ...OPTIONS, teamId };
    const { made } = mount(() => on.layer.createEnhancedSession(options));
    clients[0]?.store.patch({ sessionId: "S1" });
    setTeamId("one");
    on.solid.flush();
    expect(clients).toHaveLength(1);
    setTeamId("two");
    on.solid.flush();
    await Promise.resolve();
    expect(clients.map(({ options: { teamId } }) => teamId)).toEqual(["one", "two"]);
    expect(clients.map(({ calls }) => calls)).toEqual([["start", "stop"], ["start"]]);
    expect(made.sessionId()).toBeUndefined();
    made.send("to the second");
    expect(clients[1]?.calls).toEqual(["start", "send to the second"]);
  });

  test("does not open anew when another option changes", () => {
    const [minutes, setMinutes] = on.solid.createSignal(30);
    mount(() => on.layer.createEnhancedSession(() => ({ ...OPTIONS, refreshInterval: minutes() })));
    setMinutes(5);
    on.solid.flush();
    expect(clients).toHaveLength(1);
    expect(clients[0]?.options.refreshInterval).toBe(30);
  });

  test("asks the page's own origin where no other is given", () => {
    vi.stubGlobal("location", { origin: "https://own.example" });
    mount(() => on.layer.createEnhancedSession({ teamId: "demo" }));
    expect(clients[0]?.options.baseUrl).toBe("https://own.example");
  });

  describe("useEnhancedSession", () => {
    test("shares one client per address, and createEnhancedSession none", () => {
      mount(() => on.layer.useEnhancedSession(OPTIONS));
      mount(() => on.layer.useEnhancedSession(OPTIONS));
      expect(clients.map(({ calls }) => calls)).toEqual([["start"]]);
      mount(() => on.layer.useEnhancedSession({ ...OPTIONS, teamId: "other" }));
      mount(() => on.layer.useEnhancedSession({ ...OPTIONS, baseUrl: "https://other.example" }));
      mount(() => on.layer.createEnhancedSession(OPTIONS));
      expect(clients).toHaveLength(4);
    });

    test("shows a latecomer what there is", () => {
      mount(() => on.layer.useEnhancedSession(OPTIONS));
      clients[0]?.store.patch({ status: "active" });
      const { made } = mount(() => on.layer.useEnhancedSession(OPTIONS));
      on.solid.flush();
      expect(made.isValid()).toBe(true);
    });

    test("stops the client with the last of its users", async () => {
      const one = mount(() => on.layer.useEnhancedSession(OPTIONS));
      const two = mount(() => on.layer.useEnhancedSession(OPTIONS));
      one.dispose();
      await Promise.resolve();
      expect(clients[0]?.calls).toEqual(["start"]);
      two.dispose();
      await Promise.resolve();
      expect(clients[0]?.calls).toEqual(["start", "stop"]);
      mount(() => on.layer.useEnhancedSession(OPTIONS));
      expect(clients).toHaveLength(2);
    });

    test("stays connected when one view replaces another", async () => {
      mount(() => on.layer.useEnhancedSession(OPTIONS)).dispose();
      mount(() => on.layer.useEnhancedSession(OPTIONS));
      await Promise.resolve();
      expect(clients.map(({ calls }) => calls)).toEqual([["start"]]);
    });
  });

  test("opens nothing on a server", async () => {
    const server = await load(`${version} on a server`);
    const touched = () => expect.unreachable("Server rendering touched the page.");
    vi.stubGlobal("window", new Proxy({}, { get: touched }));
    vi.stubGlobal("location", new Proxy({}, { get: touched }));
    const session = server.solid.createRoot(() =>
      server.layer.useEnhancedSession({ teamId: "demo" }),
    );
    await new Promise((resolve) => setTimeout(resolve));
    expect(clients).toEqual([]);
    expect([session.status(), session.messages(), session.streaming()]).toEqual(["idle", [], []]);
    expect(() => session.createSession()).toThrow("mounted");
  });
});

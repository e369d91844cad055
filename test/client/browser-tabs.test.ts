import { afterEach, expect, test, vi } from "vitest";
import { broadcastSessionChange, browserTabs } from "../../client/core/browser-tabs.ts";
import type { TabMessage } from "../../client/core/environment.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

test("other tabs are told of a session that changed without the client", async () => {
  vi.stubGlobal("document", {});
  const heard: TabMessage[] = [];
  const end = browserTabs.subscribe((message) => heard.push(message));
  broadcastSessionChange("S1");
  await vi.waitFor(() => expect(heard).toEqual([{ kind: "session", sessionId: "S1" }]));
  end();
});

test("nobody is told where there is no page", () => {
  vi.stubGlobal("BroadcastChannel", undefined);
  expect(() => broadcastSessionChange("S1")).not.toThrow();
});

test.each([
  ["durable-sessions/demo/session", { kind: "session" }],
  ["durable-sessions/demo/out/1-a", { kind: "outbox" }],
  ["durable-sessions/demo/previous", { kind: "outbox" }],
  [null, { kind: "session" }],
  ["another-program", undefined],
])("what is stored under %s is heard of without a channel", (key, expected) => {
  vi.stubGlobal("BroadcastChannel", undefined);
  const window = new EventTarget();
  vi.stubGlobal("window", window);
  const heard: TabMessage[] = [];
  const end = browserTabs.subscribe((message) => heard.push(message));
  const store = () => window.dispatchEvent(Object.assign(new Event("storage"), { key }));
  store();
  end();
  store();
  expect(heard).toEqual(expected ? [expected] : []);
});

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

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createPreferences } from "../../../client/pages/chat/preferences.ts";
import { MemoryStorage } from "../fake-environment.ts";

beforeEach(() => {
  vi.stubGlobal("localStorage", new MemoryStorage());
  vi.stubGlobal("document", { documentElement: { dataset: {} } });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("what one team was allowed, no other is", () => {
  createPreferences("acme").setRecognised(true);
  expect(createPreferences("acme").recognised()).toBe(true);
  expect(createPreferences("other").recognised()).toBe(false);
  expect(createPreferences("").recognised()).toBe(false);
  createPreferences("acme").setRecognised(false);
  expect(createPreferences("acme").recognised()).toBe(false);
});

it("only a yes is one", () => {
  for (const value of ["", "true", "no", "null", '{"yes":true}']) {
    localStorage.setItem("durable-sessions-page/recognised/acme", value);
    expect(createPreferences("acme").recognised()).toBe(false);
  }
});

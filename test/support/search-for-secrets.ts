import { afterAll, expect } from "vitest";
import { listenToConsole, searchEverywhere } from "./issued-secrets.ts";

listenToConsole();

afterAll(async () => {
  expect(await searchEverywhere()).toEqual([]);
});

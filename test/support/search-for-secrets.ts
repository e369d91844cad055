import { afterAll, expect } from "vitest";
import { listenToConsole, searchEverywhere } from "./issued-secrets.ts";

listenToConsole();

/** A file of many tests leaves thousands of objects to look into. */
const PATIENCE_MS = 180_000;

afterAll(async () => {
  expect(await searchEverywhere()).toEqual([]);
}, PATIENCE_MS);

import type { Keys } from "./keys.ts";

/** What an operation works with. */
export interface Services {
  readonly env: Env;
  readonly keys: Keys;
}

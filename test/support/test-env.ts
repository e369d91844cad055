/** What the Worker is configured with under test. The values are public, so they guard nothing. */

export const TEST_ADMIN_TOKEN = "test-admin-token-000000000000000000000000";

/** 32 bytes that count up from 0, in the format of `Env["SIGNING_KEYS"]`. */
export const TEST_SIGNING_KEYS = "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/** The team and the scopes that the calling Worker's binding grants; see test/service/calling-worker.ts. */
export const BOUND_CALLER = {
  teamId: "bound-team",
  scopes: ["sessions:read", "sessions:write", "messages:write", "stats:read"],
};

/** What test/service/turnstile-stand-in.ts takes for the widget's secret; tests that are about it configure it. */
export const TEST_TURNSTILE_SECRET = "test-turnstile-secret";

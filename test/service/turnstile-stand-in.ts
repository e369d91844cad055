/**
 * The internet of the Worker under test: Turnstile's siteverify as Cloudflare documents it, and nothing else. What a token
 * is good for is written in it: `solved@<hostname>/<anything>` was solved on that host, and works once, or again under the
 * idempotency key of its first use; `down/…`, `slow/…`, `odd/…`, `empty/…` and `broken/…` are days on which the service is not well.
 */
import { TEST_TURNSTILE_SECRET } from "../support/test-env.ts";

const script = `
const used = new Map();
const refuse = (...codes) => Response.json({ success: false, "error-codes": codes });
export default {
  async fetch(request) {
    if (request.method !== "POST" || request.url !== "https://challenges.cloudflare.com/turnstile/v0/siteverify") {
      return new Response("no such host", { status: 502 });
    }
    const { secret, response, remoteip, idempotency_key: key } = await request.json();
    if (remoteip !== undefined) return refuse("bad-request");
    if (secret !== ${JSON.stringify(TEST_TURNSTILE_SECRET)}) return refuse("invalid-input-secret");
    if (response.startsWith("down/")) return new Response("bad gateway", { status: 502 });
    if (response.startsWith("slow/")) await scheduler.wait(10_000);
    if (response.startsWith("odd/")) return Response.json({ success: "yes" });
    if (response.startsWith("empty/")) return refuse();
    if (response.startsWith("broken/")) return refuse("internal-error");
    const [, hostname] = /^solved@([^/]+)[/]/.exec(response) ?? [];
    if (hostname === undefined) return refuse("invalid-input-response");
    if (key !== undefined && !/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(key)) {
      return refuse("bad-request");
    }
    if (used.has(response) && (key === undefined || used.get(response) !== key)) {
      return refuse("timeout-or-duplicate");
    }
    used.set(response, key);
    return Response.json({ success: true, hostname, "error-codes": [], challenge_ts: new Date().toISOString() });
  },
};`;

export const turnstileStandIn = {
  name: "turnstile-stand-in",
  modules: true,
  script,
  compatibilityDate: "2026-10-20",
};

// The real Worker in another configuration: with a secret that the tests' own does without, or a binding that is broken.
import { env } from "cloudflare:workers";
import worker from "../../src/worker.ts";
import { BASE, type Sent } from "./api.ts";

/** As `call`, to the Worker with some of its bindings replaced. */
export function callConfigured(
  bindings: Partial<Env>,
  path: string,
  { method, bearer, body, headers }: Sent,
): Promise<Response> {
  const all = new Headers(headers);
  if (bearer !== undefined) all.set("Authorization", `Bearer ${bearer}`);
  all.set("Content-Type", "application/json");
  const init = {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: all,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
  return worker.fetch(new Request(`${BASE}${path}`, init), { ...env, ...bindings });
}

/**
 * A second Worker that has the service bound, as a customer's Worker would in its own configuration.
 *
 * The plugin runs the Worker under test inside its runner, which it names after the Vitest project; a binding to that
 * name with `entrypoint` and `props` reaches the exported class, and `props` arrives as its `ctx.props`.
 */
import { KEY_SCOPES } from "../../src/protocol/team.ts";
import { BOUND_CALLER } from "../support/test-env.ts";

const RUNNER = "vitest-plugin-runner-workerd";
const service = { name: RUNNER, entrypoint: "SessionService" };

/** Passes `{ binding, method, args }` on to the bound service and answers what it answered. */
const script = `
import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  call(binding, method, ...args) {
    return this.env[binding][method](...args);
  }
}`;

export const callingWorker = {
  name: "calling-worker",
  modules: true,
  script,
  compatibilityDate: "2026-10-20",
  serviceBindings: {
    SESSIONS: { ...service, props: BOUND_CALLER },
    SESSIONS_WITHOUT_PROPS: service,
    ...Object.fromEntries(
      KEY_SCOPES.map((scope) => [
        `SESSIONS_FOR_${scope}`,
        { ...service, props: { teamId: BOUND_CALLER.teamId, scopes: [scope] } },
      ]),
    ),
  },
};

/** A good request for every route, so that tests over all routes cannot forget one. */
import type { Endpoint } from "../../src/routes/endpoint.ts";
import type { Audience } from "../../src/routes/origin.ts";
import { ROUTES } from "../../src/routes/table.ts";
import { type Names, SAMPLE_BODIES } from "../support/sample-bodies.ts";

export type { Names };

export interface RouteSample {
  /** Method and path pattern, as the table has them. */
  readonly title: string;
  readonly method: string;
  readonly pattern: string;
  readonly endpoint: Endpoint;
  path(names: Names): string;
  body(names: Names): object | undefined;
}

export const SAMPLES: readonly RouteSample[] = ROUTES.map(([method, pattern, endpoint]) => {
  const bodyOf = SAMPLE_BODIES[endpoint.operationId];
  if ((endpoint.body === undefined) !== (bodyOf === undefined)) {
    throw new Error(`sample-bodies.ts has no body for ${endpoint.operationId}, or one too many`);
  }
  return {
    title: `${method} ${pattern}`,
    method,
    pattern,
    endpoint,
    path: (names) =>
      pattern
        .replace(":id", names.id)
        .replace(":teamId", names.teamId)
        .replace(":fingerprint", "fingerprint")
        .replace(":keyId", "0123456789abcdef")
        .replace(":credentialId", "others")
        .replace(":conversationId", "conv_AAAAAAAAAAAAAAAA")
        .replace(":messageId", "msg_1_AAAAAAAA")
        .replace(":inviteId", "AAAAAAAAAAAA")
        .replace(":kid", "0123456789abcdef")
        .replace(":operatorId", "anna"),
    body: (names) => bodyOf?.(names),
  };
});

export const samplesFor = (...audiences: readonly Audience[]): readonly RouteSample[] =>
  SAMPLES.filter(({ endpoint }) => audiences.includes(endpoint.audience));

/** What `call` sends for a sample. */
export function requestOf(sample: RouteSample, names: Names) {
  const body = sample.body(names);
  return { method: sample.method, ...(body !== undefined && { body }) };
}

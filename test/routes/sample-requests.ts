/** A good request for every route, so that tests over all routes cannot forget one. */
import { SESSION_ACCESS, type SessionOperation } from "../../src/domain/access.ts";
import type { Endpoint } from "../../src/routes/endpoint.ts";
import type { Audience } from "../../src/routes/origin.ts";
import { ROUTES } from "../../src/routes/table.ts";
import {
  type Names,
  SAMPLE_BODIES,
  SAMPLE_QUERIES,
  SAMPLE_TEXTS,
} from "../support/sample-bodies.ts";

export type { Names };

export interface RouteSample {
  /** Method and path pattern, as the table has them. */
  readonly title: string;
  readonly method: string;
  readonly pattern: string;
  readonly endpoint: Endpoint;
  path(names: Names): string;
  body(names: Names): object | undefined;
  /** Where it takes text and no JSON. */
  readonly text: string | undefined;
  query(): string;
}

export const SAMPLES: readonly RouteSample[] = ROUTES.map(([method, pattern, endpoint]) => {
  const text = SAMPLE_TEXTS[endpoint.operationId];
  const query = () => SAMPLE_QUERIES[endpoint.operationId]?.() ?? "";
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
        .replace(":fileId", "file_AAAAAAAAAAAAAAAA")
        .replace(":inviteId", "AAAAAAAAAAAA")
        .replace(":kid", "0123456789abcdef")
        .replace(":operatorId", "anna") + query(),
    body: (names) => bodyOf?.(names),
    text,
    query,
  };
});

export const samplesFor = (...audiences: readonly Audience[]): readonly RouteSample[] =>
  SAMPLES.filter(({ endpoint }) => audiences.includes(endpoint.audience));

/** Whether no visitor may at all, as whom ever. */
export function isForStaff({ access }: Endpoint): boolean {
  return access in SESSION_ACCESS && SESSION_ACCESS[access as SessionOperation].roles.length === 0;
}

/** What `call` sends for a sample. */
export function requestOf(sample: RouteSample, names: Names) {
  const body = sample.body(names);
  const { method, text } = sample;
  return { method, ...(body !== undefined && { body }), ...(text !== undefined && { text }) };
}

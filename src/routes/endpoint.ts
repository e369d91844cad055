// What a route is made of: who it is for, what it takes, what it answers. The table of them serves the requests and
// describes itself in the OpenAPI document.
import type { z } from "zod";
import type { Caller } from "../caller.ts";
import type { SessionOperation, TeamOperation } from "../domain/access.ts";
import type { ErrorCode, Failure, Result } from "../protocol/errors.ts";
import type { Services } from "../services.ts";
import type { Params } from "./matched.ts";
import type { Audience } from "./origin.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

/** A request that has come through all checks that need no operation. */
export interface Call<Body, Query> {
  readonly request: Request;
  readonly services: Services;
  readonly caller: Caller;
  /** The path's parameters, decoded. */
  readonly params: Params;
  readonly body: Body;
  readonly query: Query;
}

/** The rule of src/domain/access.ts by which callers are let in; the administrator's routes and those for all have none. */
export type Access = SessionOperation | TeamOperation | "admin" | "anyone";

export type Answer = JsonAnswer | StreamedAnswer;

export interface JsonAnswer {
  readonly status: 200 | 201 | 204;
  readonly body?: unknown;
  /** `Set-Cookie` headers. */
  readonly cookies?: readonly string[];
}

/** Passed on as it comes, whatever its length. */
export interface StreamedAnswer {
  readonly status: 200 | 206;
  readonly stream: ReadableStream<Uint8Array>;
  /** `Content-Type` and what else is the answer's own; those that every answer has come on top. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A failure, and what beside its code a client may go by. */
export interface Refusal extends Failure {
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an endpoint streams, where that is not JSON. */
export interface Streamed {
  readonly mediaType: string;
  readonly description: string;
}

export interface Endpoint<Body = unknown, Query = unknown> {
  readonly operationId: string;
  readonly summary: string;
  /** Whose pages may call. */
  readonly audience: Audience;
  /** Which callers may. */
  readonly access: Access;
  readonly query: z.ZodType<Query>;
  /** What of JSON is read before it is handled; undefined where none is. */
  readonly body: z.ZodType<Body> | undefined;
  /** How long that may be, where it is another length than others'. */
  readonly maxBodyBytes?: number;
  /** It takes text instead, and reads that from the request itself, as it comes. */
  readonly takesText?: true;
  /** It takes a file instead, and reads that from the request itself, as it comes. */
  readonly takesFile?: true;
  /** What it answers by status; null for no content. */
  readonly answers: Readonly<Partial<Record<Answer["status"], z.ZodType | Streamed | null>>>;
  /** Its refusals beside those that every route of its audience has. */
  readonly errors: readonly ErrorCode[];
  handle(call: Call<Body, Query>): Promise<Answer | Refusal>;
}

/** Keeps the types of body and query together with their schemas. */
export function endpoint<Body, Query>(definition: Endpoint<Body, Query>): Endpoint {
  return definition as unknown as Endpoint;
}

/** No content for a success, or the failure. */
export function done(result: Result<object>): Answer | Failure {
  return result.ok ? { status: 204 } : result;
}

/** The value of a result as the body of an answer, or its failure. */
export function answer<T>(status: 200 | 201, result: Result<T>): Answer | Failure {
  if (!result.ok) return result;
  const { ok: _, ...body } = result;
  return { status, body };
}

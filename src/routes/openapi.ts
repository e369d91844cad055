// The OpenAPI 3.1 document, from the table of routes and the schemas that validate its requests.
import { z } from "zod";
import { isSessionOperation, SESSION_ACCESS, TEAM_ACCESS } from "../domain/access.ts";
import { ERROR_STATUS, type ErrorCode } from "../protocol/errors.ts";
import { FILE_TYPES } from "../protocol/file.ts";
import { problemSchema } from "../schemas/answers.ts";
import { idempotencyKeySchema } from "../schemas/requests.ts";
import type { Endpoint, Streamed } from "./endpoint.ts";
import { VERSION } from "./health.ts";
import type { Audience } from "./origin.ts";
import type { Route } from "./table.ts";

type Json = Record<string, unknown>;

/** Refusals that every route of an audience may answer with. */
const COMMON_ERRORS: Readonly<Record<Audience, readonly ErrorCode[]>> = {
  public: [],
  creation: ["invalid_credential", "forbidden", "origin_not_allowed", "unavailable"],
  session: [
    "unauthenticated",
    "invalid_credential",
    "forbidden",
    "origin_not_allowed",
    "team_disabled",
    "session_not_found",
    "unavailable",
  ],
  person: [
    "unauthenticated",
    "invalid_credential",
    "forbidden",
    "origin_not_allowed",
    "unavailable",
  ],
  team: ["unauthenticated", "invalid_credential", "forbidden", "origin_not_allowed", "unavailable"],
  caretaker: [
    "unauthenticated",
    "invalid_credential",
    "forbidden",
    "origin_not_allowed",
    "unavailable",
  ],
  admin: [
    "unauthenticated",
    "invalid_credential",
    "origin_not_allowed",
    "not_found",
    "unavailable",
  ],
};

const BODY_ERRORS: readonly ErrorCode[] = [
  "malformed_json",
  "body_too_large",
  "unsupported_media_type",
  "validation_failed",
];

/** What opens a route; the names beside a scheme are the token's roles or the key's scope that it takes. */
function security({ audience, access }: Endpoint): Json[] {
  if (access === "anyone") return [{}];
  if (access === "admin") return [{ adminToken: [] }];
  const { roles, scope, operator } = isSessionOperation(access)
    ? SESSION_ACCESS[access]
    : { ...TEAM_ACCESS[access], roles: TEAM_ACCESS[access].owner ? ["owner"] : [] };
  return [
    ...(audience === "creation" ? [{}] : []),
    ...(roles.length > 0 ? [{ token: roles }, { cookie: [] }] : []),
    ...(scope !== null ? [{ teamKey: [scope] }] : []),
    ...(operator ? [{ operatorToken: [] }] : []),
    ...(audience === "caretaker" ? [{ adminToken: [] }] : []),
  ];
}

export function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const [method, path, endpoint] of routes) {
    const key = path.replace(/:(\w+)/g, "{$1}");
    paths[key] = { ...paths[key], [method.toLowerCase()]: operation(endpoint, path) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Durable Sessions",
      version: VERSION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, "output") },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "A session's token" },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-ds.{teamId}",
          description: 'The same token, where it was asked for with `tokenTransport: "cookie"`',
        },
        teamKey: { type: "http", scheme: "bearer", description: "`sk_…`; never from a browser" },
        operatorToken: {
          type: "http",
          scheme: "bearer",
          description: "`op_…`: a member of the team's staff",
        },
        adminToken: { type: "http", scheme: "bearer", description: "The Worker's ADMIN_TOKEN" },
      },
    },
  };
}

function operation(endpoint: Endpoint, path: string): Json {
  const { operationId, summary, body, takesText, takesFile, answers } = endpoint;
  return {
    operationId,
    summary,
    security: security(endpoint),
    parameters: [...pathParameters(path), ...queryParameters(endpoint), ...headers(endpoint)],
    ...(body && { requestBody: { content: jsonContent(schemaOf(body, "input")) } }),
    ...(takesText && { requestBody: { content: TEXT_CONTENT } }),
    ...(takesFile && { requestBody: { required: true, content: FILE_CONTENT } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, schema]) => [
          status,
          {
            description: descriptionOf(schema),
            ...(schema && { content: contentOf(schema) }),
          },
        ]),
      ),
      ...problems(endpoint),
    },
  };
}

function descriptionOf(answer: z.ZodType | Streamed | null): string {
  if (answer === null) return "Done";
  return "mediaType" in answer ? answer.description : "The answer";
}

function contentOf(answer: z.ZodType | Streamed): Json {
  return "mediaType" in answer
    ? { [answer.mediaType]: {} }
    : jsonContent(schemaOf(answer, "output"));
}

const TEXT_CONTENT: Json = { "text/plain": { schema: { type: "string" } } };

/** Bytes as they are, which OpenAPI 3.1 says by leaving the schema out. */
const FILE_CONTENT: Json = Object.fromEntries(FILE_TYPES.map((type) => [type, {}]));

function problems({ audience, body, takesText, errors }: Endpoint): Json {
  const codes = new Set<ErrorCode>([
    "invalid_parameter",
    ...COMMON_ERRORS[audience],
    ...(body ? BODY_ERRORS : []),
    ...(takesText ? (["unsupported_media_type"] as const) : []),
    ...errors,
  ]);
  const byStatus = Map.groupBy(codes, (code) => ERROR_STATUS[code]);
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      {
        description: list.map((code) => `\`${code}\``).join(", "),
        content: {
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        },
      },
    ]),
  );
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters({ query }: Endpoint): Json[] {
  // What a parameter means is its output; whether it may be left out, its input.
  const { properties = {} } = schemaOf(query, "output") as { properties?: Record<string, Json> };
  const { required = [] } = schemaOf(query, "input") as { required?: readonly string[] };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(schema.type === "object" ? { content: jsonContent(schema) } : { schema }),
  }));
}

function headers({ access }: Endpoint): Json[] {
  if (access !== "createSession") return [];
  const schema = schemaOf(idempotencyKeySchema, "input");
  return [{ name: "Idempotency-Key", in: "header", required: false, schema }];
}

function jsonContent(schema: Json): Json {
  return { "application/json": { schema } };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return json as Json;
}

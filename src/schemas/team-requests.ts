// What teams and the administrator send about keys, operators and the audit trail.
import { z } from "zod";
import {
  DEFAULT_PAGE_EVENTS,
  MAX_OPERATOR_TOKEN_SECONDS,
  MAX_PAGE_EVENTS,
} from "../protocol/limits.ts";
import {
  type CreateIdentityKeyRequest,
  type CreateOperatorTokenRequest,
  type EcPublicJwk,
  IDENTITY_ALGORITHMS,
} from "../protocol/team.ts";
import type { PutWebhookRequest, ReplayEventsRequest } from "../protocol/webhook.ts";
import { avatarUrlField, type Shape, text } from "./fields.ts";
import { cursorField, wholeNumber } from "./requests.ts";

/** 32 bytes in base64url. */
const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

const publicKeySchema: Shape<EcPublicJwk> = z
  .strictObject({
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    x: coordinate,
    y: coordinate,
  })
  .describe("For ES256: the public half, RFC 7517");

export const createIdentityKeySchema = z
  .strictObject({
    algorithm: z.enum(IDENTITY_ALGORITHMS),
    publicKey: publicKeySchema.exactOptional(),
  })
  .refine(({ algorithm, publicKey }) => (algorithm === "ES256") === (publicKey !== undefined), {
    message: "needed for ES256, and for ES256 only",
    path: ["publicKey"],
  }) satisfies Shape<CreateIdentityKeyRequest>;

export const createOperatorTokenSchema: Shape<CreateOperatorTokenRequest> = z.strictObject({
  // In an address, dots alone are no name: nobody could sign the person out.
  operatorId: text(128)
    .regex(/^(?!\.{1,2}$)/)
    .describe("The team's own id of the person; visitors see it as the author's"),
  name: text(128),
  avatarUrl: avatarUrlField.exactOptional(),
  expiresInSeconds: z.int().min(1).max(MAX_OPERATOR_TOKEN_SECONDS).exactOptional(),
});

export const auditEventsQuerySchema = z.strictObject({
  cursor: cursorField.exactOptional(),
  limit: wholeNumber(1, MAX_PAGE_EVENTS).default(DEFAULT_PAGE_EVENTS),
});

export const putWebhookSchema: Shape<PutWebhookRequest> = z.strictObject({
  url: z.url().max(2048).describe("`https:`, and no address of a private network"),
  rotateSecret: z.literal(true).exactOptional(),
});

/** Nothing to say; still no form of a page's. */
export const emptySchema = z.strictObject({});

export const replayEventsSchema: Shape<ReplayEventsRequest> = z.strictObject({
  sessionId: text(64),
  since: z.iso.datetime().describe("ISO 8601, UTC"),
});

// What the REST calls and the service binding take. Validates, and describes itself in the OpenAPI document.
import { z } from "zod";
import {
  CONVERSATION_HANDLERS,
  CONVERSATION_STATUSES,
  type UpdateConversationRequest,
} from "../protocol/conversation.ts";
import {
  DEFAULT_PAGE_MESSAGES,
  DEFAULT_PAGE_SESSIONS,
  MAX_HANDOFF_SECONDS,
  MAX_INVITE_SECONDS,
  MAX_INVITE_USES,
  MAX_PAGE_MESSAGES,
  MAX_PAGE_SESSIONS,
  MAX_TAIL_MESSAGES,
} from "../protocol/limits.ts";
import {
  type CreateSessionRequest,
  type IdentifyRequest,
  type RefreshSessionRequest,
  type ResumeSessionRequest,
  TOKEN_TRANSPORTS,
} from "../protocol/rest.ts";
import { CREDENTIAL_ROLES, DEVICE_TYPES, SESSION_STATUSES } from "../protocol/session.ts";
import type { CreateInviteRequest, RedeemInviteRequest } from "../protocol/sharing.ts";
import { KEY_SCOPES } from "../protocol/team.ts";
import {
  conversationIdField,
  deviceInfoSchema,
  locationInfoSchema,
  type Shape,
  text,
} from "./fields.ts";

export const teamIdField = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/)
  .describe("A public slug: lower-case letters, digits and hyphens, at most 48");

export const fingerprintField = text(256).describe("A hint about a browser; stored as an HMAC");

/** Where the visitor is, and its address, only the team may say; of anyone else, the edge knows. */
export const createSessionSchema = z.strictObject({
  teamId: teamIdField,
  userFingerprint: fingerprintField.exactOptional(),
  deviceInfo: deviceInfoSchema.exactOptional(),
  tokenTransport: z.enum(TOKEN_TRANSPORTS).exactOptional(),
  turnstileToken: z.string().min(1).max(2048).exactOptional(),
  locationInfo: locationInfoSchema.exactOptional().describe("Team keys only"),
  clientIp: z
    .union([z.ipv4(), z.ipv6()])
    .exactOptional()
    .describe("Team keys only: the visitor's address; not stored"),
}) satisfies Shape<CreateSessionRequest>;

/** At least 128 bits, if the client drew them well. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22,128}$/)
  .describe("22–128 characters of base64url: at least 128 random bits");

export const refreshSessionSchema: Shape<RefreshSessionRequest> = z.strictObject({
  rotate: z.literal(true).exactOptional(),
});

export const createInviteSchema: Shape<CreateInviteRequest> = z
  .strictObject({
    role: z.enum(CREDENTIAL_ROLES),
    expiresInSeconds: z.int().min(1).max(MAX_INVITE_SECONDS).exactOptional(),
    maxUses: z.int().min(1).max(MAX_INVITE_USES).exactOptional(),
    pageUrl: z
      .url({ protocol: /^https?$/ })
      .max(1024)
      .exactOptional()
      .describe("On one of the team's allowed origins"),
  })
  .refine(({ role, maxUses = 1 }) => role !== "owner" || maxUses === 1, {
    message: "a hand-off works once",
    path: ["maxUses"],
  })
  .refine(
    ({ role, expiresInSeconds = 0 }) => role !== "owner" || expiresInSeconds <= MAX_HANDOFF_SECONDS,
    {
      message: "a hand-off is good for ten minutes at most",
      path: ["expiresInSeconds"],
    },
  );

export const revokeInviteQuerySchema = z.strictObject({
  revokeCredentials: z.enum(["true", "false"]).exactOptional(),
});

export const redeemInviteSchema: Shape<RedeemInviteRequest> = z.strictObject({
  secret: z.string().min(1).max(256),
  deviceInfo: deviceInfoSchema.exactOptional(),
  tokenTransport: z.enum(TOKEN_TRANSPORTS).exactOptional(),
});

const identityTokenField = z.string().min(1).max(4096).describe("A JWT by the team's backend");

export const identifySchema: Shape<IdentifyRequest> = z.strictObject({
  identityToken: identityTokenField,
});

export const resumeSessionSchema: Shape<ResumeSessionRequest> = z.strictObject({
  teamId: teamIdField,
  identityToken: identityTokenField,
  sessionId: z.string().min(1).max(64).exactOptional().describe("The latest when it is left out"),
  deviceInfo: deviceInfoSchema.exactOptional(),
  tokenTransport: z.enum(TOKEN_TRANSPORTS).exactOptional(),
});

export const openConversationSchema = z.strictObject({});

export const updateConversationSchema: Shape<UpdateConversationRequest> = z
  .strictObject({
    status: z.enum(CONVERSATION_STATUSES).exactOptional(),
    assignee: text(128).nullable().exactOptional().describe("An operator's id; null for nobody"),
    handledBy: z.enum(CONVERSATION_HANDLERS).exactOptional(),
  })
  .refine((request) => Object.keys(request).length > 0, { message: "nothing to change" });

/** Digits in a query, a number in a service call. */
export const wholeNumber = (min: number, max: number) =>
  z
    .union([
      z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number),
      z.number(),
    ])
    .pipe(z.int().min(min).max(max));

export const cursorField = z.string().min(1).max(256).describe("`nextCursor` of the page before");
const pageFields = {
  cursor: cursorField.exactOptional(),
  limit: wholeNumber(1, MAX_PAGE_SESSIONS).default(DEFAULT_PAGE_SESSIONS),
};

export const pageQuerySchema = z.strictObject(pageFields);

export const sessionsQuerySchema = z.strictObject({
  status: z.enum(SESSION_STATUSES).exactOptional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .exactOptional(),
  device: z.enum(DEVICE_TYPES).exactOptional(),
  userId: text(256).exactOptional(),
  ...pageFields,
});

export const messagesQuerySchema = z
  .strictObject({
    conversationId: conversationIdField.exactOptional(),
    after: wholeNumber(0, Number.MAX_SAFE_INTEGER).exactOptional(),
    before: wholeNumber(1, Number.MAX_SAFE_INTEGER).exactOptional(),
    limit: wholeNumber(1, MAX_PAGE_MESSAGES).default(DEFAULT_PAGE_MESSAGES),
  })
  .refine((query) => query.after === undefined || query.before === undefined, {
    message: "`after` and `before` exclude each other",
    path: ["before"],
  });

export const socketQuerySchema = z
  .strictObject({
    after: wholeNumber(0, Number.MAX_SAFE_INTEGER).exactOptional(),
    tail: wholeNumber(0, MAX_TAIL_MESSAGES).exactOptional(),
  })
  .refine((query) => query.after === undefined || query.tail === undefined, {
    message: "`after` and `tail` exclude each other",
    path: ["tail"],
  });

/** No query parameters. */
export const noQuerySchema = z.strictObject({});

const originField = z
  .string()
  .max(256)
  .refine(isOrigin, "an origin such as https://example.com, or http://localhost:* for any port");

function isOrigin(value: string): boolean {
  if (value === "http://localhost:*" || value === "http://127.0.0.1:*") return true;
  // URL takes `*` for a letter of a host name; here it would look like a pattern and match nothing.
  const url = value.includes("*") ? null : URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value;
}

const limitField = z.int().min(1).max(1_000_000_000).nullable();

const policyFields = {
  allowedOrigins: z.array(originField).max(100),
  operatorOrigins: z.array(originField).max(100),
  crossSiteCookies: z.boolean(),
  disabled: z.boolean(),
  idleDays: z.int().min(1).max(365),
  absoluteDays: z.int().min(1).max(365),
  archiveAfterDays: z.int().min(0).max(3650),
  retentionDays: z.int().min(0).max(3650),
  timeZone: z.string().max(64).refine(isTimeZone, "an IANA time zone"),
  limits: z.strictObject({
    createsPerMinutePerNetwork: limitField.exactOptional(),
    createsPerMinute: limitField.exactOptional(),
    messagesPerMinutePerCredential: limitField.exactOptional(),
    socketsPerSession: limitField.exactOptional(),
    bytesPerSession: limitField.exactOptional(),
  }),
};

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }) !== undefined;
  } catch {
    return false;
  }
}

const policySchema = z.strictObject(policyFields).partial();

export const createTeamSchema = policySchema.extend({ id: teamIdField, name: text(128) });

export const updateTeamSchema = policySchema.extend({ name: text(128).exactOptional() });

export const createTeamKeySchema = z.strictObject({
  scopes: z.array(z.enum(KEY_SCOPES)).min(1).max(KEY_SCOPES.length),
});

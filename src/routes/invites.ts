import * as operations from "../operations/invites.ts";
import { createdInviteAnswer, inviteListAnswer, redeemedAnswer } from "../schemas/answers.ts";
import {
  createInviteSchema,
  noQuerySchema,
  redeemInviteSchema,
  revokeInviteQuerySchema,
} from "../schemas/requests.ts";
import { answer, done, endpoint } from "./endpoint.ts";
import { opened } from "./opened.ts";
import { visitorOf } from "./visitor.ts";

export const createInvite = endpoint({
  operationId: "createInvite",
  summary:
    "Make a link that lets others in, or, with the role `owner`, another device of the owner",
  audience: "session",
  access: "createInvite",
  query: noQuerySchema,
  body: createInviteSchema,
  answers: { 201: createdInviteAnswer },
  errors: [
    "fresh_credential_needed",
    "too_many_invites",
    "rate_limited",
    "session_expired",
    "session_terminated",
  ],
  async handle({ request, services, caller, params: { id = "" }, body }) {
    const pageUrl = request.headers.get("Origin") ?? new URL(request.url).origin;
    return answer(201, await operations.createInvite(services, caller, id, body, pageUrl));
  },
});

export const listInvites = endpoint({
  operationId: "listInvites",
  summary: "The links that open the session, and those that let somebody in",
  audience: "session",
  access: "listInvites",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: inviteListAnswer },
  errors: ["session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "" } }) {
    return answer(200, await operations.listInvites(services, caller, id));
  },
});

export const revokeInvite = endpoint({
  operationId: "revokeInvite",
  summary: "Take a link back, and, with `revokeCredentials`, shut out who came in by it",
  audience: "session",
  access: "revokeInvite",
  query: revokeInviteQuerySchema,
  body: undefined,
  answers: { 204: null },
  errors: ["invite_not_found", "session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "", inviteId = "" }, query }) {
    const andCredentials = query.revokeCredentials === "true";
    return done(await operations.revokeInvite(services, caller, id, inviteId, andCredentials));
  },
});

export const redeemInvite = endpoint({
  operationId: "redeemInvite",
  summary: "Come in by a link: a credential of one's own for its secret",
  audience: "creation",
  access: "anyone",
  query: noQuerySchema,
  body: redeemInviteSchema,
  answers: { 200: redeemedAnswer },
  errors: ["invite_expired", "too_many_credentials", "team_disabled", "rate_limited"],
  async handle({ request, services, body }) {
    const origin = request.headers.get("Origin") ?? undefined;
    const redeemed = await operations.redeemInvite(services, body, visitorOf(request), origin);
    return await opened(services, 200, body.tokenTransport, redeemed);
  },
});

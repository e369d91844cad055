import * as operations from "../operations/webhooks.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import {
  putWebhookAnswer,
  replayEventsAnswer,
  resumeWebhookAnswer,
  webhookStatusAnswer,
  webhookTestAnswer,
} from "../schemas/team-answers.ts";
import { emptySchema, putWebhookSchema, replayEventsSchema } from "../schemas/team-requests.ts";
import { answer, done, endpoint } from "./endpoint.ts";

export const putWebhook = endpoint({
  operationId: "putWebhook",
  summary: "Where a team's events go; a secret is shown once, with a new webhook or a new secret",
  audience: "team",
  access: "changeWebhook",
  query: noQuerySchema,
  body: putWebhookSchema,
  answers: { 200: putWebhookAnswer, 201: putWebhookAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params: { teamId = "" }, body }) {
    const put = await operations.putWebhook(services, caller, teamId, body);
    if (!put.ok) return put;
    const { isNew, ...shown } = put;
    return answer(isNew ? 201 : 200, shown);
  },
});

export const getWebhook = endpoint({
  operationId: "getWebhook",
  summary: "A team's webhook, and which sessions' events do not get through to it",
  audience: "team",
  access: "readWebhook",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: webhookStatusAnswer },
  errors: ["team_not_found", "webhook_not_found"],
  async handle({ services, caller, params: { teamId = "" } }) {
    return answer(200, await operations.getWebhook(services, caller, teamId));
  },
});

export const deleteWebhook = endpoint({
  operationId: "deleteWebhook",
  summary: "Send a team's events nowhere any more",
  audience: "team",
  access: "changeWebhook",
  query: noQuerySchema,
  body: undefined,
  answers: { 204: null },
  errors: ["team_not_found", "webhook_not_found"],
  async handle({ services, caller, params: { teamId = "" } }) {
    return done(await operations.deleteWebhook(services, caller, teamId));
  },
});

export const testWebhook = endpoint({
  operationId: "testWebhook",
  summary: "Send a team's webhook an event `webhook.test` now, and tell what came of it",
  audience: "team",
  access: "changeWebhook",
  query: noQuerySchema,
  body: emptySchema,
  answers: { 200: webhookTestAnswer },
  errors: ["team_not_found", "webhook_not_found", "rate_limited"],
  async handle({ services, caller, params: { teamId = "" } }) {
    return answer(200, await operations.testWebhook(services, caller, teamId));
  },
});

export const resumeWebhook = endpoint({
  operationId: "resumeWebhook",
  summary: "Have sessions deliver again whose events stopped after three days of failure",
  audience: "team",
  access: "changeWebhook",
  query: noQuerySchema,
  body: emptySchema,
  answers: { 200: resumeWebhookAnswer },
  errors: ["team_not_found", "webhook_not_found"],
  async handle({ services, caller, params: { teamId = "" } }) {
    return answer(200, await operations.resumeWebhook(services, caller, teamId));
  },
});

export const replayEvents = endpoint({
  operationId: "replayEvents",
  summary: "Deliver one session's events again from some time on, under the ids that they had",
  audience: "team",
  access: "changeWebhook",
  query: noQuerySchema,
  body: replayEventsSchema,
  answers: { 200: replayEventsAnswer },
  errors: ["team_not_found", "webhook_not_found", "session_not_found"],
  async handle({ services, caller, params: { teamId = "" }, body }) {
    return answer(200, await operations.replayEvents(services, caller, teamId, body));
  },
});

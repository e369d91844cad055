import * as queries from "../operations/index-queries.ts";
import { sessionListAnswer, statsAnswer } from "../schemas/answers.ts";
import {
  fingerprintField,
  noQuerySchema,
  pageQuerySchema,
  sessionsQuerySchema,
} from "../schemas/requests.ts";
import { answer, endpoint } from "./endpoint.ts";

export const findSessionsByFingerprint = endpoint({
  operationId: "findSessionsByFingerprint",
  summary: "A team's sessions from one browser, as far as its fingerprint tells",
  audience: "person",
  access: "findByFingerprint",
  query: pageQuerySchema,
  body: undefined,
  answers: { 200: sessionListAnswer },
  errors: ["team_not_found", "rate_limited"],
  async handle({ services, caller, params, query }) {
    const { teamId = "" } = params;
    const fingerprint = fingerprintField.safeParse(params.fingerprint);
    if (!fingerprint.success) return { ok: false, code: "invalid_parameter" };
    const { cursor, limit } = query;
    return answer(
      200,
      await queries.findSessionsByFingerprint(services, caller, {
        teamId,
        fingerprint: fingerprint.data,
        cursor,
        limit,
      }),
    );
  },
});

export const listSessions = endpoint({
  operationId: "listSessions",
  summary: "A team's sessions, newest activity first",
  audience: "person",
  access: "listSessions",
  query: sessionsQuerySchema,
  body: undefined,
  answers: { 200: sessionListAnswer },
  errors: ["team_not_found", "rate_limited"],
  async handle({ services, caller, params: { teamId = "" }, query }) {
    const { status, country, device, userId, cursor, limit } = query;
    return answer(
      200,
      await queries.listSessions(services, caller, {
        teamId,
        status,
        country,
        device,
        userId,
        cursor,
        limit,
      }),
    );
  },
});

export const getSessionStats = endpoint({
  operationId: "getSessionStats",
  summary: "How many sessions a team has and had, and how long they last",
  audience: "team",
  access: "stats",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: statsAnswer },
  errors: ["team_not_found", "rate_limited"],
  async handle({ services, caller, params: { teamId = "" } }) {
    return answer(200, await queries.getSessionStats(services, caller, teamId));
  },
});

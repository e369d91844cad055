import * as operations from "../operations/audit.ts";
import { auditEventListAnswer } from "../schemas/team-answers.ts";
import { auditEventsQuerySchema } from "../schemas/team-requests.ts";
import { answer, endpoint } from "./endpoint.ts";

export const listAuditEvents = endpoint({
  operationId: "listAuditEvents",
  summary: "What happened to a team's credentials, keys and people's data, newest first",
  audience: "team",
  access: "listAuditEvents",
  query: auditEventsQuerySchema,
  body: undefined,
  answers: { 200: auditEventListAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params: { teamId = "" }, query: { cursor, limit } }) {
    return answer(
      200,
      await operations.listAuditEvents(services, caller, { teamId, cursor, limit }),
    );
  },
});

import * as operations from "../operations/cleanup/request.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { cleanupAnswer } from "../schemas/team-answers.ts";
import { emptySchema } from "../schemas/team-requests.ts";
import { answer, endpoint } from "./endpoint.ts";

export const cleanupExpiredSessions = endpoint({
  operationId: "cleanupExpiredSessions",
  summary: "Do what alarms missed: for the team's sessions, or, as the administrator, for all",
  audience: "caretaker",
  access: "cleanUp",
  query: noQuerySchema,
  body: emptySchema,
  answers: { 200: cleanupAnswer },
  errors: ["rate_limited"],
  async handle({ services, caller }) {
    return answer(200, await operations.cleanupExpiredSessions(services, caller));
  },
});

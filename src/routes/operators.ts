import * as operations from "../operations/operators.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { operatorTokenAnswer } from "../schemas/team-answers.ts";
import { createOperatorTokenSchema } from "../schemas/team-requests.ts";
import { answer, done, endpoint } from "./endpoint.ts";

export const createOperatorToken = endpoint({
  operationId: "createOperatorToken",
  summary: "Sign a member of the team's staff in, for at most twelve hours",
  audience: "team",
  access: "createOperatorToken",
  query: noQuerySchema,
  body: createOperatorTokenSchema,
  answers: { 201: operatorTokenAnswer },
  errors: ["team_not_found"],
  async handle({ request, services, caller, params: { teamId = "" }, body }) {
    const { origin } = new URL(request.url);
    return answer(
      201,
      await operations.createOperatorToken(services, caller, teamId, body, origin),
    );
  },
});

export const revokeOperator = endpoint({
  operationId: "revokeOperator",
  summary: "Sign a member of the staff out; it holds everywhere within a minute",
  audience: "team",
  access: "revokeOperator",
  query: noQuerySchema,
  body: undefined,
  answers: { 204: null },
  errors: ["team_not_found", "operator_not_found"],
  async handle({ services, caller, params: { teamId = "", operatorId = "" } }) {
    return done(await operations.revokeOperator(services, caller, teamId, operatorId));
  },
});

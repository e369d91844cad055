import * as operations from "../operations/teams.ts";
import { teamAnswer } from "../schemas/answers.ts";
import { createTeamSchema, noQuerySchema, updateTeamSchema } from "../schemas/requests.ts";
import { answer, endpoint } from "./endpoint.ts";

export const createTeam = endpoint({
  operationId: "createTeam",
  summary: "Create a team",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: createTeamSchema,
  answers: { 201: teamAnswer },
  errors: ["team_exists"],
  async handle({ services, caller, body: { id, name, ...policy } }) {
    return answer(201, await operations.createTeam(services, caller, { id, name, policy }));
  },
});

export const getTeam = endpoint({
  operationId: "getTeam",
  summary: "A team and its policy",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: teamAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params: { teamId = "" } }) {
    return answer(200, await operations.getTeam(services, caller, teamId));
  },
});

export const updateTeam = endpoint({
  operationId: "updateTeam",
  summary: "Change a team's policy; it holds everywhere within a minute",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: updateTeamSchema,
  answers: { 200: teamAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params: { teamId = "" }, body: { name, ...policy } }) {
    return answer(
      200,
      await operations.updateTeam(services, caller, teamId, {
        name,
        policy,
      }),
    );
  },
});

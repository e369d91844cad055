import * as operations from "../operations/team-keys.ts";
import { teamKeyAnswer } from "../schemas/answers.ts";
import { createTeamKeySchema, noQuerySchema } from "../schemas/requests.ts";
import { teamKeyListAnswer } from "../schemas/team-answers.ts";
import { answer, done, endpoint } from "./endpoint.ts";

export const createTeamKey = endpoint({
  operationId: "createTeamKey",
  summary: "Mint a key for a team's backend, shown this once",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: createTeamKeySchema,
  answers: { 201: teamKeyAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params: { teamId = "" }, body }) {
    return answer(201, await operations.createTeamKey(services, caller, teamId, body.scopes));
  },
});

export const revokeTeamKey = endpoint({
  operationId: "revokeTeamKey",
  summary: "Revoke a team's key; it holds everywhere within a minute",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: undefined,
  answers: { 204: null },
  errors: ["key_not_found"],
  async handle({ services, caller, params: { teamId = "", keyId = "" } }) {
    return done(await operations.revokeTeamKey(services, caller, teamId, keyId));
  },
});

export const listTeamKeys = endpoint({
  operationId: "listTeamKeys",
  summary: "A team's keys without their secrets, newest first",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: teamKeyListAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params: { teamId = "" } }) {
    return answer(200, await operations.listTeamKeys(services, caller, teamId));
  },
});

import * as operations from "../operations/team-keys.ts";
import { teamKeyAnswer } from "../schemas/answers.ts";
import { createTeamKeySchema, noQuerySchema } from "../schemas/requests.ts";
import { teamKeyListAnswer } from "../schemas/team-answers.ts";
import { answer, endpoint } from "./endpoint.ts";

export const createTeamKey = endpoint({
  operationId: "createTeamKey",
  summary: "Mint a key for a team's backend, shown this once",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: createTeamKeySchema,
  answers: { 201: teamKeyAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params, body }) {
    const { teamId = "" } = params;
    const created = await operations.createTeamKey(services, caller, teamId, body.scopes);
    if (!created.ok) return created;
    return { status: 201, body: { keyId: created.keyId, key: created.key } };
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
    const revoked = await operations.revokeTeamKey(services, caller, teamId, keyId);
    return revoked.ok ? { status: 204 } : revoked;
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
  async handle({ services, caller, params }) {
    return answer(200, await operations.listTeamKeys(services, caller, params.teamId ?? ""));
  },
});

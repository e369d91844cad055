import * as operations from "../operations/teams.ts";
import { teamAnswer, teamKeyAnswer } from "../schemas/answers.ts";
import {
  createTeamKeySchema,
  createTeamSchema,
  noQuerySchema,
  updateTeamSchema,
} from "../schemas/requests.ts";
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
  async handle({ services, caller, params }) {
    return answer(200, await operations.getTeam(services, caller, params.teamId ?? ""));
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
  async handle({ services, caller, params, body: { name, ...policy } }) {
    return answer(
      200,
      await operations.updateTeam(services, caller, params.teamId ?? "", {
        name,
        policy,
      }),
    );
  },
});

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

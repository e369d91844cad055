import * as operations from "../operations/identity-keys.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { createdIdentityKeyAnswer, identityKeyListAnswer } from "../schemas/team-answers.ts";
import { createIdentityKeySchema } from "../schemas/team-requests.ts";
import { answer, done, endpoint } from "./endpoint.ts";

export const createIdentityKey = endpoint({
  operationId: "createIdentityKey",
  summary: "A key for signing who a team's visitors are; a shared secret is shown this once",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: createIdentityKeySchema,
  answers: { 201: createdIdentityKeyAnswer },
  errors: ["team_not_found", "too_many_keys"],
  async handle({ services, caller, params: { teamId = "" }, body }) {
    return answer(201, await operations.createIdentityKey(services, caller, teamId, body));
  },
});

export const listIdentityKeys = endpoint({
  operationId: "listIdentityKeys",
  summary: "A team's identity keys without their secrets, newest first",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: identityKeyListAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params: { teamId = "" } }) {
    return answer(200, await operations.listIdentityKeys(services, caller, teamId));
  },
});

export const revokeIdentityKey = endpoint({
  operationId: "revokeIdentityKey",
  summary: "Revoke an identity key; it holds everywhere within a minute",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: undefined,
  answers: { 204: null },
  errors: ["key_not_found"],
  async handle({ services, caller, params: { teamId = "", kid = "" } }) {
    return done(await operations.revokeIdentityKey(services, caller, teamId, kid));
  },
});

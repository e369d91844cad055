import * as queries from "../operations/index-queries.ts";
import * as operations from "../operations/teams.ts";
import { sessionListAnswer, statsAnswer, teamAnswer, teamKeyAnswer } from "../schemas/answers.ts";
import {
  createTeamKeySchema,
  createTeamSchema,
  fingerprintField,
  noQuerySchema,
  pageQuerySchema,
  sessionsQuerySchema,
  updateTeamSchema,
} from "../schemas/requests.ts";
import { endpoint } from "./endpoint.ts";

export const findSessionsByFingerprint = endpoint({
  operationId: "findSessionsByFingerprint",
  summary: "A team's sessions from one browser, as far as its fingerprint tells",
  audience: "team",
  query: pageQuerySchema,
  body: undefined,
  answers: { 200: sessionListAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params, query }) {
    const fingerprint = fingerprintField.safeParse(params.fingerprint);
    if (!fingerprint.success) return { ok: false, code: "invalid_parameter" };
    const { cursor, limit } = query;
    const found = await queries.findSessionsByFingerprint(services, caller, {
      teamId: params.teamId ?? "",
      fingerprint: fingerprint.data,
      cursor,
      limit,
    });
    if (!found.ok) return found;
    const { ok: _, ...body } = found;
    return { status: 200, body };
  },
});

export const listSessions = endpoint({
  operationId: "listSessions",
  summary: "A team's sessions, newest activity first",
  audience: "team",
  query: sessionsQuerySchema,
  body: undefined,
  answers: { 200: sessionListAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params, query }) {
    const { status, country, device, userId, cursor, limit } = query;
    const listed = await queries.listSessions(services, caller, {
      teamId: params.teamId ?? "",
      status,
      country,
      device,
      userId,
      cursor,
      limit,
    });
    if (!listed.ok) return listed;
    const { ok: _, ...body } = listed;
    return { status: 200, body };
  },
});

export const getSessionStats = endpoint({
  operationId: "getSessionStats",
  summary: "How many sessions a team has and had, and how long they last",
  audience: "team",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: statsAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params }) {
    const stats = await queries.getSessionStats(services, caller, params.teamId ?? "");
    if (!stats.ok) return stats;
    const { ok: _, ...body } = stats;
    return { status: 200, body };
  },
});

export const createTeam = endpoint({
  operationId: "createTeam",
  summary: "Create a team",
  audience: "admin",
  query: noQuerySchema,
  body: createTeamSchema,
  answers: { 201: teamAnswer },
  errors: ["team_exists"],
  async handle({ services, caller, body: { id, name, ...policy } }) {
    const created = await operations.createTeam(services, caller, { id, name, policy });
    return created.ok ? { status: 201, body: { team: created.team } } : created;
  },
});

export const getTeam = endpoint({
  operationId: "getTeam",
  summary: "A team and its policy",
  audience: "admin",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: teamAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params }) {
    const got = await operations.getTeam(services, caller, params.teamId ?? "");
    return got.ok ? { status: 200, body: { team: got.team } } : got;
  },
});

export const updateTeam = endpoint({
  operationId: "updateTeam",
  summary: "Change a team's policy; it holds everywhere within a minute",
  audience: "admin",
  query: noQuerySchema,
  body: updateTeamSchema,
  answers: { 200: teamAnswer },
  errors: ["team_not_found"],
  async handle({ services, caller, params, body: { name, ...policy } }) {
    const updated = await operations.updateTeam(services, caller, params.teamId ?? "", {
      name,
      policy,
    });
    return updated.ok ? { status: 200, body: { team: updated.team } } : updated;
  },
});

export const createTeamKey = endpoint({
  operationId: "createTeamKey",
  summary: "Mint a key for a team's backend, shown this once",
  audience: "admin",
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
  query: noQuerySchema,
  body: undefined,
  answers: { 204: null },
  errors: ["key_not_found"],
  async handle({ services, caller, params: { teamId = "", keyId = "" } }) {
    const revoked = await operations.revokeTeamKey(services, caller, teamId, keyId);
    return revoked.ok ? { status: 204 } : revoked;
  },
});

import * as backup from "../operations/backup/restore.ts";
import * as operations from "../operations/reindex.ts";
import { reindexAnswer, reindexSchema, restoreAnswer, restoreSchema } from "../schemas/recovery.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { answer, endpoint } from "./endpoint.ts";

export const reindex = endpoint({
  operationId: "reindex",
  summary: "Have sessions' objects project themselves into the index anew",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: reindexSchema,
  answers: { 200: reindexAnswer },
  errors: [],
  async handle({ services, caller, body }) {
    return answer(200, await operations.reindex(services, caller, body));
  },
});

export const restore = endpoint({
  operationId: "restore",
  summary: "Restore teams, keys and audit events from a backup, a part at a time",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: restoreSchema,
  answers: { 200: restoreAnswer },
  errors: ["backup_not_found", "backup_damaged"],
  async handle({ services, caller, body }) {
    return answer(200, await backup.restore(services, caller, body));
  },
});

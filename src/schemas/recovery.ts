// What the administrator sends to bring the index back, and is answered.
import { z } from "zod";
import {
  BACKUP_TABLES,
  MAX_REINDEX_OBJECTS,
  REINDEX_OUTCOMES,
  type ReindexAnswer,
  type ReindexRequest,
  type RestoreAnswer,
  type RestoreRequest,
} from "../protocol/recovery.ts";
import type { Shape } from "./fields.ts";

const objectIdField = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("As Cloudflare lists the objects of a namespace");

export const reindexSchema: Shape<ReindexRequest> = z.strictObject({
  objectIds: z.array(objectIdField).min(1).max(MAX_REINDEX_OBJECTS),
});

export const reindexAnswer: Shape<ReindexAnswer> = z.object({
  objects: z.array(
    z.object({
      objectId: z.string(),
      outcome: z
        .enum(REINDEX_OUTCOMES)
        .describe(
          "`waiting`: the index failed, and the object goes on trying; `refused`: the index refused it, mostly because its team is missing; `absent`: no session is there, or no more; `failed`: the object did not answer",
        ),
    }),
  ),
});

export const restoreSchema: Shape<RestoreRequest> = z.strictObject({
  date: z.iso.date().exactOptional().describe("The backup's day in UTC; the newest where left out"),
  after: z.string().min(1).max(256).exactOptional().describe("`nextAfter` of the answer before"),
});

export const restoreAnswer: Shape<RestoreAnswer> = z.object({
  date: z.iso.date(),
  restored: z
    .record(z.enum(BACKUP_TABLES), z.int())
    .describe("Rows by table that were not there, or older"),
  conflicts: z
    .array(z.string())
    .describe("Teams that are there under another number, or whose number another team has"),
  nextAfter: z.string().exactOptional().describe("Left out when all is restored"),
});

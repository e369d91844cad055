/**
 * `npm run reindex -- --url https://…`: has every session's object project itself into the index. What was interrupted
 * goes on with the `--cursor` that was printed last. The environment has ADMIN_TOKEN, CLOUDFLARE_ACCOUNT_ID and a
 * CLOUDFLARE_API_TOKEN that may read Workers Scripts; with `--api`, another address stands in for Cloudflare's API.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { experimental_readRawConfig } from "wrangler";
import {
  MAX_REINDEX_OBJECTS,
  type ReindexAnswer,
  type ReindexOutcome,
} from "../protocol/recovery.ts";
import { callJson } from "./calls.ts";
import { type Deployment, deploymentOf } from "./deployment.ts";
import { type CloudflareApi, findNamespace, listObjects } from "./session-objects.ts";
import { ROOT } from "./wrangler.ts";

const CLASS_NAME = "SessionObject";

/** Objects of one page of the list: what is done again after an interruption. */
const PAGE_OBJECTS = 1000;

/** Requests under way at a time: the index has one thread, and visitors need it, too. */
const DEFAULT_PARALLEL = 2;

/** How often objects that did not answer are asked again. */
const ROUNDS = 3;

try {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      api: { type: "string" },
      cursor: { type: "string" },
      parallel: { type: "string" },
      "page-size": { type: "string" },
    },
  });
  await reindex({
    deployment: deploymentOf(values.url),
    api: cloudflareApi(values.api),
    cursor: values.cursor,
    parallel: atLeastOne("--parallel", values.parallel, DEFAULT_PARALLEL),
    pageSize: atLeastOne("--page-size", values["page-size"], PAGE_OBJECTS),
  });
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

interface Options {
  readonly deployment: Deployment;
  readonly api: CloudflareApi;
  readonly cursor: string | undefined;
  readonly parallel: number;
  readonly pageSize: number;
}

async function reindex({ deployment, api, parallel, pageSize, ...from }: Options): Promise<void> {
  const { rawConfig } = experimental_readRawConfig({ config: join(ROOT, "wrangler.toml") });
  const namespace = await findNamespace(api, rawConfig.name ?? "", CLASS_NAME);
  const tally = new Map<ReindexOutcome, number>();
  const unsettled: string[] = [];
  let { cursor } = from;
  try {
    for (let more = true; more; more = cursor !== undefined) {
      const page = await listObjects(api, namespace, { cursor, limit: pageSize });
      for (const [id, outcome] of await askAll(deployment, page.ids, parallel)) {
        tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
        if (outcome === "failed" || outcome === "refused") unsettled.push(`${id} ${outcome}`);
      }
      cursor = page.nextCursor;
      console.log(`${summary(tally)}${cursor === undefined ? "" : `; next --cursor ${cursor}`}`);
    }
  } catch (error) {
    if (cursor !== undefined) console.error(`\nTo go on: add --cursor ${cursor}`);
    throw error;
  }
  if (unsettled.length === 0) return;
  console.error(unsettled.join("\n"));
  throw new Error(
    "Not all are in the index. What it refused is mostly of teams that it does not have: restore them first, and run this again.",
  );
}

/** What came of each object; those that did not answer are asked again. */
async function askAll(
  deployment: Deployment,
  ids: readonly string[],
  parallel: number,
): Promise<ReadonlyMap<string, ReindexOutcome>> {
  const outcomes = new Map<string, ReindexOutcome>();
  let open = ids;
  for (let round = 0; round < ROUNDS && open.length > 0; round++) {
    const batches = Array.from({ length: Math.ceil(open.length / MAX_REINDEX_OBJECTS) }, (_, at) =>
      open.slice(at * MAX_REINDEX_OBJECTS, (at + 1) * MAX_REINDEX_OBJECTS),
    );
    const work = async () => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
        const { objects } = await ask(deployment, batch);
        for (const { objectId, outcome } of objects) outcomes.set(objectId, outcome);
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    open = ids.filter((id) => outcomes.get(id) === "failed");
  }
  return outcomes;
}

async function ask(
  { origin, adminToken }: Deployment,
  objectIds: readonly string[],
): Promise<ReindexAnswer> {
  return await callJson(new URL("/api/admin/reindex", origin), {
    bearer: adminToken,
    body: { objectIds },
  });
}

function summary(tally: ReadonlyMap<ReindexOutcome, number>): string {
  const total = [...tally.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...tally].sort().map(([outcome, count]) => `${count} ${outcome}`);
  return `${total} objects${parts.length === 0 ? "" : `: ${parts.join(", ")}`}`;
}

function cloudflareApi(standIn: string | undefined): CloudflareApi {
  const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: account } = process.env;
  // Cloudflare's token is for Cloudflare alone.
  if (standIn !== undefined) return { base: standIn.replace(/\/$/, ""), token: undefined };
  if (!token || !account) {
    throw new Error(
      "CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID have to be in the environment.",
    );
  }
  return { base: `https://api.cloudflare.com/client/v4/accounts/${account}`, token };
}

function atLeastOne(name: string, value: string | undefined, otherwise: number): number {
  const number = Number(value ?? otherwise);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${name} takes a number from 1 on.`);
  return number;
}

// Both sides in one workerd: the project's Worker, bundled as it is deployed, and the bare one. Their storage is on disk,
// since what a commit costs is what it costs to sync it, in a folder that goes with them.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptions } from "miniflare";
import { ROOT } from "../../src/cli/wrangler.ts";
import { builtWorker, type Database, migrate, RUNTIME } from "../support/built-worker.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import { type HttpRequest, requestOnce } from "./http-connection.ts";
import {
  putWebhook,
  RECEIVERS,
  type ReceiverKind,
  type Receivers,
  startReceivers,
} from "./receivers.ts";

export const TEAM_ID = "bench";

/** A team like it, whose events go to a receiver of this kind. */
export function hearingTeamId(kind: ReceiverKind): string {
  return `bench-${Object.keys(RECEIVERS).indexOf(kind)}`;
}

export interface Servers {
  /** The project's Worker; it has a team TEAM_ID without limits, and the hearing ones. */
  readonly ours: URL;
  readonly bare: URL;
  /** The project's index. */
  readonly index: Database;
  stop(): Promise<void>;
}

/** The same for both, and as deployed. */
const runtime = { ...RUNTIME, unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] };

export async function startServers(): Promise<Servers> {
  const parent = join(ROOT, ".wrangler");
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, "bench-"));
  let miniflare: Miniflare | undefined;
  let receivers: Receivers | undefined;
  const stop = async () => {
    await miniflare?.dispose();
    await receivers?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    receivers = await startReceivers();
    const built = await builtWorker(join(folder, "bundle"));
    const bindings = { ...built.bindings, LOCAL_WEBHOOKS: "allowed" };
    miniflare = new Miniflare(
      convertV4MiniflareOptions({
        resourcePersistencePath: join(folder, "state"),
        cf: false,
        workers: [{ ...built, ...runtime, bindings }, bareWorker()],
      }),
    );
    await miniflare.ready;
    const index = await miniflare.getD1Database("INDEX_DB", "ours");
    await migrate(index);
    const bareDatabase = await miniflare.getD1Database("INDEX_DB", "bare");
    await migrate(bareDatabase);
    await strip(bareDatabase);
    const ours = await miniflare.unsafeGetDirectURL("ours");
    const bare = await miniflare.unsafeGetDirectURL("bare");
    await makeTeam(ours, TEAM_ID);
    for (const kind of Object.keys(RECEIVERS) as ReceiverKind[]) {
      await makeTeam(ours, hearingTeamId(kind));
      await putWebhook(ours, receivers, hearingTeamId(kind), kind);
    }
    return { ours, bare, index, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function bareWorker(): V4WorkerOptions {
  const source = readFileSync(new URL("bare-worker.ts", import.meta.url), "utf8");
  return {
    ...runtime,
    name: "bare",
    modules: [
      { type: "ESModule" as const, path: "bare-worker.js", contents: stripTypeScriptTypes(source) },
    ],
    durableObjects: { OBJECTS: { className: "BareObject", useSQLite: true } },
    d1Databases: { INDEX_DB: "bare" },
  };
}

/** Leaves the tables and their indexes, and a team for the rows to refer to. */
async function strip(database: Database): Promise<void> {
  const { results } = await database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    .all<{ name: string }>();
  await database.batch([
    ...results.map(({ name }) => database.prepare(`DROP TRIGGER ${name}`)),
    database
      .prepare(
        "INSERT INTO teams (id, name, policy, created_at, updated_at) VALUES (?, 'Bench', '{}', 0, 0)",
      )
      .bind(TEAM_ID),
  ]);
}

export async function makeTeam(ours: URL, id: string): Promise<void> {
  const team: HttpRequest = {
    method: "POST",
    path: "/api/admin/teams",
    token: TEST_ADMIN_TOKEN,
    body: {
      id,
      name: "Bench",
      // The client's pages are the Worker's own.
      allowedOrigins: [ours.origin],
      limits: {
        createsPerMinutePerNetwork: null,
        createsPerMinute: null,
        messagesPerMinutePerCredential: null,
        socketsPerSession: null,
        bytesPerSession: null,
      },
    },
  };
  await requestOnce(ours, team, 201);
}

// The Worker in a process of its own, which can be killed: `serve.ts <folder of the bundle> <folder of the state>`.
// Prints its address once it serves.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { migrate } from "../../support/built-worker.ts";

const [, , bundle = "", state = ""] = process.argv;
const built = JSON.parse(readFileSync(join(bundle, "options.json"), "utf8"));
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    resourcePersistencePath: state,
    cf: false,
    workers: [{ ...built, unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] }],
  }),
);
await miniflare.ready;
const database = await miniflare.getD1Database("INDEX_DB", "ours");
const made = await database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'teams'").first();
if (made === null) await migrate(database);
console.log(`READY ${(await miniflare.unsafeGetDirectURL("ours")).origin}`);

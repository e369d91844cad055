/**
 * `npm run bench`: the project's Worker next to the least that the platform would have to do for the same, in one workerd.
 * `--quick` takes about a minute, `--json FILE` writes every round, `--only NAME` runs the contests whose names begin so.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type BenchBrowser, startBenchBrowser } from "./client-browser.ts";
import { cleanupContest } from "./contests/cleanup.ts";
import {
  appendContest,
  coldContest,
  sendContest,
  type WithBrowser,
  warmContest,
} from "./contests/client.ts";
import { fanOutContest } from "./contests/fan-out.ts";
import { latencyContest, receiverContest } from "./contests/latency.ts";
import { createContest, validateContest } from "./contests/requests.ts";
import { describeMachine, markdown } from "./report.ts";
import { type Contest, type Effort, type Finding, hold } from "./rounds.ts";
import { type Servers, startServers } from "./servers.ts";

/** Something hangs: a full run takes six minutes. */
const GIVE_UP_AFTER_MS = 15 * 60_000;

let browser: BenchBrowser | undefined;

/** Only a run with such a contest needs a browser. */
const inBrowser =
  (contest: (where: WithBrowser) => Contest | Promise<Contest>) => async (servers: Servers) => {
    browser ??= await startBenchBrowser(servers.ours);
    return await contest({ servers, browser });
  };

const CONTESTS: Readonly<Record<string, (servers: Servers) => Contest | Promise<Contest>>> = {
  validate: validateContest,
  create: createContest,
  "fan-out-8": (servers) => fanOutContest(servers, 8, 2),
  "fan-out-64": (servers) => fanOutContest(servers, 64, 6),
  "latency-2": (servers) => latencyContest(servers, 2),
  "latency-100": (servers) => latencyContest(servers, 100),
  "webhook-fails": (servers) => receiverContest(servers, "fails"),
  "webhook-is-slow": (servers) => receiverContest(servers, "is slow"),
  cleanup: cleanupContest,
  "client-cold": inBrowser(coldContest),
  "client-warm": inBrowser(warmContest),
  "client-send": inBrowser(sendContest),
  "client-append": inBrowser(appendContest),
};

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    only: { type: "string", default: "" },
  },
});

const effort: Effort = options.quick ? { rounds: 4, seconds: 0.8 } : { rounds: 14, seconds: 1.2 };

const servers = await startServers();
let stopping: Promise<void> | undefined;
const stop = () => {
  stopping ??= Promise.all([browser?.close(), servers.stop()]).then(() => undefined);
  return stopping;
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // Miniflare's own handlers exit at once: workerd and the folder would outlive them.
  process.removeAllListeners(signal);
  process.once(signal, () => void stop().finally(() => process.exit(1)));
}
setTimeout(() => {
  console.error("The benchmark hangs.");
  void stop().finally(() => process.exit(1));
}, GIVE_UP_AFTER_MS).unref();

try {
  const machine = describeMachine();
  const findings: Finding[] = [];
  for (const [name, contest] of Object.entries(CONTESTS)) {
    if (!name.startsWith(options.only)) continue;
    console.error(`${name} …`);
    findings.push(...(await hold(await contest(servers), effort)));
  }
  console.log(markdown(findings, machine));
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ machine, effort, findings }, null, 2)}\n`);
  }
} finally {
  await stop();
}

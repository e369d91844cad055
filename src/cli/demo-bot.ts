/** The bot of client/examples/bot-worker, run by `wrangler dev` in one process with the Worker, each bound to the other. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { experimental_readRawConfig } from "wrangler";
import { ROOT } from "./wrangler.ts";

const BOT = join(ROOT, "client/examples/bot-worker");

/**
 * What `wrangler dev` is to be told in addition. Both run by copies of their configurations: the Worker's has the bot as
 * `APP`, which wrangler.toml cannot have, as it must deploy where there is no bot.
 * @param stateFolder where the copies go, and what Wrangler makes beside them
 * @param devVars the file of the Worker's secrets, absolute
 */
export function withDemoBot(stateFolder: string, devVars: string): string[] {
  const { rawConfig } = experimental_readRawConfig({ config: join(ROOT, "wrangler.toml") });
  const services: { binding: string }[] = rawConfig.services ?? [];
  // Where there is another, that one answers.
  if (services.some(({ binding }) => binding === "APP")) return [];
  const { rawConfig: bot } = experimental_readRawConfig({ config: join(BOT, "wrangler.toml") });
  mkdirSync(stateFolder, { recursive: true });
  const write = (name: string, config: object) => {
    const file = join(stateFolder, name);
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
    return file;
  };
  const worker = write("worker.json", {
    ...rawConfig,
    main: join(ROOT, rawConfig.main ?? ""),
    assets: { ...rawConfig.assets, directory: join(ROOT, rawConfig.assets?.directory ?? "") },
    services: [...services, { binding: "APP", service: bot.name, entrypoint: "SessionEvents" }],
  });
  const demoBot = write("demo-bot.json", { ...bot, main: join(BOT, bot.main ?? "") });
  // Wrangler looks for secrets beside the configuration, if it is not told where they are.
  return ["--config", worker, "--config", demoBot, "--env-file", devVars];
}

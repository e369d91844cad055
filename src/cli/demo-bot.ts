/** The bot of client/examples/bot-worker, run by `wrangler dev` in one process with the Worker and bound to it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { experimental_readRawConfig } from "wrangler";
import { ROOT } from "./wrangler.ts";

const BOT_CONFIG = join(ROOT, "client/examples/bot-worker/wrangler.toml");

/**
 * What `wrangler dev` is to be told in addition. The Worker runs by a copy of its configuration that has the bot as
 * `APP`: wrangler.toml itself must deploy where there is no bot.
 * @param stateFolder where the copy goes, and where the state is as if wrangler.toml itself were used
 */
export function withDemoBot(stateFolder: string, devVars: string): string[] {
  const { rawConfig } = experimental_readRawConfig({ config: join(ROOT, "wrangler.toml") });
  const services = rawConfig.services ?? [];
  // Where there is another, that one answers.
  if (services.some(({ binding }: { binding: string }) => binding === "APP")) return [];
  const { rawConfig: bot } = experimental_readRawConfig({ config: BOT_CONFIG });
  const config = {
    ...rawConfig,
    main: join(ROOT, rawConfig.main ?? ""),
    assets: { ...rawConfig.assets, directory: join(ROOT, rawConfig.assets?.directory ?? "") },
    services: [
      ...services,
      { binding: "APP", service: bot.name ?? "", entrypoint: "SessionEvents" },
    ],
  };
  mkdirSync(stateFolder, { recursive: true });
  const file = join(stateFolder, "with-demo-bot.json");
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
  // Wrangler looks for secrets and state beside the configuration, if it is not told where they are.
  return ["--config", file, "--config", BOT_CONFIG, "--env-file", devVars];
}

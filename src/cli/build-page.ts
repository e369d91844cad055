/** `npm run build`: builds the page into dist/pages, where the Worker's assets are served from. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { build } from "vite";
import { ROOT } from "./wrangler.ts";

const PAGE_ROOT = join(ROOT, "client/pages");
/** The first empties the folder. */
const CONFIG_FILES = ["vite.config.ts", "widget-script.config.ts"];
const DIST = join(ROOT, "dist");
const PUBLISHED = join(DIST, "pages");

/** Afterwards the folder exists in any case: Wrangler neither starts nor bundles without it. */
export async function buildPage(): Promise<void> {
  mkdirSync(PUBLISHED, { recursive: true });
  if (!existsSync(PAGE_ROOT)) return;
  // Vite takes over a value that is there, such as a test runner's, and would build for development.
  process.env.NODE_ENV = "production";
  const staging = mkdtempSync(join(DIST, ".building-"));
  const removeStaging = () => rmSync(staging, { recursive: true, force: true });
  // A start that is interrupted meanwhile exits without coming back here.
  process.once("exit", removeStaging);
  try {
    for (const [index, configFile] of CONFIG_FILES.entries()) {
      await build({
        root: PAGE_ROOT,
        configFile: join(PAGE_ROOT, configFile),
        logLevel: "warn",
        build: { outDir: staging, emptyOutDir: index === 0 },
      });
    }
    publish(staging);
  } finally {
    process.off("exit", removeStaging);
    removeStaging();
  }
}

/**
 * Another start may be serving the folder, and reloads its Worker on a change: each file is replaced in one step, only
 * if it differs, and a page never before the scripts that it names.
 */
function publish(staging: string): void {
  const built = filesIn(staging).sort((a, b) => Number(isPage(a)) - Number(isPage(b)));
  for (const file of built) {
    const from = join(staging, file);
    const to = join(PUBLISHED, file);
    if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) continue;
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  }
  for (const file of filesIn(PUBLISHED)) {
    if (!built.includes(file)) rmSync(join(PUBLISHED, file), { force: true });
  }
}

function filesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile());
}

function isPage(file: string): boolean {
  return file.endsWith(".html");
}

if (import.meta.main) await buildPage();

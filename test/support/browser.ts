/**
 * A Chromium to test in: one that is installed, or else the one that npm brought along (Linux on x64).
 * Nothing is written outside node_modules, and any number of processes may launch at the same time.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";
import packageJson from "../../package.json" with { type: "json" };

const ARGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // /dev/shm is 64 MB in most containers, which a few tabs exhaust.
  "--disable-dev-shm-usage",
];

/** Chromium's own sandbox needs user namespaces, which root and most containers do not have. */
const NO_SANDBOX = "--no-sandbox";

interface Executable {
  readonly path: string;
  /** Undefined: as inherited. */
  readonly env: Record<string, string> | undefined;
}

/** The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const { path, env } = installedExecutable() ?? (await bundledExecutable());
  const needsNoSandbox = process.platform === "linux";
  return await chromium.launch({
    executablePath: path,
    args: needsNoSandbox ? [NO_SANDBOX, ...ARGS] : ARGS,
    ...(env === undefined ? {} : { env: { ...inheritedEnv(), ...env } }),
  });
}

function installedExecutable(): Executable | undefined {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen !== undefined && chosen !== "") {
    if (!existsSync(chosen)) throw new Error(`CHROMIUM_PATH names no file: ${chosen}`);
    return { path: chosen, env: undefined };
  }
  const path = usualPlaces().find((place) => existsSync(place));
  return path === undefined ? undefined : { path, env: undefined };
}

function usualPlaces(): string[] {
  switch (process.platform) {
    case "darwin":
      return [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
      ];
    case "win32":
      return ["PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"].flatMap((variable) => {
        const folder = process.env[variable];
        if (folder === undefined) return [];
        return [
          join(folder, "Google\\Chrome\\Application\\chrome.exe"),
          join(folder, "Chromium\\Application\\chrome.exe"),
          join(folder, "Microsoft\\Edge\\Application\\msedge.exe"),
        ];
      });
    default:
      return [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
        "/usr/bin/google-chrome-stable",
        "/opt/google/chrome/chrome",
      ];
  }
}

async function bundledExecutable(): Promise<Executable> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      "No Chromium or Chrome found: install one, or set CHROMIUM_PATH to its executable.",
    );
  }
  const folder = await unpackedFolder();
  return {
    path: join(folder, "chromium"),
    env: {
      LD_LIBRARY_PATH: [join(folder, "al2023", "lib"), process.env.LD_LIBRARY_PATH]
        .filter((part) => part !== undefined && part !== "")
        .join(delimiter),
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
    },
  };
}

/** Unpacked aside and then renamed, so that the folder is complete whenever it exists. */
async function unpackedFolder(): Promise<string> {
  const version = packageJson.devDependencies["@sparticuz/chromium"];
  const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;

  await mkdir(cache, { recursive: true });
  const staging = await mkdtemp(join(cache, "chromium-staging-"));
  try {
    await unpackInto(staging);
    await writeFile(join(staging, "fonts.conf"), fontsConf(folder));
    await rename(staging, folder);
  } catch (cause) {
    await rm(staging, { recursive: true, force: true });
    // Somebody else's rename came first: theirs is as good.
    await access(folder).catch(() => {
      throw new Error("The Chromium of @sparticuz/chromium could not be unpacked.", { cause });
    });
  }
  return folder;
}

/**
 * The package unpacks into the temporary directory, and its shared libraries only where it sees Lambda's environment;
 * a process of its own gets both without changing ours.
 */
async function unpackInto(folder: string): Promise<void> {
  const script =
    'const { default: chromium } = await import("@sparticuz/chromium"); await chromium.executablePath();';
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x" },
  });
}

/** The package's own names places in /tmp and on Lambda. */
function fontsConf(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(folder, "fonts")}</dir>
  <cachedir>${join(folder, "fonts-cache")}</cachedir>
</fontconfig>
`;
}

function inheritedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

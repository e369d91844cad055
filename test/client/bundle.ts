// A module as an application ships it: bundled, minified, in chunks.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Rolldown } from "vite";
import { build } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Bundle {
  /** What has to be there before anything runs; `entry.js` exports what the module does. */
  readonly atOnce: readonly Rolldown.OutputChunk[];
  /** What a dynamic import loads. */
  readonly later: readonly Rolldown.OutputChunk[];
}

interface BundleOptions {
  /** The folder of the application; this repository's own if not said. */
  readonly root?: string;
  /** What stays an import: by name, or by the end of the file's path. */
  readonly apart?: readonly string[];
}

/** @param path of the module, in the folder */
export async function bundle(
  path: string,
  { root = ROOT, apart = [] }: BundleOptions = {},
): Promise<Bundle> {
  const result = await build({
    configFile: false,
    root,
    logLevel: "warn",
    plugins: [keepApart(apart)],
    build: {
      write: false,
      target: "es2022",
      // An application's build would add what preloads chunks.
      lib: { entry: { entry: resolve(root, path) }, formats: ["es"] },
      rolldownOptions: {
        // As in an application, whose entry nobody imports: what a later chunk shares with it stays where it is.
        preserveEntrySignatures: "allow-extension",
        // Vite spares the white space of libraries.
        output: { minify: true, entryFileNames: "[name].js", chunkFileNames: "[name].js" },
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [];
  if (output === undefined) throw new Error("Vite built nothing.");
  return split(output.output.filter((file) => file.type === "chunk"));
}

/** Code by file name. */
export function codeByName({ atOnce, later }: Bundle): ReadonlyMap<string, string> {
  return new Map([...atOnce, ...later].map(({ fileName, code }) => [fileName, code]));
}

/** What loading them costs. */
export function gzippedBytes(chunks: readonly Rolldown.OutputChunk[]): number {
  return chunks.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
}

function split(chunks: readonly Rolldown.OutputChunk[]): Bundle {
  const atOnce = new Set(chunks.filter(({ isEntry }) => isEntry));
  for (const { imports } of atOnce) {
    for (const imported of chunks.filter(({ fileName }) => imports.includes(fileName))) {
      atOnce.add(imported);
    }
  }
  return { atOnce: [...atOnce], later: chunks.filter((chunk) => !atOnce.has(chunk)) };
}

function keepApart(names: readonly string[]) {
  return {
    name: "keep-apart",
    enforce: "pre" as const,
    resolveId(id: string) {
      const name = names.find((end) => id.endsWith(end));
      return name === undefined ? undefined : { id: name, external: true };
    },
  };
}

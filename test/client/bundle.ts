// A module of the client as an application ships it: bundled, minified, in chunks.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Bundle {
  /** Code by file name; `entry.js` exports what the module does. */
  readonly files: ReadonlyMap<string, string>;
  /** Files that are loaded together with the entry. */
  readonly eager: readonly string[];
}

export async function bundle(path: string): Promise<Bundle> {
  const result = await build({
    configFile: false,
    root: ROOT,
    logLevel: "warn",
    build: {
      write: false,
      target: "es2022",
      // An application's build would add what preloads chunks.
      lib: { entry: { entry: path }, formats: ["es"] },
      rolldownOptions: {
        // Vite spares the white space of libraries.
        output: { minify: true, entryFileNames: "[name].js", chunkFileNames: "[name].js" },
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [];
  if (output === undefined) throw new Error("Vite built nothing.");
  const chunks = output.output.filter((file) => file.type === "chunk");
  const eager = new Set(["entry.js"]);
  for (const name of eager) {
    for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) {
      eager.add(imported);
    }
  }
  return {
    files: new Map(chunks.map(({ fileName, code }) => [fileName, code])),
    eager: [...eager],
  };
}

/** Bytes that loading the module costs, before anything else is asked for. */
export function gzippedSize({ files, eager }: Bundle): number {
  return eager.reduce(
    (size, name) => size + gzipSync(files.get(name) ?? "", { level: 9 }).length,
    0,
  );
}

/**
 * Imports point down only. Every source file lies in one layer, which names all that it may import; a file or folder
 * that is in no layer fails, so that a new one has to be given its place here.
 */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

interface Layer {
  /** Folders end in a slash. */
  readonly paths: readonly string[];
  /** Layers whose values and types may be imported. A layer may always import itself. */
  readonly imports: readonly string[];
  /** Layers of which only types may be imported. */
  readonly importsTypesOf: readonly string[];
  /** Packages, or schemes such as `node:`; "any" for what is built or run apart from the Worker. */
  readonly packages: readonly string[] | "any";
}

const LAYERS: Readonly<Record<string, Layer>> = {
  protocol: { paths: ["src/protocol/"], imports: [], importsTypesOf: [], packages: [] },
  domain: { paths: ["src/domain/"], imports: ["protocol"], importsTypesOf: [], packages: [] },
  schemas: {
    paths: ["src/schemas/"],
    imports: ["protocol"],
    importsTypesOf: [],
    packages: ["zod"],
  },
  timeout: { paths: ["src/timeout.ts"], imports: [], importsTypesOf: [], packages: [] },
  "session-index": {
    paths: ["src/session-index/"],
    imports: ["timeout", "domain", "protocol"],
    importsTypesOf: [],
    packages: ["drizzle-orm", "drizzle-kit"],
  },
  env: {
    paths: ["src/env.ts"],
    imports: [],
    importsTypesOf: ["objects", "protocol"],
    packages: [],
  },
  "object-migrations": {
    paths: ["migrations/session/"],
    imports: [],
    importsTypesOf: [],
    packages: [],
  },
  log: {
    paths: ["src/log.ts", "src/async-hooks.d.ts"],
    imports: [],
    importsTypesOf: [],
    packages: ["node:async_hooks"],
  },
  manifest: { paths: ["package.json"], imports: [], importsTypesOf: [], packages: [] },
  keys: { paths: ["src/keys.ts"], imports: ["env", "domain"], importsTypesOf: [], packages: [] },
  delivery: {
    paths: ["src/delivery/"],
    imports: ["manifest", "env", "keys", "log", "domain", "protocol"],
    importsTypesOf: [],
    packages: ["standardwebhooks", "ipaddr.js"],
  },
  bucket: {
    paths: ["src/bucket/"],
    imports: ["timeout"],
    importsTypesOf: [],
    packages: [],
  },
  "object-calls": {
    paths: ["objects/calls.ts"],
    imports: ["domain", "protocol"],
    importsTypesOf: [],
    packages: [],
  },
  objects: {
    paths: ["objects/"],
    imports: [
      "object-calls",
      "env",
      "log",
      "timeout",
      "object-migrations",
      "session-index",
      "bucket",
      "delivery",
      "schemas",
      "domain",
      "protocol",
    ],
    importsTypesOf: [],
    packages: ["cloudflare:", "zod"],
  },
  service: {
    paths: [
      "src/operations/",
      "src/session-service.ts",
      "src/caller.ts",
      "src/identity-token.ts",
      "src/credentials/",
      "src/network.ts",
      "src/services.ts",
      "src/stale-if-error-cache.ts",
      "src/team-cache.ts",
    ],
    imports: [
      "object-calls",
      "env",
      "keys",
      "log",
      "delivery",
      "bucket",
      "session-index",
      "schemas",
      "domain",
      "protocol",
    ],
    importsTypesOf: ["objects"],
    packages: ["cloudflare:", "zod", "jose", "ipaddr.js"],
  },
  routes: {
    paths: ["src/routes/", "src/auth.ts"],
    imports: [
      "manifest",
      "env",
      "keys",
      "log",
      "service",
      "session-index",
      "schemas",
      "domain",
      "protocol",
    ],
    importsTypesOf: [],
    packages: ["itty-router", "zod", "cookie", "bowser"],
  },
  worker: {
    paths: ["src/worker.ts", "src/cron.ts"],
    imports: [
      "env",
      "log",
      "routes",
      "service",
      "objects",
      "session-index",
      "schemas",
      "domain",
      "protocol",
    ],
    importsTypesOf: [],
    packages: ["cloudflare:", "itty-router"],
  },
  cli: {
    paths: ["src/cli/"],
    imports: ["domain", "protocol"],
    importsTypesOf: [],
    packages: "any",
  },
  "client/core": {
    paths: ["client/core/"],
    imports: ["protocol"],
    importsTypesOf: [],
    // By user-agent.ts alone, which is loaded where it is needed: test/client/device-bundles.test.ts.
    packages: ["bowser"],
  },
  "client/solid": {
    paths: ["client/solid/"],
    imports: ["client/core"],
    importsTypesOf: [],
    packages: ["solid-js"],
  },
  "client/server": {
    paths: ["client/server/"],
    imports: ["protocol"],
    importsTypesOf: [],
    packages: ["jose"],
  },
  "client/examples": {
    paths: ["client/examples/"],
    imports: ["client/server"],
    // What a binding's other end offers.
    importsTypesOf: ["service"],
    packages: ["cloudflare:", "node:"],
  },
  "client/widget": {
    paths: ["client/widget/"],
    imports: [],
    importsTypesOf: [],
    packages: [],
  },
  "client/pages": {
    paths: ["client/pages/"],
    imports: ["client/core", "client/solid", "client/server", "client/widget"],
    importsTypesOf: [],
    packages: "any",
  },
};

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

type Sources = ReadonlyMap<string, string>;

describe("the sources", () => {
  const sources = readSources(["src", "objects", "client", "migrations"]);

  test("import only what lies below them", () => {
    expect(sources.size).toBeGreaterThan(0);
    expect(violations(sources)).toEqual([]);
  });

  test("have no cycle of imports at run time", () => {
    expect(cycles(sources)).toEqual([]);
  });
});

describe("the check", () => {
  const check = (path: string, text: string) => violations(new Map([[path, text]]));

  test.each([
    ["an import that points up", "src/domain/a.ts", 'import { b } from "../session-index/b.ts";'],
    ["an import over several lines", "src/domain/a.ts", 'import {\n  b,\n} from "../routes/b.ts";'],
    ["a re-export", "src/domain/a.ts", 'export * from "../../objects/b.ts";'],
    ["an import for its side effect", "src/domain/a.ts", 'import "../keys.ts";'],
    ["a dynamic import", "src/domain/a.ts", 'const b = await import("../keys.ts");'],
    ["a type in an import()", "src/domain/a.ts", 'let b: import("../keys.ts").B;'],
    ["a library on the ground floor", "src/protocol/a.ts", 'import { z } from "zod";'],
    [
      "a value where only types may be had",
      "src/session-service.ts",
      'import { S } from "../objects/b.ts";',
    ],
    [
      "a way around the client's core",
      "client/solid/a.ts",
      'import { b } from "../../src/protocol/b.ts";',
    ],
    ["an import without extension", "src/domain/a.ts", 'import { b } from "../protocol/b";'],
    ["a folder in no layer", "src/extras/a.ts", ""],
    ["a file in no layer", "src/extra.ts", ""],
  ])("refuses %s", (_what, path, text) => {
    expect(check(path, text)).toHaveLength(1);
  });

  test.each([
    ["an import that points down", "src/domain/a.ts", 'import { b } from "../protocol/b.ts";'],
    ["a type of an object", "src/session-service.ts", 'import type { S } from "../objects/b.ts";'],
    ["an entry of a library", "src/session-index/a.ts", 'import { b } from "drizzle-orm/d1";'],
    ["an import in a comment", "src/domain/a.ts", '// import "zod";\n/* import "zod"; */'],
  ])("allows %s", (_what, path, text) => {
    expect(check(path, text)).toEqual([]);
  });

  test("finds a cycle, and none where an edge is a type", () => {
    const b = 'export * from "./c.ts";';
    const c = (kind: string) => `import ${kind} { a } from "./a.ts";`;
    const cycle = (kind: string) =>
      cycles(
        new Map([
          ["src/domain/a.ts", 'import "./b.ts";'],
          ["src/domain/b.ts", b],
          ["src/domain/c.ts", c(kind)],
        ]),
      );
    expect(cycle("")).toEqual([
      "src/domain/a.ts → src/domain/b.ts → src/domain/c.ts → src/domain/a.ts",
    ]);
    expect(cycle("type")).toEqual([]);
  });
});

function readSources(folders: readonly string[]): Sources {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const name of readdirSync(posix.join(root, folder), {
      recursive: true,
      encoding: "utf8",
    })) {
      const path = posix.join(folder, name.replaceAll("\\", "/"));
      // What tools leave in folders of their own is none.
      if (path.includes("/.")) continue;
      if (/\.tsx?$/.test(path)) sources.set(path, readFileSync(posix.join(root, path), "utf8"));
    }
  }
  return sources;
}

function violations(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const layerName = layerOf(path);
    const layer = layerName === undefined ? undefined : LAYERS[layerName];
    if (layer === undefined) return [`${path} is in no layer`];
    return importsOf(text)
      .filter((found) => !isAllowed(path, layerName, layer, found))
      .map(
        ({ specifier, typeOnly }) => `${path} imports ${typeOnly ? "a type of " : ""}${specifier}`,
      );
  });
}

function isAllowed(path: string, name: string | undefined, layer: Layer, found: Import): boolean {
  if (!found.specifier.startsWith(".")) {
    if (layer.packages === "any") return true;
    return layer.packages.some((allowed) =>
      allowed.endsWith(":")
        ? found.specifier.startsWith(allowed)
        : found.specifier === allowed || found.specifier.startsWith(`${allowed}/`),
    );
  }
  const target = resolve(path, found.specifier);
  if (posix.extname(target) === "") return false;
  const targetLayer = layerOf(target);
  if (targetLayer === undefined) return false;
  if (targetLayer === name || layer.imports.includes(targetLayer)) return true;
  return found.typeOnly && layer.importsTypesOf.includes(targetLayer);
}

function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS).find((name) =>
    LAYERS[name]?.paths.some((place) =>
      place.endsWith("/") ? path.startsWith(place) : path === place,
    ),
  );
}

function importsOf(text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
  const declarations = code.matchAll(
    /\b(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]+?\sfrom\s*)?["']([^"']+)["']/g,
  );
  const calls = code.matchAll(/(:\s*|\btypeof\s+|<\s*)?\bimport\(\s*["']([^"']+)["']/g);
  return [...declarations, ...calls].map(([, type, specifier = ""]) => ({
    specifier,
    typeOnly: type !== undefined,
  }));
}

function cycles(sources: Sources): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      found.push([...trail.slice(start), path].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const { specifier, typeOnly } of importsOf(sources.get(path) ?? "")) {
      if (!typeOnly && specifier.startsWith(".")) visit(resolve(path, specifier), [...trail, path]);
    }
    done.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return found;
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

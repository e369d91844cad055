// A page that a server has rendered, with useEnhancedSession in it, comes alive in a real browser.
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { InlineConfig } from "vite";
import { build } from "vite";
import solid from "vite-plugin-solid";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { it } from "../support/e2e.ts";
import type { LocalTeam } from "../support/local-team.ts";
import { createTeam } from "../support/local-team.ts";
import { PATIENCE } from "./chat.ts";
import type * as rendering from "./hydration/server.tsx";

let team: LocalTeam;
let folder: string;
let site: Server;
let rendered: ReturnType<typeof rendering.render>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "durable-sessions-hydration-"));
  [team] = await Promise.all([createTeam(inject("origin")), buildBoth()]);
  const { render }: typeof rendering = await import(
    pathToFileURL(join(folder, "server/server.js")).href
  );
  rendered = render(team);
  site = createServer(async ({ url = "/" }, response) => {
    if (url.endsWith(".js")) {
      response.setHeader("Content-Type", "text/javascript");
      response.end(await readFile(join(folder, "browser", url)));
    } else {
      response.setHeader("Content-Type", "text/html");
      response.end(html());
    }
  }).listen(0, "localhost");
  await once(site, "listening");
});

afterAll(async () => {
  site?.closeAllConnections();
  site?.close();
  await rm(folder, { recursive: true, force: true });
});

/** With the NODE_ENV of a test, so that it is the build of Solid that throws on a mismatch. */
async function buildBoth(): Promise<void> {
  const common: InlineConfig = {
    root: import.meta.dirname,
    configFile: false,
    logLevel: "error",
    plugins: [solid({ ssr: true })],
  };
  const entry = (name: string) => join(import.meta.dirname, "hydration", `${name}.tsx`);
  await build({
    ...common,
    ssr: { noExternal: true },
    build: {
      ssr: entry("server"),
      outDir: join(folder, "server"),
      rolldownOptions: { output: { entryFileNames: "[name].js", format: "es" } },
    },
  });
  await build({
    ...common,
    build: {
      outDir: join(folder, "browser"),
      modulePreload: false,
      rolldownOptions: {
        input: entry("browser"),
        output: { entryFileNames: "[name].js" },
      },
    },
  });
}

function html(): string {
  return `<!doctype html><html><head>${rendered.head}</head><body data-api="${team.origin}" data-team="${team.teamId}">
    <div id="root">${rendered.body}</div>
    <script>window.served = [...document.querySelectorAll("#root *")];</script>
    <script type="module" src="/browser.js"></script></body></html>`;
}

it("is rendered with nothing in it that only a browser knows", () => {
  expect(rendered.body).toMatch(/<p [^>]*id="status"[^>]*>idle/);
  expect(rendered.body).toContain("nothing yet");
});

it("is hydrated without a mismatch, then opens its session", async ({ context }) => {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      complaints.push(message.text());
    }
  });
  const { port } = site.address() as AddressInfo;
  const address = `http://localhost:${port}/`;
  await page.goto(address);
  await expect.poll(() => page.locator("#status").innerText(), PATIENCE).toBe("active");
  const id = await page.locator("#session").innerText();
  expect(id).toMatch(/^[\w-]{32}$/);
  await page.getByRole("button").click();
  await expect.poll(() => page.locator("li").allInnerTexts(), PATIENCE).toEqual(["hello"]);

  // What does not depend on the state is what the server sent, taken over and not made anew.
  const kept = await page.evaluate(() => {
    const { served } = window as unknown as { readonly served: readonly Element[] };
    const all = document.querySelectorAll("#root *");
    return [...all].filter((element) => served.includes(element)).map(({ localName }) => localName);
  });
  expect(kept).toEqual(["main", "p", "ul", "button"]);

  // With a session in storage the first render is the same one.
  await page.reload();
  await expect.poll(() => page.locator("#session").innerText(), PATIENCE).toBe(id);
  expect(complaints).toEqual([]);
});

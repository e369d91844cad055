/** Which pages may have the chat in a frame. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { widgetPage } from "../../src/routes/widget.ts";
import { BASE, newTeam } from "../support/api.ts";
import { problemOf } from "../support/problem.ts";

const OTHERS = "default-src 'none'; script-src 'self'";

/** The page as the assets have it. */
const ASSETS = {
  fetch: async () =>
    new Response("<!doctype html>", {
      headers: {
        "Content-Security-Policy": `${OTHERS}; frame-ancestors 'none'`,
        "Cache-Control": "public, max-age=0, must-revalidate",
      },
    }),
} as unknown as Fetcher;

function widget(teamId: string): Promise<Response> {
  const request = new Request(`${BASE}/widget?team=${encodeURIComponent(teamId)}`);
  return widgetPage(request, { ...env, ASSETS });
}

async function policyOf(teamId: string): Promise<string | null> {
  return (await widget(teamId)).headers.get("Content-Security-Policy");
}

describe("the widget's page", () => {
  test("lets itself be framed by the team's origins, and keeps the rest of the policy", async () => {
    const allowedOrigins = ["https://shop.example", "http://localhost:*", "https://a.example:8443"];
    const response = await widget(await newTeam({ allowedOrigins }));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("<!doctype html>");
    expect(response.headers.get("Content-Security-Policy")).toBe(
      `${OTHERS}; frame-ancestors https://shop.example http://localhost:* https://a.example:8443`,
    );
    expect(response.headers.get("Cache-Control")).toBe("no-cache");
  });

  test("lets nobody where the team lists nobody, or is disabled", async () => {
    const nobody = `${OTHERS}; frame-ancestors 'none'`;
    expect(await policyOf(await newTeam({ allowedOrigins: [] }))).toBe(nobody);
    expect(await policyOf(await newTeam({ disabled: true }))).toBe(nobody);
  });

  test("takes no origin into the policy that would be more than an origin there", async () => {
    const allowedOrigins = ["https://a.example", "https://b.example;sandbox", "https://c,d"];
    expect(await policyOf(await newTeam({ allowedOrigins }))).toBe(
      `${OTHERS}; frame-ancestors https://a.example`,
    );
  });

  test.each(["nobody", "", "../api"])("is not there for a team that is not: %j", async (teamId) => {
    const response = await widget(teamId);
    expect(response.status).toBe(404);
    expect((await problemOf(response)).code).toBe("team_not_found");
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BASE_URL, syncedTab, TOKEN } from "./fake-client.ts";
import type { Request } from "./fake-environment.ts";
import { session } from "./fake-environment.ts";

const INVITE = {
  inviteId: "I1",
  url: `${BASE_URL}/#ds-invite=x`,
  expiresAt: "2026-01-02T00:00:00.000Z",
};

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function bearer({ headers }: Request): string | undefined {
  return headers.authorization?.slice("Bearer ".length);
}

describe("the owner's calls", () => {
  it.each([
    ["GET", "/devices", { devices: [] }],
    ["DELETE", "/devices/C2", undefined],
    ["DELETE", "/devices/others", undefined],
    ["POST", "/invites", INVITE],
    ["GET", "/invites", { invites: [] }],
    ["DELETE", "/invites/I1", undefined],
    ["DELETE", "/invites/I1?revokeCredentials=true", undefined],
  ] as const)("%s %s", async (method, path, body) => {
    const { client, environment } = await syncedTab();
    environment.respond = () => ({ status: body ? 200 : 204, ...(body && { body }) });
    const calls: Record<string, () => Promise<unknown>> = {
      "GET /devices": () => client.devices(),
      "DELETE /devices/C2": () => client.revokeDevice("C2"),
      "DELETE /devices/others": () => client.revokeOtherDevices(),
      "POST /invites": () => client.share({ role: "reader", maxUses: 3 }),
      "GET /invites": () => client.invites(),
      "DELETE /invites/I1": () => client.revokeInvite("I1", { revokeCredentials: false }),
      "DELETE /invites/I1?revokeCredentials=true": () =>
        client.revokeInvite("I1", { revokeCredentials: true }),
    };
    await calls[`${method} ${path}`]?.();
    const request = environment.requests.at(-1)!;
    expect(request).toMatchObject({ method, path: `/api/sessions/S1${path}` });
    expect(bearer(request)).toBe(TOKEN);
    expect(request.body).toEqual(method === "POST" ? { role: "reader", maxUses: 3 } : undefined);
  });

  it("come again with the token that another tab has put in place of the refused one", async () => {
    const { client, environment } = await syncedTab();
    environment.respond = (request) => {
      if (bearer(request) === TOKEN) {
        const record = { kind: "session", token: "S1.C1.next", refreshedAt: Date.now() };
        environment.storage?.setItem("durable-sessions/demo/session", JSON.stringify(record));
        return { status: 401, body: { code: "invalid_credential" } };
      }
      return { status: 200, body: { devices: [] } };
    };
    expect(await client.devices()).toEqual([]);
    expect(bearer(environment.requests.at(-1)!)).toBe("S1.C1.next");
  });

  it("are refused for good otherwise, and once", async () => {
    const { client, environment } = await syncedTab();
    const before = environment.requests.length;
    environment.respond = () => ({ status: 401, body: { code: "invalid_credential" } });
    await expect(client.devices()).rejects.toMatchObject({ code: "invalid_credential" });
    expect(environment.requests).toHaveLength(before + 1);
  });
});

describe("handing over", () => {
  it("rotates the token first when the server finds it too old for that", async () => {
    const { client, environment } = await syncedTab();
    const before = environment.requests.length;
    environment.respond = (request) => {
      if (request.path.endsWith("/refresh")) {
        return { status: 200, body: { session: session(), token: "S1.C1.next", ticket: "T" } };
      }
      return bearer(request) === TOKEN
        ? { status: 403, body: { code: "fresh_credential_needed" } }
        : { status: 201, body: INVITE };
    };
    expect(await client.handOff({})).toEqual(INVITE);
    expect(
      environment.requests
        .slice(before)
        .map((request) => [request.path.split("/").at(-1), bearer(request), request.body]),
    ).toEqual([
      ["invites", TOKEN, { role: "owner" }],
      ["refresh", TOKEN, { rotate: true }],
      ["invites", "S1.C1.next", { role: "owner" }],
    ]);
    expect(environment.storage?.getItem("durable-sessions/demo/session")).toContain("S1.C1.next");
  });

  it("does not try a third time", async () => {
    const { client, environment } = await syncedTab();
    environment.respond = ({ path }) =>
      path.endsWith("/refresh")
        ? { status: 200, body: { session: session(), ticket: "T" } }
        : { status: 403, body: { code: "fresh_credential_needed" } };
    const before = environment.requests.length;
    await expect(client.handOff({})).rejects.toMatchObject({
      code: "fresh_credential_needed",
    });
    expect(environment.requests).toHaveLength(before + 3);
  });
});

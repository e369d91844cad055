// Receivers of events that do not do well, and teams whose events go to them: what visitors must not feel.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import { type HttpRequest, requestOnce } from "./http-connection.ts";

const SLOW_MS = 1_000;

/** How a receiver answers. */
export const RECEIVERS = {
  fails: { status: 500, afterMs: 0 },
  "is slow": { status: 200, afterMs: SLOW_MS },
} as const;
export type ReceiverKind = keyof typeof RECEIVERS;

export interface Receivers {
  readonly origin: string;
  stop(): Promise<void>;
}

export async function startReceivers(): Promise<Receivers> {
  const server = createServer((request, response) => {
    const kind = decodeURIComponent(request.url?.slice(1) ?? "") as ReceiverKind;
    const { status, afterMs } = RECEIVERS[kind];
    request.resume().on("end", () => {
      setTimeout(() => response.writeHead(status).end(), afterMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Has the team's events go to the receiver of that kind. */
export async function putWebhook(
  ours: URL,
  { origin }: Receivers,
  teamId: string,
  kind: ReceiverKind,
): Promise<void> {
  const { key } = await requestOnce<{ key: string }>(
    ours,
    {
      method: "POST",
      path: `/api/admin/teams/${teamId}/keys`,
      token: TEST_ADMIN_TOKEN,
      body: { scopes: ["admin"] },
    },
    201,
  );
  const body = { url: `${origin}/${encodeURIComponent(kind)}` };
  const path = `/api/teams/${teamId}/webhook`;
  const put: HttpRequest = { method: "PUT", path, token: key, body };
  await requestOnce(ours, put, 201);
}

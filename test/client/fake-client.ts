// A started client over the fake environment, brought as far as a test wants to begin.
import { vi } from "vitest";
import { createSessionClient } from "../../client/core/client.ts";
import type { SessionClient } from "../../client/core/session-client.ts";
import type { DownFrame } from "../../src/protocol/frames.ts";
import type { FakeSocket } from "./fake-environment.ts";
import { FakeEnvironment, session, welcome } from "./fake-environment.ts";

export const BASE_URL = "https://chat.example";
export const TOKEN = "S1.C1.secret";

/** Lets everything that waits for nothing but promises happen. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** A server that creates one session and finds it valid whenever it is asked. */
export function healthyApi(environment: FakeEnvironment): void {
  environment.respond = ({ path }) =>
    path.endsWith("/create")
      ? { status: 201, body: { session: session(), token: TOKEN, ticket: "ticket-of-create" } }
      : {
          status: 200,
          body: { isValid: true, session: session(), ticket: "ticket-of-validate" },
        };
}

export interface FakeTab {
  readonly client: SessionClient;
  readonly environment: FakeEnvironment;
}

export function openTab(environment = new FakeEnvironment()): FakeTab {
  const client = createSessionClient({ baseUrl: BASE_URL, teamId: "demo", environment });
  return { client, environment };
}

/** A tab that has just opened its socket. */
export async function connectingTab(): Promise<FakeTab> {
  const tab = openTab();
  healthyApi(tab.environment);
  tab.client.start();
  await settle();
  return tab;
}

/** A tab whose history (`frames`) is through up to `seq`. */
export async function syncedTab(seq = 0, ...frames: DownFrame[]): Promise<FakeTab> {
  const tab = await connectingTab();
  sync(tab.environment.socket, seq, ...frames);
  return tab;
}

export function sync(socket: FakeSocket, seq: number, ...frames: DownFrame[]): void {
  socket.down(welcome({ lastSeq: seq }), ...frames, { type: "synced", seq });
}

export function contents({ client }: FakeTab): string[] {
  return client.getState().messages.map(({ content }) => content);
}

export function deliveries({ client }: FakeTab): string[] {
  return client.getState().messages.map(({ content, delivery }) => `${content}: ${delivery}`);
}

// Who uses which client, so that each is started with its first user and stopped with its last.
import type { SessionClient, SessionClientOptions } from "../core/index.ts";
import { createSessionClient } from "../core/index.ts";

export interface Loan {
  readonly client: SessionClient;
  giveBack(): void;
}

export type Lend = (options: SessionClientOptions) => Loan;

export function lendOwn(options: SessionClientOptions): Loan {
  const client = started(options);
  return { client, giveBack: () => client.stop() };
}

interface Shared {
  readonly client: SessionClient;
  users: number;
}

/** Of this page. Nobody borrows in server rendering, where it would be every visitor's. */
const lent = new Map<string, Shared>();

export function lendShared(options: SessionClientOptions): Loan {
  const key = `${options.teamId} ${options.baseUrl}`;
  const shared = lent.get(key) ?? { client: started(options), users: 0 };
  lent.set(key, shared);
  shared.users += 1;
  const giveBack = () => {
    shared.users -= 1;
    // A page that replaces one view by another borrows again before this runs, and stays connected.
    queueMicrotask(() => {
      if (shared.users === 0 && lent.get(key) === shared) {
        lent.delete(key);
        shared.client.stop();
      }
    });
  };
  return { client: shared.client, giveBack };
}

function started(options: SessionClientOptions): SessionClient {
  const client = createSessionClient(options);
  client.start();
  return client;
}

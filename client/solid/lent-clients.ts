// Clients and their users: each is started with its first and stopped with its last.
import type { SessionClient, SessionClientOptions } from "../core/index.ts";
import { createSessionClient } from "../core/index.ts";

interface Lent {
  readonly client: SessionClient;
  users: number;
}

/** By address. */
export type LentClients = Map<string, Lent>;

export interface Loan {
  readonly client: SessionClient;
  giveBack(): void;
}

export function borrow(clients: LentClients, options: SessionClientOptions): Loan {
  const key = `${options.teamId} ${options.baseUrl}`;
  const lent = clients.get(key) ?? { client: createSessionClient(options), users: 0 };
  const { client } = lent;
  if (!clients.has(key)) {
    clients.set(key, lent);
    client.start();
  }
  lent.users += 1;
  const giveBack = () => {
    lent.users -= 1;
    // A page that replaces one view by another borrows again before this runs, and stays connected.
    queueMicrotask(() => {
      if (lent.users === 0 && clients.get(key) === lent) {
        clients.delete(key);
        client.stop();
      }
    });
  };
  return { client, giveBack };
}

// Requests answered a second, over 16 kept-alive connections that each wait for an answer before they ask again.
import { encodeRequest, HttpConnection, requestOnce } from "../http-connection.ts";
import type { Contest, Side } from "../rounds.ts";
import { type Servers, TEAM_ID } from "../servers.ts";

const CONNECTIONS = 16;

const DEVICE_INFO = {
  browser: "Firefox",
  browserVersion: "144.0",
  os: "Linux",
  deviceType: "desktop",
  languages: ["en-GB", "de"],
  timeZone: "Europe/Berlin",
};

/** The validations of warm sessions, one for each connection. */
export async function validationsOf(ours: URL): Promise<readonly string[]> {
  const sessions = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => createSession(ours, TEAM_ID)),
  );
  return sessions.map(({ session, token }) =>
    encodeRequest({
      method: "GET",
      path: `/api/sessions/${session.id}/validate`,
      token,
      body: undefined,
    }),
  );
}

/** A warm session's validation, next to a call of an object that answers a constant; 16 objects on both sides. */
export async function validateContest({ ours, bare }: Servers): Promise<Contest> {
  const validations = await validationsOf(ours);
  const calls = validations.map((_, index) =>
    encodeRequest({ method: "GET", path: `/constant/${index}`, token: undefined, body: undefined }),
  );
  return {
    name: "validate",
    figures: [
      {
        title: "`validate` of a warm session, against an object call",
        unit: "requests/s",
        goal: { atLeast: 0.85 },
      },
    ],
    ours: requestSide(ours, 200, (connection) => validations[connection] ?? ""),
    bare: requestSide(bare, 200, (connection) => calls[connection] ?? ""),
  };
}

/** A creation, next to a new object with one row and, after it, one row in D1 under the same indexes. */
export function createContest({ ours, bare }: Servers): Contest {
  let created = 0;
  const create = () =>
    encodeRequest({
      method: "POST",
      path: "/api/sessions/create",
      token: undefined,
      body: { teamId: TEAM_ID, userFingerprint: `fp-${created++}`, deviceInfo: DEVICE_INFO },
    });
  const createBare = () =>
    encodeRequest({
      method: "POST",
      path: `/create/new-${created++}`,
      token: undefined,
      body: DEVICE_INFO,
    });
  return {
    name: "create",
    figures: [
      {
        title: "`create`, against a new object with a row and a D1 insert",
        unit: "requests/s",
        goal: { atLeast: 0.8 },
      },
    ],
    ours: requestSide(ours, 201, create),
    bare: requestSide(bare, 201, createBare),
  };
}

interface CreatedSession {
  readonly session: { readonly id: string };
  readonly token: string;
  readonly ticket: string;
}

export function createSession(ours: URL, teamId: string): Promise<CreatedSession> {
  const body = { teamId, deviceInfo: DEVICE_INFO };
  return requestOnce<CreatedSession>(
    ours,
    { method: "POST", path: "/api/sessions/create", token: undefined, body },
    201,
  );
}

export function requestSide(url: URL, status: number, next: (connection: number) => string): Side {
  return {
    async round(seconds) {
      // workerd closes a connection that is idle for 5 s, as it is while the other side has its turn.
      const connections = await Promise.all(
        Array.from({ length: CONNECTIONS }, () => HttpConnection.open(url)),
      );
      const start = performance.now();
      const end = start + seconds * 1_000;
      const counts = await Promise.all(
        connections.map(async (connection, index) => {
          let count = 0;
          while (performance.now() < end) {
            const answer = await connection.request(next(index));
            if (answer.status !== status) {
              throw new Error(`answered ${answer.status}: ${answer.body}`);
            }
            count++;
          }
          return count;
        }),
      );
      const total = counts.reduce((sum, count) => sum + count, 0);
      const perSecond = (total * 1_000) / (performance.now() - start);
      for (const connection of connections) connection.close();
      return [perSecond];
    },
  };
}

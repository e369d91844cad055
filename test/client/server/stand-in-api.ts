/** An HTTP server that answers as a test says, to see what a client does with answers that a sound server seldom gives. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface StandInApi {
  readonly baseUrl: string;
  /** `METHOD path` of all requests so far. */
  readonly requests: readonly string[];
  readonly headers: readonly IncomingMessage["headers"][];
  close(): Promise<void>;
}

/** @param handlers one for each request, the last for all that follow */
export async function startApi(...handlers: readonly Handler[]): Promise<StandInApi> {
  const requests: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  const server = createServer((request, response) => {
    const handle = handlers[Math.min(requests.length, handlers.length - 1)];
    requests.push(`${request.method} ${request.url}`);
    headers.push(request.headers);
    handle?.(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    headers,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function json(status: number, body: unknown): Handler {
  return (request, response) => {
    request.resume().once("end", () => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  };
}

export function problem(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Handler {
  return (request, response) => {
    request.resume().once("end", () => {
      response
        .writeHead(status, { "content-type": "application/problem+json", ...headers })
        .end(JSON.stringify({ type: "about:blank", title: code, status, code }));
    });
  };
}

/** Lets the caller down: the connection is closed without an answer. */
export const hangUp: Handler = (request) => request.socket.destroy();

/// <reference path="./async-hooks.d.ts" />
// The log: one line of JSON an event, and in it never a secret, a URL, or a body. What is logged while a request is
// answered carries that request's id.
import { AsyncLocalStorage } from "node:async_hooks";

/** What happened, in snake case, and what there is to know of it: ids of teams, codes, counts, messages of errors. */
export interface LogLine {
  readonly event: string;
  readonly [field: string]: string | number | boolean | null | undefined;
}

/** A request as the log knows it; filled in as it is made out. */
export interface LoggedRequest {
  readonly requestId: string;
  /** The operation's name; undefined where it came to none. */
  operation: string | undefined;
  /** Whose credentials opened it, as far as they proved to be anybody's. */
  team: string | undefined;
  teamNumber: number | undefined;
  /** It lasts as long as its sender likes. */
  isLong: boolean;
  /** What was our fault. */
  error: string | undefined;
}

type Level = "info" | "warn" | "error";

const requests = new AsyncLocalStorage<LoggedRequest>();

/** The request that is being answered; undefined in what nobody waits for, and in objects. */
export function currentRequest(): LoggedRequest | undefined {
  return requests.getStore();
}

/** What `work` comes to; lines that it logs, then or later, belong to `request`. */
export function inRequest<T>(request: LoggedRequest, work: () => T): T {
  return requests.run(request, work);
}

function write(level: Level, { event, ...fields }: LogLine): void {
  const requestId = requests.getStore()?.requestId;
  console[level](
    JSON.stringify({ event, ...(requestId !== undefined && { requestId }), ...fields }),
  );
}

export const log = {
  info: (line: LogLine) => write("info", line),
  warn: (line: LogLine) => write("warn", line),
  error: (line: LogLine) => write("error", line),
};

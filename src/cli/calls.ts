/** Calls of the commands to HTTP APIs: repeated with growing pauses while what is wrong may pass. */
import { setTimeout as sleep } from "node:timers/promises";

const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const TIMEOUT_MS = 60_000;

/** An answer that no repetition will change. */
export class RefusedCall extends Error {
  override readonly name = "RefusedCall";
  readonly status: number;

  constructor(url: URL, status: number, text: string) {
    super(`${url.origin}${url.pathname} answered ${status}: ${text.slice(0, 500)}`);
    this.status = status;
  }
}

export interface JsonCall {
  /** Undefined sends no credential. */
  readonly bearer: string | undefined;
  /** Undefined makes it a GET. */
  readonly body: object | undefined;
}

/** The JSON of a good answer. Throws `RefusedCall`, or what the last attempt failed with. */
export async function callJson<T>(url: URL, { bearer, body }: JsonCall): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    let pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
    pauseMs *= 0.5 + Math.random() / 2;
    try {
      const response = await fetch(url, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
          ...(body !== undefined && { "Content-Type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      if (response.ok) return JSON.parse(text);
      const mayPass = response.status === 429 || response.status >= 500;
      if (!mayPass || attempt === ATTEMPTS) throw new RefusedCall(url, response.status, text);
      pauseMs = Math.max(pauseMs, Number(response.headers.get("Retry-After") ?? 0) * 1000);
    } catch (error) {
      if (error instanceof RefusedCall || attempt === ATTEMPTS) throw error;
    }
    await sleep(pauseMs);
  }
}

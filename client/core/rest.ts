import type { Environment } from "./environment.ts";
import { RequestError, requestError, responseError } from "./request-error.ts";

/** A call that has not been answered by then counts as a network error. */
export const REQUEST_TIMEOUT_MS = 15_000;

interface CallOptions {
  /** Goes out as JSON. */
  readonly body?: unknown;
  /** Undefined where there is none, or where it is in a cookie. */
  readonly token?: string | undefined;
  /** Whether the browser may send and take cookies with it. */
  readonly cookies?: boolean | undefined;
  readonly idempotencyKey?: string;
}

/**
 * One call of the API, its answer's JSON as the server promises it (src/protocol/rest.ts): it is not checked a second time
 * here. Undefined where there is no body. Rejects with `RequestError` and nothing else.
 */
export type Rest = <T = void>(
  method: "GET" | "POST" | "PATCH" | "DELETE",
  path: string,
  options?: CallOptions,
) => Promise<T>;

/** @param baseUrl where the API is: an origin, without a slash at the end */
export function createRest(
  baseUrl: string,
  { fetch, clock }: Pick<Environment, "fetch" | "clock">,
): Rest {
  return async (method, path, { body, token, cookies, idempotencyKey } = {}) => {
    const controller = new AbortController();
    const cancelTimeout = clock.after(REQUEST_TIMEOUT_MS, () => controller.abort());
    try {
      const response = await fetch(`${baseUrl}/api/${path}`, {
        method,
        headers: {
          ...(token && { authorization: `Bearer ${token}` }),
          ...(idempotencyKey && { "idempotency-key": idempotencyKey }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        cache: "no-store",
        credentials: cookies ? "include" : "omit",
        signal: controller.signal,
      });
      if (!response.ok) {
        throw await responseError(response);
      }
      return parsed(await response.text(), response.status);
    } catch (error) {
      throw requestError(error);
    } finally {
      cancelTimeout();
    }
  };
}

function parsed(text: string, status: number) {
  try {
    return status === 204 ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new RequestError("invalid_answer", { status, cause });
  }
}

/** What opens a session, and which. */
export interface Key {
  readonly sessionId: string;
  /** Undefined where a cookie has it. */
  readonly token: string | undefined;
}

/** A call about the session that a key opens; `path` is what follows the session's. */
export function callWith<T = void>(
  rest: Rest,
  { sessionId, token }: Key,
  method: Parameters<Rest>[0],
  path: string,
  body?: unknown,
): Promise<T> {
  return rest(method, `sessions/${encodeURIComponent(sessionId)}${path}`, {
    body,
    token,
    cookies: token === undefined,
  });
}

/** A token opens the session that is its first part. */
export function keyOf(token: string): Key & { readonly token: string } {
  return { sessionId: token.slice(0, token.indexOf(".")), token };
}

/** The device that a token belongs to: its second part, which rotation leaves as it is. */
export function credentialIdOf(token: string): string {
  return token.split(".")[1] ?? "";
}

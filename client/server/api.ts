// One call of the API: sent, timed, repeated where that is harmless, and answered with JSON or an ApiError.
import { ApiError } from "./api-error.ts";
import { retryDelayMs } from "./retry-policy.ts";
import type { TextSource } from "./text-body.ts";
import { BYTE_ORDER_MARK, textBody } from "./text-body.ts";

/** What sends the requests: the global `fetch`, or one that is handed in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ApiOptions {
  readonly baseUrl: string;
  readonly bearer: string;
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly maxRetries: number;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent in place of it, as they are and of their own type. */
  readonly bytes?: Blob;
  /** Whether it may take effect twice without harm, and is sent again when no answer came. */
  readonly repeatable: boolean;
}

/** A file may take longer than a call that says little. */
const UPLOAD_TIMEOUT_MS = 600_000;

interface Answer<T> {
  readonly status: number;
  /** Its shape is the server's promise (src/protocol); it is not checked a second time here. */
  readonly body: T;
}

export class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  async json<T>(call: Call): Promise<T> {
    return (await this.answer<T>(call)).body;
  }

  /** Deletes; what a repeated call no longer finds, the one before has deleted. */
  async delete(path: string): Promise<void> {
    await this.answer({ method: "DELETE", path, repeatable: true });
  }

  /** The lines of an answer of any length, as they come; sent once. What breaks off in the middle throws. */
  async *lines(path: string): AsyncGenerator<string, void, undefined> {
    const { baseUrl, bearer, fetch } = this.#options;
    try {
      const response = await fetch(baseUrl + path, {
        method: "GET",
        headers: { authorization: `Bearer ${bearer}` },
        redirect: "manual",
      });
      if (!response.ok) throw await ApiError.fromResponse(response);
      if (response.body !== null) yield* linesOf(response.body);
    } catch (error) {
      throw error instanceof ApiError ? error : ApiError.fromNetwork(error);
    }
  }

  /** Posts text as it comes; sent once, as its source can be read once. */
  async stream<T>(
    path: string,
    source: TextSource,
    signal: AbortSignal | undefined,
  ): Promise<Answer<T>> {
    const abort = new AbortController();
    let failure: { readonly error: unknown } | undefined;
    const body = textBody(source, BYTE_ORDER_MARK, (error) => {
      failure = { error };
      // Not by the stream's own error: workerd would end the request as if it were whole.
      abort.abort(error);
    });
    try {
      return await this.#send<T>(path, {
        method: "POST",
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: body.stream,
        // What a body of unknown length has to be sent with; the types of some runtimes do not know it yet.
        ...({ duplex: "half" } as RequestInit),
        signal: signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]),
      });
    } catch (error) {
      if (failure !== undefined) throw failure.error;
      signal?.throwIfAborted();
      throw error;
    } finally {
      // The answer is here before the text has ended where a reader cancelled, or the call was refused.
      body.stop();
    }
  }

  /** Also the status, which tells whether anything was made. */
  async answer<T>(call: Call): Promise<Answer<T>> {
    const { method, path, headers, body, bytes, repeatable } = call;
    const { timeoutMs } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#send<T>(path, {
          method,
          headers: { ...headers, ...typeOf(call) },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          ...(bytes !== undefined && { body: bytes }),
          signal: AbortSignal.timeout(bytes === undefined ? timeoutMs : UPLOAD_TIMEOUT_MS),
        });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (method === "DELETE" && attempt > 1 && error.status === 404) {
          return { status: 204, body: undefined as T };
        }
        const random = Math.random();
        const delayMs = retryDelayMs(error, { attempt, repeatable, random });
        if (delayMs === undefined || attempt > this.#options.maxRetries) throw error;
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  /** Gets bytes as they come; sent once, and they may take as long as they take. */
  async bytes(
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<ReadableStream<Uint8Array>> {
    try {
      const { body } = await this.#fetch(path, { method: "GET", headers });
      return body ?? new Blob([]).stream();
    } catch (error) {
      throw error instanceof ApiError ? error : ApiError.fromNetwork(error);
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const { baseUrl, bearer, fetch } = this.#options;
    const response = await fetch(baseUrl + path, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${bearer}` },
      // The key goes to the address that it was given for, and to no other.
      redirect: "manual",
    });
    if (!response.ok) throw await ApiError.fromResponse(response);
    return response;
  }

  async #send<T>(path: string, init: RequestInit): Promise<Answer<T>> {
    try {
      const response = await this.#fetch(path, init);
      const text = await response.text();
      return {
        status: response.status,
        body: response.status === 204 ? undefined : parse(response, text),
      };
    } catch (error) {
      throw error instanceof ApiError ? error : ApiError.fromNetwork(error);
    }
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + decoder.decode(value, { stream: !done })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
      if (done) break;
    }
    if (rest !== "") throw new Error("the last line has no end");
  } finally {
    // Nobody wants the rest.
    reader.cancel().catch(() => {});
  }
}

function typeOf({ body, bytes }: Call): Record<string, string> {
  if (bytes !== undefined) return { "content-type": bytes.type };
  return body === undefined ? {} : { "content-type": "application/json" };
}

function parse({ status }: Response, text: string) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw ApiError.fromInvalidBody(status, error);
  }
}

/** `?name=value&…` of what is given, or nothing. */
export function queryOf(parameters: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    query.set(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

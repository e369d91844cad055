// The files' part of the API under a test's control, in front of a healthy API of the rest.

import { healthyApi } from "./fake-client.ts";
import type { FakeEnvironment } from "./fake-environment.ts";

type Failure =
  | "down"
  | number
  | string
  | { readonly status: number; readonly code: string; readonly retryAfter?: number };

interface SeenUpload {
  readonly clientId: string;
  readonly name: string;
  readonly type: string | null;
}

export class FileServer {
  readonly uploads: SeenUpload[] = [];
  readonly downloads: { readonly fileId: string; readonly authorization: string | null }[] = [];
  /** What becomes of the next calls. */
  failing: Failure[] = [];
  aborted = 0;
  readonly #environment: FakeEnvironment;
  readonly #files = new Map<string, string>();
  #held: Promise<void> | undefined;
  #only: string | undefined;
  #release = () => {};

  constructor(environment: FakeEnvironment) {
    this.#environment = environment;
    this.install();
    environment.answerFile = (url, init) => this.#answer(url, init);
  }

  install(): void {
    healthyApi(this.#environment);
  }

  /** Uploads come no further until `go`: all of them, or those of one name. */
  hold(only?: string): void {
    this.#only = only;
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  go(): void {
    this.#held = undefined;
    this.#release();
  }

  async #answer({ pathname, searchParams }: URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const fileId = pathname.split("/files/")[1];
    const clientId = searchParams.get("clientId") ?? "";
    const name = searchParams.get("name") ?? "";
    const type = headers.get("content-type");
    if (fileId === undefined) {
      this.uploads.push({ clientId, name, type });
      if (name === (this.#only ?? name)) {
        await this.#through(init.signal ?? undefined);
      }
    }
    const failure = this.failing.shift();
    if (failure === "down") {
      throw new TypeError("fetch failed");
    }
    if (failure !== undefined) {
      return problem(failure);
    }
    if (fileId !== undefined) {
      this.downloads.push({ fileId, authorization: headers.get("authorization") });
      return new Response(`bytes of ${fileId}`);
    }
    const known = this.#files.get(clientId) ?? `F${this.#files.size + 1}`;
    this.#files.set(clientId, known);
    const size = init.body instanceof Blob ? init.body.size : 0;
    return Response.json({ file: { fileId: known, name, type, size } }, { status: 201 });
  }

  async #through(signal: AbortSignal | undefined): Promise<void> {
    const aborted = new Promise<never>((_resolve, reject) => {
      signal?.addEventListener("abort", () => {
        this.aborted += 1;
        reject(signal.reason);
      });
    });
    aborted.catch(() => undefined);
    await Promise.race([this.#held, aborted]);
  }
}

function problem(failure: Exclude<Failure, "down">): Response {
  const {
    status,
    code,
    retryAfter = 0,
  } = typeof failure === "object"
    ? { retryAfter: 0, ...failure }
    : { status: typeof failure === "number" ? failure : 409, code: String(failure), retryAfter: 0 };
  return new Response(JSON.stringify({ code, status }), {
    status,
    headers: {
      "content-type": "application/problem+json",
      ...(retryAfter > 0 && { "retry-after": String(retryAfter) }),
    },
  });
}

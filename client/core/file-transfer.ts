// The bytes of one file on their way to the server, or from it: one attempt.
import type { StoredAttachment, UploadedFile } from "../../src/protocol/file.ts";
import type { Environment } from "./environment.ts";
import type { FileScope } from "./file-scope.ts";
import { RequestError, requestError, responseError } from "./request-error.ts";
import type { Key } from "./rest.ts";
import type { NewFile } from "./session-client.ts";

/** An upload of which nothing more has left for so long is given up. */
const STALLED_AFTER_MS = 45_000;

/** A download that has not begun by then counts as a network error. */
const ANSWER_TIMEOUT_MS = 15_000;

/** The slowest network whose uploads are waited for where their progress is not told. */
const LEAST_BYTES_PER_MS = 10;

export interface FileToUpload {
  readonly uploadId: string;
  readonly name: string;
  /** A media type. */
  readonly type: string;
  readonly blob: NewFile;
}

interface Attempt {
  readonly progressed: (progress: number) => void;
  readonly signal: AbortSignal;
}

interface Parts {
  readonly baseUrl: string;
  readonly environment: Environment;
  readonly scope: FileScope;
}

export type FileTransfer = ReturnType<typeof createFileTransfer>;

export function createFileTransfer({ baseUrl, environment, scope }: Parts) {
  const { clock } = environment;

  const url = ({ sessionId }: Key, rest: string) =>
    `${baseUrl}/api/sessions/${encodeURIComponent(sessionId)}/files${rest}`;

  /** What is to be called whenever there was progress; without any for too long, `giveUp` is. */
  function watchdog(patienceMs: number, giveUp: () => void) {
    let cancel = clock.after(patienceMs, giveUp);
    return {
      alive() {
        cancel();
        cancel = clock.after(patienceMs, giveUp);
      },
      stop: () => cancel(),
    };
  }

  async function byFetch(
    key: Key,
    target: string,
    { type, blob }: FileToUpload,
    { signal }: Attempt,
  ): Promise<Response> {
    const controller = new AbortController();
    const abort = () => controller.abort();
    signal.addEventListener("abort", abort);
    const timeout = watchdog(STALLED_AFTER_MS + blob.size / LEAST_BYTES_PER_MS, abort);
    try {
      const { fetch } = environment;
      return await fetch(target, {
        ...init(key, { "content-type": type }),
        method: "POST",
        body: blob,
        signal: controller.signal,
      });
    } finally {
      timeout.stop();
      signal.removeEventListener("abort", abort);
    }
  }

  function byRequest(
    Request: new () => XMLHttpRequest,
    key: Key,
    target: string,
    { type, blob }: FileToUpload,
    { progressed, signal }: Attempt,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const request = new Request();
      const abort = () => request.abort();
      const stalled = watchdog(STALLED_AFTER_MS, abort);
      const failed = () => {
        ended();
        reject(new RequestError("network_error"));
      };
      const ended = () => {
        stalled.stop();
        signal.removeEventListener("abort", abort);
      };
      request.open("POST", target);
      request.withCredentials = key.token === undefined;
      request.setRequestHeader("content-type", type);
      if (key.token !== undefined) {
        request.setRequestHeader("authorization", `Bearer ${key.token}`);
      }
      request.upload.onprogress = ({ loaded, total }) => {
        stalled.alive();
        progressed(total > 0 ? loaded / total : 0);
      };
      request.onload = () => {
        ended();
        resolve(responseOf(request));
      };
      request.onerror = failed;
      request.onabort = failed;
      signal.addEventListener("abort", abort);
      request.send(blob);
    });
  }

  return {
    /** Rejects with `RequestError`; as if the network had failed when it is aborted. */
    async upload(key: Key, file: FileToUpload, attempt: Attempt): Promise<StoredAttachment> {
      const { XMLHttpRequest: Request } = scope;
      const { name, uploadId: clientId } = file;
      const target = url(key, `?${new URLSearchParams({ name, clientId })}`);
      try {
        const response = await (Request
          ? byRequest(Request, key, target, file, attempt)
          : byFetch(key, target, file, attempt));
        if (!response.ok) {
          throw await responseError(response);
        }
        const { file: stored }: UploadedFile = await response.json();
        return stored;
      } catch (error) {
        throw requestError(error);
      }
    },

    /** Rejects with `RequestError`. */
    async download(key: Key, fileId: string): Promise<Blob> {
      const controller = new AbortController();
      const cancelTimeout = clock.after(ANSWER_TIMEOUT_MS, () => controller.abort());
      try {
        const { fetch } = environment;
        const { signal } = controller;
        const target = url(key, `/${encodeURIComponent(fileId)}`);
        const response = await fetch(target, { ...init(key, {}), method: "GET", signal });
        if (!response.ok) {
          throw await responseError(response);
        }
        // How long the bytes take is the network's business.
        cancelTimeout();
        return await response.blob();
      } catch (error) {
        throw requestError(error);
      } finally {
        cancelTimeout();
      }
    },
  };
}

function init({ token }: Key, headers: Record<string, string>) {
  return {
    headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    credentials: token === undefined ? "include" : "omit",
    cache: "no-store",
  } as const;
}

/** What answers to its request alone are read like all others. */
function responseOf(request: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const name of ["content-type", "retry-after"]) {
    const value = request.getResponseHeader(name);
    if (value !== null) {
      headers.set(name, value);
    }
  }
  return new Response(request.responseText, { status: request.status, headers });
}

import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import type { ErrorCode, FieldError, Problem } from "../../src/protocol/errors.ts";

/**
 * A code of the API, or what the client alone can know: `network_error` (no answer came), `invalid_answer` (an answer
 * came that is not this API's), `protocol_error` (the socket was closed as if this client were not understood). A newer
 * server may send codes that this list lacks.
 */
export type RequestErrorCode =
  | ErrorCode
  | "network_error"
  | "invalid_answer"
  | "protocol_error"
  | (string & Record<never, never>);

interface RequestErrorDetails {
  readonly message?: string | undefined;
  readonly status?: number;
  readonly retryAfterMs?: number | undefined;
  readonly fields?: readonly FieldError[] | undefined;
  readonly cause?: unknown;
}

/** A call to the API that did not succeed. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: RequestErrorCode;
  /** The HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  /** The fields of the request that did not validate. */
  readonly fields: readonly FieldError[];

  constructor(code: RequestErrorCode, details: RequestErrorDetails = {}) {
    super(details.message ?? code, { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.fields = details.fields ?? [];
  }

  /**
   * Whether the same call may succeed later without anything being changed. True for `invalid_answer` too: it comes
   * from a captive portal or a gateway, and the API behind it has not spoken yet.
   */
  get retryable(): boolean {
    const { code, status = 0 } = this;
    return code === "network_error" || code === "invalid_answer" || status === 429 || status >= 500;
  }
}

/** What any failure is to those who call the API: one that is not the API's own is the network's. */
export function requestError(error: unknown): RequestError {
  return error instanceof RequestError
    ? error
    : new RequestError("network_error", { cause: error });
}

/** There is no session yet, or none any more that this client has a key to. */
export function unauthenticated(): RequestError {
  return new RequestError("unauthenticated", { status: 401 });
}

/** A socket that was closed for good: 4401, 4403 and 4400 mean what the HTTP status of the same last digits means. */
export function closeError(closeCode: number): RequestError {
  const code =
    closeCode === CLOSE_CODES.unauthenticated
      ? "invalid_credential"
      : closeCode === CLOSE_CODES.forbidden
        ? "forbidden"
        : "protocol_error";
  return new RequestError(code, { status: closeCode - 4000 });
}

/** An answer with an error status: its problem details, or `invalid_answer` where something in between answered. */
export async function responseError(response: Response): Promise<RequestError> {
  const { status, headers } = response;
  const problem = headers.get("content-type")?.startsWith("application/problem+json")
    ? await response.json().then(knownProblem, () => undefined)
    : undefined;
  // This API sends seconds, never a date.
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return new RequestError(problem?.code ?? "invalid_answer", {
    message: problem?.detail ?? problem?.title,
    status,
    retryAfterMs: seconds >= 0 ? seconds * 1000 : undefined,
    fields: problem?.errors,
  });
}

function knownProblem(body: Partial<Problem> | null): Problem | undefined {
  return typeof body?.code === "string" ? (body as Problem) : undefined;
}

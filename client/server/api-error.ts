import type { ErrorCode, FieldError, Problem } from "../../src/protocol/errors.ts";

/**
 * A code of the API, or what only the caller can know: `network_error` (no answer came), `timeout` (none came in time),
 * `invalid_answer` (one came that is not this API's). A newer server may send codes that this list lacks.
 */
export type ApiErrorCode =
  | ErrorCode
  | "network_error"
  | "timeout"
  | "invalid_answer"
  | (string & Record<never, never>);

interface ApiErrorDetails {
  readonly code: ApiErrorCode;
  readonly message: string;
  readonly status: number | undefined;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;
  readonly cause: unknown;
}

/** A call that did not succeed. docs/errors.md has each code's cause and remedy. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  /** The HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** The fields of the request that did not validate. */
  readonly errors: readonly FieldError[];
  /** How long the server asked to be left alone. */
  readonly retryAfterSeconds: number | undefined;

  constructor(details: ApiErrorDetails) {
    super(details.message, { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.errors = details.errors;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  /** Whether the same call may succeed later without anything being changed; so may one that a gateway answered with a page. */
  get retryable(): boolean {
    const { status } = this;
    return status === undefined || status < 300 || status === 429 || status >= 500;
  }

  /** No answer, or none in time: whether the call took effect is not known. */
  static fromNetwork(cause: unknown): ApiError {
    const isTimeout = cause instanceof Error && cause.name === "TimeoutError";
    return new ApiError({
      code: isTimeout ? "timeout" : "network_error",
      message: isTimeout ? "The server did not answer in time." : "The server did not answer.",
      status: undefined,
      errors: [],
      retryAfterSeconds: undefined,
      cause,
    });
  }

  /** A success that is not the JSON of this API. */
  static fromInvalidBody(status: number, cause: unknown): ApiError {
    return new ApiError({
      code: "invalid_answer",
      message: `Something other than the API answered ${status}.`,
      status,
      errors: [],
      retryAfterSeconds: undefined,
      cause,
    });
  }

  /** An answer with an error status: its problem details, or `invalid_answer` where something in between answered. */
  static async fromResponse(response: Response): Promise<ApiError> {
    const problem = await readProblem(response);
    const code = problem?.code ?? "invalid_answer";
    const what = problem?.detail ?? problem?.title ?? "something other than the API answered";
    return new ApiError({
      code,
      message: `${code} (${response.status}): ${what}`,
      status: response.status,
      errors: problem?.errors ?? [],
      retryAfterSeconds: secondsOf(response.headers.get("retry-after")),
      cause: undefined,
    });
  }
}

async function readProblem(response: Response): Promise<Problem | undefined> {
  // Read in any case: an answer that is left unread keeps its connection.
  const text = await response.text();
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) {
    return undefined;
  }
  try {
    const body: unknown = JSON.parse(text);
    return isProblem(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is Problem {
  return (
    typeof body === "object" && body !== null && "code" in body && typeof body.code === "string"
  );
}

/** This API sends seconds, never a date. */
function secondsOf(header: string | null): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

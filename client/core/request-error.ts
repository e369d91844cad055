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

const CLOSE_ERROR: Readonly<Record<number, ErrorCode>> = {
  [CLOSE_CODES.unauthenticated]: "invalid_credential",
  [CLOSE_CODES.forbidden]: "forbidden",
};

interface RequestErrorDetails {
  readonly code: RequestErrorCode;
  readonly message: string;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly fields: readonly FieldError[];
  readonly cause: unknown;
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

  constructor(details: RequestErrorDetails) {
    super(details.message, { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.fields = details.fields;
  }

  /**
   * Whether the same call may succeed later without anything being changed. True for `invalid_answer` too: it comes
   * from a captive portal or a gateway, and the API behind it has not spoken yet.
   */
  get retryable(): boolean {
    const { code, status } = this;
    return code === "invalid_answer" || status === undefined || status === 429 || status >= 500;
  }

  /** No answer: refused, cut off, or not there in time. */
  static fromNetwork(cause: unknown): RequestError {
    return new RequestError({
      code: "network_error",
      message: "The server could not be reached.",
      status: undefined,
      retryAfterMs: undefined,
      fields: [],
      cause,
    });
  }

  /** A socket that was closed for good: 4401, 4403 and 4400 mean what the HTTP status of the same last digits means. */
  static fromClose(closeCode: number): RequestError {
    return new RequestError({
      code: CLOSE_ERROR[closeCode] ?? "protocol_error",
      message: `The server closed the connection for good (${closeCode}).`,
      status: closeCode - 4000,
      retryAfterMs: undefined,
      fields: [],
      cause: undefined,
    });
  }

  /** What the API would say of a session that is over, or of a call without one. */
  static fromKnown(
    code: "unauthenticated" | "session_expired" | "session_terminated",
  ): RequestError {
    return new RequestError({
      code,
      message: code === "unauthenticated" ? "There is no session yet." : "The session has ended.",
      status: code === "unauthenticated" ? 401 : 410,
      retryAfterMs: undefined,
      fields: [],
      cause: undefined,
    });
  }

  /** A message that the server refused, by the code of its `error` frame. */
  static fromFrame(code: RequestErrorCode): RequestError {
    return new RequestError({
      code,
      message: `The message was refused (${code}).`,
      status: undefined,
      retryAfterMs: undefined,
      fields: [],
      cause: undefined,
    });
  }

  /** A success that is not the JSON of this API. */
  static fromInvalidBody(status: number, cause: unknown): RequestError {
    return new RequestError({
      code: "invalid_answer",
      message: "Something other than the API answered.",
      status,
      retryAfterMs: undefined,
      fields: [],
      cause,
    });
  }

  /** An answer with an error status: its problem details, or `invalid_answer` where something in between answered. */
  static async fromResponse(response: Response): Promise<RequestError> {
    const problem = await readProblem(response);
    return new RequestError({
      code: problem?.code ?? "invalid_answer",
      message: problem?.detail ?? problem?.title ?? `The server answered ${response.status}.`,
      status: response.status,
      retryAfterMs: retryAfterMs(response.headers.get("retry-after")),
      fields: problem?.errors ?? [],
      cause: undefined,
    });
  }
}

async function readProblem(response: Response): Promise<Problem | undefined> {
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) {
    return undefined;
  }
  try {
    const body: unknown = await response.json();
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
function retryAfterMs(header: string | null): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

// Every error code of the REST surface with its HTTP status. docs/errors.md explains each; a test keeps the two equal.

export const ERROR_STATUS = {
  malformed_json: 400,
  upload_interrupted: 400,
  invalid_parameter: 400,
  unauthenticated: 401,
  invalid_credential: 401,
  invalid_identity_token: 401,
  forbidden: 403,
  fresh_credential_needed: 403,
  origin_not_allowed: 403,
  insecure_transport: 403,
  bot_check_failed: 403,
  team_disabled: 403,
  not_found: 404,
  session_not_found: 404,
  team_not_found: 404,
  key_not_found: 404,
  conversation_not_found: 404,
  device_not_found: 404,
  invite_not_found: 404,
  operator_not_found: 404,
  message_not_found: 404,
  webhook_not_found: 404,
  file_not_found: 404,
  backup_not_found: 404,
  method_not_allowed: 405,
  idempotency_key_expired: 409,
  team_exists: 409,
  identity_conflict: 409,
  too_many_credentials: 409,
  too_many_invites: 409,
  too_many_conversations: 409,
  too_many_keys: 409,
  backup_damaged: 409,
  import_closed: 409,
  stream_in_progress: 409,
  stream_gap: 409,
  stream_ended: 409,
  too_many_files: 409,
  upload_in_progress: 409,
  session_expired: 410,
  session_terminated: 410,
  invite_expired: 410,
  length_required: 411,
  body_too_large: 413,
  file_too_large: 413,
  message_too_large: 413,
  quota_exceeded: 413,
  unsupported_media_type: 415,
  file_type_not_allowed: 415,
  range_not_satisfiable: 416,
  validation_failed: 422,
  attachment_not_found: 422,
  upgrade_required: 426,
  rate_limited: 429,
  too_many_sockets: 429,
  too_many_streams: 429,
  internal_error: 500,
  unavailable: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** Codes that only `error` frames carry, beside those of the REST surface. */
export type FrameErrorCode = ErrorCode | "unknown_type" | "invalid_frame" | "frame_too_large";

/** One field that did not validate; `path` is a JSON Pointer (RFC 6901) into the body, `""` for the whole. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** RFC 9457 problem details, `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
}

/** An expected failure as a value: what operations and objects return instead of throwing. */
export interface Failure {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly message?: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
}

/** A success with its fields beside `ok`, or a failure. */
export type Result<T> = ({ readonly ok: true } & T) | Failure;

// Failures as RFC 9457 problem details.
import { ERROR_STATUS, type ErrorCode, type Failure, type Problem } from "../protocol/errors.ts";

const TITLES: Readonly<Record<ErrorCode, string>> = {
  malformed_json: "The body is not acceptable JSON",
  invalid_parameter: "A parameter of the request is not valid",
  unauthenticated: "Credentials are needed",
  invalid_credential: "The credential does not open this",
  invalid_identity_token: "The identity token is not valid",
  forbidden: "The credential does not permit this",
  fresh_credential_needed: "The credential is too old for this",
  origin_not_allowed: "The team does not allow calls from this origin",
  insecure_transport: "Credentials travel over TLS only",
  bot_check_failed: "The caller did not show that it is a person",
  team_disabled: "The team is disabled",
  not_found: "There is no such resource",
  session_not_found: "There is no such session",
  team_not_found: "There is no such team",
  key_not_found: "There is no such key",
  conversation_not_found: "There is no such conversation",
  device_not_found: "There is no such device",
  invite_not_found: "There is no such invite",
  operator_not_found: "There is no such operator",
  message_not_found: "There is no such message",
  webhook_not_found: "The team has no webhook",
  backup_not_found: "There is no such backup",
  method_not_allowed: "The resource does not have this method",
  idempotency_key_expired: "The idempotency key is too old to be used again",
  team_exists: "There is a team with this id",
  identity_conflict: "The session belongs to somebody else",
  too_many_credentials: "The session has as many devices as it may",
  too_many_invites: "The session has as many invites as it may",
  too_many_conversations: "The session has as many conversations as it may",
  too_many_keys: "The team has as many keys of this kind as it may",
  backup_damaged: "The backup is not what was written",
  import_closed: "The session takes in no history any more",
  stream_in_progress: "This answer is being written",
  stream_gap: "Text before this is missing",
  stream_ended: "This answer has ended",
  too_many_files: "The session has too many files",
  upload_in_progress: "The file is being uploaded",
  session_expired: "The session has expired",
  session_terminated: "The session was ended",
  invite_expired: "The invite is no longer good",
  body_too_large: "The body is too large",
  message_too_large: "The message is too large",
  quota_exceeded: "The session holds as much as it may",
  file_too_large: "The file is too large",
  length_required: "The body's length is not declared",
  file_type_not_allowed: "Files of this type are not taken",
  range_not_satisfiable: "The file has no such range",
  file_not_found: "There is no such file",
  upload_interrupted: "The file did not come whole",
  attachment_not_found: "The message carries a file that is not there",
  unsupported_media_type: "The body's media type is not supported",
  validation_failed: "The body does not validate",
  upgrade_required: "This resource is a WebSocket",
  rate_limited: "Too many of these calls",
  too_many_sockets: "The session has as many connections as it may",
  too_many_streams: "The session has as many answers being written as it may",
  internal_error: "Something went wrong on our side",
  unavailable: "A dependency is not available",
};

/** When to come back, where the failure itself does not know. */
const RETRY_AFTER_SECONDS: Readonly<Record<number, number>> = { 429: 60, 503: 2 };

export function problem(failure: Omit<Failure, "ok">): Response {
  const { code, message, errors } = failure;
  const retryAfterSeconds = failure.retryAfterSeconds ?? RETRY_AFTER_SECONDS[ERROR_STATUS[code]];
  const body: Problem = {
    type: `urn:durable-sessions:error:${code}`,
    title: TITLES[code],
    status: ERROR_STATUS[code],
    code,
    ...(message !== undefined && { detail: message }),
    ...(errors !== undefined && { errors }),
  };
  const headers = new Headers({
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
  });
  if (retryAfterSeconds !== undefined) headers.set("Retry-After", String(retryAfterSeconds));
  if (body.status === 401) headers.set("WWW-Authenticate", "Bearer");
  return Response.json(body, { status: body.status, headers });
}

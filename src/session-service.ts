// The operations for other Workers, by service binding. Authority is what the binding's configuration gives as props;
// expected failures come back as `{ ok: false, code }`, never as exceptions.
// Long, because a service binding calls methods of one class: each checks its input and calls an operation, no more.
import { WorkerEntrypoint } from "cloudflare:workers";
import { z } from "zod";
import type { Caller } from "./caller.ts";
import { signingKeys } from "./keys.ts";
import * as audit from "./operations/audit.ts";
import * as cleanup from "./operations/cleanup/request.ts";
import * as conversations from "./operations/conversations.ts";
import * as dataRequests from "./operations/data-requests.ts";
import { attempt } from "./operations/dependency-failures.ts";
import * as files from "./operations/files.ts";
import * as queries from "./operations/index-queries.ts";
import * as operators from "./operations/operators.ts";
import * as sessions from "./operations/sessions.ts";
import * as streams from "./operations/streams.ts";
import { UNKNOWN_VISITOR } from "./operations/visitor.ts";
import type { AuditEventList } from "./protocol/audit.ts";
import type { Conversation, UpdateConversationRequest } from "./protocol/conversation.ts";
import type { Failure, Result } from "./protocol/errors.ts";
import type { UploadedFile, UploadQuery } from "./protocol/file.ts";
import type { JsonObject } from "./protocol/json.ts";
import type { CleanupResult, EraseReceipt } from "./protocol/lifecycle.ts";
import type {
  Message,
  MessagePiece,
  NewStreamedMessage,
  NewTeamMessage,
  StartedMessage,
} from "./protocol/message.ts";
import type {
  ConversationList,
  CreateSessionRequest,
  MessagePage,
  RefreshSessionResponse,
  SessionList,
  SessionStats,
  ValidateSessionResponse,
} from "./protocol/rest.ts";
import type { Session } from "./protocol/session.ts";
import {
  type CreateOperatorTokenRequest,
  KEY_SCOPES,
  type OperatorToken,
} from "./protocol/team.ts";
import { type Checked, checkValue } from "./schemas/check-value.ts";
import { newStreamedMessageSchema, newTeamMessageSchema } from "./schemas/fields.ts";
import { uploadQuerySchema } from "./schemas/files.ts";
import { BadJsonError, parseJson } from "./schemas/json.ts";
import {
  createSessionSchema,
  fingerprintField,
  idempotencyKeySchema,
  messagesQuerySchema,
  pageQuerySchema,
  sessionsQuerySchema,
  teamIdField,
  updateConversationSchema,
} from "./schemas/requests.ts";
import { finishMessageSchema, messagePieceSchema } from "./schemas/streams.ts";
import { auditEventsQuerySchema, createOperatorTokenSchema } from "./schemas/team-requests.ts";
import type { Services } from "./services.ts";
import { teamById } from "./team-cache.ts";

const propsSchema = z.strictObject({
  teamId: teamIdField,
  scopes: z.array(z.enum(KEY_SCOPES)).min(1),
});

/** What is a header or in the path over HTTP is a field here. */
const createSessionInputSchema = createSessionSchema.extend({
  idempotencyKey: idempotencyKeySchema.exactOptional(),
});
const uploadInputSchema = uploadQuerySchema.extend({ type: z.string(), size: z.int().min(0) });
const rangeSchema = z.strictObject({ range: z.string().exactOptional() });
const fingerprintQuerySchema = pageQuerySchema.extend({ fingerprint: fingerprintField });

/** What a binding's configuration grants: `props = { teamId = "…", scopes = ["sessions:read", …] }`. */
export type ServiceProps = z.infer<typeof propsSchema>;

/** A page of a list; `cursor` is the `nextCursor` of the page before. */
export interface PageOptions {
  readonly cursor?: string;
  readonly limit?: number;
}

export interface MessagesOptions {
  readonly conversationId?: string;
  readonly after?: number;
  readonly before?: number;
  readonly limit?: number;
}

export interface SessionsOptions extends PageOptions {
  readonly status?: Session["status"];
  readonly country?: string;
  readonly device?: string;
  readonly userId?: string;
}

const NO_STREAM: Failure = {
  ok: false,
  code: "validation_failed",
  errors: [{ path: "", message: "not a ReadableStream" }],
};

type Authority = { readonly services: Services; readonly caller: Caller; readonly teamId: string };

export class SessionService extends WorkerEntrypoint<Env> {
  /** The new session's fields beside its `token`; with an idempotency key, one session however often it is called. */
  createSession(
    input: CreateSessionRequest & { readonly idempotencyKey?: string },
  ): Promise<Result<Session & { readonly token: string; readonly ticket: string }>> {
    return this.#runWith(createSessionInputSchema, input, async ({ services, caller }, value) => {
      const { idempotencyKey, ...body } = value;
      const created = await sessions.createSession(services, caller, body, {
        idempotencyKey,
        visitor: UNKNOWN_VISITOR,
        origin: undefined,
      });
      if (!created.ok) return created;
      const { session, token, ticket } = created;
      return { ok: true, ...session, token, ticket };
    });
  }

  /** Whether the session is active; slides its expiry. */
  validateSession(sessionId: string): Promise<Result<ValidateSessionResponse>> {
    return this.#run(({ services, caller }) =>
      sessions.validateSession(services, caller, asText(sessionId)),
    );
  }

  refreshSession(sessionId: string): Promise<Result<RefreshSessionResponse>> {
    return this.#run(({ services, caller }) =>
      sessions.refreshSession(services, caller, asText(sessionId), {}),
    );
  }

  getSession(sessionId: string): Promise<Result<{ readonly session: Session }>> {
    return this.#run(({ services, caller }) =>
      sessions.getSession(services, caller, asText(sessionId)),
    );
  }

  /** Ends the session for good. */
  terminateSession(sessionId: string): Promise<Result<object>> {
    return this.#run(({ services, caller }) =>
      sessions.terminateSession(services, caller, asText(sessionId)),
    );
  }

  /** Removes all that is held about the session, now and for good. */
  eraseSession(sessionId: string): Promise<Result<EraseReceipt>> {
    return this.#run(({ services, caller }) =>
      dataRequests.eraseSession(services, caller, asText(sessionId)),
    );
  }

  /** All that is held about the session: a JSON object a line, of which `end` is the last. */
  exportSession(
    sessionId: string,
  ): Promise<Result<{ readonly stream: ReadableStream<Uint8Array> }>> {
    return this.#run(({ services, caller }) =>
      dataRequests.exportSession(services, caller, asText(sessionId)),
    );
  }

  listConversations(sessionId: string): Promise<Result<ConversationList>> {
    return this.#run(({ services, caller }) =>
      conversations.listConversations(services, caller, asText(sessionId)),
    );
  }

  openConversation(sessionId: string): Promise<Result<{ readonly conversation: Conversation }>> {
    return this.#run(({ services, caller }) =>
      conversations.openConversation(services, caller, asText(sessionId)),
    );
  }

  /** Hands a conversation over, assigns it, closes it; visitors see in the log that it happened. */
  updateConversation(
    sessionId: string,
    conversationId: string,
    request: UpdateConversationRequest,
  ): Promise<Result<{ readonly conversation: Conversation }>> {
    return this.#runWith(updateConversationSchema, request, ({ services, caller }, change) => {
      const [id, thread] = [asText(sessionId), asText(conversationId)];
      return conversations.updateConversation(services, caller, id, thread, change);
    });
  }

  listMessages(sessionId: string, options: MessagesOptions = {}): Promise<Result<MessagePage>> {
    return this.#runWith(messagesQuerySchema, options, ({ services, caller }, asked) => {
      const { conversationId, after, before, limit } = asked;
      const query = { conversationId, after, before, limit };
      return conversations.listMessages(services, caller, asText(sessionId), query);
    });
  }

  /** Stores a message once, however often its `clientId` is sent; without a role it is the `assistant`'s. */
  postMessage(
    sessionId: string,
    message: NewTeamMessage,
  ): Promise<Result<{ readonly message: Message; readonly isNew: boolean }>> {
    return this.#runWith(newTeamMessageSchema, message, ({ services, caller }, value) =>
      conversations.postMessage(services, caller, asText(sessionId), value),
    );
  }

  /**
   * Stores what `text` says as one message, and shows it to the readers as it comes. Settles at the end, or as soon as
   * somebody stops it: the message then has `metadata.incomplete`.
   * @param text of bytes of UTF-8
   */
  async streamMessage(
    sessionId: string,
    message: NewStreamedMessage,
    text: ReadableStream<Uint8Array>,
  ): Promise<Result<{ readonly message: Message; readonly isNew: boolean }>> {
    const posted = await this.#runWith(
      newStreamedMessageSchema,
      message,
      async ({ services, caller }, value) =>
        text instanceof ReadableStream
          ? await streams.streamMessage(services, caller, asText(sessionId), value, text)
          : NO_STREAM,
    );
    // What nobody reads keeps its sender waiting.
    if (text instanceof ReadableStream && !text.locked) void text.cancel().catch(() => undefined);
    return posted;
  }

  /** Begins a message that is shown while it is written; called again, it tells how far the message has come. */
  startMessage(sessionId: string, message: NewStreamedMessage): Promise<Result<StartedMessage>> {
    return this.#runWith(newStreamedMessageSchema, message, ({ services, caller }, value) =>
      streams.startMessage(services, caller, asText(sessionId), value),
    );
  }

  /** Adds to it at `offset`, in UTF-16 code units; what is there already is not added twice. No text: a sign of life. */
  appendMessage(
    sessionId: string,
    messageId: string,
    piece: MessagePiece,
  ): Promise<Result<{ readonly length: number }>> {
    return this.#runWith(messagePieceSchema, piece, ({ services, caller }, value) =>
      streams.appendMessage(services, caller, asText(sessionId), asText(messageId), value),
    );
  }

  /** Ends it: what there is of it is a message like others. One that has ended is told again. */
  finishMessage(
    sessionId: string,
    messageId: string,
    options: { readonly metadata?: JsonObject } = {},
  ): Promise<Result<{ readonly message: Message }>> {
    return this.#runWith(finishMessageSchema, options, ({ services, caller }, { metadata }) =>
      streams.finishMessage(services, caller, asText(sessionId), asText(messageId), metadata),
    );
  }

  /** Takes a message's content back, for good and everywhere. */
  redactMessage(sessionId: string, messageId: string): Promise<Result<object>> {
    return this.#run(({ services, caller }) =>
      conversations.redactMessage(services, caller, asText(sessionId), asText(messageId)),
    );
  }

  /**
   * Stores a file for a message to carry, once however often its `clientId` is sent. It may be kept under another name:
   * without folders, and with an ending that fits its type.
   * @param file `size` in bytes, of all that `bytes` brings
   */
  async uploadFile(
    sessionId: string,
    file: UploadQuery & { readonly type: string; readonly size: number },
    bytes: ReadableStream<Uint8Array>,
  ): Promise<Result<UploadedFile & { readonly isNew: boolean }>> {
    const uploaded = await this.#runWith(
      uploadInputSchema,
      file,
      async ({ services, caller }, upload) =>
        bytes instanceof ReadableStream
          ? await files.uploadFile(services, caller, asText(sessionId), { ...upload, bytes })
          : NO_STREAM,
    );
    // What nobody reads keeps its sender waiting.
    if (bytes instanceof ReadableStream && !bytes.locked)
      void bytes.cancel().catch(() => undefined);
    return uploaded;
  }

  /** What there is of a file, as it comes; with `range`, as a `Range` header has it, that part. */
  async downloadFile(
    sessionId: string,
    fileId: string,
    options: { readonly range?: string } = {},
  ): Promise<Result<UploadedFile & { readonly bytes: ReadableStream<Uint8Array> }>> {
    return await this.#runWith(rangeSchema, options, async ({ services, caller }, { range }) => {
      const [id, name] = [asText(sessionId), asText(fileId)];
      const found = await files.downloadFile(services, caller, id, name, range ?? null);
      return found.ok
        ? { ok: true, file: found.file, bytes: found.bytes }
        : { ok: false, code: found.code };
    });
  }

  /** Deletes a file: it opens to nobody any more, and is gone for good after a week. */
  deleteFile(sessionId: string, fileId: string): Promise<Result<object>> {
    return this.#run(({ services, caller }) =>
      files.deleteFile(services, caller, asText(sessionId), asText(fileId)),
    );
  }

  /** The sessions of one browser, as far as its fingerprint tells; never a token. */
  findSessionsByFingerprint(
    fingerprint: string,
    teamId: string,
    options: PageOptions = {},
  ): Promise<Result<SessionList>> {
    const input = { ...options, fingerprint };
    return this.#runWith(fingerprintQuerySchema, input, ({ services, caller }, asked) => {
      const { cursor, limit } = asked;
      const query = { teamId: asText(teamId), fingerprint: asked.fingerprint, cursor, limit };
      return queries.findSessionsByFingerprint(services, caller, query);
    });
  }

  /** The team's sessions, newest activity first. */
  listSessions(options: SessionsOptions = {}): Promise<Result<SessionList>> {
    return this.#runWith(sessionsQuerySchema, options, ({ services, caller, teamId }, asked) => {
      const { status, country, device, userId, cursor, limit } = asked;
      const query = { teamId, status, country, device, userId, cursor, limit };
      return queries.listSessions(services, caller, query);
    });
  }

  getSessionStats(teamId: string): Promise<Result<SessionStats>> {
    return this.#run(({ services, caller }) =>
      queries.getSessionStats(services, caller, asText(teamId)),
    );
  }

  /** Does what alarms missed for the team's sessions; call it again while `more`. */
  cleanupExpiredSessions(): Promise<Result<CleanupResult>> {
    return this.#run(({ services, caller }) => cleanup.cleanupExpiredSessions(services, caller));
  }

  /** What happened to the team's credentials, keys and people's data, newest first. */
  listAuditEvents(options: PageOptions = {}): Promise<Result<AuditEventList>> {
    return this.#runWith(auditEventsQuerySchema, options, ({ services, caller, teamId }, asked) => {
      const { cursor, limit } = asked;
      return audit.listAuditEvents(services, caller, { teamId, cursor, limit });
    });
  }

  /** Signs a member of the staff in. A binding has no address: `dashboardUrl` is the path on the Worker's own. */
  createOperatorToken(input: CreateOperatorTokenRequest): Promise<Result<OperatorToken>> {
    return this.#runWith(
      createOperatorTokenSchema,
      input,
      ({ services, caller, teamId }, request) =>
        operators.createOperatorToken(services, caller, teamId, request, ""),
    );
  }

  /** Signs a member of the staff out, everywhere within a minute. */
  revokeOperator(operatorId: string): Promise<Result<object>> {
    return this.#run(({ services, caller, teamId }) =>
      operators.revokeOperator(services, caller, teamId, asText(operatorId)),
    );
  }

  /** Runs an operation with the binding's authority; without any, refuses. */
  async #run<T>(operation: (authority: Authority) => Promise<Result<T>>): Promise<Result<T>> {
    const props = propsSchema.safeParse(this.ctx.props);
    if (!props.success) return { ok: false, code: "unauthenticated" };
    const { teamId, scopes } = props.data;
    return await attempt(async (): Promise<Result<T>> => {
      const team = await teamById(this.env, teamId);
      if (team === undefined) return { ok: false, code: "team_not_found" };
      const services = { env: this.env, keys: await signingKeys(this.env) };
      const caller: Caller = {
        kind: "team",
        teamId,
        teamNumber: team.number,
        scopes,
        keyId: undefined,
      };
      return await operation({ services, caller, teamId });
    });
  }

  /** The same for one that takes input: only what fits its schema gets there. */
  #runWith<Input, T>(
    schema: z.ZodType<Input>,
    input: unknown,
    operation: (authority: Authority, input: Input) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.#run(async (authority) => {
      const checked = checkInput(schema, input);
      return checked.ok ? await operation(authority, checked.value) : checked;
    });
  }
}

function checkInput<T>(schema: z.ZodType<T>, value: unknown): Checked<T> {
  let json: unknown;
  try {
    json = plain(value);
  } catch (error) {
    const message = error instanceof BadJsonError ? error.message : "not JSON";
    return { ok: false, code: "validation_failed", errors: [{ path: "", message }] };
  }
  return checkValue(schema, json, "validation_failed");
}

/** The JSON that `value` is, under the rules for bodies: fields that are undefined count as left out. Throws when it is none. */
function plain(value: unknown): unknown {
  const text: string | undefined = JSON.stringify(value);
  return text === undefined ? undefined : parseJson(text);
}

/** Another Worker may pass anything; what is no text names nothing. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

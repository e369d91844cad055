// What can be asked of a session about what is said in it: conversations, messages, answers as they are written.
import { signed } from "../src/domain/authorship.ts";
import type { Conversation, UpdateConversationRequest } from "../src/protocol/conversation.ts";
import type { Result } from "../src/protocol/errors.ts";
import type { ImportAnswer, ImportRequest } from "../src/protocol/import.ts";
import type { JsonObject } from "../src/protocol/json.ts";
import type {
  Message,
  MessagePiece,
  NewStreamedMessage,
  NewTeamMessage,
  StartedMessage,
} from "../src/protocol/message.ts";
import type { ConversationList, MessagePage } from "../src/protocol/rest.ts";
import { AccessCalls } from "./access-calls.ts";
import {
  auditActor,
  type Call,
  credentialIdOf,
  type MessagesQuery,
  type Posted,
  staffOf,
} from "./calls.ts";
import { postedOf } from "./replies.ts";

export abstract class MessageCalls extends AccessCalls {
  async listConversations(call: Call): Promise<Result<ConversationList>> {
    return await this.entrance.as(call, "listConversations", ({ live, role }) =>
      live.conversations.list(role),
    );
  }

  async openConversation(call: Call): Promise<Result<{ conversation: Conversation }>> {
    return await this.entrance.change(call, "openConversation", ({ live, role }) => {
      live.touch(role);
      return live.conversations.open(role, Date.now());
    });
  }

  async updateConversation(
    call: Call,
    id: string,
    request: UpdateConversationRequest,
  ): Promise<Result<{ conversation: Conversation }>> {
    return await this.entrance.change(call, "updateConversation", ({ live }) =>
      live.conversations.update(call.actor, id, request),
    );
  }

  async listMessages(call: Call, query: MessagesQuery): Promise<Result<MessagePage>> {
    return await this.entrance.as(call, "listMessages", ({ live, role }) =>
      live.conversations.history(role, query),
    );
  }

  async postMessage(call: Call, message: NewTeamMessage): Promise<Result<Posted>> {
    return await this.entrance.as(call, "postMessage", async ({ live, role }) => {
      const { actor } = call;
      const credentialId = credentialIdOf(actor);
      const outcome = await live.log.append(
        { role, credentialId },
        signed(message, staffOf(actor)),
      );
      return postedOf(outcome);
    });
  }

  /** A message whose content is `body`, as it comes; settles at its end. */
  async streamMessage(
    call: Call,
    message: NewStreamedMessage,
    body: ReadableStream<Uint8Array>,
  ): Promise<Result<Posted>> {
    const posted = await this.entrance.as(call, "streamMessage", ({ live }) =>
      live.streams.fromBody(signed(message, staffOf(call.actor)), body),
    );
    // Of a caller that was not let in nobody reads, and the sender would wait for ever.
    if (!body.locked) void body.cancel().catch(() => undefined);
    return posted;
  }

  /** Begins a message whose content comes by `appendMessage`. */
  async startMessage(call: Call, message: NewStreamedMessage): Promise<Result<StartedMessage>> {
    return await this.entrance.as(call, "streamMessage", ({ live }) =>
      live.streams.start(signed(message, staffOf(call.actor))),
    );
  }

  async appendMessage(
    call: Call,
    messageId: string,
    piece: MessagePiece,
  ): Promise<Result<{ readonly length: number }>> {
    return await this.entrance.as(call, "streamMessage", ({ live }) =>
      live.streams.append(messageId, piece),
    );
  }

  async finishMessage(
    call: Call,
    messageId: string,
    metadata: JsonObject | undefined,
  ): Promise<Result<{ readonly message: Message }>> {
    return await this.entrance.as(call, "streamMessage", ({ live }) =>
      live.streams.finish(messageId, metadata),
    );
  }

  async redactMessage(call: Call, messageId: string): Promise<Result<object>> {
    return await this.entrance.as(call, "redactMessage", async ({ live }) => {
      const redacted = await live.redaction.redact(messageId, auditActor(call.actor), Date.now());
      if (!redacted.ok) return redacted;
      await live.files.run(Date.now());
      await live.upkeep.project();
      return redacted;
    });
  }

  /** What an older client kept; see `Import`. */
  async importMessages(call: Call, request: ImportRequest): Promise<Result<ImportAnswer>> {
    return await this.entrance.change(call, "importMessages", ({ live }) =>
      live.import.run(request, Date.now()),
    );
  }
}

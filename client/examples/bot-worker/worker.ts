// A bot by service binding: what visitors write comes to `SessionEvents`, the answer goes to `SessionService`, streaming.
import { WorkerEntrypoint } from "cloudflare:workers";
import type { SessionService } from "../../../src/session-service.ts";
import type { EventBatch, MessageCreatedEvent, Result, SessionEvent } from "../../server/index.ts";
import { textStream } from "../../server/index.ts";
import { scriptedModel } from "./scripted-model.ts";

type Calls = "listMessages" | "postMessage" | "streamMessage" | "updateConversation";

interface BotEnv {
  readonly SESSIONS: Pick<SessionService, Calls>;
}

export class SessionEvents extends WorkerEntrypoint<BotEnv> {
  /** Answers the last question of a batch, and returns once the answer is stored: answers follow one another, as questions do. */
  async handleEvents({ sessionId, events }: EventBatch): Promise<void> {
    const sessions = this.env.SESSIONS;
    const question = events.findLast(isForBot)?.data;
    if (question === undefined) return;
    const { message, conversation } = question;
    // The same at a redelivery, which then adds nothing.
    const answer = { clientId: `answer-${message.id}`, conversationId: conversation.id };
    if (message.metadata?.intent === "talk_to_person") {
      const content = "I have called somebody. A person answers here from now on.";
      check(await sessions.postMessage(sessionId, { ...answer, content }));
      const change = { status: "pending", handledBy: "operator" } as const;
      return check(await sessions.updateConversation(sessionId, conversation.id, change));
    }
    const upTo = { conversationId: conversation.id, before: message.seq + 1, limit: 20 };
    const history = await sessions.listMessages(sessionId, upTo);
    check(history);
    const words = scriptedModel(history.ok ? history.messages : [message]);
    check(await sessions.streamMessage(sessionId, answer, textStream(words)));
  }
}

/** A visitor's message, in a conversation that no person has taken over. */
function isForBot(event: SessionEvent): event is MessageCreatedEvent {
  if (event.type !== "message.created") return false;
  return event.data.message.role === "user" && event.data.conversation.handledBy === "bot";
}

/** A batch whose handling throws is delivered again: not for what would only fail again, such as an ended session. */
function check(result: Result<object>): void {
  if (!result.ok && result.code === "unavailable") throw new Error(result.code);
}

export default {} satisfies ExportedHandler;

// A bot by service binding: what visitors write comes to `SessionEvents`, the answer goes to `SessionService`, streaming.
import { WorkerEntrypoint } from "cloudflare:workers";
import type { SessionService } from "../../../src/session-service.ts";
import type { EventBatch, MessageCreatedEvent, Result, SessionEvent } from "../../server/index.ts";
import { textStream } from "../../server/index.ts";
import { scriptedModel } from "./scripted-model.ts";

type Calls = "listMessages" | "postMessage" | "streamMessage" | "updateConversation";

/** Refusals that pass. */
const PASSING = ["unavailable", "rate_limited", "too_many_streams"];

export class SessionEvents extends WorkerEntrypoint<{ SESSIONS: Pick<SessionService, Calls> }> {
  // Answers the last question of a batch, unless one asks for a person. Returns once the answer is stored: answers follow
  // one another, as questions do.
  async handleEvents({ sessionId, events }: EventBatch): Promise<void> {
    const sessions = this.env.SESSIONS;
    const questions = events.filter(isForBot).map(({ data }) => data);
    const asked = questions.find(({ message }) => message.metadata?.intent === "talk_to_person");
    const question = asked ?? questions.at(-1);
    if (question === undefined) return;
    const { message, conversation } = question;
    // The same at a redelivery, which then adds nothing.
    const answer = { clientId: `answer-${message.id}`, conversationId: conversation.id };
    if (asked !== undefined) {
      const content = "I have called somebody. A person answers here from now on.";
      check(await sessions.postMessage(sessionId, { ...answer, content }));
      const change = { status: "pending", handledBy: "operator" } as const;
      return check(await sessions.updateConversation(sessionId, conversation.id, change));
    }
    const upTo = { conversationId: conversation.id, before: message.seq + 1, limit: 20 };
    const history = await sessions.listMessages(sessionId, upTo);
    check(history);
    // Nobody vouches for what a visitor brought along from elsewhere.
    const said = history.ok ? history.messages.filter(({ imported }) => !imported) : [message];
    check(await sessions.streamMessage(sessionId, answer, textStream(scriptedModel(said))));
  }
}

/** A visitor's message, in a conversation that no person has taken over. */
function isForBot(event: SessionEvent): event is MessageCreatedEvent {
  if (event.type !== "message.created") return false;
  return event.data.message.role === "user" && event.data.conversation.handledBy === "bot";
}

/** A batch whose handling throws is delivered again: not for what would only fail again, such as an ended session. */
function check(result: Result<object>): void {
  if (!result.ok && PASSING.includes(result.code)) throw new Error(result.code);
}

export default {} satisfies ExportedHandler;

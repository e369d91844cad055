// A bot by webhook, on Node: verified events come in, streamed answers go out.
import { createServer, type IncomingMessage } from "node:http";
import type { EventBatch, MessageCreatedEvent, SessionEvent } from "../../server/index.ts";
import {
  ApiError,
  createTeamClient,
  verifyWebhook,
  WebhookVerificationError,
} from "../../server/index.ts";
import { scriptedModel } from "../bot-worker/scripted-model.ts";

const { BASE_URL = "http://localhost:8787", TEAM_ID: teamId = "demo", PORT = "8790" } = process.env;
const { TEAM_KEY: teamKey = "", WEBHOOK_URL: url = `http://localhost:${PORT}/` } = process.env;
const team = createTeamClient({ baseUrl: BASE_URL, teamId, teamKey });

const server = createServer(async (request, response) => {
  try {
    const body = await bodyOf(request);
    const { secret = "" } = await webhook;
    const payload = await verifyWebhook({ headers: request.headers, body }, secret);
    if (payload.type === "session.events") await answer(payload.data);
    response.writeHead(204).end();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    // Anything but 2xx is delivered again.
    response.writeHead(error instanceof WebhookVerificationError ? 401 : 503).end();
  }
});

await new Promise<void>((resolve) => server.listen(Number(PORT), resolve));
// A new secret at each start, so that none has to be kept; the one before goes on signing for a day.
const webhook = team.webhook.put({ url, rotateSecret: true });
console.log(`Events of ${teamId} come to ${(await webhook).webhook.url}`);

// Who sends it is known when all of it is here: a stranger's may be without end, a delivery has half a megabyte.
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > 1_000_000) throw new Error("More than any delivery has.");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function answer({ sessionId, events }: EventBatch): Promise<void> {
  const questions = events.filter(isForBot).map(({ data }) => data);
  const asked = questions.find(({ message }) => message.metadata?.intent === "talk_to_person");
  const question = asked ?? questions.at(-1);
  if (question === undefined) return;
  const { message, conversation } = question;
  // The same at a redelivery, which then adds nothing.
  const own = { clientId: `answer-${message.id}`, conversationId: conversation.id };
  try {
    if (asked !== undefined) {
      await team.postMessage(sessionId, { ...own, content: "A person answers from now on." });
      const handOver = { status: "pending", handledBy: "operator" } as const;
      await team.updateConversation(sessionId, conversation.id, handOver);
    } else {
      await team.streamMessage(sessionId, own, scriptedModel([message]));
    }
  } catch (error) {
    // What would only fail again, such as that the session has ended, is let go.
    if (!(error instanceof ApiError) || error.retryable) throw error;
  }
}

function isForBot(event: SessionEvent): event is MessageCreatedEvent {
  if (event.type !== "message.created") return false;
  return event.data.message.role === "user" && event.data.conversation.handledBy === "bot";
}

/** The library's types are the protocol's: what a call takes and brings is what the server's schemas are held to. */
import { expectTypeOf, test } from "vitest";
import type { ApiError } from "../../../client/server/api-error.ts";
import type * as server from "../../../client/server/index.ts";
import type { TeamClient } from "../../../client/server/team-client.ts";
import type * as conversation from "../../../src/protocol/conversation.ts";
import type { FieldError } from "../../../src/protocol/errors.ts";
import type { WebhookPayload } from "../../../src/protocol/events.ts";
import type { CleanupResult } from "../../../src/protocol/lifecycle.ts";
import type * as message from "../../../src/protocol/message.ts";
import type * as rest from "../../../src/protocol/rest.ts";
import type { Session, SessionSummary } from "../../../src/protocol/session.ts";
import type { OperatorToken } from "../../../src/protocol/team.ts";
import type * as webhook from "../../../src/protocol/webhook.ts";

type Answer<Method extends keyof TeamClient> = TeamClient[Method] extends (
  ...args: never[]
) => Promise<infer T>
  ? T
  : never;
type Item<Method extends keyof TeamClient> = TeamClient[Method] extends (
  ...args: never[]
) => AsyncIterable<infer T>
  ? T
  : never;

test("calls bring the protocol's shapes", () => {
  expectTypeOf<Answer<"createSession">>().toEqualTypeOf<rest.SessionWithToken>();
  expectTypeOf<Answer<"getSession">>().toEqualTypeOf<Session>();
  expectTypeOf<Answer<"validateSession">>().toEqualTypeOf<rest.ValidateSessionResponse>();
  expectTypeOf<Answer<"refreshSession">>().toEqualTypeOf<rest.RefreshSessionResponse>();
  expectTypeOf<Answer<"listSessions">>().toEqualTypeOf<rest.SessionList>();
  expectTypeOf<Answer<"getSessionStats">>().toEqualTypeOf<rest.SessionStats>();
  expectTypeOf<Answer<"cleanupExpiredSessions">>().toEqualTypeOf<CleanupResult>();
  expectTypeOf<Answer<"listMessages">>().toEqualTypeOf<rest.MessagePage>();
  expectTypeOf<Answer<"updateConversation">>().toEqualTypeOf<conversation.Conversation>();
  expectTypeOf<Answer<"postMessage">["message"]>().toEqualTypeOf<message.Message>();
  expectTypeOf<Answer<"streamMessage">["message"]>().toEqualTypeOf<message.Message>();
  expectTypeOf<Answer<"createOperatorToken">>().toEqualTypeOf<OperatorToken>();
  expectTypeOf<Item<"sessions">>().toEqualTypeOf<SessionSummary>();
  expectTypeOf<Item<"messages">>().toEqualTypeOf<message.Message>();
});

test("calls take the protocol's shapes", () => {
  expectTypeOf<TeamClient["postMessage"]>().parameter(1).toEqualTypeOf<message.NewTeamMessage>();
  expectTypeOf<TeamClient["streamMessage"]>()
    .parameter(1)
    .toEqualTypeOf<message.NewStreamedMessage>();
  expectTypeOf<TeamClient["updateConversation"]>()
    .parameter(2)
    .toEqualTypeOf<conversation.UpdateConversationRequest>();
  expectTypeOf<TeamClient["webhook"]["put"]>()
    .parameter(0)
    .toEqualTypeOf<webhook.PutWebhookRequest>();
});

test("what a webhook and an error carry is the protocol's", () => {
  type Verified = Awaited<ReturnType<typeof server.verifyWebhook>>;
  expectTypeOf<Verified>().toEqualTypeOf<WebhookPayload>();
  expectTypeOf<ApiError["errors"]>().toEqualTypeOf<readonly FieldError[]>();
});

// What the team is told, in words.
import type {
  ConversationState,
  SessionClientState,
  SessionSummary,
  UpdateConversationRequest,
} from "../../core/index.ts";
import { placeName } from "../sharing/labels.ts";

type Visitor = Pick<SessionSummary, "locationInfo" | "userId">;

/** "Visitor from Berlin, Germany", or who the team said it is. */
export function visitorName({ userId, locationInfo }: Visitor): string {
  const place = placeName(locationInfo);
  return userId ?? (place === "" ? "Visitor" : `Visitor from ${place}`);
}

/** How many chats a list shows; it has no more than its first page. */
export function countLabel(
  list: { readonly sessions: readonly unknown[]; readonly nextCursor?: string } | undefined,
): string {
  if (list === undefined) {
    return "Loading…";
  }
  const { length } = list.sessions;
  if (list.nextCursor !== undefined) {
    return `The ${length} latest active chats`;
  }
  return length === 1 ? "1 active chat" : `${length} active chats`;
}

export function handlingLabel(conversation: ConversationState | undefined): string {
  if (conversation === undefined) {
    return "";
  }
  const { status, handledBy } = conversation;
  if (status === "closed") {
    return "Closed";
  }
  if (handledBy === "bot") {
    return "The bot answers";
  }
  return status === "pending" ? "A person is waited for" : "The team answers";
}

export interface ConversationAction {
  readonly text: string;
  readonly change: UpdateConversationRequest;
}

/** What an operator can do with a conversation now. */
export function conversationActions(
  conversation: ConversationState | undefined,
): readonly ConversationAction[] {
  if (conversation === undefined) {
    return [];
  }
  const { status, handledBy } = conversation;
  const takeOver: ConversationAction = {
    text: "Take over",
    change: { handledBy: "operator", status: "open" },
  };
  const handBack: ConversationAction = {
    text: "Hand back to the bot",
    change: { handledBy: "bot", status: "open" },
  };
  const isWaiting = status === "pending" && handledBy === "operator";
  return [
    ...(handledBy === "bot" || isWaiting ? [takeOver] : []),
    ...(handledBy === "operator" ? [handBack] : []),
    ...(status === "closed"
      ? [{ text: "Open again", change: { status: "open" } } as const]
      : [{ text: "Close", change: { status: "closed" } } as const]),
  ];
}

/** Why nothing can be written any more; undefined while it can. */
export function overLabel({
  status,
  error,
}: Pick<SessionClientState, "status" | "error">): string | undefined {
  switch (status) {
    case "expired":
      return "This session has expired.";
    case "terminated":
      return "The visitor has ended this session.";
    case "error":
      return error?.status === 401
        ? "This session cannot be opened: it is gone, or you are signed out."
        : `This session cannot be opened: ${error?.message ?? "something went wrong."}`;
    default:
      return undefined;
  }
}

// States in words.
import type {
  Author,
  ChatMessage,
  ConnectionState,
  Conversation,
  MessageRole,
  Presence,
  SessionClientState,
  Typist,
} from "../../core/index.ts";
import { fileFailureLabel, isUploading } from "../files/attachment-label.ts";
import { formatShortDate } from "./format.ts";

export interface ConnectionLabel {
  readonly tone: "good" | "busy" | "bad" | "off";
  readonly text: string;
}

/** Whether a connection was lost, or could not be made at all, and is not back yet. */
export function isCutOff({ state, attempt }: ConnectionState): boolean {
  return state === "waiting" || (state === "connecting" && attempt > 0);
}

/** What a lost connection means for whoever writes. */
export function cutOffLabel(pendingCount: number, isOnline: boolean): string {
  const what = isOnline ? "No connection." : "You are offline.";
  switch (pendingCount) {
    case 0:
      return `${what} What you write is sent later.`;
    case 1:
      return `${what} 1 message waits to be sent.`;
    default:
      return `${what} ${pendingCount} messages wait to be sent.`;
  }
}

export function connectionLabel(connection: ConnectionState, synced: boolean): ConnectionLabel {
  if (isCutOff(connection)) {
    return { tone: "bad", text: "Reconnecting…" };
  }
  switch (connection.state) {
    case "online":
      return synced ? { tone: "good", text: "Connected" } : { tone: "busy", text: "Catching up…" };
    case "closed":
      return { tone: "off", text: "Closed" };
    default:
      return { tone: "busy", text: "Connecting…" };
  }
}

/** Who looks at the conversation: the visitor whose it is, somebody who came in by a link, or the team. */
export type Viewer = "visitor" | "guest" | "operator";

export function viewerOf({
  role,
  isInvited,
}: Pick<SessionClientState, "role" | "isInvited">): Viewer {
  if (role === "operator") {
    return "operator";
  }
  return isInvited ? "guest" : "visitor";
}

export const ALONE = "only you";

/** Who is here beside this tab, which is one of them; empty while that is not known. */
export function presenceLabel(
  presence: readonly Presence[],
  viewer: Viewer,
  connectionId?: string,
): string {
  if (presence.length === 0) {
    return "";
  }
  if (viewer === "operator") {
    return presenceForTeam(presence.filter((one) => one.connectionId !== connectionId));
  }
  const isGuest = viewer === "guest";
  const staff = presence.filter(({ role }) => role === "operator");
  const owners = presence.filter(({ role }) => role === "owner").length;
  const guests = presence.length - staff.length - owners;
  const parts = [
    ...(staff.length > 0 ? [`${namesWithVerb(staff)} here`] : []),
    ...(isGuest && owners > 0 ? ["the owner is here"] : []),
    ...(isGuest ? counted(guests - 1, "other guest") : counted(guests, "guest")),
    ...(!isGuest && owners > 1 ? [`you in ${owners} places`] : []),
  ];
  return parts.length === 0 ? ALONE : parts.join(", ");
}

function presenceForTeam(others: readonly Presence[]): string {
  const staff = others.filter(({ role }) => role === "operator");
  const isHere = others.some(({ role }) => role === "owner");
  const guests =
    others.length - staff.length - others.filter(({ role }) => role === "owner").length;
  const parts = [
    isHere ? "the visitor is here" : "the visitor is away",
    ...counted(guests, "guest"),
    ...(staff.length > 0 ? [`${namesWithVerb(staff)} here`] : []),
  ];
  return parts.join(", ");
}

function counted(count: number, what: string): string[] {
  return count > 0 ? [count === 1 ? `1 ${what}` : `${count} ${what}s`] : [];
}

/** Who is writing; empty when nobody is. */
export function typingLabel(typists: readonly Typist[], viewer: Viewer): string {
  const staff = typists.filter(({ role }) => role === "operator");
  if (staff.length > 0) {
    return `${namesWithVerb(staff)} typing`;
  }
  if (typists.some(({ role }) => role === "owner")) {
    return {
      visitor: "You are typing elsewhere",
      guest: "The owner is typing",
      operator: "The visitor is typing",
    }[viewer];
  }
  return typists.length > 0 ? "A guest is typing" : "";
}

/** What visitors wrote is only its reader's own where that is the visitor. */
export function authorName(role: MessageRole, author: Author | undefined, viewer: Viewer): string {
  const visitor = viewer === "visitor" ? "You" : "Visitor";
  return (
    author?.name ?? { user: visitor, assistant: "Assistant", operator: "Team", system: "" }[role]
  );
}

/** A thread has no name of its own: the first is the chat, others go by their beginning. */
export function conversationName(
  { createdAt }: Pick<Conversation, "createdAt">,
  isFirst: boolean,
): string {
  return isFirst ? "Chat" : formatShortDate(Date.parse(createdAt));
}

export interface DeliveryLabel {
  readonly text: string;
  readonly canRetry: boolean;
}

/** Without a connection: what has left may have arrived, and is made sure of afterwards. */
const PENDING_TEXTS = {
  queued: "Waiting to be sent",
  sending: "Waiting to be confirmed",
} as const;

/** @param seenUpTo how far the other side has read */
export function deliveryLabel(
  message: ChatMessage,
  connected: boolean,
  seenUpTo: number,
): DeliveryLabel {
  const { delivery, failure, seq, attachments } = message;
  if (delivery === "sent") {
    const isSeen = seq !== undefined && seq <= seenUpTo;
    return { text: isSeen ? "Seen" : "Sent", canRetry: false };
  }
  if (delivery === "queued" || delivery === "sending") {
    const onItsWay = isUploading(message) ? "Uploading…" : "Sending…";
    return { text: connected ? onItsWay : PENDING_TEXTS[delivery], canRetry: false };
  }
  const fileFailure = fileFailureLabel(failure);
  if (fileFailure !== undefined && attachments.length > 0) {
    return { text: `Not sent: ${lowerFirst(fileFailure)}`, canRetry: false };
  }
  switch (failure) {
    case "message_too_large":
      return { text: "Not sent: too long", canRetry: false };
    case "quota_exceeded":
      return { text: "Not sent: this chat is full", canRetry: false };
    case "session_expired":
    case "session_terminated":
      return { text: "Not sent: the chat ended first", canRetry: false };
    default:
      return { text: "Not sent", canRetry: true };
  }
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

/** "Ana is", "Ana and Ben are": the same person in two tabs is one person. */
function namesWithVerb(staff: readonly { author?: Author | undefined }[]): string {
  const names = [...new Set(staff.map(({ author }) => author?.name ?? "The team"))];
  switch (names.length) {
    case 1:
      return `${names[0]} is`;
    case 2:
      return `${names[0]} and ${names[1]} are`;
    default:
      return `${names.length} of the team are`;
  }
}

/** What became of an answer that has no end; empty for one that has. */
export function breakLabel({ metadata }: ChatMessage): string {
  if (metadata?.cancelled === true) {
    return "Stopped";
  }
  return metadata?.incomplete === true ? "Broke off" : "";
}

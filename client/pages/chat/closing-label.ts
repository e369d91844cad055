// Why there is nothing to write into, in words.
import type { SessionClientState } from "../../core/index.ts";

export interface ClosingLabel {
  readonly title: string;
  readonly text: string;
  /** What the visitor can do about it. */
  readonly action: "start_new" | "own_chat" | "try_again" | "none";
}

type Closing = Pick<SessionClientState, "status" | "error" | "isInvited" | "role">;

/** Why there is nothing to write into; undefined while there is. */
export function closingLabel(state: Closing): ClosingLabel | undefined {
  const label = state.status === "error" ? errorLabel(state) : endLabel(state);
  return label?.action === "start_new" && state.isInvited
    ? { ...label, action: "own_chat" }
    : label;
}

function endLabel({ status }: Closing): ClosingLabel | undefined {
  if (status === "terminated") {
    return {
      title: "This chat has ended",
      text: "Nobody can write in it any more.",
      action: "start_new",
    };
  }
  if (status === "expired") {
    return {
      title: "This chat has expired",
      text: "It was open for as long as a chat can be.",
      action: "start_new",
    };
  }
  return undefined;
}

function errorLabel({ error, isInvited, role }: Closing): ClosingLabel {
  switch (error?.code) {
    case "invalid_credential":
    case "unauthenticated":
    case "session_expired":
    case "session_terminated":
    case "validation_failed":
      return goneLabel(isInvited, role !== undefined);
    case "invite_expired":
      return {
        title: "This link has ended",
        text: "It was taken back, it was used as often as it may be, or its time is over.",
        action: "start_new",
      };
    case "too_many_credentials":
      return {
        title: "This chat is full",
        text: "No more people or devices can come in. Ask whoever sent the link to make room.",
        action: "try_again",
      };
    case "team_not_found":
    case "team_disabled":
    case "origin_not_allowed":
      return {
        title: "No chat here",
        text: "Nobody answers under this address. Check the link that brought you.",
        action: "none",
      };
    default:
      return {
        title: "The chat could not be opened",
        text: error?.message ?? "Something went wrong.",
        action: "try_again",
      };
  }
}

/** @param wasIn whether the link had opened the chat before */
function goneLabel(isInvited: boolean, wasIn: boolean): ClosingLabel {
  if (!isInvited) {
    return {
      title: "This chat is no longer here",
      text: "It is too long ago, or this browser was signed out of it.",
      action: "start_new",
    };
  }
  return wasIn
    ? {
        title: "Your access has ended",
        text: "Whoever shared this chat with you has taken the access back.",
        action: "start_new",
      }
    : {
        title: "This link opens nothing",
        text: "A part of it may be missing. Open it once more as it was sent to you.",
        action: "start_new",
      };
}

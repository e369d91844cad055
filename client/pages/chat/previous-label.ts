// The session that this browser lost, in words.
import type { PreviousSession } from "../../core/index.ts";

export function previousLabel({ reason }: Pick<PreviousSession, "reason">): string {
  return reason === "expired"
    ? "Your last chat has expired. This is a new one."
    : "Your last chat was ended. This is a new one.";
}

/** Empty where nothing was left. */
export function unsentLabel(count: number): string {
  switch (count) {
    case 0:
      return "";
    case 1:
      return "1 message was not sent in it.";
    default:
      return `${count} messages were not sent in it.`;
  }
}

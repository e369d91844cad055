import type { Author, NewTeamMessage } from "../protocol/message.ts";

/**
 * A message as it is stored for whoever writes it: the staff write under their own name, whatever they say.
 * @param staff the member of the staff who writes, if it is one
 */
export function signed<T extends object>(
  message: T,
  staff: Author | undefined,
): T & Pick<NewTeamMessage, "role" | "author"> {
  return staff === undefined ? message : { ...message, role: "operator", author: staff };
}

import { MAX_CREDENTIALS_PER_SESSION, MAX_GUESTS_PER_SESSION } from "../protocol/limits.ts";
import type { CredentialRole } from "../protocol/session.ts";

/** Whether a session whose credentials have `roles` has room for one more: guests leave some to the owner's devices. */
export function hasRoomFor(role: CredentialRole, roles: readonly CredentialRole[]): boolean {
  if (roles.length >= MAX_CREDENTIALS_PER_SESSION) return false;
  const guests = roles.filter((one) => one !== "owner").length;
  return role === "owner" || guests < MAX_GUESTS_PER_SESSION;
}

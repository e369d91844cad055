/** The Worker's secrets, made at random: for the local Worker in .dev.vars, for a deployed one at Cloudflare. */
import { randomBytes } from "node:crypto";

export const SECRET_NAMES = ["ADMIN_TOKEN", "SIGNING_KEYS"] as const;

export type SecretName = (typeof SECRET_NAMES)[number];

export function newSecret(name: SecretName): string {
  const value = randomBytes(32).toString("base64url");
  // Signing keys carry a version, so that a newer one can be put in front of this one.
  return name === "SIGNING_KEYS" ? `1:${value}` : value;
}

// What a webhook's deliveries are signed with: derived from the deployment's signing keys, so that it is stored nowhere.
import type { WebhookSecretSource } from "../domain/policy.ts";
import type { Keys } from "../keys.ts";

/** `whsec_<base64 of 32 bytes>`; undefined when the signing key that it came from is no longer held. */
export async function webhookSecret(
  keys: Keys,
  teamId: string,
  { id, keyVersion }: WebhookSecretSource,
): Promise<string | undefined> {
  if (!keys.versions.includes(keyVersion)) return undefined;
  const name = new TextEncoder().encode(JSON.stringify([teamId, id]));
  const secret = await keys.sign("webhook", name, keyVersion);
  return `whsec_${secret.toBase64()}`;
}

/** What signs at `now`, newest first. */
export async function signingSecrets(
  keys: Keys,
  teamId: string,
  sources: readonly WebhookSecretSource[],
  now: number,
): Promise<string[]> {
  const current = sources.filter(({ until }) => until === null || until > now);
  const secrets = await Promise.all(current.map((source) => webhookSecret(keys, teamId, source)));
  return secrets.filter((secret) => secret !== undefined);
}

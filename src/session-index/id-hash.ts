/** Hex of SHA-256 of a session's id: what is kept where the id itself must not be. */
export async function sessionIdHash(id: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id));
  return new Uint8Array(digest).toHex();
}

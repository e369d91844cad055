/** Which deployment a command works on, and what opens it. */

/** The Worker's administrator, as the environment and the arguments tell. */
export interface Deployment {
  readonly origin: string;
  readonly adminToken: string;
}

export function deploymentOf(url: string | undefined): Deployment {
  if (url === undefined) throw new Error("Say where the Worker is: --url https://…");
  const adminToken = process.env.ADMIN_TOKEN;
  if (!adminToken) throw new Error("ADMIN_TOKEN is not in the environment.");
  const { origin, protocol, hostname } = new URL(url);
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol !== "https:" && !isHere) throw new Error("The token travels over https alone.");
  return { origin, adminToken };
}

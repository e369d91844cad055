// The calls by which a browser gets a session of its own: a new one, or a person's that goes on.
import type { OpenedSession, TokenTransport } from "../../src/protocol/rest.ts";
import type { Environment } from "./environment.ts";
import { RequestError } from "./request-error.ts";
import type { Key, Rest } from "./rest.ts";
import { callWith } from "./rest.ts";
import type { SessionClientOptions } from "./session-client.ts";

export function createOpening(
  rest: Rest,
  environment: Pick<Environment, "deviceInfo" | "fingerprint">,
  options: SessionClientOptions,
) {
  const { teamId, tokenTransport = "bearer" } = options;
  const cookies = tokenTransport === "cookie";

  /** A person's session goes on where there is one; else a new one is created, and is theirs from the first moment. */
  async function open(createKey: string): Promise<OpenedSession> {
    const identityToken = await options.getIdentityToken?.();
    if (identityToken !== undefined) {
      try {
        return await resume(identityToken);
      } catch (error) {
        if (!(error instanceof RequestError && error.code === "session_not_found")) {
          throw error;
        }
      }
    }
    const answer = await create(createKey, tokenTransport);
    if (identityToken === undefined) {
      return answer;
    }
    const { session, token } = answer;
    const identified = await identify({ sessionId: session.id, token }, identityToken);
    return { ...answer, ...identified };
  }

  async function create(idempotencyKey: string, transport: TokenTransport): Promise<OpenedSession> {
    const userFingerprint = await environment.fingerprint();
    const turnstileToken = await options.getTurnstileToken?.();
    return await rest<OpenedSession>("POST", "sessions/create", {
      body: { ...(await device()), tokenTransport: transport, userFingerprint, turnstileToken },
      cookies: transport === "cookie",
      idempotencyKey,
    });
  }

  async function device() {
    const deviceInfo = await environment.deviceInfo();
    return { teamId, tokenTransport, ...(deviceInfo && { deviceInfo }) };
  }

  /** @param sessionId the person's latest when it is left out */
  async function resume(identityToken: string, sessionId?: string): Promise<OpenedSession> {
    const body = { ...(await device()), identityToken, ...(sessionId && { sessionId }) };
    return await rest<OpenedSession>("POST", "sessions/resume", { body, cookies });
  }

  function identify(key: Key, identityToken: string): Promise<OpenedSession> {
    return callWith<OpenedSession>(rest, key, "POST", "/identify", { identityToken });
  }

  return {
    open,
    resume,
    identify,
    /** What a creation made a moment ago, with a key that leaves this browser's cookie alone. */
    again: (createKey: string) => create(createKey, "bearer"),
  };
}

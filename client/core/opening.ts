// The calls by which a browser gets a session of its own: a new one, or a person's that goes on.
import type { OpenedSession, TokenTransport } from "../../src/protocol/rest.ts";
import type { Environment } from "./environment.ts";
import { requestError } from "./request-error.ts";
import type { Key, Rest } from "./rest.ts";
import { callWith, REQUEST_TIMEOUT_MS } from "./rest.ts";
import type { SessionClientOptions } from "./session-client.ts";
import { within } from "./time-limit.ts";

/** A person may be asked for it. */
const CONSENT_PATIENCE_MS = 60_000;
/** Only a browser is. */
const DEVICE_PATIENCE_MS = 5_000;

export function createOpening(
  rest: Rest,
  environment: Pick<Environment, "clock" | "deviceInfo" | "fingerprint">,
  options: SessionClientOptions,
) {
  const { teamId, tokenTransport = "bearer" } = options;
  const { clock } = environment;
  const cookies = tokenTransport === "cookie";

  /** A person's session goes on where there is one; else a new one is created, and is theirs from the first moment. */
  async function open(createKey: string): Promise<OpenedSession> {
    const identityToken = await presentedIdentity();
    if (identityToken) {
      try {
        return await resume(identityToken);
      } catch (error) {
        if (requestError(error).code !== "session_not_found") {
          throw error;
        }
      }
    }
    const answer = await create(createKey, tokenTransport);
    const { session, token } = answer;
    const key = { sessionId: session.id, token };
    return identityToken ? { ...answer, ...(await identify(key, identityToken)) } : answer;
  }

  async function create(idempotencyKey: string, transport: TokenTransport): Promise<OpenedSession> {
    const userFingerprint = await orNothing(CONSENT_PATIENCE_MS, environment.fingerprint);
    const turnstileToken = await within(clock, CONSENT_PATIENCE_MS, () =>
      options.getTurnstileToken?.(),
    );
    return await rest<OpenedSession>("POST", "sessions/create", {
      body: { ...(await device()), tokenTransport: transport, userFingerprint, turnstileToken },
      cookies: transport === "cookie",
      idempotencyKey,
    });
  }

  async function device() {
    const deviceInfo = await orNothing(DEVICE_PATIENCE_MS, environment.deviceInfo);
    return { teamId, tokenTransport, deviceInfo };
  }

  /** @param sessionId the person's latest when it is left out */
  async function resume(identityToken: string, sessionId?: string): Promise<OpenedSession> {
    const body = { ...(await device()), identityToken, sessionId };
    return await rest<OpenedSession>("POST", "sessions/resume", { body, cookies });
  }

  function identify(key: Key, identityToken: string): Promise<OpenedSession> {
    return callWith<OpenedSession>(rest, key, "POST", "/identify", { identityToken });
  }

  /** Undefined for nobody. */
  async function presentedIdentity(): Promise<string | undefined> {
    const ask = () => options.getIdentityToken?.();
    return await within(clock, REQUEST_TIMEOUT_MS, ask).catch((error) => {
      throw requestError(error);
    });
  }

  /** A session is made without what does not come in time. */
  function orNothing<T>(ms: number, ask: () => Promise<T>): Promise<T | undefined> {
    return within(clock, ms, ask).catch(() => undefined);
  }

  return {
    open,
    resume,
    identify,
    presentedIdentity,
    /** What a creation made a moment ago, with a key that leaves this browser's cookie alone. */
    again: (createKey: string) => create(createKey, "bearer"),
  };
}

/** Whether a creation was refused because its key is too old, or may be none: storage may hold anything. */
export function isSpentKey(error: unknown): boolean {
  const { code } = requestError(error);
  return code === "idempotency_key_expired" || code === "validation_failed";
}

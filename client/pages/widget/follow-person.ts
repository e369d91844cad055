import { createEffect, createSignal } from "solid-js";
import { RequestError } from "../../core/index.ts";
import type { EnhancedSession } from "../../solid/index.ts";
import type { HostPage } from "./host-page.ts";

type Followed = Pick<
  EnhancedSession,
  | "sessionData"
  | "isValid"
  | "role"
  | "error"
  | "identify"
  | "devices"
  | "revokeDevice"
  | "createSession"
  | "dismissPrevious"
>;

export type Person = ReturnType<typeof createPerson>;

/** Who is at this browser, as the page around the frame knows it. */
export function createPerson(host: HostPage) {
  /** Was asked for and not used: it is good for one session yet. */
  let held: string | undefined;
  let isTold = false;
  return {
    ask: () => host.identityToken(),
    /** Whether a session was opened for them here. */
    isTold: () => isTold,
    hold(token: string): void {
      held = token;
    },
    /** For a session that is to be opened. */
    async token(): Promise<string | undefined> {
      const token = held ?? (await host.identityToken());
      held = undefined;
      isTold = token !== undefined;
      return token;
    },
  };
}

/**
 * Keeps the chat the person's whom the page knows: one that nobody has becomes theirs, and one of somebody else, who was at this
 * browser before, gives way to their own.
 *
 * @returns what looks again
 */
export function followPerson(session: Followed, person: Person, host: HostPage): () => void {
  const [isLeaving, setLeaving] = createSignal(false);
  const follow = async () => {
    // Without a session yet, the token is asked for when there is to be one.
    const token = isOwners() ? await person.ask() : undefined;
    if (token === undefined || !isOwners()) {
      return;
    }
    const userId = session.sessionData()?.userId;
    try {
      if (userId === undefined) {
        await session.identify(token);
      } else if (userId !== subjectOf(token)) {
        person.hold(token);
        setLeaving(true);
        await signOut(session);
      }
    } catch (error) {
      setLeaving(false);
      tellFailure(error);
    }
  };
  const isOwners = () => session.isValid() && session.role() === "owner";
  const tellFailure = (error: unknown) => {
    const code = error instanceof RequestError ? error.code : "unavailable";
    host.tell({ name: "error", detail: { code } });
  };
  let isAsked = false;
  createEffect(() => {
    if (!isAsked && isOwners()) {
      isAsked = true;
      if (!person.isTold()) {
        void follow();
      }
    }
  });
  createEffect(() => {
    if (isLeaving() && session.error()?.status === 401) {
      setLeaving(false);
      // What the other one wrote and never sent is nobody else's to see.
      session.createSession().then(() => session.dismissPrevious(), tellFailure);
    }
  });
  return () => void follow();
}

/** The chat stays with its owner's other devices. */
async function signOut(session: Followed): Promise<void> {
  const devices = await session.devices();
  for (const { credentialId } of devices.filter(({ current }) => current)) {
    await session.revokeDevice(credentialId);
  }
}

/** Whom a token names. Nothing is opened by that: whether it is true, the server says when it is presented. */
function subjectOf(token: string): unknown {
  const [, payload = ""] = token.split(".");
  try {
    const bytes = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    return JSON.parse(text).sub;
  } catch {
    return undefined;
  }
}
